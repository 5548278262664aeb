-- The laws of lenses, tried on made values and on samples:
--   put-get  what is put is got back; what is absent stays as it was
--   get-put  getting a record and putting it back changes nothing, also of what the lens does not touch
--   pure     the same again gives the same, and what is given is not changed
--   exact    no floats come out
-- A failure is { law, field, text, shown (the counterexample, line by line) }. check tries one entity; trials.lua tries many.
local host = ...
local json = require "json"
local records = require "lens_record"
local paths = require "paths"
local values = require "values"
local M = {}

local function taken(t, name)
  if t[name] == nil and isnull(t, name) then return null end
  return t[name]
end

local function show(value)
  local ok, text = pcall(host.encode, value)
  if not ok then return "(" .. tostring(text) .. ")" end
  return #text > 600 and host.first(text, 580) .. "…" or text
end

local function message_of(problem)
  if type(problem) == "table" and problem.message then return tostring(problem.message) end
  return tostring(problem)
end

-- The field that a sentence of kinds.lua begins with.
local function field_in(message) return message:match("^([%w_][%w_.%[%]]*): ") or "" end

-- Where a float stands in a value: "lines[1].price"; nil: nowhere.
local function float_place(value, at)
  if math.type(value) == "float" then return at end
  if type(value) ~= "table" then return nil end
  for name, member in pairs(value) do
    local step = math.type(name) == "integer" and "[" .. name .. "]" or (at == "" and "" or ".") .. tostring(name)
    local found = float_place(member, at .. step)
    if found then return found end
  end
end

-- Where two JSON values differ: "Account.Name", or nil.
local function place_of_difference(a, b, at)
  if type(a) ~= "table" or type(b) ~= "table" then
    if show(a) == show(b) then return nil end
    return at == "" and "the record" or at
  end
  if show(a) == show(b) then return nil end
  local names = {}
  for name in pairs(a) do names[name] = true end
  for name in pairs(b) do names[name] = true end
  for _, name in ipairs(keys(names)) do
    local step = math.type(name) == "integer" and "[" .. name .. "]" or (at == "" and "" or ".") .. tostring(name)
    local found = place_of_difference(a[name], b[name], at .. step)
    if found then return found end
  end
  return at == "" and "the record" or at
end

-- ---- one value ----------------------------------------------------------------------------------------------------

