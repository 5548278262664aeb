-- One-way maps: `map "order@1 <- salesforce.Opportunity" { … }`, and the field specifications `as.…`.
-- A specification says what is written (the name on its left), what is read (its path), and how. It is kept as data,
-- so that a lens can be made of the same words. This file compiles it into functions once, when files load.
local host = ...

local paths = require "paths"
local M, as = {}, {}
M.as = as

-- ---- specifications -----------------------------------------------------------------------------------------------

local spec_meta = { __metatable = "spec" }
local function spec(kind, path, options, extra)
  local s = extra or {}
  s.kind, s.path, s.options = kind, path, options or {}
  return setmetatable(s, spec_meta)
end
local function is_spec(value) return type(value) == "table" and getmetatable(value) == "spec" end

local function need_path(name, path)
  if type(path) ~= "string" and type(path) ~= "table" then
    error("as." .. name .. " needs the path it reads: as." .. name .. "(\"CloseDate\")", 3)
  end
end
local function check_options(name, options, allowed)
  if options == nil then return end
  if type(options) ~= "table" then error("as." .. name .. ": options are a table", 3) end
  for key in pairs(options) do
    if not allowed[key] then error("as." .. name .. ": unknown option '" .. tostring(key) .. "'", 3) end
  end
end
local function simple(name, allowed)
  allowed.default = true
  allowed.required = true
  as[name] = function(path, options)
    need_path(name, path)
    check_options(name, options, allowed)
    return spec(name, path, options)
  end
end

simple("text", { most = true, upper = true, lower = true, trim = true })
simple("integer", {})
simple("decimal", { scale = true, round = true, to = true })
simple("boolean", {})
simple("date", { zone = true })
simple("timestamp", { zone = true, form = true })
simple("any", {})

-- as.const(value): written always.
function as.const(value) return spec("const", nil, nil, { value = value }) end

-- as.enum("Status", { open = "new", done = { "shipped", "closed" } }): the name is written, the value on the right is read.
-- Anything else is a data failure, unless `default` says what to write.
function as.enum(path, values, options)
  need_path("enum", path)
  check_options("enum", options, { default = true, required = true })
  if type(values) ~= "table" then error("as.enum needs its values: as.enum(\"Status\", { open = \"new\" })", 2) end
  local reads = {}
  for name, read in pairs(values) do
    for _, value in ipairs(type(read) == "table" and read or { read }) do
      if reads[value] ~= nil then error("as.enum: '" .. tostring(value) .. "' stands twice", 2) end
      reads[value] = name
    end
  end
  return spec("enum", path, options, { reads = reads })
end

-- as.list("Lines.records", { sku = "ProductCode", … }) or with a map; always writes an array.
function as.list(path, fields, options)
  need_path("list", path)
  check_options("list", options, { default = true, required = true })
  if type(fields) ~= "table" then error("as.list needs the fields of one element, or a map", 2) end
  return spec("list", path, options, { fields = fields })
end

-- as.object("Account", { name = "Name" }): one object by its own fields, or by a map.
function as.object(path, fields, options)
  need_path("object", path)
  check_options("object", options, { default = true, required = true })
  if type(fields) ~= "table" then error("as.object needs fields, or a map", 2) end
  return spec("object", path, options, { fields = fields })
end

-- as.lookup("Country", "countries", "iso2"): the row of lookups/countries.csv or .json, or one column of it.
function as.lookup(path, name, column, options)
  need_path("lookup", path)
  check_options("lookup", options, { default = true, required = true })
  if type(name) ~= "string" then error("as.lookup needs the name of a table in lookups/", 2) end
  host.lookup(name)
  return spec("lookup", path, options, { name = name, column = column })
end

-- as.key(spec): this field is part of the external key of the platform's object.
function as.key(inner)
  if inner == nil then error("as.key needs what it wraps: as.key(\"order_no\")", 2) end
  return spec("key", nil, nil, { inner = inner })
end

-- as.when(function(source) … end, spec): the field is written only when the function says so.
function as.when(condition, inner)
  if type(condition) ~= "function" or inner == nil then error("as.when needs a function and a field", 2) end
  return spec("when", nil, nil, { condition = condition, inner = inner })
end

function as.ref() error("as.ref comes with the trusted-mappings package; until then use as.text", 2) end

setmetatable(as, {
  __index = function(_, name)
    error("there is no as." .. tostring(name) .. "; there are any boolean const date decimal enum integer key list " ..
      "lookup object text timestamp when", 2)
  end,
})

-- ---- conversions --------------------------------------------------------------------------------------------------

local dates

