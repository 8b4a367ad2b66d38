-- Who is left alone until when.
--
-- KEYS: the rests by who they are of, also the channel that tells of them.
-- ARGV: what to do, the asker's time (for tests), who it is of, how long it goes on, what it is for.
-- Each is kept as when it ends and what it is for. The longer one stays; one that is over early is taken out by whoever knew
-- it, unless it has become longer since.

local rests = KEYS[1]
local op, now, whose, rest, cause = ARGV[1], clock(ARGV[2]), ARGV[3], tonumber(ARGV[4] or 0), ARGV[5]
-- Two moments that are as near to each other as this are one: each replica has another clock, and words travel.
local SLACK = 1000

local function read(kept)
  local ends, why = string.match(kept or '0 ', '^(%d+) (.*)$')
  return tonumber(ends), why
end

local function tell(what)
  redis.call('PUBLISH', rests, what .. '\n' .. string.format('%.0f', rest) .. '\n' .. whose .. '\n' .. cause)
end

local found = {}
if op == 'lay' then
  if now + rest > read(redis.call('HGET', rests, whose)) + SLACK then
    redis.call('HSET', rests, whose, string.format('%.0f ', now + rest) .. cause)
    -- Nothing outlives the longest of them.
    if rest > redis.call('PTTL', rests) then
      redis.call('PEXPIRE', rests, string.format('%.0f', rest))
    end
    tell('lay')
  end
elseif op == 'lift' then
  local kept = redis.call('HGET', rests, whose)
  if kept and read(kept) <= now + rest + SLACK then
    redis.call('HDEL', rests, whose)
    tell('lift')
  end
else
  local all = redis.call('HGETALL', rests)
  for i = 1, #all, 2 do
    local ends, why = read(all[i + 1])
    if ends > now then
      found[#found + 1] = { all[i], string.format('%.0f', ends - now), why }
    else
      redis.call('HDEL', rests, all[i])
    end
  end
end
return found
