-- Lenses: `lens "account@1 <-> salesforce.Account" { … }`. One text gives both directions: get makes the entity of a
-- platform's record, put makes the platform's record of an entity. put(record, old) keeps what the lens does not touch,
-- and what already reads as the same value. Compiled once, when files load; what is wrong is collected in `problems`.
local host = ...
local paths = require "paths"
local words = require "words"
local records = require "lens_record"
local lens_fields = require "lens_fields"
local checks = require "lens_checks"
local page = require "lens_page"
local coverage = require "coverage"
require "json" -- paths.copy takes it when it runs
local M = {}

local function split(title)
  local entity, object = title:match("^%s*(%S+@%d+)%s*<%->%s*([^%s@]+)%s*$")
  local target, name = (object or ""):match("^([^.]+)%.(.+)$")
  if not target then
    error("the title of a lens is \"account@1 <-> salesforce.Account\": an entity, and a system or kind with its object", 0)
  end
  return entity, object, target, name
end

-- `bare`: references travel as {"$ref":…} whatever the entity declares, for trying laws on keys that nobody knows. No other
-- lens writes one: a reference that nobody can resolve does not load.
local function new_context(entities, target, problems, bare)
  local context = { system = target, declared = false, bare = bare }
  function context.problem(label, text, warning)
    problems[#problems + 1] = { field = label, text = text, warning = warning }
  end
  function context.refs(entity, label)
    local declared = entities[entity]
    if not declared then
      context.problem(label, "there is no entity \"" .. entity .. "\"" .. words.meant(entity, keys(entities)))
      return nil
    end
    local by = declared.refs and declared.refs[target]
    if by == nil then
      context.problem(label, ("entity \"%s\" does not say how %s tells its key: refs = { %s = { id = function(key) … end, " ..
        "key = function(id) … end } }"):format(entity, target, target))
      return nil
    end
    if type(by) ~= "table" or type(by.id) ~= "function" or type(by.key) ~= "function" then
      context.problem(label, "the refs of \"" .. entity .. "\" for " .. target .. " are two functions: " .. target ..
        " = { id = function(key) … end, key = function(id) … end }")
      return nil
    end
    context.declared = true
    return not bare and by or nil
  end
  return context
end

local function need_record(what, value)
  if type(value) ~= "table" then error(what .. " takes a record, not a " .. type(value), 3) end
  return value
end

-- Two functions for the whole record: { function(record) … end, function(entity, old) … end, key = …, touches = { … } }
local function compile_whole(title, body, problem)
  for key in pairs(body) do
    if key ~= 1 and key ~= 2 and key ~= "key" and key ~= "touches" then
      problem(tostring(key), "beside its two functions a lens has only 'key' and 'touches'" ..
        words.meant(key, { "key", "touches" }))
    end
  end
  if type(body[2]) ~= "function" then
    problem("", "a lens by functions has two: function(record) … end, function(entity, old) … end")
  end
  if body.key == nil then problem("", "a lens by functions says its external key: key = \"OrderNo\"") end
  local function checked(fn, ...)
    local record = host.pure(fn, ...)
    if type(record) ~= "table" then error(title .. ": the function gave no record", 0) end
    return record
  end
  return function(record) return checked(body[1], record) end, function(entity, old) return checked(body[2], entity, old) end
end

local function by_fields(fields)
  local function get(record) return records.read_all(fields, record, {}) end
  local function put(entity, old)
    if old == nil then return records.write_all(fields, entity, {}, true) end
    return records.write_all(fields, entity, paths.copy(old), false)
  end
  return get, put
end

local function bare_trial(body, entities, target)
  local fields = lens_fields.compile(body, "", new_context(entities, target, {}, true))
  local get, put = by_fields(fields)
  return { get = get, put = put, fields = fields }
end

-- Both directions, and what the library knows of them: { get, put, keys, detail }.
local function build(title, body, entities, problems)
  local entity, object, target, name = split(title)
  local context = new_context(entities, target, problems)
  context.watch = coverage.of(title)
  local detail = { name = title, entity = entity, object = object, target = target, platform = name, touches = body.touches,
    contract = entities[entity] and entities[entity].contract, whole = type(body[1]) == "function" }
  if detail.whole then
    local get, put = compile_whole(title, body, context.problem)
    return get, put, type(body.key) == "table" and body.key or { body.key }, detail
  end
  detail.fields = lens_fields.compile(body, "", context)
  detail.trial = context.declared and bare_trial(body, entities, target)
  local get, put = by_fields(detail.fields)
  return get, put, checks.all(detail.fields, entities[entity], context.problem), detail
end

-- What integrators call: lens.get(record) and lens:get(record) alike.
local function add_face(lens, get, put, declaration)
  local detail = lens.lens
  local function without_self(a, b, c) if rawequal(a, lens) then return b, c end return a, b end
  function lens.get(...)
    local record = without_self(...)
    return get(need_record("get", record))
  end
  function lens.put(...)
    local record, old = without_self(...)
    if old ~= nil then need_record("put", old) end
    return put(need_record("put", record), old)
  end
  function lens.fields() return page.fields(detail) end
  function lens.lineage() return page.lineage(detail) end
  function lens.doc() return page.doc(detail, declaration) end
  return setmetatable(lens, { __call = function(_, record) return get(record) end })
end

-- compile(title, body, entities) → the lens; `entities` are the declarations by name. Beside what integrators call it has
-- `getter` and `putter`, which serve where maps do, `problems`, and `lens` for this library.
function M.compile(title, body, entities)
  local lens = { name = title, problems = {} }
  local get, put, lens_keys, detail = build(title, body, entities, lens.problems)
  lens.lens = detail
  lens.getter = { name = detail.entity .. " <- " .. detail.object, left = detail.entity, right = detail.object, apply = get,
    sources = page.sources(detail) }
  lens.putter = { name = detail.object .. " <- " .. detail.entity, left = detail.object, right = detail.entity, apply = put,
    sources = {}, target = detail.target, object = detail.platform, entity = detail.entity, keys = lens_keys }
  return add_face(lens, get, put, entities[detail.entity])
end

return M