local function bad(where, what, value)
  local shown = type(value) == "table" and "a table" or "'" .. tostring(value) .. "'"
  error(M.failure(where .. ": " .. shown .. " is not " .. what), 0)
end

-- An error of class "data": the record is parked for its steward.
function M.failure(message)
  return setmetatable({ class = "data", code = "map", message = message },
    { __tostring = function(e) return e.message end, __metatable = "error" })
end

local convert = {}
function convert.any() return function(value) return value end end
function convert.text(s, where)
  local o = s.options
  return function(value)
    if type(value) == "table" or type(value) == "boolean" then bad(where, "text", value) end
    value = tostring(value)
    if o.trim then value = value:match("^%s*(.-)%s*$") end
    if o.upper then value = host.upper(value) elseif o.lower then value = host.lower(value) end
    if o.most then value = host.first(value, o.most) end
    return value
  end
end
function convert.integer(_, where)
  return function(value)
    if math.type(value) == "integer" then return value end
    local number = type(value) == "string" and tonumber(value) or value
    local whole = type(number) == "userdata" and number:tointeger() or math.type(number) == "integer" and number or nil
    if whole == nil then bad(where, "a whole number", value) end
    return whole
  end
end
function convert.decimal(s, where)
  local scale, round, to = s.options.scale, s.options.round or "half-even", s.options.to
  if to ~= nil and to ~= "text" then error("as.decimal: 'to' can be \"text\"", 0) end
  return function(value)
    local kind = type(value)
    local ok, number = true, value
    if kind == "string" then ok, number = pcall(decimal, value)
    elseif kind == "number" then ok, number = pcall(decimal, value)
    elseif kind ~= "userdata" then ok = false end
    if not ok then bad(where, "a decimal", value) end
    if scale then number = number:round(scale, round) end
    if to == "text" then return number:plain() end
    return number
  end
end
function convert.boolean(_, where)
  return function(value)
    if type(value) == "boolean" then return value end
    if value == "true" or value == 1 then return true end
    if value == "false" or value == 0 then return false end
    bad(where, "true or false", value)
  end
end
function convert.date(s, where)
  local zone = s.options.zone
  return function(value)
    if type(value) ~= "string" then bad(where, "a date", value) end
    if host.date_parse(value) then return value end
    local ms, offset = host.time_parse(value)
    if not ms then bad(where, "a date", value) end
    if zone then return (host.to_zone(ms, zone)):sub(1, 10) end
    return host.time_format("date", ms, offset)
  end
end
function convert.timestamp(s, where)
  local zone, form = s.options.zone, s.options.form or "rfc3339"
  return function(value)
    if type(value) ~= "string" then bad(where, "a time", value) end
    local ms, offset, digits, ns = host.time_parse(value)
    if not ms then bad(where, "a time", value) end
    if zone then
      local _, minutes = host.to_zone(ms, zone)
      offset = minutes
    end
    return host.time_format(form, ms, offset, digits, ns)
  end
end
function convert.enum(s, where)
  local reads = s.reads
  return function(value)
    local name = reads[value]
    if name == nil then
      if s.options.default ~= nil then return s.options.default end
      bad(where, "one of the known values", value)
    end
    return name
  end
end
function convert.lookup(s, where)
  local name, column = s.name, s.column
  return function(value)
    local row = host.lookup(name, tostring(value))
    if row == nil then
      if s.options.default ~= nil then return s.options.default end
      bad(where, "in lookups/" .. name, value)
    end
    if column then return row[column] end
    return row
  end
end

-- ---- compiling ----------------------------------------------------------------------------------------------------

local compile_fields

local function is_map(value) return type(value) == "table" and type(rawget(value, "apply")) == "function" end

function convert.list(s, where)
  local element = is_map(s.fields) and s.fields.apply or compile_fields(s.fields, where .. "[]")
  return function(value)
    if type(value) ~= "table" then bad(where, "a list", value) end
    local out = array()
    for i = 1, #value do
      if type(value[i]) ~= "table" then bad(where, "a list of objects", value[i]) end
      out[i] = element(value[i])
    end
    return out
  end
end
function convert.object(s, where)
  local one = is_map(s.fields) and s.fields.apply or compile_fields(s.fields, where)
  return function(value)
    if type(value) ~= "table" then bad(where, "an object", value) end
    return one(value)
  end
end

