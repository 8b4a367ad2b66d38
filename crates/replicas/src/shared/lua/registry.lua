-- The replicas by their last signs of life.
--
-- KEYS: the replicas, the number of the last settlement of the name that is given up.
-- ARGV: what to do, who asks, the asker's time (for tests), the time after which a silent replica is gone, and, to join, the
-- name under which it was here before.
-- Returns whether it is there, how many are, and the number.

local replicas, mark = KEYS[1], KEYS[2]
local op, me, now, silence = ARGV[1], ARGV[2], clock(ARGV[3]), tonumber(ARGV[4])

redis.call('ZREMRANGEBYSCORE', replicas, '-inf', string.format('(%.0f', now - silence))
local is_there = redis.call('ZSCORE', replicas, me) ~= false
local settled = 0
if op == 'join' then
  redis.call('ZREM', replicas, ARGV[5])
  settled = tonumber(redis.call('GET', mark) or 0)
  is_there = true
end
if op == 'leave' then
  redis.call('ZREM', replicas, me)
elseif is_there then
  redis.call('ZADD', replicas, string.format('%.0f', now), me)
end
return { is_there and 1 or 0, redis.call('ZCARD', replicas), settled }
