-- Compiling the fields of a lens: from what the integrator wrote (words.lua) to functions that read and write one place of
-- the platform's record. What is wrong is told to context.problem(label, text), so that every field is named with its line.
-- context: { system, problem(label, text, warning), refs(entity, label) → { id, key } or nil, watch (coverage.lua; may be nil) }
local host = ...
local paths = require "paths"
local words = require "words"
local kinds = require "kinds"
local records = require "lens_record"
local coverage = require "coverage"
local M = {}
local is_spec, fail, same_json = words.is_spec, kinds.fail, kinds.same_json
local has, give, taken = records.has, records.give, records.taken

-- ---- one place of the platform ------------------------------------------------------------------------------------

-- same() of values that may be null or absent; a default stands for both.
local function loose(same, spec)
  local fill = spec.options.default ~= nil or spec.options.put_default ~= nil
  local default = spec.options.default
  return function(a, b, laws)
    local no_a, no_b = a == nil or a == null, b == nil or b == null
    if no_a and no_b then return fill or a == b end
    if no_a or no_b then
      if default == nil then return fill and a == nil end
      if no_a then a = default else b = default end
    end
    return same(a, b, laws)
  end
end

local function reader(f, codec, get_at)
  local o, name = f.spec.options, f.name
  return function(record, out)
    local got, parent, key = get_at(record)
    if got ~= nil and got ~= null then
      give(out, name, codec.get(got))
    elseif o.default ~= nil then
      out[name] = o.default
    elseif o.required then
      fail(f.label .. ": there is no value at " .. paths.text(f.path))
    elseif got == null or parent ~= nil and isnull(parent, key) then
      setnull(out, name)
    end
  end
end

-- What the record holds already is left as it is when it reads as the value to be put.
local function holds(f, record, value)
  local out = {}
  return pcall(f.look, record, out) and has(out, f.name) and f.same(taken(out, f.name), value)
end

local function writer(f, codec, get_at, set_at)
  local o, name = f.spec.options, f.name
  local function set(record, value)
    if not set_at(record, value) then
      fail(f.label .. ": " .. paths.text(f.path) .. " cannot be reached: a value or the end of a list is in the way")
    end
  end
  return function(entity, record, fresh)
    local value = taken(entity, name)
    if value == nil then
      if o.put_default ~= nil then
        if get_at(record) == nil then set(record, o.put_default) end
      elseif o.required and fresh then
        fail(f.label .. ": there is no value to put at " .. paths.text(f.path))
      end
    elseif fresh or f.one_way == "write" or not holds(f, record, value) then
      if value == null then return set(record, null) end
      set(record, codec.put(value, get_at(record)))
    end
  end
end

-- ---- references and pairs of functions ----------------------------------------------------------------------------

-- On trial a reference travels as {"$ref":{"entity":…,"key":…}}, since nobody knows the keys that are made.
local function bare_ref(s, label)
  return {
    get = function(value)
      local ref = type(value) == "table" and value["$ref"]
      if type(ref) ~= "table" or ref.entity ~= s.entity or ref.key == nil then
        fail(label .. ": " .. host.encode(value) .. " is no reference to " .. s.entity)
      end
      return ref.key
    end,
    put = function(key)
      if type(key) == "table" then fail(label .. ": a reference is a business key, not a table") end
      return { ["$ref"] = { entity = s.entity, key = key } }
    end,
    same = same_json,
  }
end

-- Until the table of cross-references, `refs` of the entity says how a key becomes the platform's value and back.
local function ref_codec(s, label, context)
  local by = context.refs(s.entity, label)
  if context.bare then return bare_ref(s, label) end
  local function known()
    if not by then fail(label .. ": entity \"" .. s.entity .. "\" has no refs for " .. context.system) end
    return by
  end
  return {
    get = function(value)
      local key = host.pure(known().key, value)
      if key == nil then fail(label .. ": nothing of " .. s.entity .. " is known as " .. host.encode(value)) end
      return key
    end,
    put = function(key)
      if type(key) == "table" then fail(label .. ": a reference is a business key, not a table") end
      local id = host.pure(known().id, key)
      if id == nil then fail(label .. ": " .. tostring(key) .. " of " .. s.entity .. " is not known to " .. context.system) end
      return id
    end,
    same = same_json,
  }
end

local function pure_or_nil(fn) return fn and function(...) return host.pure(fn, ...) end end

