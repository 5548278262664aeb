-- How the values of each kind of field are got from a platform and put there: kinds.of(spec, where, lens) gives
--   get(value)       the platform's value as the entity's
--   put(value, old)  the entity's value as the platform's (nil where a kind only reads)
--   same(a, b)       are two values of the entity the same to this field? What it changes on purpose does not count
-- Maps use `get` alone, whichever way they go. Nothing is rounded or cut unless the field says so.
local host = ...
local decimals = require "decimals"
local paths = require "paths"
local M = {}

-- An error of class "data": the record is parked for its steward.
function M.failure(message)
  return setmetatable({ class = "data", code = "map", message = message },
    { __tostring = function(e) return e.message end, __metatable = "error" })
end
function M.fail(message) error(M.failure(message), 0) end

local function bad(where, what, value)
  local shown = type(value) == "table" and "a table" or "'" .. tostring(value) .. "'"
  M.fail(where .. ": " .. shown .. " is not " .. what)
end

-- What stands somewhere, for a sentence: "the text 'x'", "an object with 'sku'", "a list".
local function told(value)
  if host.is_list(value) then return "a list" end
  if type(value) == "table" then
    local names = keys(value)
    return #names > 0 and "an object with '" .. tostring(names[1]) .. "'" or "an object"
  end
  if type(value) == "string" then return "the text '" .. host.first(value, 40) .. "'" end
  return "the value " .. tostring(value)
end

-- need(label, place, "list" or "object", value): value, which must be one. What it is instead would be lost without a word.
function M.need(label, place, wanted, value)
  local is = type(value) == "table"
  if wanted == "list" then is = is and not host.is_object(value) else is = is and not host.is_list(value) end
  if is then return value end
  local hint = ""
  for _, name in ipairs(wanted == "list" and type(value) == "table" and keys(value) or {}) do
    if host.is_list(value[name]) then hint = "; the list is at " .. place .. "." .. name break end
  end
  M.fail(("%s: at %s stands %s, and not %s %s%s"):format(label, place, told(value), wanted == "list" and "a" or "an", wanted, hint))
end

-- The path of the first `count` steps, as text.
local function first(path, count)
  local text = ""
  for i = 1, count do
    local step = paths.names(path)[i]
    text = text .. (math.type(step) == "integer" and "[" .. step .. "]" or (i == 1 and "" or ".") .. step)
  end
  return text
end

-- getter(path, label): paths.getter, for which what is in the way of the path is an error.
function M.getter(path, label)
  local get = paths.getter(path)
  if #paths.names(path) == 1 then return get end
  return function(document)
    local value, parent, key, blocked = get(document)
    if blocked then
      local place, at = first(path, blocked), document
      for i = 1, blocked do at = at[paths.names(path)[i]] end
      M.fail(("%s: %s cannot be read: %s stands %s"):format(label, paths.text(path),
        blocked == 0 and "in its place" or "at " .. place, told(at)))
    end
    return value, parent, key
  end
end

-- Equal as JSON, digit by digit; null and absent, [] and {} are different.
function M.same_json(a, b)
  if rawequal(a, b) then return true end
  if a == nil or b == nil then return false end
  local kind = type(a)
  if kind ~= type(b) or kind == "string" or kind == "boolean" then return false end
  return host.encode(a) == host.encode(b)
end
local function equal(a, b) return a == b end

local kinds = {}
local function itself(value) return value end
function kinds.any() return { get = itself, put = itself, same = M.same_json } end

function kinds.text(s, where)
  local o = s.options
  if o.most and (math.type(o.most) ~= "integer" or o.most < 0) then error("as.text: 'most' is a number of characters", 0) end
  if o.cut and not o.most then error("as.text: 'cut' says what becomes of a text longer than 'most'", 0) end
  local function get(value)
    if type(value) == "table" or type(value) == "boolean" then bad(where, "text", value) end
    value = tostring(value)
    if o.trim then value = value:match("^%s*(.-)%s*$") end
    if o.upper then value = host.upper(value) elseif o.lower then value = host.lower(value) end
    if o.most and host.length(value) > o.most then
      if not o.cut then
        M.fail(("%s: '%s' is longer than %d characters; if it may be cut, say so: { most = %d, cut = true }")
          :format(where, host.first(value, 60), o.most, o.most))
      end
      value = host.first(value, o.most)
      if o.trim then value = value:match("^(.-)%s*$") end -- the cut may end in a blank; twice must be as once
    end
    return value
  end
  local function same(a, b) return a == b or type(a) == "string" and type(b) == "string" and get(a) == get(b) end
  return { get = get, put = get, same = same }
