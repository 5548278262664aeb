-- Values made from a contract, for trying out lenses: make(contract, fields, seed) gives a record that the contract allows,
-- with a liking for what breaks mappings: long digits, nulls, absent fields, empty lists, every kind of text. The same seed
-- gives the same record. Where the contract says less than a field of the lens does (a text where the lens knows an
-- enum), the field decides.
local schemas = require "schemas"
local patterns = require "patterns"
local M = {}

-- splitmix64 (Steele, Lea and Flood, 2014): r(n) gives 1 … n, r() gives 64 bits.
function M.dice(seed)
  local state = seed
  return function(n)
    state = state + 0x9E3779B97F4A7C15
    local z = state
    z = (z ~ (z >> 30)) * 0xBF58476D1CE4E5B9
    z = (z ~ (z >> 27)) * 0x94D049BB133111EB
    z = z ~ (z >> 31)
    if not n then return z end
    return (z >> 1) % n + 1
  end
end

local function pick(r, list) return list[r(#list)] end

local texts = { "", " ", "0", "007", "1e5", "true", "null", "a", "A", "Ä", "ß", "\0", "a\0b", " a b ", "\t", "\"", "\\",
  "'; --", "<a&b>", "naïve café", "e\u{301}", "Ελλάδα", "日本語", "\u{1F600}", "\u{10FFFF}", "\u{2028}", "\u{FEFF}x",
  "\u{202E}abc", "x.y[1]", "line\nline", ("long "):rep(60) }
local integers = { 0, 1, -1, 2, 10, 255, 1000000, 2147483648, 9007199254740993, -9007199254740993, math.maxinteger, math.mininteger }
local decimals = { "0.1", "-0.1", "0.005", "1.005", "2.675", "100.00", "1234567890123.45", "0.30000000000000004",
  "12345678901234567890", "-98765432109876543210.123456789", "0.000000000000000000001" }
local dates = { "1970-01-01", "2024-02-29", "2023-12-31", "1900-03-01", "2099-10-31", "2024-03-31", "2018-11-04" }
local times = { "1970-01-01T00:00:00Z", "2024-02-29T23:59:59Z", "2024-05-17T09:42:31+02:00", "2023-12-31T23:30:00-08:00",
  "2024-10-27T00:30:00Z", "2024-10-27T01:30:00Z", "2024-11-03T05:30:00Z", "2024-11-03T06:30:00Z", "2024-03-31T01:00:00Z", "2024-05-17T07:42:31.123Z" }
local fine_times = { "2024-05-17T07:42:31.123456Z", "2024-05-17T07:42:31.000000001Z" }

local function letters(r, n)
  local out = {}
  for i = 1, n do out[i] = string.char(96 + r(26)) end
  return table.concat(out)
end

local formats = {
  date = function(r) return pick(r, dates) end,
  ["date-time"] = function(r) return r(8) == 1 and pick(r, fine_times) or pick(r, times) end,
  time = function() return "09:42:31Z" end,
  email = function(r) return letters(r, r(8)) .. "@example.com" end,
  uuid = function() return "123e4567-e89b-42d3-a456-426614174000" end,
  uri = function(r) return "https://example.com/" .. letters(r, r(6)) end,
}

-- ---- numbers and texts --------------------------------------------------------------------------------------------

local function within(value, s)
  value = decimal(value)
  return not (s.minimum ~= nil and value < decimal(s.minimum) or s.maximum ~= nil and value > decimal(s.maximum) or
    s.exclusiveMinimum ~= nil and value <= decimal(s.exclusiveMinimum) or
    s.exclusiveMaximum ~= nil and value >= decimal(s.exclusiveMaximum))
end

local function near_bounds(r, s)
  local low, high = s.minimum or s.exclusiveMinimum, s.maximum or s.exclusiveMaximum
  if low ~= nil then return decimal(low) + decimal(r(20) - 1) end
  if high ~= nil then return decimal(high) - decimal(r(20) - 1) end
  return decimal(r(100))
end

local function whole(value)
  local d = decimal(value):round(0, "floor")
  return d:tointeger() or d
end

local function integer(r, s, mild)
  local value = mild and r(100) or r(3) == 1 and r() or pick(r, integers)
  if not within(value, s) then value = whole(near_bounds(r, s)) end
  if s.multipleOf ~= nil then value = whole((decimal(value) * decimal(s.multipleOf)):round(0, "down")) end
  return value
end

local function exact(r, s, mild, field)
  local value
  if s.multipleOf ~= nil then
    value = decimal(s.multipleOf) * decimal(r(2) == 1 and r(1000) or r(1 << 40))
    if r(2) == 1 then value = -value end
  else
    value = decimal(mild and r(1000) or pick(r, decimals))
  end
  if not within(value, s) then value = near_bounds(r, s) end
  local o = field and field.kind == "decimal" and field.spec.options
  if o and s.multipleOf == nil and field.scale then value = value:round(field.scale, "down") end
  return value
end

local function text(r, s, mild, field)
  if type(s.pattern) == "string" then return patterns.make(s.pattern, r) end
  if formats[s.format] then return formats[s.format](r) end
  if field and s.format == nil then
    if field.kind == "date" then return formats.date(r) end
    if field.kind == "timestamp" then return formats["date-time"](r) end
  end
  local least, most = s.minLength or 0, s.maxLength or 1000
  local o = field and field.kind == "text" and field.spec.options
  if o and o.most and not o.cut and o.most < most then most = o.most end
  local value = mild and letters(r, r(8)) or pick(r, texts)
  local length = utf8.len(value)
  if length < least then value = value .. letters(r, least - length) end
  if length > most then value = letters(r, most) end
  return value
end

-- ---- any value ----------------------------------------------------------------------------------------------------

local make

local by_kind = { text = "string", integer = "integer", decimal = "number", boolean = "boolean", date = "string",
  timestamp = "string", ref = "string", list = "array", object = "object", group = "object" }

local function type_of(r, s, field, mild)
  local kind = s.type
  if type(kind) == "table" then
    if not mild and r(5) == 1 then
      for _, name in ipairs(kind) do if name == "null" then return "null" end end
    end
    local others = {}
    for _, name in ipairs(kind) do if name ~= "null" then others[#others + 1] = name end end
    return #others > 0 and pick(r, others) or "null"
  end
  if kind then return kind end
  if s.properties then return "object" end
  if s.items then return "array" end
  if s.pattern or s.format or s.minLength or s.maxLength then return "string" end
  if s.minimum or s.maximum or s.multipleOf or s.exclusiveMinimum then return "number" end
  if field and by_kind[field.kind] then return by_kind[field.kind] end
  return pick(r, { "string", "integer", "number", "boolean", "array", "object" })
end

local function give(t, name, value) if value == null then setnull(t, name) else t[name] = value end end

local function object(r, n, fields, mild, depth)
  local out, by_name = {}, {}
  local properties, required = schemas.properties(n), schemas.required(n)
  for _, f in ipairs(fields or {}) do
    if f.name then
      by_name[f.name] = f
      properties[f.name] = properties[f.name] or { at = {}, base = n.base, doc = n.doc }
      if f.spec and f.spec.options.required then required[f.name] = true end
    end
  end
  for _, name in ipairs(keys(properties)) do
    if required[name] or depth < 5 and r(4) > 1 then
      local value = make(r, properties[name], by_name[name], mild, depth + 1)
      if value == null and required[name] and by_name[name] and by_name[name].spec and by_name[name].spec.options.required then
        value = make(r, properties[name], by_name[name], true, depth + 1)
      end
      give(out, name, value)
    end
  end
  -- A value whose condition does not hold cannot be put.
  for _, f in ipairs(fields or {}) do
    local told = not f.when or not f.name or f.when(out)
    for _, other in ipairs(f.others or {}) do told = told or other.when(out) end
    if not told then out[f.name] = nil end
  end
  return out
end

local function list(r, n, field, mild, depth)
  local s, out = n.at, array()
  local least = s.minItems or 0
  local count = least + (mild and 1 or r(4) - 1)
  if s.maxItems ~= nil and count > s.maxItems then count = s.maxItems end
  if depth > 5 then count = least end
  local item = schemas.items(n) or { at = {}, base = n.base, doc = n.doc }
  for i = 1, count do
    if field and field.kind == "list" then
      out[i] = object(r, item, field.fields, mild, depth + 1)
    else
      local value = make(r, item, nil, mild, depth + 1)
      if value == null then setnull(out, i) else out[i] = value end
    end
  end
  return out
end

local function of_field(r, field)
  if field.kind == "enum" then return pick(r, keys(field.spec.writes)) end
  if field.kind == "const" then return field.fixed end
end

function make(r, n, field, mild, depth)
  n = schemas.resolved(n)
  if not n then return pick(r, texts) end
  local s = n.at
  local allowed = schemas.enum(n)
  if allowed then
    local i = r(#allowed)
    if allowed[i] == nil then return null end
    return allowed[i]
  end
  for _, key in ipairs { "anyOf", "oneOf" } do
    if type(s[key]) == "table" and not s.properties and not s.type then
      return make(r, schemas.from(n, pick(r, s[key])), field, mild, depth)
    end
  end
  if type(s.allOf) == "table" and #s.allOf == 1 and not s.properties and not s.type then
    return make(r, schemas.from(n, s.allOf[1]), field, mild, depth)
  end
  local kind = type_of(r, s, field, mild)
  if kind == "null" then return null end
  -- A pattern is no list of values: an enum that knows some of them is meant to refuse the others.
  if field and (field.kind == "enum" or not s.type or kind == "string" and not s.pattern and not s.format) then
    local value = of_field(r, field)
    if value ~= nil then return value end
  end
  if kind == "boolean" then return r(2) == 1 end
  if kind == "integer" then return integer(r, s, mild) end
  if kind == "number" then
    if field and field.kind == "integer" or r(4) == 1 then return integer(r, s, mild) end
    return exact(r, s, mild, field)
  end
  if kind == "object" then return object(r, n, field and field.kind ~= "list" and field.fields, mild, depth) end
  if kind == "array" then return list(r, n, field, mild, depth) end
  return text(r, s, mild, field)
end

-- make(contract node or nil, fields or nil, seed, mild)
function M.make(contract, fields, seed, mild)
  return object(M.dice(seed), contract or { at = {}, base = "" }, fields, mild, 0)
end

-- Something to stand in a record beside what a lens touches.
function M.strangers()
  return { big = math.maxinteger, long = decimal "12345678901234567890.10", list = array(), object = {}, none = null,
    text = "a\0\u{1F600}", deep = { { zero = decimal "0.00" } } }
end

return M
