import { scriptOf } from "./batch.ts";

/*
 * One session is a hash. `o`: its owner's digest; `c`: where it was opened, sealed; `a` and `u`:
 * when it was opened and used last; `n` and `d`: calls, and those denied; `t` and `m`: tenths of
 * trust, and the most of them; `r`: the rights that its owner showed last; `i` and `p`: the sets it
 * stands in; `x`: why it is over.
 */

const NOW = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
`;

/** An id that is over is remembered as such, unless it is forgotten for want of room. */
const OVER = `
local ended = {}
local function over(name, cause, remember)
  local s = redis.call('HMGET', name, 'c', 'i', 'p', 'x')
  if s[2] then redis.call('ZREM', s[2], name) redis.call('ZREM', s[3], name) end
  if not s[1] or s[4] then return end
  ended[#ended + 1] = cause
  ended[#ended + 1] = name
  ended[#ended + 1] = s[1]
  if cause == 'evicted' then
    redis.call('DEL', name)
  else
    redis.call('HSET', name, 'x', cause)
    redis.call('PEXPIRE', name, remember)
  end
end
`;

/**
 * KEYS: the session, all of its kind, those of its principal. ARGV: how it is come to (`enter`,
 * `open`, `credential`), owner, idle and oldest age in ms, 1 where unknown ones are adopted, most
 * of a principal (0: any number) and in all, context, rights, most trust, ms an end is remembered.
 * Replies with what became of it, the facts where somebody is in it, and all sessions that ended.
 */
export const ENTER = scriptOf(`${NOW}${OVER}
local mode, owner, idle, oldest = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
local own_most, most, remember = tonumber(ARGV[6]), tonumber(ARGV[7]), tonumber(ARGV[11])
local name = KEYS[1]

local function room(set, limit, cause)
  while redis.call('ZCARD', set) >= limit do over(redis.call('ZPOPMIN', set)[1], cause, remember) end
end

local function reply(kind)
  local s = redis.call('HMGET', name, 'a', 'n', 'd', 't', 'm', 'r')
  for at = 1, 6 do s[at] = s[at] or '' end
  return { kind, tostring(now), s[1], s[2], s[3], s[4], s[5], s[6], ended }
end

local function begin(kind)
  if own_most > 0 then room(KEYS[3], own_most, 'principal_full') end
  room(KEYS[2], most, 'evicted')
  redis.call('DEL', name)
  redis.call('HSET', name, 'o', owner, 'c', ARGV[8], 'a', now, 'u', now, 'n', 0, 'd', 0,
    't', ARGV[10], 'm', ARGV[10], 'r', ARGV[9], 'i', KEYS[2], 'p', KEYS[3])
  redis.call('PEXPIRE', name, oldest + remember)
  redis.call('ZADD', KEYS[2], now, name)
  redis.call('ZADD', KEYS[3], now, name)
  redis.call('PEXPIRE', KEYS[3], oldest + remember)
  return reply(kind)
end

for _, quiet in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', now - idle, 'LIMIT', 0, 4)) do
  if quiet ~= name then
    redis.call('ZREM', KEYS[2], quiet)
    over(quiet, 'idle', remember)
  end
end

local s = redis.call('HMGET', name, 'o', 'x', 'a', 'u')
local is_known, is_over = s[1] ~= false, s[2] ~= false
if is_known and not is_over then
  if now - s[3] >= oldest then over(name, 'max_age', remember) is_over = true
  elseif now - s[4] >= idle then over(name, 'idle', remember) is_over = true end
end
local is_open = is_known and not is_over

if is_open and s[1] ~= owner then
  if mode == 'open' then return reply('conflict') end
  over(name, 'foreign', remember)
  return reply('foreign')
end
if mode == 'open' then
  if is_open then over(name, 'forgotten_by_server', remember) end
  return begin('begun')
end
if is_open then
  redis.call('HSET', name, 'u', now)
  redis.call('ZADD', KEYS[2], now, name)
  redis.call('ZADD', KEYS[3], now, name)
  return reply('again')
end
if mode == 'credential' then return begin('begun') end
if is_over or ARGV[5] ~= '1' then return reply('unknown') end
return begin('adopted')
`);

/** KEYS: the session. ARGV: calls, those denied, then steps of trust in tenths, one by one. */
export const NOTE = scriptOf(`
local s = redis.call('HMGET', KEYS[1], 't', 'm')
if not s[1] then return 0 end
local trust, most = tonumber(s[1]), tonumber(s[2])
for at = 3, #ARGV do trust = math.max(0, math.min(most, trust + ARGV[at])) end
redis.call('HSET', KEYS[1], 't', trust)
redis.call('HINCRBY', KEYS[1], 'n', ARGV[1])
redis.call('HINCRBY', KEYS[1], 'd', ARGV[2])
return 1
`);

/** KEYS: the session. ARGV: its owner's rights. */
export const RIGHTS = scriptOf(`
if redis.call('EXISTS', KEYS[1]) == 1 then redis.call('HSET', KEYS[1], 'r', ARGV[1]) end
return 1
`);

/** KEYS: the session. ARGV: why it is over, ms that is remembered. What nobody knows is over too. */
export const END = scriptOf(`${OVER}
over(KEYS[1], ARGV[1], ARGV[2])
redis.call('HSETNX', KEYS[1], 'o', '')
redis.call('HSETNX', KEYS[1], 'x', ARGV[1])
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return 1
`);

/**
 * KEYS: sessions in which streams are open. For each, why it is over, or nothing. FAIL CLOSED: one
 * that is not there any more was forgotten for want of room, or with all else that Redis knew.
 */
export const KEEP = scriptOf(`${NOW}
local out = {}
for at, name in ipairs(KEYS) do
  local s = redis.call('HMGET', name, 'x', 'i', 'p')
  out[at] = s[1] or s[2] and '' or 'evicted'
  if s[2] and not s[1] then
    redis.call('HSET', name, 'u', now)
    redis.call('ZADD', s[2], now, name)
    redis.call('ZADD', s[3], now, name)
  end
end
return out
`);

/** KEYS: a session that was begun, and is none. */
export const FORGET = scriptOf(`
local s = redis.call('HMGET', KEYS[1], 'i', 'p')
if s[1] then redis.call('ZREM', s[1], KEYS[1]) redis.call('ZREM', s[2], KEYS[1]) end
redis.call('DEL', KEYS[1])
return 1
`);
