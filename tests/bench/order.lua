-- What wrk sends: the order document with a number of its own in every request, so that each is a new event of a new key.
-- TIDELOCK_RUN keeps the numbers of one run apart from those of another.
local run = os.getenv("TIDELOCK_RUN") or "0"
local file = assert(io.open(os.getenv("TIDELOCK_ORDER")))
local before, after = file:read("a"):gsub("%s+$", ""):match('^(.-"number":").-(".*)$')
local threads = 0

function setup(thread)
  threads = threads + 1
  thread:set("thread", threads)
end

function init()
  n = 0
  wrk.method = "POST"
  wrk.headers["Content-Type"] = "application/json"
end

function request()
  n = n + 1
  return wrk.format(nil, nil, nil, before .. run .. "-" .. thread .. "-" .. n .. after)
end

function done(summary, latency)
  io.write(string.format('RESULT {"requests":%d,"us":%d,"p50":%.3f,"p99":%.3f,"p999":%.3f,"errors":%d}\n', summary.requests, summary.duration,
    latency:percentile(50) / 1000, latency:percentile(99) / 1000, latency:percentile(99.9) / 1000,
    summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.status + summary.errors.timeout))
end
