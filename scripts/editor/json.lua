---@meta json
-- JSON in strings.

---require "json": JSON in strings, without losing a digit; objects are written with sorted keys.
---@class tidelock.json
---@field null tidelock.Null
local json = {}

---@param value any
---@return string
function json.encode(value) end

---@param text string
---@return any
function json.decode(text) end

return json
