-- The server's own time, in milliseconds since the Unix epoch: those of the replicas differ.
local function clock()
  local time = redis.call('TIME')
  return tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
end
