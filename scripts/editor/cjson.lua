---@meta cjson
-- JSON in strings.

---require "cjson": JSON in strings, as lua-cjson reads it, for JSON held inside strings: integers from 2^53 on lose digits, and so do decimals.
---@class tidelock.cjson
---@field null tidelock.Null
local cjson = {}

---@param value any
---@return string
function cjson.encode(value) end

---@param text string
---@return any
function cjson.decode(text) end

return cjson
