-- One-way maps: `map "order@1 <- salesforce.Opportunity" { … }`. A field says what is written (the name on its left),
-- what is read (its path), and how (words.lua). This file compiles a map into functions once, when files load.
local paths = require "paths"
local words = require "words"
local kinds = require "kinds"
local coverage = require "coverage"
local M = { as = words.as }
local is_spec, as = words.is_spec, words.as

-- lens "account@1 <-> salesforce.Account" { … }, of the same words. Its library is loaded with the first one.
function M.lens(title, body, entities) return require("lens").compile(title, body, entities) end

local function bad(where, what, value)
  kinds.fail(where .. ": " .. (type(value) == "table" and "a table" or "'" .. tostring(value) .. "'") .. " is not " .. what)
end

local lens_words = { ref = true, pair = true }
-- The conversion of one field, from what is read to what is written.
local function conversion(s, where)
  local o = s.options
  if lens_words[s.kind] then error(where .. ": as." .. s.kind .. " is a word of lenses; a map writes a function there", 0) end
  for _, key in ipairs { "one_way", "put_default", "by", "local_in", "precision", "choose" } do
    if o[key] ~= nil then error(where .. ": '" .. key .. "' is a word of lenses", 0) end
  end
  return kinds.of(s, where, false).get
end

-- ---- compiling ----------------------------------------------------------------------------------------------------

local compile_fields

local function is_map(value)
  if type(value) == "table" and rawget(value, "lens") then
    error("a map takes one direction of a lens: its .getter or its .putter", 0)
  end
  return type(value) == "table" and type(rawget(value, "apply")) == "function"
end

local structures = {}
function structures.list(s, where, watch)
  local inner = watch and watch:below(paths.text(s.path) .. "[].")
  local element = is_map(s.fields) and s.fields.apply or compile_fields(s.fields, where .. "[]", inner)
  return function(value)
    kinds.need(where, paths.text(s.path), "list", value)
    local out = array()
    for i = 1, #value do
      if type(value[i]) ~= "table" then bad(where, "a list of objects", value[i]) end
      out[i] = element(value[i])
    end
    return out
  end
end
function structures.object(s, where, watch)
  local inner = watch and watch:below(paths.text(s.path) .. ".")
  local one = is_map(s.fields) and s.fields.apply or compile_fields(s.fields, where, inner)
  return function(value)
    return one(kinds.need(where, paths.text(s.path), "object", value))
  end
end

-- A function (source, out, name) that writes one field. `watch`: coverage.lua; may be nil.
local function compile_field(value, where, watch)
  if type(value) == "string" then value = as.any(value) end
  if type(value) == "function" then
    if watch then watch:origin(where, nil, "function", value) end
    value = coverage.through(watch and watch:note("map", where), value)
    return function(source, out, name)
      local got = value(source)
      if got == null then setnull(out, name) else out[name] = got end
    end
  end
  if not is_spec(value) then
    if type(value) ~= "table" then
      error(where .. ": a field is a path (text), as.…, a function, or a table of fields; a fixed value is as.const(…)", 0)
    end
    local fields = compile_fields(value, where, watch)
    return function(source, out, name) out[name] = fields(source) end
  end
  if value.kind == "const" then
    local fixed, note = value.value, watch and watch:note("map", where)
    if watch then watch:origin(where, nil, "always the same") end
    return function(_, out, name)
      out[name] = fixed
      if note then note() end
    end
  end
  if value.kind == "key" then return compile_field(value.inner, where, watch) end
  if value.kind == "when" then
    local inner, condition = compile_field(value.inner, where, watch), value.condition
    return function(source, out, name)
      if condition(source) then inner(source, out, name) end
    end
  end
  local get, to, options = kinds.getter(value.path, where), nil, value.options
  to = coverage.through(watch and watch:note("map", where), (structures[value.kind] or conversion)(value, where, watch))
  if watch and (not structures[value.kind] or is_map(value.fields)) then
    watch:origin(where, paths.text(value.path), value.kind)
  end
  local default, required, list = options.default, options.required, value.kind == "list"
  return function(source, out, name)
    local got, parent, key = get(source)
    if got ~= nil and got ~= null then
      out[name] = to(got)
    elseif default ~= nil then
      out[name] = default
    elseif required then
      kinds.fail(where .. ": there is no value at " .. paths.text(value.path))
    elseif list then
      out[name] = array()
    elseif got == null or (parent ~= nil and isnull(parent, key)) then
      setnull(out, name)
    end
  end
end

function compile_fields(fields, where, watch)
  local names, steps = {}, {}
  for name, value in pairs(fields) do
    if type(name) ~= "string" then
      error(where .. ": fields have names; a map by function is { function(source) … end } with at most a key beside it", 0)
    end
    names[#names + 1] = name
    steps[#steps + 1] = compile_field(value, where == "" and name or where .. "." .. name, watch)
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
    error("<-> is the title of a lens: lens \"" .. title .. "\" { … }; a map goes one way, <-", 0)
  end
  local left, right = title:match("^%s*(%S+)%s*<%-%s*(%S+)%s*$")
  if not left then
    error("the title of a map is \"order@1 <- salesforce.Opportunity\" or \"erp.SalesOrders <- order@1\"", 0)
  end
  return left, right
end

local function as_list(value) return type(value) == "table" and value or { value } end

-- Two keys that become one would make one record of two.
local function kept_apart(names, body, title)
  for _, name in ipairs(names) do
    local value = body[name]
    if is_spec(value) and value.kind == "key" then value = value.inner end
    local loss = is_spec(value) and words.loss_of(value)
    if loss then
      error(("%s: '%s' is the key, and by %s two keys would become one: a key goes as it is, or is refused"):format(title, name, loss), 0)
    end
  end
  return names
end

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
  if #marked == 0 and #derived == #as_list(entity_key or {}) then marked = derived end
  if #marked > 0 then return kept_apart(marked, body, title) end
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
function M.compile(title, body, entities)
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
    local watch = coverage.of(title)
    map.apply = compile_fields(body, "", watch)
    map.origins = watch and watch.origins
    if writes then map.keys = keys_of(body, title, entities[right] and entities[right].key) end
  end
  return setmetatable(map, { __call = function(_, source) return map.apply(source) end })
end

return M
