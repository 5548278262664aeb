-- The words of tests: describe, it, pending, before_each, after_each. What a file describes is kept as a list of tests,
-- which the runner (runtime/trial) runs one by one, each with a world of its own.
local host, words = ...

local tests, scope

local function describe(name, fn)
  if type(name) ~= "string" or type(fn) ~= "function" then host.fail("describe needs a name and a function") end
  scope = { name = name, parent = scope, before = {}, after = {} }
  fn()
  scope = scope.parent
end

local function full_name(name)
  local parts, at = name, scope
  while at and at.parent do
    parts = at.name .. ": " .. parts
    at = at.parent
  end
  return parts
end

local function it(name, fn)
  if type(name) ~= "string" or type(fn) ~= "function" then host.fail("it needs a name and a function") end
  tests[#tests + 1] = { name = full_name(name), fn = fn, scope = scope }
end

-- Outside of a test: one that is not written yet, or does not work yet. Inside: ends the test as such.
local function pending(name)
  if words.running then error({ pending = name or "pending", failure = true }, 0) end
  tests[#tests + 1] = { name = full_name(name), pending = true, scope = scope }
end

local function before_each(fn) scope.before[#scope.before + 1] = fn end
local function after_each(fn) scope.after[#scope.after + 1] = fn end

words.globals = {
  describe = describe, context = describe, it = it, pending = pending,
  before_each = before_each, after_each = after_each,
}

-- A file begins: what it sees as globals. What it sets as a global is its own.
function words.begin()
  tests, scope = {}, { name = "", before = {}, after = {} }
  local seen = setmetatable({}, { __index = function(_, name)
    local word = words.globals[name]
    if word ~= nil then return word end
    return _G[name]
  end })
  rawset(seen, "_G", seen)
  return seen
end

function words.list()
  local names = array()
  for i, test in ipairs(tests) do names[i] = test.name end
  return names
end

local function scopes_of(test)
  local list, at = {}, test.scope
  while at do
    table.insert(list, 1, at)
    at = at.parent
  end
  return list
end

local function run_body(test, scopes, w)
  for _, each in ipairs(scopes) do
    for _, fn in ipairs(each.before) do fn(w) end
  end
  test.fn(w)
end

local function run_after(scopes, w)
  for i = #scopes, 1, -1 do
    for _, fn in ipairs(scopes[i].after) do fn(w) end
  end
end

-- Lines below a failure's message.
local function detail_of(err, w)
  local lines = {}
  if err.detail then lines[#lines + 1] = err.detail end
  if err.chain and #err.chain > 1 then lines[#lines + 1] = "called from " .. table.concat(err.chain, ", ", 2) end
  if #w.trace > 0 then
    lines[#lines + 1] = "what happened:"
    for _, line in ipairs(w.trace) do lines[#lines + 1] = "  " .. line end
  end
  return table.concat(lines, "\n")
end

-- { verdict = passed | failed | pending, message, place, detail }
function words.run(number)
  local test = tests[number]
  if test.pending then return { verdict = "pending" } end
  local w = words.new_world()
  local scopes = scopes_of(test)
  words.running = true
  local ok, err = host.try(run_body, test, scopes, w.face)
  local tidy, late = host.try(run_after, scopes, w.face)
  if ok and not tidy then ok, err = false, late end
  words.running = false
  if not ok and err.pending then return { verdict = "pending", message = err.pending } end
  local complaint = words.end_world(w, ok)
  if ok and not complaint then return { verdict = "passed" } end
  err = err or { place = complaint.place }
  if complaint then
    err.detail = not ok and (err.place .. ": " .. err.message .. (err.detail and "\n" .. err.detail or "")) or nil
    err.message, err.place = complaint.message, complaint.place or err.place
  end
  return { verdict = "failed", message = err.message, place = err.place, detail = detail_of(err, w) }
end
