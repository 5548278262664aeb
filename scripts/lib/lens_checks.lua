-- What can be told of a lens when it loads: fields that its entity's contract does not have, two fields that write one
-- place, a missing key, names of an enum that the contract does not allow, lists whose elements are not found again.
-- problem(field, text, warning) is told each.
local paths = require "paths"
local words = require "words"
local schemas = require "schemas"
local M = {}

local function is_places(path) return type(path) == "table" and #path == 0 end

-- ---- places -------------------------------------------------------------------------------------------------------

local function canonical(path) return table.concat(paths.names(path), "\1") end

local function places_of(f)
  local list = {}
  if not f.path or f.one_way == "read" then return list end
  if is_places(f.path) then
    for _, path in pairs(f.path) do list[#list + 1] = path end
  else
    list[1] = f.path
  end
  return list
end

local function check_places(fields, seen, problem)
  for _, f in ipairs(fields) do
    if f.group then
      check_places(f.fields, seen, problem)
    else
      if f.fields then check_places(f.fields, {}, problem) end
      for _, path in ipairs(places_of(f)) do
        local place = canonical(path)
        for _, other in ipairs(seen) do
          local one = place == other.place or place:sub(1, #other.place + 1) == other.place .. "\1" or
            other.place:sub(1, #place + 1) == place .. "\1"
          if one and not (f.when and other.field.when) then
            problem(f.label, ("writes %s, which '%s' writes too; one of them is { one_way = \"read\" }")
              :format(paths.text(path), other.field.label))
          end
        end
        seen[#seen + 1] = { place = place, field = f }
      end
    end
  end
end

-- ---- the contract -------------------------------------------------------------------------------------------------

local function check_enum(f, node, problem)
  local allowed = schemas.enum(node)
  if not allowed then return end
  local known, list = {}, {}
  for _, value in ipairs(allowed) do
    if value ~= nil then -- a null is no name
      known[value] = true
      list[#list + 1] = tostring(value)
    end
  end
  for name in pairs(f.spec.writes) do
    if not known[name] then
      problem(f.label, "'" .. tostring(name) .. "' is no value of " .. f.label .. " in the contract" .. words.meant(name, list))
    end
  end
end

local function check_contract(fields, node, problem)
  local properties, open = schemas.properties(node)
  local names = properties and keys(properties)
  if not names or #names == 0 then return end
  for _, f in ipairs(fields) do
    local at = f.name and properties[f.name]
    if f.name and not at and not open then
      problem(f.label, "the contract has no field '" .. f.name .. "'" .. words.meant(f.name, names))
    elseif at then
      if f.kind == "list" then at = schemas.items(at) end
      if f.fields and at then check_contract(f.fields, at, problem) end
      if f.kind == "enum" then check_enum(f, at, problem) end
    end
  end
end

-- ---- the key ------------------------------------------------------------------------------------------------------

local function as_list(value) return type(value) == "table" and value or { value } end

local function plain(f) return type(f.path) == "string" and not f.path:find("[.%[]") end

local function marked_keys(fields)
  local marked = {}
  for _, f in ipairs(fields) do if f.key then marked[#marked + 1] = f end end
  return marked
end

local function entity_keys(fields, entity, problem)
  local found = {}
  for i = 1, #as_list(entity.key) do
    local name, field = as_list(entity.key)[i], nil
    for _, f in ipairs(fields) do if f.name == name then field = f end end
    if not field then
      problem("", "the key of the entity, '" .. tostring(name) .. "', is not among the fields")
    elseif field.one_way == "read" then
      problem(field.label, "is the key of the entity and cannot be one_way = \"read\", unless another field is as.key(…)")
    end
    found[#found + 1] = field
  end
  return found
end

local function check_keys(fields, entity, problem)
  local list = marked_keys(fields)
  if #list == 0 then list = entity and entity.key and entity_keys(fields, entity, problem) or {} end
  local names = {}
  for _, f in ipairs(list) do
    local loss = f.spec and words.loss_of(f.spec)
    if loss then
      problem(f.label, "is the key, and by " .. loss .. " two keys would become one: a key goes as it is, or is refused")
    end
    if not plain(f) then problem(f.label, "is the key, which is one plain field of the platform's object") end
    names[#names + 1] = plain(f) and f.path or nil
  end
  return names
end

-- ---- elements of lists --------------------------------------------------------------------------------------------

-- An element that changed is found again by the field that stays. Without one it is written as a new one, and what the
-- platform holds of it beside the lens is lost.
local by_kinds = { any = true, text = true, integer = true }
local function check_elements(fields, problem)
  for _, f in ipairs(fields) do
    if f.kind == "list" and f.one_way ~= "read" then
      local by, names, likely = f.spec.options.by, {}, nil
      for _, inner in ipairs(f.fields) do
        names[#names + 1] = inner.name
        if by_kinds[inner.kind] then likely = likely or inner.name end
      end
      if by == nil then
        problem(f.label, ("an element that changes loses on put what the lens does not touch of it; name the field by which it is " ..
          "found again, { by = \"%s\" }, or say that there is none, { by = false }"):format(likely or "line_no"), true)
      elseif by then
        local known = false
        for _, name in ipairs(names) do known = known or name == by end
        if not known then problem(f.label, "'by' names '" .. tostring(by) .. "', which is no field of an element" .. words.meant(by, names)) end
      end
    end
    if f.fields then check_elements(f.fields, problem) end
  end
end

-- all(fields, entity, problem) → names of the platform's key fields. `entity` is its declaration, nil when there is none.
function M.all(fields, entity, problem)
  check_places(fields, {}, problem)
  check_elements(fields, problem)
  local contract = entity and type(entity.contract) == "string" and schemas.open(entity.contract)
  if contract then check_contract(fields, contract, problem) end
  return check_keys(fields, entity, problem)
end

return M
