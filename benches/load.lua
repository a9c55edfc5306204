-- The script of wrk: sends the bodies of a file in turn and checks every response.
--
--   wrk ... -s load.lua URL -- BODIES HEADERS EMPTY
--
-- BODIES has one body per line, HEADERS one header per line; EMPTY is a text that only responses without content contain.

local threads = {}

function setup(thread)
  thread:set("offset", #threads)
  table.insert(threads, thread)
end

function init(args)
  for line in io.lines(args[2]) do
    local name, value = line:match("^(.-): (.*)$")
    wrk.headers[name] = value
  end
  requests, empty = {}, args[3]
  for body in io.lines(args[1]) do
    requests[#requests + 1] = wrk.format("POST", nil, nil, body)
  end
  -- Threads start at different bodies, so that they do not send the same ones at the same time.
  at = math.floor(#requests / 2) * offset
  wrong, hollow, bytes = 0, 0, 0
end

function request()
  at = at % #requests + 1
  return requests[at]
end

-- Errors are before or after the data, and a response without content is short, so only the end is searched: searching
-- long responses completely would use a tenth of the machine.
local END = 4096

function response(status, headers, body)
  bytes = bytes + #body
  local is_data = body:sub(1, 9) == '{"data":{' and body:sub(-2) ~= "]}"
  if not is_data or body:find('"errors"', -END, true) then wrong = wrong + 1 end
  if #body < END and body:find(empty, 1, true) then hollow = hollow + 1 end
end

function done(summary, latency)
  local wrong, hollow, bytes = 0, 0, 0
  for _, thread in ipairs(threads) do
    wrong, hollow, bytes = wrong + thread:get("wrong"), hollow + thread:get("hollow"), bytes + thread:get("bytes")
  end
  local errors = summary.errors
  io.write(string.format(
    '{"requests":%d,"microseconds":%d,"p50":%d,"p99":%d,"refused":%d,"broken":%d,"wrong":%d,"hollow":%d,"bytes":%d}\n',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
    errors.status, errors.connect + errors.read + errors.write + errors.timeout, wrong, hollow, bytes))
end