-- A function (source, out, name) that writes one field.
local function compile_field(value, where)
  if type(value) == "string" then value = as.any(value) end
  if type(value) == "function" then
    return function(source, out, name)
      local got = value(source)
      if got == null then setnull(out, name) else out[name] = got end
    end
  end
  if not is_spec(value) then
    if type(value) ~= "table" then
      error(where .. ": a field is a path (text), as.…, a function, or a table of fields; a fixed value is as.const(…)", 0)
    end
    local fields = compile_fields(value, where)
    return function(source, out, name) out[name] = fields(source) end
  end
  if value.kind == "const" then
    local fixed = value.value
    return function(_, out, name) out[name] = fixed end
  end
  if value.kind == "key" then return compile_field(value.inner, where) end
  if value.kind == "when" then
    local inner, condition = compile_field(value.inner, where), value.condition
    return function(source, out, name)
      if condition(source) then inner(source, out, name) end
    end
  end
  local get, to, options = paths.getter(value.path), convert[value.kind](value, where), value.options
  local default, required, list = options.default, options.required, value.kind == "list"
  return function(source, out, name)
    local got, parent, key = get(source)
    if got ~= nil and got ~= null then
      out[name] = to(got)
    elseif default ~= nil then
      out[name] = default
    elseif required then
      error(M.failure(where .. ": there is no value at " .. paths.text(value.path)), 0)
    elseif list then
      out[name] = array()
    elseif got == null or (parent ~= nil and isnull(parent, key)) then
      setnull(out, name)
    end
  end
end

function compile_fields(fields, where)
  local names, steps = {}, {}
  for name, value in pairs(fields) do
    if type(name) ~= "string" then
      error(where .. ": fields have names; a map by function is { function(source) … end } with at most a key beside it", 0)
    end
    names[#names + 1] = name
    steps[#steps + 1] = compile_field(value, where == "" and name or where .. "." .. name)
  end
  local count = #names
  return function(source)
    local out = {}
    for i = 1, count do steps[i](source, out, names[i]) end
    return out
  end
end

-- "order@1 <- salesforce.Opportunity" → left, right
local function split(title)
  if title:find("<->", 1, true) then
    error("a lens (<->) comes with the trusted-mappings package; write one map for each direction", 0)
  end
  local left, right = title:match("^%s*(%S+)%s*<%-%s*(%S+)%s*$")
  if not left then
    error("the title of a map is \"order@1 <- salesforce.Opportunity\" or \"erp.SalesOrders <- order@1\"", 0)
  end
  return left, right
end

local function as_list(value) return type(value) == "table" and value or { value } end

local function keys_of(body, title, entity_key)
  local marked, derived = {}, {}
  for name, value in pairs(body) do
    local path = value
    if is_spec(value) then
      if value.kind == "key" then marked[#marked + 1] = name end
      path = value.path
    end
    for _, key in ipairs(as_list(entity_key or {})) do
      if path == key then derived[#derived + 1] = name end
    end
  end
  if #marked > 0 then return marked end
  if #derived > 0 and #derived == #as_list(entity_key) then return derived end
  error(title .. ": no field is marked as the external key: OrderNo = as.key(\"order_no\")", 0)
end

-- Which field of the source each name is read from, where it is read from one: { order_no = "Order_No__c" }.
local function sources_of(body)
  local sources = {}
  for name, value in pairs(body) do
    if is_spec(value) and value.kind == "key" then value = value.inner end
    local path = is_spec(value) and value.path or value
    if type(path) == "string" and not path:find("[.%[]") then sources[name] = path end
  end
  return sources
end

-- The map object: callable, and `apply` for the runtime.
function M.compile(title, body, entity_keys)
  local left, right = split(title)
  local map = { name = title, left = left, right = right, sources = sources_of(body) }
  local writes = right:find("@", 1, true) and not left:find("@", 1, true)
  if writes then
    map.target, map.object = left:match("^([^.]+)%.(.+)$")
    map.entity = right
    if not map.target then error("the left side of \"" .. title .. "\" is a system or kind and its object", 0) end
  end
  if type(body[1]) == "function" then
    for key in pairs(body) do
      if key ~= 1 and key ~= "key" then
        error(title .. ": beside its function a map has only 'key', not '" .. tostring(key) .. "'", 0)
      end
    end
    local run = body[1]
    map.apply = function(source)
      local record = run(source)
      if type(record) ~= "table" then error(title .. ": the function gave no record", 0) end
      return record
    end
    if writes then
      if body.key == nil then error(title .. ": a map by function says its external key: key = \"OrderNo\"", 0) end
      map.keys = as_list(body.key)
    end
  else
    map.apply = compile_fields(body, "")
    if writes then map.keys = keys_of(body, title, entity_keys[right]) end
  end
  return setmetatable(map, { __call = function(_, source) return map.apply(source) end })
end

return M
