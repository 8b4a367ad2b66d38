-- The replicas by their last signs of life.
--
-- KEYS: the replicas, the number of the last settlement of the name that is given up, the accounts with budgets by when they
-- were used last.
-- ARGV: what to do, who asks, the asker's time (for tests), the time after which a silent replica is gone, the name under
-- which it was here before, when it looked last, and how many accounts it wants to hear of.
-- Returns whether it is there, how many are, the number, the time, and which accounts were used since it looked last.

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
redis.call('ZREMRANGEBYSCORE', KEYS[3], '-inf', string.format('(%.0f', now - silence))
local used = redis.call('ZRANGEBYSCORE', KEYS[3], ARGV[6], '+inf', 'LIMIT', 0, ARGV[7])
return { is_there and 1 or 0, redis.call('ZCARD', replicas), settled, now, used }