-- A pair over several places: { first = "FirstName", last = "LastName" }.
local function places(f, codec, seen)
  local get, set = {}, {}
  for name, path in pairs(f.path) do get[name], set[name] = kinds.getter(path, f.label), paths.setter(path) end
  local function reading(make)
    return function(record, out)
      local values, any = {}, false
      for name in pairs(get) do
        local got, parent, key = get[name](record)
        if got ~= nil then values[name] = got
        elseif parent ~= nil and isnull(parent, key) then setnull(values, name) end
        any = any or has(values, name)
      end
      if any then give(out, f.name, make(values)) end
    end
  end
  f.look, f.read = reading(codec.get), reading(seen.get)
  function f.write(entity, record, fresh)
    local value = taken(entity, f.name)
    if value == nil or not fresh and f.one_way ~= "write" and holds(f, record, value) then return end
    local values = seen.put(value)
    if type(values) ~= "table" then fail(f.label .. ": the function that puts gave no table of its places") end
    for name in pairs(set) do
      local v = taken(values, name)
      if v ~= nil and not set[name](record, v) then fail(f.label .. ": " .. paths.text(f.path[name]) .. " cannot be reached") end
    end
  end
end

-- ---- compiling one field ------------------------------------------------------------------------------------------

local function is_places(path) return type(path) == "table" and #path == 0 end

local compile_fields

local function sub_fields(s, label, context)
  if type(s.fields) == "table" and rawget(s.fields, "lens") then return s.fields.lens.fields end
  if type(s.fields) == "table" and rawget(s.fields, "apply") then
    context.problem(label, "as." .. s.kind .. " in a lens takes fields or a lens; a map goes one way")
    return {}
  end
  return compile_fields(s.fields, s.kind == "list" and label .. "[]" or label, context)
end

local function codec_of(f, s, context)
  if s.kind == "list" or s.kind == "object" then
    f.fields = sub_fields(s, f.label, context)
    if s.kind == "object" then return records.object(f.fields, f.label, paths.text(s.path)) end
    return records.list(f.fields, f.label, s.options.by, paths.text(s.path))
  end
  if s.kind == "ref" then return ref_codec(s, f.label, context) end
  if s.kind == "pair" then return { get = pure_or_nil(s.get), put = pure_or_nil(s.put), same = same_json } end
  return kinds.of(s, f.label, true)
end

-- Reading or writing a fixed value, noted.
local function noted_const(note, fn)
  return function(...)
    fn(...)
    note()
  end
end

local function compile_const(f, s, context)
  f.fixed, f.path = s.value, s.path
  f.same = function(a, b) return a == nil or b == nil or same_json(a, b) end
  local get_at, set_at = s.path and kinds.getter(s.path, f.label), s.path and paths.setter(s.path)
  local function check(record)
    local got = get_at and get_at(record)
    if got ~= nil and got ~= null and not same_json(got, s.value) then
      fail(f.label .. ": " .. paths.text(s.path) .. " is " .. host.encode(got) .. " and not " .. host.encode(s.value))
    end
  end
  function f.read(record, out)
    check(record)
    if f.name then out[f.name] = s.value end
  end
  function f.write(entity, record, fresh)
    check(record)
    local value = nil
    if f.name then value = taken(entity, f.name) end
    if value ~= nil and not same_json(value, s.value) then
      fail(f.label .. ": is always " .. host.encode(s.value) .. ", not " .. host.encode(value))
    end
    if set_at and fresh then set_at(record, s.value) end
  end
  if context.watch then
    f.read = noted_const(context.watch:note("get", f.label), f.read)
    if s.path then f.write = noted_const(context.watch:note("put", f.label), f.write) end
  end
end

-- A table of fields without a place of its own on the platform.
local function compile_group(f, value, context)
  f.kind, f.group = "group", true
  f.fields = compile_fields(value, f.label, context)
  function f.read(record, out)
    local inner = records.read_all(f.fields, record, {})
    for _, sub in ipairs(f.fields) do
      if sub.name and has(inner, sub.name) then
        out[f.name] = inner
        return
      end
    end
  end
  function f.write(entity, record, fresh)
    local inner = taken(entity, f.name)
    if inner == nil then return end
    if type(inner) ~= "table" then
      fail(f.label .. ": is an object of fields that stand apart on the platform, not " .. host.encode(inner))
    end
    records.write_all(f.fields, inner, record, fresh)
  end
  function f.same(a, b, laws)
    if a == nil then a = {} end
    if b == nil then b = {} end
    return type(a) == "table" and type(b) == "table" and not records.difference(f.fields, a, b, laws)
  end
end

-- The codec of a field, noting in which directions values went through it.
local function watched(codec, f, context)
  if not context.watch then return codec end
  local get = f.one_way ~= "write" and codec.get and context.watch:note("get", f.label)
  local put = f.one_way ~= "read" and codec.put and context.watch:note("put", f.label)
  return { get = coverage.through(get, codec.get), put = coverage.through(put, codec.put) }
end

