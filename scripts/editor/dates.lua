---@meta dates
-- Dates are text, "2024-05-17"; times are text with an offset, "2024-05-17T09:42:31+02:00"; zones are IANA names.

---require "dates": days and moments, in zones. Reading accepts RFC 3339, Salesforce and OData forms; wrong text is an error of class "data".
---@class tidelock.dates
local dates = {}

---Milliseconds since 1970, and the offset in minutes.
---@param time string
---@return integer ms
---@return integer offset
function dates.parse(time) end

---A time, or milliseconds since 1970, as text.
---@param time string|integer
---@param form? "rfc3339"|"salesforce"|"odata"|"odata2"|"date"
---@return string
function dates.format(time, form) end

---The same moment with the zone's offset.
---@param time string
---@param zone string "Europe/Berlin"
---@return string
function dates.in_zone(time, zone) end

---The same moment with Z.
---@param time string
---@return string
function dates.utc(time) end

---The moment that a clock in the zone showed. `choose` decides for the hour that comes twice.
---@param text string "2024-05-17T09:42:31"
---@param zone string
---@param choose? "earlier"|"later"|"error"
---@return string
function dates.from_local(text, zone, choose) end

---The date of a time, in its own offset or in a zone.
---@param time string
---@param zone? string
---@return string
function dates.day(time, zone) end

---A date so much later; months first, and a day beyond the month's end becomes its last.
---@param date string
---@param by { days?: integer, weeks?: integer, months?: integer, years?: integer }
---@return string
function dates.add(date, by) end

---Days from one date to the other.
---@param from string
---@param to string
---@return integer
function dates.days(from, to) end

---1 is Monday.
---@param date string
---@return integer
function dates.weekday(date) end

return dates
