-- The words of fields, `as.…`: what a map or a lens says about one field. A specification is data; kinds.lua knows how
-- its values are got and put, mapping.lua makes one direction of it, lens.lua both. Wrong use stops the load at its line.
local host = ...
local M, as = {}, {}
M.as = as

local spec_meta = { __metatable = "spec" }
local function spec(kind, path, options, extra)
  local s = extra or {}
  s.kind, s.path, s.options = kind, path, options or {}
  return setmetatable(s, spec_meta)
end
function M.is_spec(value) return type(value) == "table" and getmetatable(value) == "spec" end

-- "; did you mean 'scale'?" or nothing
function M.meant(word, words)
  local nearest = host.nearest(tostring(word), words)
  return nearest and "; did you mean '" .. nearest .. "'?" or ""
end

local function need_path(name, path)
  if type(path) ~= "string" and type(path) ~= "table" then
    error("as." .. name .. " needs the path it reads: as." .. name .. "(\"CloseDate\")", 3)
  end
end

local directions = { "read", "write" }
local function check_options(name, options, allowed)
  if options == nil then return end
  if type(options) ~= "table" then error("as." .. name .. ": options are a table", 3) end
  for key in pairs(options) do
    if not allowed[key] then
      error("as." .. name .. ": unknown option '" .. tostring(key) .. "'" .. M.meant(key, keys(allowed)), 3)
    end
  end
  if options.one_way ~= nil and options.one_way ~= "read" and options.one_way ~= "write" then
    error("as." .. name .. ": one_way is \"read\" or \"write\"" .. M.meant(options.one_way, directions), 3)
  end
end

-- Options that every word takes; one_way and put_default are for lenses.
local function with_common(allowed)
  for _, key in ipairs { "default", "required", "one_way", "put_default" } do allowed[key] = true end
  return allowed
end
local common = with_common {}

local function simple(name, allowed)
  with_common(allowed)
  as[name] = function(path, options)
    need_path(name, path)
    check_options(name, options, allowed)
    return spec(name, path, options)
  end
end

simple("any", {})
simple("text", { most = true, cut = true, upper = true, lower = true, trim = true })
simple("integer", { to = true })
simple("decimal", { scale = true, round = true, to = true, currency = true })
simple("boolean", {})
simple("date", { zone = true, form = true })
simple("timestamp", { zone = true, form = true, local_in = true, precision = true, choose = true })

-- as.const(value): what is written always. In a lens with a path, as.const("EUR", "Currency__c"): written there, and a
-- record with another value is refused.
function as.const(value, path) return spec("const", path, nil, { value = value }) end

-- as.enum("Status", { open = "new", done = { "shipped", "closed" } }): the name on the left is the entity's, what stands
-- on the right the platform's; of several the first is written. Anything else is a data failure, unless `default` says
-- what it reads as.
function as.enum(path, values, options)
  need_path("enum", path)
  check_options("enum", options, common)
  if type(values) ~= "table" then error("as.enum needs its values: as.enum(\"Status\", { open = \"new\" })", 2) end
  local reads, writes = {}, {}
  for name, read in pairs(values) do
    local list = type(read) == "table" and read or { read }
    writes[name] = list[1]
    for _, value in ipairs(list) do
      if reads[value] ~= nil then
        error("as.enum: '" .. tostring(value) .. "' stands twice, for '" .. tostring(reads[value]) .. "' and for '" ..
          tostring(name) .. "'", 2)
      end
      reads[value] = name
    end
  end
  return spec("enum", path, options, { reads = reads, writes = writes })
end

-- as.list("Lines.records", { sku = "ProductCode", … }) or with a map or lens. `by` (lenses) names the field of an element
-- by which it is found again in the list that is there.
local list_options = with_common { by = true }
function as.list(path, fields, options)
  need_path("list", path)
  check_options("list", options, list_options)
  if type(fields) ~= "table" then error("as.list needs the fields of one element, or a map", 2) end
  return spec("list", path, options, { fields = fields })
end

-- as.object("Account", { name = "Name" }): one object by its own fields, or by a map or lens.
function as.object(path, fields, options)
  need_path("object", path)
  check_options("object", options, common)
  if type(fields) ~= "table" then error("as.object needs fields, or a map", 2) end
  return spec("object", path, options, { fields = fields })
end

-- as.lookup("Country", "countries", "iso2"): the row of lookups/countries.csv or .json, or one column of it.
function as.lookup(path, name, column, options)
  need_path("lookup", path)
  check_options("lookup", options, common)
  if type(name) ~= "string" then error("as.lookup needs the name of a table in lookups/", 2) end
  local known, why = pcall(host.lookup, name)
  if not known then error(why, 2) end
  return spec("lookup", path, options, { name = name, column = column })
end

-- as.key(spec): this field is part of the external key of the platform's object.
function as.key(inner)
  if inner == nil then error("as.key needs what it wraps: as.key(\"order_no\")", 2) end
  return spec("key", nil, nil, { inner = inner })
end

-- as.when(function(source) … end, spec): the field is written only when the function says so. In a lens the function is
-- given the entity in both directions, and `spec` may be a table of fields that stands without a name.
function as.when(condition, inner)
  if type(condition) ~= "function" or inner == nil then error("as.when needs a function and a field", 2) end
  return spec("when", nil, nil, { condition = condition, inner = inner })
end

-- as.ref("ParentId", "account@1"): the platform's id there, the business key of that entity here.
function as.ref(path, entity, options)
  need_path("ref", path)
  check_options("ref", options, common)
  if type(entity) ~= "string" then error("as.ref needs the entity it refers to: as.ref(\"ParentId\", \"account@1\")", 2) end
  return spec("ref", path, options, { entity = entity })
end

-- as.pair("Phone", function(value) … end, function(value) … end): what nothing above fits: from the platform's value, and
-- to it. Several places have names: as.pair({ first = "FirstName", last = "LastName" }, …) gets and gives such a table.
function as.pair(path, get, put, options)
  need_path("pair", path)
  check_options("pair", options, common)
  if get ~= nil and type(get) ~= "function" or put ~= nil and type(put) ~= "function" then
    error("as.pair takes a function that gets and one that puts: as.pair(\"Phone\", function(value) … end, " ..
      "function(value) … end)", 2)
  end
  return spec("pair", path, options, { get = get, put = put })
end

local lossy = { "trim", "upper", "lower", "cut", "round", "precision", "choose", "default", "put_default" }

-- By which of its words two values of a field may become one, as text; nil: they stay apart. A key must.
function M.loss_of(s)
  for _, word in ipairs(lossy) do
    if s.options[word] ~= nil and s.options[word] ~= false then return "'" .. word .. "'" end
  end
  for value, name in pairs(s.kind == "enum" and s.reads or {}) do
    if s.writes[name] ~= value then return "several values of '" .. tostring(name) .. "'" end
  end
end

setmetatable(as, {
  __index = function(_, name)
    local words = keys(as)
    error("there is no as." .. tostring(name) .. M.meant(name, words) .. "; there are " .. table.concat(words, " "), 2)
  end,
})

return M