local function compile_place(f, s, context)
  f.path, f.spec, f.one_way = s.path, s, s.options.one_way
  if s.kind == "pair" and f.one_way == "read" and not s.get or f.one_way == "write" and s.kind == "pair" and not s.put then
    context.problem(f.label, "one_way = \"" .. f.one_way .. "\", and there is no function for it")
    return
  end
  local codec = codec_of(f, s, context)
  local reads_only, writes_only = not codec.put, not codec.get
  if reads_only and f.one_way ~= "read" or writes_only and f.one_way ~= "write" then
    local way = reads_only and "read" or "write"
    context.problem(f.label, ("as.%s goes one way here; say so: { one_way = \"%s\" }"):format(s.kind, way))
    return
  end
  f.same, f.scale = loose(codec.same, s), codec.scale
  local seen = watched(codec, f, context)
  if s.kind == "pair" and is_places(s.path) then
    places(f, codec, seen)
  else
    local get_at, set_at = kinds.getter(s.path, f.label), paths.setter(s.path)
    f.look = codec.get and reader(f, codec, get_at) -- what the old record holds is no value that went through
    f.read = codec.get and reader(f, seen, get_at)
    f.write = codec.put and writer(f, seen, get_at, set_at)
  end
end

local function nothing() end

local function compile_field(fields, name, value, label, context, condition)
  local f = { name = name, label = label, when = condition }
  if type(value) == "string" then value = words.as.any(value) end
  if type(value) == "function" then
    return context.problem(label, "a function goes one way; write both, as.pair(path, get, put), or say so: " ..
      "as.pair(path, get, nil, { one_way = \"read\" })")
  end
  if is_spec(value) and value.kind == "key" then
    f.key = true
    value = type(value.inner) == "string" and words.as.any(value.inner) or value.inner
  end
  if is_spec(value) and value.kind == "when" then
    if condition then return context.problem(label, "one condition inside another; write one function") end
    return compile_field(fields, name, value.inner, label, context, value.condition)
  end
  if not is_spec(value) then
    if type(value) ~= "table" then
      return context.problem(label, "a field is a path (text), as.… or a table of fields; a fixed value is as.const(…)")
    end
    compile_group(f, value, context)
  elseif value.kind == "const" then
    f.kind, f.spec = "const", value
    compile_const(f, value, context)
  else
    f.kind = value.kind
    compile_place(f, value, context)
    if not f.same then return end
  end
  if f.one_way == "read" then f.write = nothing elseif f.one_way == "write" then f.read, f.look = nothing, nothing end
  fields[#fields + 1] = f
end

-- Fields of one name are alternatives: each under a condition.
local function link_alternatives(fields, context)
  local by_name = {}
  for _, f in ipairs(fields) do
    if f.name then
      by_name[f.name] = by_name[f.name] or {}
      table.insert(by_name[f.name], f)
    end
  end
  for _, same in pairs(by_name) do
    for i, f in ipairs(same) do
      if #same > 1 and not f.when then
        context.problem(f.label, "stands twice; alternatives are each under a condition, as.when(function(entity) … end, …)")
        return
      end
      for k, other in ipairs(same) do
        if k ~= i then
          f.others = f.others or {}
          table.insert(f.others, other)
        end
      end
    end
  end
end

-- A part without a name: as.const(value, path), or as.when(condition, { fields }).
local function compile_part(fields, value, where, context)
  local label = where == "" and "(a part without a name)" or where
  if is_spec(value) and value.kind == "const" and value.path then
    return compile_field(fields, nil, value, "as.const(…, \"" .. paths.text(value.path) .. "\")", context)
  end
  if is_spec(value) and value.kind == "when" and not is_spec(value.inner) and type(value.inner) == "table" then
    for name, inner in pairs(value.inner) do
      if type(name) == "string" then
        compile_field(fields, name, inner, where == "" and name or where .. "." .. name, context, value.condition)
      elseif is_spec(inner) and inner.kind == "const" and inner.path then
        compile_field(fields, nil, inner, "as.const(…, \"" .. paths.text(inner.path) .. "\")", context, value.condition)
      else
        context.problem(label, "in as.when fields have names, or are as.const(value, path)")
      end
    end
    return
  end
  context.problem(label, "without a name there is as.const(value, path) and as.when(function(entity) … end, { fields })")
end

function compile_fields(body, where, context)
  local fields = {}
  for name, value in pairs(body) do
    if type(name) == "string" then
      compile_field(fields, name, value, where == "" and name or where .. "." .. name, context)
    else
      compile_part(fields, value, where, context)
    end
  end
  link_alternatives(fields, context)
  return fields
end

-- compile(body, where, context) → the compiled fields of one object
M.compile = compile_fields

return M