local function failure(list, law, field, text, shown)
  list[#list + 1] = { law = law, field = field or "", text = text, shown = shown }
end

-- The deepest field that differs.
local function locate(fields, a, b)
  local f, x, y = records.difference(fields, a, b, true)
  if not f then return nil end
  if f.group and x ~= null and y ~= null then x, y = x or {}, y or {} end
  if f.fields and type(x) == "table" and type(y) == "table" then
    if f.kind ~= "list" then return locate(f.fields, x, y) or f, x, y end
    for i = 1, math.max(#x, #y) do
      if type(x[i]) == "table" and type(y[i]) == "table" then
        local inner, p, q = locate(f.fields, x[i], y[i])
        if inner then return inner, p, q end
      end
    end
  end
  return f, x, y
end

local function shown_value(value)
  if value == nil then return "nothing" end
  if math.type(value) == "float" then return "the float " .. show(value) end
  return value == null and "null" or show(value)
end

local function compare(list, lens, put, wrote, got, law)
  local detail = lens.lens
  if not detail.whole then
    local f, x, y = locate(detail.fields, put, got)
    if not f then return end
    return failure(list, law, f.label, ("%s comes back as %s"):format(shown_value(x), shown_value(y)),
      { "put   " .. show(put), "wrote " .. show(wrote), "got   " .. show(got) })
  end
  for _, name in ipairs(keys(put)) do
    if show(taken(put, name)) ~= show(taken(got, name)) then
      return failure(list, law, name,
        ("%s comes back as %s"):format(shown_value(taken(put, name)), shown_value(taken(got, name))),
        { "put   " .. show(put), "wrote " .. show(wrote), "got   " .. show(got) })
    end
  end
end

-- Calls twice; what is given must stay, and both must give the same.
local function call(list, what, fn, value, old)
  local before, old_before = show(value), show(old)
  local ok, got = pcall(fn, value, old)
  if not ok then return nil, message_of(got), type(got) == "table" and got.class == "data" end
  if show(value) ~= before or old ~= nil and show(old) ~= old_before then
    failure(list, "pure", "", what .. " changes the record it is given", { "given  " .. before, "became " .. show(value) })
  end
  local again_ok, again = pcall(fn, value, old)
  if not again_ok or show(again) ~= show(got) then
    failure(list, "pure", "", what .. " gives something else when it is asked again",
      { "first  " .. show(got), "second " .. show(again) })
  end
  local float = float_place(got, "")
  if float then
    failure(list, "exact", (float:gsub("%[%d+%]", "[]")),
      what .. " makes a float of a number, which loses digits: compute with decimals",
      { what .. "   " .. before, "gave  " .. show(got) })
  end
  return got
end

local function add_strangers(record)
  for name, value in pairs(values.strangers()) do record["tl_" .. name] = value end
  for _, member in pairs(record) do
    if type(member) == "table" and #member == 0 and json.encode(member) ~= "[]" then member.tl_inside = decimal "1.10" end
  end
  return record
end

-- Another spelling of the same, where an enum reads several.
local function respell(fields, record, r)
  for _, f in ipairs(fields or {}) do
    if f.kind == "enum" and type(f.path) == "string" and f.one_way ~= "write" then
      local value = paths.get(record, f.path)
      local word, others = value ~= nil and f.spec.reads[value], {}
      for spelling, of in pairs(f.spec.reads) do if of == word then others[#others + 1] = spelling end end
      if word ~= nil and #others > 0 then paths.set(record, f.path, others[r(#others)]) end
    end
  end
end

function M.round_trip(list, lens, record)
  local entity, why = call(list, "get", lens.get, record)
  if not entity then
    return failure(list, "get-put", field_in(why), "get refuses what put wrote beside other fields: " .. why,
      { "get   " .. show(record) })
  end
  local back
  back, why = call(list, "put", lens.put, entity, record)
  if not back then
    return failure(list, "get-put", field_in(why), "put refuses what get gave: " .. why,
      { "get   " .. show(record), "gave  " .. show(entity) })
  end
  if show(back) ~= show(record) then
    failure(list, "get-put", "", "getting and putting changes " .. (place_of_difference(record, back, "") or "the record"),
      { "get   " .. show(record), "gave  " .. show(entity), "put   " .. show(back) })
  end
  return entity
end

-- check(lens, entity, seed) → failures, the record it made with strangers beside it, what that reads as
function M.check(lens, entity, dice_seed)
  local list = {}
  local record, why, refused = call(list, "put", lens.put, entity)
  if not record then
    failure(list, refused and "put-get" or "error", field_in(why),
      (refused and "put refuses a record that the contract allows: " or "put fails: ") .. why, { "put   " .. show(entity) })
    return list
  end
  local got
  got, why, refused = call(list, "get", lens.get, record)
  if not got then
    failure(list, refused and "put-get" or "error", field_in(why),
      (refused and "get refuses what put wrote: " or "get fails: ") .. why,
      { "put   " .. show(entity), "wrote " .. show(record) })
    return list
  end
  compare(list, lens, entity, record, got, "put-get")
  local r, fields = values.dice(dice_seed), lens.lens.fields
  local whole = add_strangers(json.decode(host.encode(record)))
  respell(fields, whole, r)
  local before = M.round_trip(list, lens, whole)
  return list, whole, before
end

-- What an entity reads as after it was put over another: absent fields stay as they were.
local function overlay(fields, before, entity)
  local out = {}
  for _, f in ipairs(fields) do
    if f.name and not f.when and f.kind ~= "list" and not f.one_way then
      local value, was = taken(entity, f.name), taken(before, f.name)
      if f.fields and type(value) == "table" and type(was) == "table" then value = overlay(f.fields, was, value) end
      if value == nil then value = was end
      if value == null then setnull(out, f.name) else out[f.name] = value end
    end
  end
  return out
end

local function plain_fields(fields)
  local list = {}
  for _, f in ipairs(fields) do
    local simple = not f.when and f.kind ~= "list" and not f.one_way
    for _, inner in ipairs(simple and f.fields or {}) do
      simple = simple and not inner.when and not inner.one_way and not inner.fields
    end
    if simple then list[#list + 1] = f end
  end
  return list
end

-- The same entity put over the record of another.
function M.check_over(list, lens, old, before, entity)
  if lens.lens.whole or not before then return end
  local record, why = call(list, "put", lens.put, entity, old)
  if not record then
    return failure(list, "put-get", field_in(why), "put over an old record refuses what it takes without one: " .. why,
      { "put   " .. show(entity), "over  " .. show(old) })
  end
  local fields = plain_fields(lens.lens.fields)
  local ok, got = pcall(lens.get, record)
  if not ok then return end
  local f, x, y = locate(fields, overlay(fields, before, entity), got)
  if f then
    failure(list, "put-get", f.label, ("put over an old record, %s comes back as %s"):format(shown_value(x), shown_value(y)),
      { "over  " .. show(old), "put   " .. show(entity), "wrote " .. show(record), "got   " .. show(got) })
  end
  for name in pairs(values.strangers()) do
    if show(taken(record, "tl_" .. name)) ~= show(taken(old, "tl_" .. name)) then
      return failure(list, "get-put", "", "put over an old record loses tl_" .. name .. ", which the lens does not touch",
        { "over  " .. show(old), "wrote " .. show(record) })
    end
  end
end

M.show, M.field_in, M.place_of_difference = show, field_in, place_of_difference
M.failure, M.compare, M.call = failure, compare, call

return M
