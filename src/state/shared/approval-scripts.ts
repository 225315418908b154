import { scriptOf } from "./batch.ts";

const NOW = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
`;

/** Fields of one approval in the reply of `READ`, behind its name. */
export const READ_FIELDS = ["s", "at", "x", "n", "u", "since", "until", "w"] as const;

/**
 * KEYS: sets of names of approvals. Redis's time, then for each approval its name and `READ_FIELDS`.
 * `s` is the question, sealed, and `at` when it was asked; `x` stands where somebody said no; `n`
 * are the calls that are left of a grant, `u` those used, `w` the word that was given, sealed.
 */
export const READ = scriptOf(`${NOW}
local out = { tostring(now) }
for _, set in ipairs(KEYS) do
  for _, name in ipairs(redis.call('ZRANGE', set, 0, -1)) do
    local fields = redis.call('HMGET', name, 's', 'at', 'x', 'n', 'u', 'since', 'until', 'w')
    if fields[1] then
      out[#out + 1] = name
      for at = 1, 8 do out[#out + 1] = fields[at] or '' end
    else
      redis.call('ZREM', set, name)
    end
  end
end
return out
`);

/**
 * KEYS: the approval, the lock of equal questions, those of the caller, all questions, those of
 * nameless callers. ARGV: the question, how long it waits, how many there may be, and of one
 * caller, 1 for a caller with a name. "taken" where the same is asked already.
 */
export const ASK = scriptOf(`${NOW}
local wait, most = tonumber(ARGV[2]), tonumber(ARGV[3])
redis.call('ZREMRANGEBYSCORE', KEYS[4], '-inf', now - wait)
redis.call('ZREMRANGEBYSCORE', KEYS[5], '-inf', now - wait)
if redis.call('EXISTS', KEYS[2]) == 1 then return 'taken' end
if redis.call('ZCARD', KEYS[4]) >= most then return 'full' end
if ARGV[5] ~= '1' and redis.call('ZCARD', KEYS[5]) >= most / 2 then return 'full' end
local own = 0
for _, name in ipairs(redis.call('ZRANGE', KEYS[3], 0, -1)) do
  local fields = redis.call('HMGET', name, 's', 'n')
  if not fields[1] then redis.call('ZREM', KEYS[3], name)
  elseif not fields[2] then own = own + 1 end
end
if own >= tonumber(ARGV[4]) then return 'full' end
redis.call('HSET', KEYS[1], 's', ARGV[1], 'at', now, 'lock', KEYS[2])
redis.call('PEXPIRE', KEYS[1], wait)
redis.call('SET', KEYS[2], '1', 'PX', wait)
redis.call('ZADD', KEYS[3], now, KEYS[1])
redis.call('PEXPIRE', KEYS[3], ARGV[6])
redis.call('ZADD', KEYS[4], now, KEYS[1])
if ARGV[5] ~= '1' then redis.call('ZADD', KEYS[5], now, KEYS[1]) end
return 'asked'
`);

/** KEYS: the approval, those of the caller, all grants. 1 where one call of it was left. */
export const USE = scriptOf(`
local left = tonumber(redis.call('HGET', KEYS[1], 'n') or '0')
if left < 1 then return 0 end
if left == 1 then
  redis.call('DEL', KEYS[1])
  redis.call('ZREM', KEYS[2], KEYS[1])
  redis.call('ZREM', KEYS[3], KEYS[1])
else
  redis.call('HINCRBY', KEYS[1], 'n', -1)
  redis.call('HINCRBY', KEYS[1], 'u', 1)
end
return 1
`);

/**
 * KEYS: the approval, all questions, those of nameless callers, all grants. ARGV: the word, calls,
 * milliseconds, how many grants there may be. 0 where nothing waits, or there is no room.
 */
export const APPROVE = scriptOf(`${NOW}
redis.call('ZREMRANGEBYSCORE', KEYS[4], '-inf', now)
local fields = redis.call('HMGET', KEYS[1], 's', 'n', 'x', 'lock')
if not fields[1] or fields[2] or fields[3] then return 0 end
if redis.call('ZCARD', KEYS[4]) >= tonumber(ARGV[4]) then return 0 end
local till = now + tonumber(ARGV[3])
redis.call('HSET', KEYS[1], 'n', ARGV[2], 'u', 0, 'since', now, 'until', till, 'w', ARGV[1])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
redis.call('DEL', fields[4])
redis.call('ZREM', KEYS[2], KEYS[1])
redis.call('ZREM', KEYS[3], KEYS[1])
redis.call('ZADD', KEYS[4], till, KEYS[1])
return 1
`);

/** KEYS: the approval, those of its caller, all grants. 1 where there was something to say no to. */
export const DENY = scriptOf(`
local fields = redis.call('HMGET', KEYS[1], 's', 'n')
if not fields[1] then return 0 end
if fields[2] then
  redis.call('DEL', KEYS[1])
  redis.call('ZREM', KEYS[2], KEYS[1])
  redis.call('ZREM', KEYS[3], KEYS[1])
else
  redis.call('HSET', KEYS[1], 'x', 1)
end
return 1
`);
