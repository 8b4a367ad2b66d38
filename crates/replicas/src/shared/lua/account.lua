-- One client key's account: what it asks for within a minute, what is open, spent and set aside. The rules are those of
-- `crates/route/src/limits.rs` and `crates/route/src/budget.rs`, and one table of cases holds both to them.
--
-- KEYS: the account, the replicas by their last signs of life, the number of the asker's last settlement, the accounts with
-- budgets by when they were used last.
-- ARGV: what to do, who asks, the asker's time (for tests), the time after which a silent replica is gone, and what follows.
--
-- Fields of the account: `b` since when it is known what was spent before; `f<p>`, `u<p>`, `s<p>` when period p began, ends,
-- and what was spent in it; `o:<replica>`, `h<p>:<replica>` what is open there and set aside for it; `m<n>` what was asked
-- for in a second: its number, requests, tokens.

local LET_IN, SHORT, PARALLEL, REQUESTS, TOKENS, STRANGER, UNKNOWN = 1, 2, 3, 4, 5, 6, 7
local PERIODS = 5
local MINUTE = 60
local SECONDS_KEPT = 61
-- An account that nobody has used for so long is forgotten; what was spent with it is in the ledger.
local FORGET_AFTER = 7 * DAY

local account, replicas = KEYS[1], KEYS[2]
local op, me, now, silence = ARGV[1], ARGV[2], clock(ARGV[3]), tonumber(ARGV[4])

local place = 4
local function text()
  place = place + 1
  return ARGV[place]
end
local function number()
  return tonumber(text())
end

local kept, changed = {}, {}
local flat = redis.call('HGETALL', account)
for i = 1, #flat, 2 do
  kept[flat[i]] = flat[i + 1]
end
local function get(field)
  return tonumber(kept[field] or 0)
end
local function set(field, value)
  kept[field] = string.format('%.0f', value)
  changed[field] = true
end
local function clear(field)
  kept[field] = nil
  changed[field] = true
end
local function add(field, more)
  set(field, math.max(0, get(field) + more))
end

local function is_there(replica)
  local last = redis.call('ZSCORE', replicas, replica)
  return last and tonumber(last) >= now - silence
end

-- What replicas that are gone have held is free again.
local function drop_the_gone()
  local there = {}
  for field in pairs(kept) do
    local replica = string.match(field, '^[oh]%d?:(.+)$')
    if replica then
      if there[replica] == nil then
        there[replica] = is_there(replica) or false
      end
      if not there[replica] then
        clear(field)
      end
    end
  end
end

