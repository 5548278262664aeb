-- Dates and times. A date is text, "2024-05-17"; a time is text with an offset, "2024-05-17T09:42:31+02:00"; zones are
-- IANA names. Reading accepts RFC 3339, Salesforce (+0000) and OData forms. Wrong text is an error of class "data".
local host = ...
local M = {}

local function fail(message)
  error(setmetatable({ class = "data", code = "time", message = message },
    { __tostring = function(e) return e.message end, __metatable = "error" }), 0)
end

-- parse(text) → milliseconds since 1970, offset in minutes
function M.parse(text)
  local ms, offset = host.time_parse(text)
  if not ms then fail(offset) end
  return ms, offset
end

-- format(time or ms [, form]): form is rfc3339 (default), salesforce, odata, odata2 or date
function M.format(time, form)
  if math.type(time) == "integer" then return host.time_format(form or "rfc3339", time, 0, time % 1000 == 0 and 0 or 3) end
  local ms, offset, digits, ns = host.time_parse(time)
  if not ms then fail(offset) end
  return host.time_format(form or "rfc3339", ms, offset, digits, ns)
end

-- in_zone(time, "Europe/Berlin"): the same moment with the zone's offset
function M.in_zone(time, zone)
  local ms, why, digits, ns = host.time_parse(time)
  if not ms then fail(why) end
  local _, minutes = host.to_zone(ms, zone)
  return host.time_format("rfc3339", ms, minutes, digits, ns)
end

-- utc(time): the same moment with Z
function M.utc(time)
  local ms, why, digits, ns = host.time_parse(time)
  if not ms then fail(why) end
  return host.time_format("rfc3339", ms, 0, digits, ns)
end

-- from_local("2024-05-17T09:42:31", "Europe/Berlin" [, "earlier" | "later" | "error"]): what a clock there showed. The
-- third argument decides for the hour that comes twice; the hour that is skipped is the moment of the change.
function M.from_local(text, zone, choose)
  local earlier, later, kind = host.from_zone(text, zone)
  if not earlier then fail(later) end
  if kind ~= "one" and choose == "error" then fail(text .. " is no single moment in " .. zone) end
  local ms = choose == "later" and later or earlier
  local _, minutes = host.to_zone(ms, zone)
  return host.time_format("rfc3339", ms, minutes, ms % 1000 == 0 and 0 or 3)
end

-- day(time [, zone]): the date, in the time's own offset or in a zone
function M.day(time, zone)
  if host.date_parse(time) then return time end
  local ms, offset = host.time_parse(time)
  if not ms then fail(offset) end
  if zone then return (host.to_zone(ms, zone)):sub(1, 10) end
  return host.time_format("date", ms, offset)
end

-- add("2024-01-31", { months = 1, days = 3 }): months first; a day beyond the month's end becomes its last
function M.add(date, by)
  if not host.date_parse(date) then fail("'" .. tostring(date) .. "' is not a date") end
  return host.date_add(date, (by.days or 0) + 7 * (by.weeks or 0), (by.months or 0) + 12 * (by.years or 0))
end

-- days("2024-05-17", "2024-05-20") → 3
function M.days(from, to) return host.date_days(from, to) end
-- weekday("2024-05-17") → 5 (1 is Monday)
function M.weekday(date) return host.date_weekday(date) end

return M
