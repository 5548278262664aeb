-- The fields of one object, compiled: reading them all, writing them all, comparing two entities by them; and the codecs of
-- objects and lists of such fields. Values of lens_fields.lua:
--   { name, label ("buyer.name"), kind, spec, path, read(record, out), write(entity, record, fresh), same(a, b, laws),
--     when, others (alternatives of the same name), one_way, fields (of a list, object or group) }
local host = ...
local kinds = require "kinds"
local M = {}
local fail = kinds.fail

function M.has(t, name) return t[name] ~= nil or isnull(t, name) end
function M.give(t, name, value) if value == null then setnull(t, name) else t[name] = value end end
-- t[name], with `null` for a null
function M.taken(t, name)
  if t[name] == nil and isnull(t, name) then return null end
  return t[name]
end
local taken = M.taken

-- Fields that stand under a condition are read last: the condition is asked of what was read before.
function M.read_all(fields, record, out)
  for _, f in ipairs(fields) do
    if not f.when then f.read(record, out) end
  end
  for _, f in ipairs(fields) do
    if f.when and host.pure(f.when, out) then f.read(record, out) end
  end
  return out
end

-- Is there another field of that name whose condition holds?
local function told_elsewhere(f, entity)
  for _, other in ipairs(f.others or {}) do
    if host.pure(other.when, entity) then return true end
  end
  return false
end

function M.write_all(fields, entity, record, fresh)
  for _, f in ipairs(fields) do
    if f.when and f.name and not host.pure(f.when, entity) then
      if entity[f.name] ~= nil and not told_elsewhere(f, entity) then
        fail(f.label .. ": has a value, and its condition says there is none")
      end
    elseif not f.when or host.pure(f.when, entity) then
      f.write(entity, record, fresh)
    end
  end
  return record
end

local function same_elsewhere(f, x, y, laws)
  for _, other in ipairs(f.others or {}) do
    if other.same(x, y, laws) then return true end
  end
  return false
end

-- The first field in which two entities differ, and both values; nil: they are the same to these fields. What is only
-- read cannot be put, so it does not count. What is only written cannot be compared: it counts as different where `b`
-- has it, unless both come from `laws`.
function M.difference(fields, a, b, laws)
  for _, f in ipairs(fields) do
    if f.name and f.one_way ~= "read" then
      local x, y = taken(a, f.name), taken(b, f.name)
      if f.one_way == "write" then
        if not laws and y ~= nil then return f, x, y end
      elseif not f.same(x, y, laws) and not same_elsewhere(f, x, y, laws) then
        return f, x, y
      end
    end
  end
end

-- ---- objects and lists ---------------------------------------------------------------------------------------------

-- `place`: where it stands on the platform, for what is wrong with it.
function M.object(fields, label, place)
  return {
    get = function(value) return M.read_all(fields, kinds.need(label, place, "object", value), {}) end,
    put = function(value, old)
      if old ~= nil and old ~= null then kinds.need(label, place, "object", old) else old = nil end
      return M.write_all(fields, kinds.need(label, label, "object", value), old or {}, old == nil)
    end,
    same = function(a, b, laws)
      return type(a) == "table" and type(b) == "table" and not M.difference(fields, a, b, laws)
    end,
  }
end

-- function(element, position) → the element of the old list that it is put into: the one with the same `by`; without
-- `by` one that reads the same, that of its own position first. Each is taken once, and read once.
local function partners(olds, one, by)
  local reads, marked, used = {}, {}, {}
  local function mark_of(read)
    if not by then return host.encode(read) end
    return type(read) == "table" and read[by] ~= nil and host.encode(read[by]) or nil
  end
  for i, old in ipairs(olds) do
    local ok, read = pcall(one.get, old)
    local mark = ok and mark_of(read)
    if ok then reads[i] = read end
    if mark then
      marked[mark] = marked[mark] or { next = 1 }
      table.insert(marked[mark], i)
    end
  end
  local function take(i)
    used[i] = true
    return olds[i]
  end
  return function(element, at)
    if not by and reads[at] and not used[at] and one.same(reads[at], element) then return take(at) end
    local mark = mark_of(element)
    local list = mark and marked[mark]
    while list and list[list.next] do
      local i = list[list.next]
      list.next = list.next + 1
      if not used[i] then return take(i) end
    end
  end
end

function M.list(fields, label, by, place)
  local one = M.object(fields, label .. "[]", place .. "[]")
  local function each(list, make)
    local out = array()
    for i = 1, #list do out[i] = make(list[i], i) end
    return out
  end
  return {
    get = function(list) return each(kinds.need(label, place, "list", list), one.get) end,
    put = function(list, old)
      if old ~= nil and old ~= null then kinds.need(label, place, "list", old) else old = nil end
      local partner = old and partners(old, one, by)
      return each(kinds.need(label, label, "list", list), function(element, at)
        return one.put(element, partner and type(element) == "table" and partner(element, at) or nil)
      end)
    end,
    same = function(a, b, laws)
      if type(a) ~= "table" or type(b) ~= "table" or #a ~= #b then return false end
      for i = 1, #a do
        if not one.same(a[i], b[i], laws) then return false end
      end
      return true
    end,
  }
end

return M
