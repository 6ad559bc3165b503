-- Sends the requests of the file that REQUESTS names, one after the other: six digits of length, then the request.
local file = io.open(os.getenv("REQUESTS"), "rb")
file:setvbuf("full", 1048576)
local threads = {}

function setup(thread)
  table.insert(threads, thread)
end

function init(args)
  again, looked = 0, false
end

function request()
  local length = file:read(6)
  if not looked then
    -- wrk asks once only to look at what comes, and throws it away: the first request must come again.
    looked = true
    local first = file:read(tonumber(length))
    file:seek("set", 0)
    return first
  end
  if not length then
    again = again + 1
    file:seek("set", 0)
    length = file:read(6)
  end
  return file:read(tonumber(length))
end

function done(summary, latency, requests)
  local errors, times = summary.errors, 0
  for _, thread in ipairs(threads) do
    times = times + thread:get("again")
  end
  io.write(string.format(
    'RESULT {"count": %d, "seconds": %f, "p50": %f, "p99": %f, "refused": %d, "broken": %d, "again": %d}\n',
    summary.requests, summary.duration / 1e6, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3,
    errors.status, errors.connect + errors.read + errors.write + errors.timeout, times))
end