end

local function check_to(s)
  local to = s.options.to
  if to ~= nil and to ~= "text" then error("as." .. s.kind .. ": 'to' can be \"text\"", 0) end
  return to == "text"
end

function kinds.integer(s, where, lens)
  local as_text = check_to(s)
  local function get(value)
    if math.type(value) == "integer" then return value end
    local number = type(value) == "string" and tonumber(value) or value
    local whole = type(number) == "userdata" and number:tointeger() or math.type(number) == "integer" and number or nil
    if whole == nil then bad(where, "a whole number", value) end
    return whole
  end
  local function put(value)
    value = get(value)
    return as_text and tostring(value) or value
  end
  return { get = lens and get or put, put = put, same = equal }
end

function kinds.decimal(s, where, lens)
  local o, as_text = s.options, check_to(s)
  local scale, round = o.scale or o.currency and decimals.scale_of(o.currency), o.round
  if round and not pcall(function() return decimal(0):round(0, round) end) then
    error("as.decimal: there is no rounding '" .. tostring(round) .. "'; there are half-even half-up half-down down up " ..
      "floor ceiling", 0)
  end
  local function get(value)
    local kind = type(value)
    local ok, number = kind == "string" or kind == "number" or kind == "userdata", nil
    if ok then ok, number = pcall(decimal, value) end
    if not ok then bad(where, math.type(value) == "float" and "exact: it is a float; write a decimal" or "a decimal", value) end
    if not scale then return number end
    local rounded, fits = pcall(number.round, number, scale, round or "down")
    if not rounded then bad(where, "a decimal that can be rounded", number) end
    if not round and fits ~= number then
      M.fail(("%s: '%s' has more than %d digits after the point; say how it is rounded: { scale = %d, round = \"half-even\" }")
        :format(where, tostring(number), scale, scale))
    end
    return fits
  end
  local function put(value)
    local number = get(value)
    if not as_text then return number end
    local ok, text = pcall(number.plain, number)
    if not ok then bad(where, "a decimal that can be written without an exponent", number) end
    return text
  end
  local function same(a, b)
    if type(a) == "table" or type(b) == "table" then return false end
    local ok, is = pcall(function() return get(a) == get(b) end)
    return ok and is
  end
  return { get = lens and get or put, put = put, same = same, scale = scale }
end

function kinds.boolean(_, where)
  local function get(value)
    if type(value) == "boolean" then return value end
    if value == "true" or value == 1 then return true end
    if value == "false" or value == 0 then return false end
    bad(where, "true or false", value)
  end
  return { get = get, put = get, same = equal }
end

-- With a zone the platform holds a moment, and the date is the day of that moment there; it is put as its midnight.
function kinds.date(s, where)
  local zone, form = s.options.zone, s.options.form or "rfc3339"
  local function get(value)
    if type(value) ~= "string" then bad(where, "a date", value) end
    if host.date_parse(value) then return value end
    local ms, offset = host.time_parse(value)
    if not ms then bad(where, "a date", value) end
    if zone then return (host.to_zone(ms, zone)):sub(1, 10) end
    return host.time_format("date", ms, offset)
  end
  local function put(value)
    if type(value) ~= "string" or not host.date_parse(value) then bad(where, "a date", value) end
    if not zone then return value end
    local ms = host.from_zone(value .. "T00:00:00", zone)
    if not ms then bad(where, "a date in " .. zone, value) end
    local _, minutes = host.to_zone(ms, zone)
    return host.time_format(form, ms, minutes, 0)
  end
  return { get = get, put = put, same = equal }
end

local kept_digits = { s = 0, ms = 3 }

