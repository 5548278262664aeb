-- Paths into documents: "Account.Name", "lines[1].sku", or a list of steps { "@odata.etag" } where names hold dots.
local host = ...
local json = require "json"
local M = {}

local function steps_of(path)
  if type(path) == "table" then return path end
  if type(path) ~= "string" or path == "" then error("a path is text like \"Account.Name\", or a list of names", 3) end
  local steps = {}
  for part in path:gmatch("[^.]+") do
    local name, rest = part:match("^([^%[]*)(.*)$")
    if name ~= "" then steps[#steps + 1] = name end
    for index in rest:gmatch("%[(%d+)%]") do steps[#steps + 1] = tonumber(index) end
  end
  if #steps == 0 then error("the path '" .. path .. "' names nothing", 3) end
  return steps
end

-- Can that step be taken from what stands there? A name is of an object, a number of a list.
local function fits(at, step)
  if type(at) ~= "table" then return false end
  if math.type(step) == "integer" then return not host.is_object(at) end
  return not host.is_list(at)
end

-- getter(path) → function(document) → value, parent, last step. A missing or null step gives nil; where something else is
-- in the way of the path, a text or a list for an object, the number of steps that lead to it comes fourth.
function M.getter(path)
  local steps = steps_of(path)
  local count, last = #steps, steps[#steps]
  if count == 1 then
    return function(document) return document[last], document, last end
  end
  return function(document)
    local at = document
    for i = 1, count - 1 do
      local next_at = at[steps[i]]
      if next_at == nil or next_at == null then return nil, nil, nil, not fits(at, steps[i]) and i - 1 or nil end
      if type(next_at) ~= "table" then return nil, nil, nil, i end
      at = next_at
    end
    local value = at[last]
    if value == nil and not fits(at, last) then return nil, nil, nil, count - 1 end
    return value, at, last
  end
end

-- setter(path) → function(document, value): makes the tables in between, also where a null stands. A null is written
-- with value `null`. False when a value stands in between, or an element is set beyond the end of a list.
function M.setter(path)
  local steps = steps_of(path)
  local count = #steps
  return function(document, value)
    local at = document
    for i = 1, count - 1 do
      local step, next_at = steps[i], at[steps[i]]
      if next_at == nil then
        if math.type(step) == "integer" and step > #at + 1 then return false end
        next_at = math.type(steps[i + 1]) == "integer" and array() or {}
        at[step] = next_at
      elseif type(next_at) ~= "table" then
        return false
      end
      at = next_at
    end
    local last = steps[count]
    if math.type(last) == "integer" and last > #at + 1 then return false end
    if value == null then setnull(at, last) else at[last] = value end
    return true
  end
end

-- names(path) → list of its steps
M.names = steps_of

function M.text(path) return type(path) == "table" and table.concat(path, ".") or path end

-- get(document, path [, default])
function M.get(document, path, default)
  local value = M.getter(path)(document)
  if value == nil then return default end
  return value
end

-- set(document, path, value): as a setter does, and an error where it gives false.
function M.set(document, path, value)
  if not M.setter(path)(document, value) then
    error("paths.set: " .. M.text(path) .. " leads through a value, or beyond the end of a list", 2)
  end
  return document
end

-- pick(document, names): a document of these members, as they stand: a null is a null, what is not there is not there.
function M.pick(document, names)
  local out = {}
  for _, name in ipairs(names) do
    if document[name] ~= nil then
      out[name] = document[name]
    elseif isnull(document, name) then
      setnull(out, name)
    end
  end
  return out
end

-- copy(document): all of it, nulls and empty arrays included.
function M.copy(document)
  return json.decode(json.encode(document))
end

return M
