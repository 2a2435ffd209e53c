-- For wrk: posts one body over and over; headers are given by wrk's -H. Prints its figures as one JSON object.
wrk.method = "POST"
local file = assert(io.open(os.getenv("BENCH_BODY"), "rb"))
wrk.body = file:read("*a")
file:close()
wrk.headers["Content-Type"] = os.getenv("BENCH_TYPE")

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    '\n{"requests":%d,"failures":%d,"p50_us":%d,"p99_us":%d,"seconds":%.4f}\n', summary.requests,
    errors.connect + errors.read + errors.write + errors.status + errors.timeout, latency:percentile(50),
    latency:percentile(99), summary.duration / 1e6))
end