-- `zone` shows the moment there; `form` is how the platform writes it; with `local_in` the platform writes what a clock
-- in that zone shows, without an offset. A moment that would come back as another one is refused.
function kinds.timestamp(s, where, lens)
  local o = s.options
  local zone, form, clock = o.zone, o.form or "rfc3339", o.local_in
  local most = kept_digits[o.precision]
  local choose = o.choose
  if o.precision and not most then error("as.timestamp: precision is \"s\" or \"ms\"", 0) end
  if choose and choose ~= "earlier" and choose ~= "later" then error("as.timestamp: choose is \"earlier\" or \"later\"", 0) end
  if choose and not clock then
    error("as.timestamp: 'choose' is about the hour that comes twice on a clock: it goes with local_in", 0)
  end
  local function moment(text)
    local earlier, later = host.from_zone(text, clock)
    if earlier and choose == "later" then return later end
    return earlier, later
  end
  local function parse(value)
    if type(value) ~= "string" then bad(where, "a time", value) end
    local ms, offset, digits, ns = host.time_parse(value)
    if not ms then bad(where, "a time", value) end
    if most and digits > most then ms, digits, ns = most == 0 and ms - ms % 1000 or ms, most, 0 end
    return ms, offset, digits, ns
  end
  local function shown(ms, offset, digits, ns, as_form)
    if zone then
      local _, minutes = host.to_zone(ms, zone)
      offset = minutes
    end
    return host.time_format(as_form, ms, offset, digits, ns)
  end
  local function get(value)
    if clock and type(value) == "string" then
      local ms, why = moment(value)
      if not ms then bad(where, "what a clock shows: " .. tostring(why), value) end
      local _, minutes = host.to_zone(ms, clock)
      return shown(ms, minutes, ms % 1000 == 0 and 0 or 3, 0, "rfc3339")
    end
    local ms, offset, digits, ns = parse(value)
    return shown(ms, offset, digits, ns, lens and "rfc3339" or form)
  end
  local function put(value)
    local ms, offset, digits, ns = parse(value)
    local text
    if clock then
      text = host.to_zone(ms, clock)
      if ms % 1000 ~= 0 then text = ("%s.%03d"):format(text, ms % 1000) end
      if ns ~= 0 then M.fail(where .. ": '" .. value .. "' loses digits; say so: { precision = \"ms\" }") end
      if not choose and moment(text) ~= ms then
        M.fail(where .. ": '" .. value .. "' is a moment that a clock in " .. clock ..
          " shows twice; say which one is read: { choose = \"earlier\" }")
      end
      return text
    end
    text = host.time_format(form, ms, offset, digits, ns)
    local back, _, _, back_ns = host.time_parse(text)
    if back ~= ms or back_ns ~= ns then
      M.fail(where .. ": '" .. value .. "' loses digits as " .. form .. "; say so: { precision = \"ms\" }")
    end
    return text
  end
  local function same(a, b)
    if a == b then return true end
    local ok, is = pcall(function()
      local a_ms, _, _, a_ns = parse(a)
      local b_ms, _, _, b_ns = parse(b)
      if choose then a_ms, b_ms = host.to_zone(a_ms, clock) .. a_ms % 1000, host.to_zone(b_ms, clock) .. b_ms % 1000 end
      return a_ms == b_ms and a_ns == b_ns
    end)
    return ok and is
  end
  return { get = get, put = put, same = same }
end

function kinds.enum(s, where)
  local reads, writes = s.reads, s.writes
  local function get(value)
    local name = reads[value]
    if name == nil then
      if s.options.default ~= nil then return s.options.default end
      bad(where, "one of the known values", value)
    end
    return name
  end
  local function put(name)
    local value = writes[name]
    if value == nil then bad(where, "one of the names this field knows", name) end
    return value
  end
  return { get = get, put = put, same = equal }
end

function kinds.lookup(s, where)
  local name, column = s.name, s.column
  local function get(value)
    local row = host.lookup(name, tostring(value))
    if row == nil then
      if s.options.default ~= nil then return s.options.default end
      bad(where, "in lookups/" .. name, value)
    end
    if column then return row[column] end
    return row
  end
  return { get = get, same = M.same_json }
end

-- kinds.of(spec, where, lens) → { get, put, same }; nil for kinds that maps and lenses build themselves
function M.of(s, where, lens)
  local make = kinds[s.kind]
  return make and make(s, where, lens)
end

return M
