-- assert, as busted has it: assert(value, message) and assert.equal, assert.are.same, assert.is_not_nil, assert.has_error …
-- The small words (is are was has does) are for reading, not and no turn the meaning round.
local host, words = ...

local function show(value)
  if type(value) == "string" then return '"' .. value .. '"' end
  if type(value) == "table" then return host.compact(value) or "a table" end
  return tostring(value)
end
words.show = show

local function is_decimal(value) return type(value) == "userdata" end

local function same(a, b)
  if rawequal(a, b) then return true end
  if a == nil or b == nil then return false end
  return host.same(a, b) or false
end

-- Equal as ==; decimals and integers by value.
local function equal(a, b)
  if is_decimal(a) or is_decimal(b) then return type(a) ~= "table" and type(b) ~= "table" and same(a, b) end
  return a == b
end

local function difference(expected, got)
  local a, b = host.pretty(expected), host.pretty(got)
  if not a or not b then return "expected " .. show(expected) .. "\ngot " .. show(got) end
  return host.call("compare", { expected = a, got = b })
end

local function said(message, text) return message and (tostring(message) .. ": " .. text) or text end

-- Each: does it hold, what to say when it does not, and when it does though it should not.
local checks = {}

function checks.equal(expected, got, message)
  if equal(expected, got) then return true, said(message, "expected something else than " .. show(got)) end
  local text = "expected " .. show(expected) .. ", got " .. show(got)
  if type(expected) == "table" and type(got) == "table" then text = text .. " (two tables: assert.same compares what is in them)" end
  return false, said(message, text)
end

function checks.same(expected, got, message)
  if same(expected, got) then return true, said(message, "expected something else than " .. show(got)) end
  if type(expected) == "table" and type(got) == "table" then
    return false, said(message, "the two differ (- expected, + got)"), difference(expected, got)
  end
  return false, said(message, "expected " .. show(expected) .. ", got " .. show(got))
end

local function value_check(name, holds)
  checks[name] = function(got, message)
    if holds(got) then return true, said(message, "expected something else than " .. show(got)) end
    return false, said(message, "expected " .. name .. ", got " .. show(got))
  end
end
value_check("true", function(v) return v == true end)
value_check("false", function(v) return v == false end)
value_check("nil", function(v) return v == nil end)
value_check("truthy", function(v) return not not v end)
value_check("falsy", function(v) return not v end)
for _, kind in ipairs { "string", "number", "table", "boolean", "function" } do
  value_check(kind, function(v) return type(v) == kind end)
end

function checks.matches(pattern, text, message)
  if type(text) == "string" and text:find(pattern) then
    return true, said(message, show(text) .. " matches " .. show(pattern))
  end
  return false, said(message, show(text) .. " does not match " .. show(pattern))
end

-- assert.contains("part", text) or assert.contains(value, list)
function checks.contains(part, whole, message)
  local found = false
  if type(whole) == "string" then found = whole:find(part, 1, true) ~= nil
  elseif type(whole) == "table" then
    for _, value in ipairs(whole) do found = found or same(part, value) end
  end
  return found, said(message, show(whole) .. (found and " contains " or " does not contain ") .. show(part))
end

-- assert.has_error(fn), assert.has_error(fn, "the message or a part of it")
function checks.error(fn, expected, message)
  local ok, err = host.try(fn)
  if ok then return false, said(message, "expected an error, there was none") end
  if expected == nil or err.message:find(tostring(expected), 1, true) then
    return true, said(message, "expected no error, got: " .. err.message)
  end
  return false, said(message, "expected the error " .. show(expected) .. ", got " .. show(err.message))
end

local other_names = {
  equals = "equal", eq = "equal", match = "matches", errors = "error", contain = "contains", ["nil"] = "nil",
}
local small = { is = true, are = true, was = true, has = true, have = true, does = true, be = true }

local function chain(negated)
  return setmetatable({}, {
    __index = function(_, name)
      local turned, rest = negated, {}
      for part in name:gmatch("[^_]+") do
        if part == "no" or part == "not" then turned = not turned
        elseif not small[part] then rest[#rest + 1] = part end
      end
      if #rest == 0 then return chain(turned) end
      local word = table.concat(rest, "_")
      local check = checks[other_names[word] or word]
      if not check then host.fail("there is no assert." .. name .. "; there are: " .. table.concat(keys(checks), " ")) end
      return function(...)
        local holds, text, detail = check(...)
        if holds == turned then host.fail(text, detail) end
        return ...
      end
    end,
    __call = function(_, value, message)
      if not value then host.fail(message and tostring(message) or "expected a value, got " .. show(value)) end
      return value
    end,
  })
end

words.globals.assert = chain(false)