local function held_in(prefix)
  local sum = 0
  for field, value in pairs(kept) do
    if string.sub(field, 1, #prefix) == prefix then
      sum = sum + tonumber(value)
    end
  end
  return sum
end

local function roll()
  local calendar = periods(now)
  for p = 1, PERIODS do
    if now >= get('u' .. p) then
      set('f' .. p, calendar[p][1])
      set('u' .. p, calendar[p][2])
      set('s' .. p, 0)
      for field in pairs(kept) do
        if string.sub(field, 1, 3) == 'h' .. p .. ':' then
          clear(field)
        end
      end
    end
  end
end

-- What counts of the last minute, by seconds, the oldest first.
local function counting()
  local found, second = {}, math.floor(now / 1000)
  for slot = 0, SECONDS_KEPT - 1 do
    local value = kept['m' .. slot]
    if value then
      local at, requests, tokens = string.match(value, '^(%d+) (%d+) (%d+)$')
      at = tonumber(at)
      if math.abs(at - second) <= MINUTE then
        found[#found + 1] = { at = at, requests = tonumber(requests), tokens = tonumber(tokens) }
      end
    end
  end
  table.sort(found, function(a, b) return a.at < b.at end)
  return found
end

local function count(at, requests, tokens)
  local field = 'm' .. at % SECONDS_KEPT
  kept[field] = string.format('%.0f %.0f %.0f', at, math.max(0, requests), math.max(0, tokens))
  changed[field] = true
end

local function counted(at)
  local value = kept['m' .. at % SECONDS_KEPT]
  if value then
    local number_of, requests, tokens = string.match(value, '^(%d+) (%d+) (%d+)$')
    if tonumber(number_of) == at then
      return tonumber(requests), tonumber(tokens)
    end
  end
end

local function count_more(requests, tokens)
  local at = math.floor(now / 1000)
  local had_requests, had_tokens = counted(at)
  count(at, (had_requests or 0) + requests, (had_tokens or 0) + tokens)
end

local function take_back(then_ms, tokens)
  local at = math.floor(then_ms / 1000)
  local had_requests, had_tokens = counted(at)
  if had_requests then
    count(at, had_requests, had_tokens - tokens)
  end
end

-- How long until so much more of this kind keeps within the limit; `nil`: it does now.
local function wait_for(kind, more, most)
  local minute, used = counting(), 0
  for _, second in ipairs(minute) do
    used = used + second[kind]
  end
  more = math.min(more, most)
  if used + more <= most then
    return nil
  end
  for _, second in ipairs(minute) do
    used = used - second[kind]
    if used + more <= most then
      return (second.at + MINUTE + 1) * 1000 - now
    end
  end
end

-- What is so with the account, for whoever asked.
local function picture(verdict, more)
  local requests, tokens, reset = 0, 0, 0
  for _, second in ipairs(counting()) do
    requests, tokens = requests + second.requests, tokens + second.tokens
    if second.requests > 0 or second.tokens > 0 then
      reset = math.max(reset, (second.at + MINUTE + 1) * 1000 - now)
    end
  end
  local reply = { verdict, more or 0, now, get('b'), held_in('o:'), requests, tokens, reset }
  for p = 1, PERIODS do
    reply[#reply + 1] = get('f' .. p)
    reply[#reply + 1] = get('s' .. p)
    reply[#reply + 1] = held_in('h' .. p .. ':')
  end
  return reply
end

local function keep()
  local fresh, gone = {}, {}
  for field in pairs(changed) do
    if kept[field] then
      fresh[#fresh + 1] = field
      fresh[#fresh + 1] = kept[field]
    else
      gone[#gone + 1] = field
    end
  end
  if #gone > 0 then
    redis.call('HDEL', account, unpack(gone))
  end
  if #fresh > 0 then
    redis.call('HSET', account, unpack(fresh))
  end
  redis.call('PEXPIRE', account, FORGET_AFTER)
  if kept.b then
    redis.call('ZADD', KEYS[4], string.format('%.0f', now), account)
  end
end

-- The first of the hard budgets that has not so much left; -1 is for what nobody knows.
local function first_short(budgets, amount)
  for i, budget in ipairs(budgets) do
    local taken = get('s' .. budget.period) + held_in('h' .. budget.period .. ':')
    local fits
    if amount < 0 then
      fits = taken < budget.limit
    else
      fits = taken + amount <= budget.limit
    end
    if not fits then
      return i
    end
  end
end

local function hold(amount)
  for p = 1, PERIODS do
    add('h' .. p .. ':' .. me, math.max(0, amount))
  end
end

-- Of an amount that was set aside in periods that began then, what counts still.
local function each_still(froms, change)
  for p = 1, PERIODS do
    if get('f' .. p) == froms[p] then
      change(p)
    end
  end
end

local function read_periods()
  local froms = {}
  for p = 1, PERIODS do
    froms[p] = number()
  end
  return froms
end

local function read_budgets()
  local budgets = {}
  for i = 1, number() do
    budgets[i] = { period = number(), limit = number() }
  end
  return budgets
end

local ops = {}

-- What a request takes, the limits (-1: none), whether there are budgets, and those that are hard.
function ops.admit()
  local tokens, amount = number(), number()
  local parallel, per_minute, tokens_per_minute = number(), number(), number()
  local has_budgets = number() == 1
  local budgets = read_budgets()
  if not is_there(me) then
    return picture(STRANGER)
  end
  if has_budgets then
    if not kept.b then
      return picture(UNKNOWN)
    end
    local short = first_short(budgets, amount)
    if short then
      return picture(SHORT, short)
    end
  end
  if parallel >= 0 and held_in('o:') >= parallel then
    return picture(PARALLEL)
  end
  local wait = per_minute >= 0 and wait_for('requests', 1, per_minute)
  if wait then
    return picture(REQUESTS, wait)
  end
  wait = tokens_per_minute >= 0 and wait_for('tokens', tokens, tokens_per_minute)
  if wait then
    return picture(TOKENS, wait)
  end
  if has_budgets then
    hold(amount)
  end
  add('o:' .. me, 1)
  count_more(1, tokens)
  return picture(LET_IN)
end

-- What was set aside and in which periods, what is to be, and the budgets that are hard.
function ops.raise()
  local before, froms, amount = number(), read_periods(), number()
  local budgets = read_budgets()
  if not is_there(me) then
    return picture(STRANGER)
  end
  each_still(froms, function(p) add('h' .. p .. ':' .. me, -before) end)
  local short = first_short(budgets, amount)
  if short then
    local reply = picture(SHORT, short)
    each_still(froms, function(p) add('h' .. p .. ':' .. me, before) end)
    return reply
  end
  hold(amount)
  return picture(LET_IN)
end

-- A request is over: its number among those of this replica, how many requests end, when they were let in and what was reckoned they take,
-- what they took; whether they count toward budgets, what was set aside, in which periods, and what they cost.
function ops.settle()
  local turn = text()
  local opens, at, reckoned, took = number(), number(), number(), number()
  local has_budgets, amount, froms, cost = number() == 1, number(), read_periods(), number()
  local was_there = is_there(me)
  if was_there then
    add('o:' .. me, -opens)
  end
  if took >= reckoned then
    count_more(0, took - reckoned)
  else
    take_back(at, reckoned - took)
  end
  if has_budgets then
    each_still(froms, function(p)
      if was_there then
        add('h' .. p .. ':' .. me, -amount)
      end
      add('s' .. p, cost)
    end)
  end
  redis.call('SET', KEYS[3], turn, 'PX', DAY)
  return picture(LET_IN)
end

-- What the ledger says was spent in periods that began then. Whoever is first is believed.
function ops.found()
  if not kept.b then
    local froms, spent = read_periods(), read_periods()
    each_still(froms, function(p) set('s' .. p, math.max(get('s' .. p), spent[p])) end)
    set('b', now)
  end
  return picture(LET_IN)
end

-- What a replica did while it could not tell: its number among those of this replica; since when the account was that it knew
-- (0: none, it has only its own to tell), the periods by their beginnings, what it has spent in them, what it knew to be
-- spent with that; then what is open with it and set aside.
function ops.catch_up()
  local turn = text()
  local born, froms = number(), read_periods()
  local own, seen, held = read_periods(), read_periods(), read_periods()
  local opens, has_budgets = number(), number() == 1
  if has_budgets and not kept.b then
    return picture(UNKNOWN)
  end
  each_still(froms, function(p)
    if born == 0 or get('b') == born then
      add('s' .. p, own[p])
    else
      -- What the ledger says may have part of it already.
      set('s' .. p, math.max(get('s' .. p), seen[p]))
    end
    if has_budgets then
      add('h' .. p .. ':' .. me, held[p])
    end
  end)
  add('o:' .. me, opens)
  redis.call('SET', KEYS[3], turn, 'PX', DAY)
  return picture(LET_IN)
end

function ops.look()
  return picture(LET_IN)
end

drop_the_gone()
roll()
local reply = ops[op]()
-- Whoever only looks changes nothing.
if op ~= 'look' then
  keep()
end
return reply
