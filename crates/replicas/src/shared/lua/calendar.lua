-- When periods begin and end, in UTC: `crates/route/src/budget/calendar.rs` in another language.
local HOUR = 3600000
local DAY = 24 * HOUR
local WEEK = 7 * DAY
-- The first Monday: 1970-01-05.
local FIRST_MONDAY = 4 * DAY
-- The last whole number that is exact here.
local NEVER = 9007199254740991

-- The year and the month of a day, which is counted from 1970-01-01. Years begin in March here, with the leap day last.
local function month_of(day)
  local shifted = day + 719468
  local era = math.floor(shifted / 146097)
  local of_era = shifted - era * 146097
  local leaps = math.floor(of_era / 1460) - math.floor(of_era / 36524) + math.floor(of_era / 146096)
  local year = math.floor((of_era - leaps) / 365)
  local of_year = of_era - (365 * year + math.floor(year / 4) - math.floor(year / 100))
  return era * 400 + year, math.floor((5 * of_year + 2) / 153)
end

-- When this month began, in milliseconds; one behind the last of a year is the first of the next.
local function month(year, number)
  if number == 12 then
    year, number = year + 1, 0
  end
  local era = math.floor(year / 400)
  local of_era = year - era * 400
  local of_year = math.floor((153 * number + 2) / 5)
  local day = of_era * 365 + math.floor(of_era / 4) - math.floor(of_era / 100) + of_year
  return (era * 146097 + day - 719468) * DAY
end

-- When each period that it is now began, and when it ends: hour, day, week, month, for good.
local function periods(now)
  local hour = now - now % HOUR
  local day = now - now % DAY
  local week = math.max(0, now - (now + WEEK - FIRST_MONDAY) % WEEK)
  local year, number = month_of(math.floor(now / DAY))
  return {
    { hour, hour + HOUR },
    { day, day + DAY },
    { week, week + WEEK },
    { month(year, number), month(year, number + 1) },
    { 0, NEVER },
  }
end
