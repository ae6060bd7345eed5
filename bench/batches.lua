-- Each thread is one device with one connection: it sends its batches in order and stops when it has none left.
local folder = os.getenv("BENCH_FOLDER")
local encoding = os.getenv("BENCH_ENCODING")
local threads = {}
local count = 0

function setup(thread)
   thread:set("number", count)
   count = count + 1
   table.insert(threads, thread)
end

function init(args)
   local names = {}
   for line in io.lines(folder .. "/devices.txt") do table.insert(names, line) end
   local device = names[number + 1]
   local file = io.open(folder .. "/" .. number .. ".batches", "rb")
   requests = {}
   while true do
      local line = file:read("*l")
      if not line then break end
      local signature, size = line:match("^(%S+) (%d+)$")
      local headers = { ["Reteamz-Device"] = device, ["Reteamz-Signature"] = signature, ["Content-Type"] = "application/json" }
      if encoding ~= "" then headers["Content-Encoding"] = encoding end
      table.insert(requests, wrk.format("POST", "/api/agent/batch", headers, file:read(tonumber(size))))
   end
   file:close()
   stored, refused = 0, 0
end

function request()
   -- wrk asks the first thread once for practice: what counts is what was stored.
   return requests[math.min(stored + 1, #requests)]
end

function response(status, headers, body)
   if status == 200 then stored = stored + 1 else
      refused = refused + 1
      if refused == 1 then io.stderr:write(status .. " " .. body .. "\n") end
   end
end

function done(summary, latency, requests)
   local stored, refused = 0, 0
   for _, thread in ipairs(threads) do
      stored = stored + thread:get("stored")
      refused = refused + thread:get("refused")
   end
   io.write(string.format("RESULT {\"stored\": %d, \"refused\": %d, \"seconds\": %.6f, \"p50_ms\": %.3f, \"p99_ms\": %.3f}\n",
      stored, refused, summary.duration / 1e6, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3))
end
