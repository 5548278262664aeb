-- A year of renewals in the three zones of lib/policy.lua, with a contract for each week, and for each thing that may be due in the
-- days around a change of clocks. On every day what is due is done when the office opens there: not a moment before, all of it
-- then, and nothing else.
local dates  = require "dates"
local policy = require "policy"

-- 08:00 on the day, in UTC, written down from the law of each place: from `spring` to the day before `autumn` it is summer. On
-- Lord Howe, in the south, summer is the other half, and its clocks change by half an hour.
local places = {
  { code = "1000", spring = "2026-03-29", autumn = "2026-10-25", summer = "06:00:00", winter = "07:00:00", days = 0 },
  { code = "2000", spring = "2026-03-08", autumn = "2026-11-01", summer = "12:00:00", winter = "13:00:00", days = 0 },
  { code = "3000", spring = "2026-10-04", autumn = "2026-04-05", summer = "21:00:00", winter = "21:30:00", days = -1, south = true },
}

local function opens(place, day)
  local first, last = place.spring, place.autumn
  if place.south then first, last = last, first end
  local is_summer = (day >= first and day < last) ~= (place.south or false)
  return dates.add(day, { days = place.days }) .. "T" .. (is_summer and place.summer or place.winter) .. "Z"
end

local function no_of(place, ends_on) return ("Y-%s-%s"):format(place.code, ends_on) end

local function contract(place, ends_on)
  return {
    Contract_No__c = no_of(place, ends_on), Status = "Activated", StartDate = dates.add(ends_on, { days = -364 }), EndDate = ends_on,
    Yearly_Value__c = decimal "10000.00", Currency__c = "EUR", Company_Code__c = place.code, Renewal_Mail__c = "buyer@nordwind.example",
    Account = { Account_No__c = "A-1", Name = "Nordwind GmbH" },
  }
end

local due_after = { -policy.quote, -policy.remind, -policy.last_call, 1 }     -- days from the end

local function matters(place, ends_on)
  if dates.weekday(ends_on) == 1 then return true end
  for _, days in ipairs(due_after) do
    local day = dates.add(ends_on, { days = days })
    if math.abs(dates.days(place.spring, day)) <= 2 or math.abs(dates.days(place.autumn, day)) <= 2 then return true end
  end
  return false
end

-- The contracts that are watched, by their last day.
local function deliver_all(w, place, first, last)
  local ends, day = {}, first
  while day <= last do
    if matters(place, day) then
      w:deliver("salesforce.Contract", contract(place, day), { key = no_of(place, day) })
      ends[day] = true
    end
    day = dates.add(day, { days = 1 })
  end
  return ends
end

-- What is done, in words, by the moment at which it is done.
local function watch(w)
  local done = array()
  local function note(what) done[#done + 1] = { at = dates.parse(w:now()), what = what } end
  w.salesforce:on "get_by":answers(function(args) return { Contract_No__c = args.value } end)
  w.salesforce:on "put renewal_status@1":answers(function(args)
    note(args.record.Renewal_Status__c .. " " .. args.key.Contract_No__c)
  end)
  w.mail:on "send":answers(function(args) note(("told %s %s"):format(args.subject:match "contract (%S+)", args.text:match "in (%d+) days")) end)
  return done
end

-- What was done so many milliseconds after a moment; a minute is much: mails go out one after the other.
local function around(done, moment, from, to)
  local said = array()
  for _, one in ipairs(done) do
    if one.at >= moment + from and one.at < moment + to then said[#said + 1] = one.what end
  end
  table.sort(said)
  return table.concat(said, ", ")
end

local function due(place, day, ends)
  local said = array()
  local function add(days, form)
    local ends_on = dates.add(day, { days = days })
    if ends[ends_on] then said[#said + 1] = form:format(no_of(place, ends_on), days) end
  end
  add(-1, "closed %s")
  add(policy.quote, "quoted %s")
  add(policy.remind, "told %s %d")
  add(policy.last_call, "told %s %d")
  table.sort(said)
  return table.concat(said, ", "), #said
end

describe("a year of renewals", function()
  for _, place in ipairs(places) do
    local zone = policy.zones[place.code] or policy.zone
    it("is done when the office opens in " .. zone .. ", before, on and after the days on which clocks change", function(w)
      local first, last, done = "2026-01-10", "2026-12-31", watch(w)
      local ends = deliver_all(w, place, dates.add(first, { days = -1 }), dates.add(last, { days = policy.quote }))
      w:advance "361d"
      local day, full = first, 0
      while day < last do
        local moment, next_day = dates.parse(opens(place, day)), dates.add(day, { days = 1 })
        local expected, count = due(place, day, ends)
        assert.equal(expected, around(done, moment, 0, 60000), zone .. " on " .. day)
        assert.equal("", around(done, moment, 60000, dates.parse(opens(place, next_day)) - moment), zone .. " after " .. day)
        day, full = next_day, full + (count == 4 and 1 or 0)
      end
      assert.is_true(full >= 10)                            -- the days around both changes, at the least
      assert.equal(0, #w:exceptions())
    end)
  end
end)
