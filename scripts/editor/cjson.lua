---@meta cjson
-- JSON in strings.

---require "cjson": JSON in strings, as lua-cjson reads it, for JSON held inside strings: integers from 2^53 on lose digits, and so do decimals.
---@class tidelock.cjson
---@field null tidelock.Null
local cjson = {}

---@param value any
---@return string
function cjson.encode(value) end

---Raises when the text is no JSON, and before it begins when the text may need more memory than the script has left.
---@param text string
---@return any
function cjson.decode(text) end

return cjson
