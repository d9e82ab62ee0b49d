-- Orders for wrk: every line of a file is the body of another order but for its id.
-- Arguments: the file, the key, the path, a prefix that no order's id had before, and a number: from
-- there on new customers are numbered, so that a body sent again is another customer's; it also says
-- with which body to begin, so that no load is the same customers' as the one before.
local bodies, n, headers, path, prefix, fresh = {}, 0, {}, "", "", 0

function init(args)
  for line in io.lines(args[1]) do bodies[#bodies + 1] = line end
  headers = { ["Authorization"] = "Bearer " .. args[2], ["Content-Type"] = "application/json" }
  path, prefix, fresh = args[3], args[4], tonumber(args[5])
end

function request()
  n = n + 1
  local body = bodies[(fresh + n) % #bodies + 1]:gsub("#########", string.format("%09d", fresh + n))
  return wrk.format("POST", path, headers, '{"order_id":"' .. prefix .. n .. '",' .. body)
end

function done(summary, latency, requests)
  local errors = summary.errors
  io.write(string.format(
    'FOUND {"requests":%d,"seconds":%f,"p50_ms":%f,"p95_ms":%f,"p99_ms":%f,"refused":%d,"broken":%d}\n',
    summary.requests, summary.duration / 1e6, latency:percentile(50) / 1e3,
    latency:percentile(95) / 1e3, latency:percentile(99) / 1e3, errors.status,
    errors.connect + errors.read + errors.write + errors.timeout))
end
