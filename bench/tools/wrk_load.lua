-- What wrk sends and prints: `wrk ... URL -- DEPTH` sends DEPTH requests at once, and one line of JSON
-- follows wrk's own report. There is no function `request` or `response` on purpose: with one, wrk
-- calls Lua for every request or answer, and costs more itself. Latencies are left out: wrk adds made
-- up ones for each that is above the mean ("coordinated omission"), and none of it holds for
-- pipelined requests.

function init(arguments)
  local format, depth = wrk.format, tonumber(arguments[1])
  wrk.format = function() return format():rep(depth) end
end

function done(summary)
  local errors = 0
  for _, count in pairs(summary.errors) do errors = errors + count end
  print(string.format('{"requests": %d, "seconds": %.6f, "bytes": %d, "errors": %d}',
                      summary.requests, summary.duration / 1e6, summary.bytes, errors))
end
