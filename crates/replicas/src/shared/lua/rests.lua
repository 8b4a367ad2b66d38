-- Who is left alone until when.
--
-- KEYS: the rests by who they are of, also the channel that tells of them.
-- ARGV: what to do, the asker's time (for tests), who it is of, when it ends, the rest.
-- The longer one stays. One that is over early is taken out by whoever knew it, unless it has become longer since.

local rests = KEYS[1]
local op, now, whose, ends, rest = ARGV[1], clock(ARGV[2]), ARGV[3], tonumber(ARGV[4]), ARGV[5]

local known = redis.call('HGET', rests, whose)
local known_until = known and tonumber(string.match(known, '^(%d+) ')) or 0
local changes
if op == 'lay' then
  changes = ends > known_until and ends > now
  if changes then
    redis.call('HSET', rests, whose, rest)
    redis.call('PUBLISH', rests, 'lay\n' .. whose .. '\n' .. rest)
  end
else
  changes = known and known_until <= ends
  if changes then
    redis.call('HDEL', rests, whose)
    redis.call('PUBLISH', rests, 'lift\n' .. whose .. '\n' .. rest)
  end
end
return changes and 1 or 0
