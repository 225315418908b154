-- The closed loop of bench/load.ts: wrk … URL -- REQUEST-FILE ANSWER-FILE. Every answer is compared
-- with the one that must come; the last line is the result, as JSON.

local threads = {}

local function bytes_of(path)
  local file = assert(io.open(path, "rb"))
  local bytes = file:read("*a")
  file:close()
  return bytes
end

function setup(thread)
  table.insert(threads, thread)
end

function init(args)
  wrong = 0
  answer = bytes_of(args[2])
  wrk.method = "POST"
  wrk.body = bytes_of(args[1])
  wrk.headers["content-type"] = "application/json"
  wrk.headers["accept"] = "application/json, text/event-stream"
  prepared = wrk.format()
end

function request()
  return prepared
end

function response(status, headers, body)
  if status ~= 200 or body ~= answer then
    wrong = wrong + 1
  end
end

function done(summary, latency, requests)
  local mismatches = 0
  for _, thread in ipairs(threads) do
    mismatches = mismatches + thread:get("wrong")
  end
  local errors = summary.errors
  local failed = errors.connect + errors.read + errors.write + errors.timeout
  io.write(string.format(
    '\n{"calls":%d,"us":%d,"wrong":%d,"failed":%d,"p50_us":%d,"p99_us":%d}\n',
    summary.requests, summary.duration, mismatches + errors.status, failed,
    latency:percentile(50), latency:percentile(99)
  ))
end
