-- Reading contracts (JSON Schema) to learn what a value may be. A node is { at = schema, base = path of its document };
-- references are followed. What decides validity is the runtime's validator; this only looks.
local host = ...
local M = {}

local function node(at, base, doc) return type(at) == "table" and { at = at, base = base, doc = doc } or nil end

-- "customer.v1.json" as seen from "contracts/order.v1.json"
local function beside(base, file)
  if file:find("^%a[%w+.-]*:") or file:find("^contracts/") then return file end
  return (base:match("^(.*/)") or "") .. file
end

function M.open(path)
  local doc = host.contract(path)
  return node(doc, path, doc)
end

local function pointed(doc, pointer)
  local at = doc
  for step in pointer:gmatch("/([^/]*)") do
    if type(at) ~= "table" then return nil end
    step = step:gsub("~1", "/"):gsub("~0", "~")
    local number = math.tointeger(tonumber(step))
    if at[step] ~= nil then at = at[step] else at = number and at[number + 1] end
  end
  return at
end

-- The node with its $ref followed; at most so many in a row.
function M.resolved(n)
  for _ = 1, 20 do
    local ref = n and n.at["$ref"]
    if type(ref) ~= "string" then return n end
    local file, pointer = ref:match("^([^#]*)#?(.*)$")
    local base, doc = n.base, n.doc
    if file ~= "" then
      base = beside(n.base, file)
      doc = host.contract(base) or host.contract(file)
    end
    n = doc and node(pointed(doc, pointer), base, doc)
  end
end

local function from(n, at) return node(at, n.base, n.doc) end
M.from = from

local parts = { "allOf", "anyOf", "oneOf" }

local function gather(n, into, state, depth)
  n = M.resolved(n)
  if not n or depth > 8 then
    state.open = true
    return
  end
  local s = n.at
  if type(s.properties) == "table" then
    for name, at in pairs(s.properties) do
      into[name] = into[name] or from(n, at) or node({}, n.base, n.doc)
    end
  end
  if s.additionalProperties == true or type(s.additionalProperties) == "table" or s.patternProperties ~= nil then state.open = true end
  for _, key in ipairs(parts) do
    for _, at in ipairs(type(s[key]) == "table" and s[key] or {}) do
      if type(at) == "table" then gather(from(n, at), into, state, depth + 1) end
    end
  end
  for _, key in ipairs { "then", "else" } do
    if type(s[key]) == "table" then gather(from(n, s[key]), into, state, depth + 1) end
  end
end

-- properties(node) → name → node, and whether others are expressly allowed
function M.properties(n)
  local into, state = {}, { open = false }
  gather(n, into, state, 0)
  return into, state.open
end

local function require_of(n, into, depth)
  n = M.resolved(n)
  if not n or depth > 8 then return into end
  for _, name in ipairs(type(n.at.required) == "table" and n.at.required or {}) do into[name] = true end
  for _, at in ipairs(type(n.at.allOf) == "table" and n.at.allOf or {}) do
    if type(at) == "table" then require_of(from(n, at), into, depth + 1) end
  end
  return into
end

-- required(node) → set of the names it requires
function M.required(n) return require_of(n, {}, 0) end

function M.items(n)
  n = M.resolved(n)
  return n and from(n, n.at.items)
end

-- The values that are allowed, when the contract lists them.
function M.enum(n)
  n = M.resolved(n)
  if not n then return nil end
  if n.at.const ~= nil then return { n.at.const } end
  return type(n.at.enum) == "table" and n.at.enum or nil
end

return M
