-- Words of one system in words of another. enum { open = "new", done = { "shipped", "closed" } } reads from right to
-- left and writes from left to right (the first of several).
local M = {}

local function data_error(message)
  error(setmetatable({ class = "data", code = "enum", message = message },
    { __tostring = function(e) return e.message end, __metatable = "error" }), 0)
end

-- enum(values [, what]) → { read = function, write = function }; `what` names it in errors
function M.enum(values, what)
  local reads, writes = {}, {}
  what = what or "the value"
  for name, value in pairs(values) do
    local list = type(value) == "table" and value or { value }
    writes[name] = list[1]
    for i = 1, #list do
      if reads[list[i]] ~= nil then error("enum: '" .. tostring(list[i]) .. "' stands twice", 2) end
      reads[list[i]] = name
    end
  end
  return {
    read = function(value, default)
      if value == nil then return default end
      local name = reads[value]
      if name == nil then
        if default ~= nil then return default end
        data_error(what .. ": '" .. tostring(value) .. "' is not known")
      end
      return name
    end,
    write = function(name, default)
      if name == nil then return default end
      local value = writes[name]
      if value == nil then
        if default ~= nil then return default end
        data_error(what .. ": '" .. tostring(name) .. "' is not known")
      end
      return value
    end,
  }
end

return M
