-- Trying the laws on many made values and on samples; the counterexample that is shown is the smallest that was found.
local host = ...
local json = require "json"
local laws = require "laws"
local paths = require "paths"
local schemas = require "schemas"
local values = require "values"
local M = {}

-- ---- making the counterexample small ------------------------------------------------------------------------------

local simpler = { string = { "", "a", "0" }, number = { 0, 1 }, userdata = { 0, 1, decimal "0.1", decimal "0.001" } }

local function smaller(entity, name)
  local value, list = entity[name], {}
  for _, other in ipairs(simpler[type(value)] or {}) do
    if laws.show(other) ~= laws.show(value) then list[#list + 1] = other end
  end
  if type(value) == "table" and #value > 1 then
    local short = array()
    short[1] = value[1]
    list[#list + 1] = short
  end
  return list
end

local function without(entity, name)
  local copy = paths.copy(entity)
  copy[name] = nil
  return copy
end

local function same_failure(lens, entity, wanted, seed)
  if host.keeps(lens.lens.entity, entity) then return nil end
  for _, f in ipairs((laws.check(lens, entity, seed))) do
    if f.law == wanted.law and f.field == wanted.field then return f end
  end
end

-- Removes and simplifies members while the same law breaks at the same field.
local function shrink(lens, entity, wanted, seed)
  local best, steps = wanted, 0
  local function try(candidate)
    steps = steps + 1
    local found = steps < 200 and same_failure(lens, candidate, wanted, seed)
    if found then best, entity = found, candidate end
    return found
  end
  for _, name in ipairs(keys(entity)) do try(without(entity, name)) end
  for _, name in ipairs(keys(entity)) do
    for _, value in ipairs(smaller(entity, name)) do
      local candidate = paths.copy(entity)
      candidate[name] = value
      if try(candidate) then break end
    end
  end
  return best
end

-- ---- many values --------------------------------------------------------------------------------------------------

local function make(lens, contract, seed)
  local why
  for try = 1, 12 do
    local entity = values.make(contract, lens.lens.fields, seed * 31 + try, try > 6)
    why = host.keeps(lens.lens.entity, entity)
    if not why then return entity end
  end
  return nil, why
end

-- What counts as one failure: a law at a field; of errors of the script, one of each direction.
local function key_of(f)
  local more = f.law == "error" and f.text:match("^%a+") or f.field == "" and f.text or ""
  return f.law .. " " .. f.field .. " " .. more
end

local function add(found, known, f, at)
  local key = key_of(f)
  if known[key] then return end
  known[key] = true
  f.at = at
  found[#found + 1] = f
end

-- The lens as it is tried on made values: business keys that nobody knows cannot be asked of the declared references.
local function on_trial(lens)
  local detail, trial = lens.lens, lens.lens.trial
  if not trial then return lens end
  return { get = trial.get, put = trial.put,
    lens = { fields = trial.fields, name = detail.name, entity = detail.entity, contract = detail.contract } }
end

-- batch(lens, seed, first, last) → { made, failures }: values number first to last. A failure's `at` is its number.
function M.batch(lens, seed, first, last)
  lens = on_trial(lens)
  local contract = type(lens.lens.contract) == "string" and schemas.open(lens.lens.contract) or nil
  local made, found, known, why, old, before = 0, {}, {}, nil, nil, nil
  for number = first, last do
    local own = seed * 1000003 + number
    local entity, refused = make(lens, contract, own)
    why = refused or why
    if entity then
      made = made + 1
      local list, whole, read = laws.check(lens, entity, own)
      for _, f in ipairs(list) do
        if not known[key_of(f)] then add(found, known, shrink(lens, entity, f, own), number) end
      end
      if #list == 0 and old then
        local over = {}
        laws.check_over(over, lens, old, before, entity)
        for _, f in ipairs(over) do add(found, known, f, number) end
      end
      old, before = whole, read
    end
  end
  if made == 0 then
    found[1] = { law = "values", field = "", text = "no record that keeps the contract could be made (" .. tostring(why) ..
      "); put real ones into samples/", shown = {}, at = first }
  end
  return { made = made, failures = found }
end

-- ---- samples ------------------------------------------------------------------------------------------------------

local function is_expectation(doc)
  if type(doc.record) ~= "table" then return false end
  for name in pairs(doc) do
    if name ~= "record" and name ~= "entity" and name ~= "lens" then return false end
  end
  return true
end

-- Has the lens every field that the contract requires, so that what it gets can keep the contract?
local function covers(lens)
  local contract = not lens.lens.whole and type(lens.lens.contract) == "string" and schemas.open(lens.lens.contract)
  if not contract then return lens.lens.whole end
  local has = {}
  for _, f in ipairs(lens.lens.fields) do if f.name then has[f.name] = true end end
  for name in pairs(schemas.required(contract)) do
    if not has[name] then return false end
  end
  return true
end

-- sample(lens, text) → { made, failures } for one file: a platform's record as it came, or { "record": …, "entity": what
-- it must read as, "lens": title (where a file declares several) }.
function M.sample(lens, text)
  local list, ok, doc = {}, pcall(json.decode, text)
  if not ok or type(doc) ~= "table" then
    return { made = 0, failures = { { law = "sample", field = "", text = "is no JSON object", shown = {}, at = 0 } } }
  end
  local expected
  if is_expectation(doc) then
    if doc.lens ~= nil and doc.lens ~= lens.lens.name then return { made = 0, failures = list } end
    expected, doc = doc.entity, doc.record
  end
  local entity, why = laws.call(list, "get", lens.get, doc)
  if not entity then
    laws.failure(list, "sample", laws.field_in(why), "get refuses it: " .. why, { "get   " .. laws.show(doc) })
    return { made = 1, failures = list }
  end
  local broken = covers(lens) and host.keeps(lens.lens.entity, entity)
  if broken then
    laws.failure(list, "sample", broken:match("/([^/%s]+)[/%s]") or "", "reads as what the contract refuses: " .. broken,
      { "get   " .. laws.show(doc), "gave  " .. laws.show(entity) })
  end
  if expected ~= nil and laws.show(entity) ~= laws.show(expected) then
    laws.failure(list, "sample", laws.place_of_difference(expected, entity, ""), "reads as something else than expected",
      { "expected " .. laws.show(expected), "got      " .. laws.show(entity) })
  end
  if #list > 0 then return { made = 1, failures = list } end
  laws.round_trip(list, lens, doc)
  local wrote, got
  wrote, why = laws.call(list, "put", lens.put, entity)
  if wrote then got, why = laws.call(list, "get", lens.get, wrote) end
  if got then
    laws.compare(list, lens, entity, wrote, got, "put-get")
  else
    laws.failure(list, "put-get", laws.field_in(why), "what it reads as cannot be put and got: " .. why, { "put   " .. laws.show(entity) })
  end
  local found, known = {}, {}
  for _, f in ipairs(list) do add(found, known, f, 0) end
  return { made = 1, failures = found }
end

return M
