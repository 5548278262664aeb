-- Paths into documents: "Account.Name", "lines[1].sku", or a list of steps { "@odata.etag" } where names hold dots.
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

-- getter(path) → function(document) → value, parent, last step. A missing or null step gives nil.
function M.getter(path)
  local steps = steps_of(path)
  local count, last = #steps, steps[#steps]
  if count == 1 then
    return function(document) return document[last], document, last end
  end
  return function(document)
    local at = document
    for i = 1, count - 1 do
      at = at[steps[i]]
      if type(at) ~= "table" then return nil end
    end
    return at[last], at, last
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

-- set(document, path, value): makes the tables in between. A null is written with value `null`.
function M.set(document, path, value)
  local steps = steps_of(path)
  local at = document
  for i = 1, #steps - 1 do
    local next_at = at[steps[i]]
    if next_at == nil then
      next_at = {}
      at[steps[i]] = next_at
    elseif type(next_at) ~= "table" then
      error("paths.set: '" .. tostring(steps[i]) .. "' holds a value, not a table", 2)
    end
    at = next_at
  end
  if value == null then setnull(at, steps[#steps]) else at[steps[#steps]] = value end
  return document
end

-- copy(document): all of it, nulls and empty arrays included.
function M.copy(document)
  local json = require "json"
  return json.decode(json.encode(document))
end

return M
