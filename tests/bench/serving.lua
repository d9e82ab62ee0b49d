-- Orders for wrk: every line of a file is the body of another order but for its id.
-- Arguments: the file, the key, the path, a prefix that no order's id had before.
local bodies, n, headers, path, prefix = {}, 0, {}, "", ""

function init(args)
  for line in io.lines(args[1]) do bodies[#bodies + 1] = line end
  headers = { ["Authorization"] = "Bearer " .. args[2], ["Content-Type"] = "application/json" }
  path, prefix = args[3], args[4]
end

function request()
  n = n + 1
  local body = '{"order_id":"' .. prefix .. n .. '",' .. bodies[(n - 1) % #bodies + 1]
  return wrk.format("POST", path, headers, body)
end

function done(summary, latency, requests)
  local errors = summary.errors
  io.write(string.format(
    'FOUND {"requests":%d,"seconds":%f,"p50_ms":%f,"p99_ms":%f,"refused":%d,"broken":%d}\n',
    summary.requests, summary.duration / 1e6, latency:percentile(50) / 1e3,
    latency:percentile(99) / 1e3, errors.status,
    errors.connect + errors.read + errors.write + errors.timeout))
end
