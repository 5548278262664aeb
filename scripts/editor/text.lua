---@meta text
-- Text in UTF-8: string.upper and # count bytes and leave "ö" as it is; these do not.

---require "text": text in UTF-8.
---@class tidelock.text
local text = {}

---@param s string
---@return string
function text.upper(s) end

---@param s string
---@return string
function text.lower(s) end

---Characters, not bytes.
---@param s string
---@return integer
function text.length(s) end

---The first characters.
---@param s string
---@param count integer
---@return string
function text.first(s, count) end

---Is it UTF-8?
---@param s string
---@return boolean
function text.valid(s) end

---Without blanks around it.
---@param s string
---@return string
function text.trim(s) end

---@param s string
---@return string[]
function text.words(s) end

---"a;b;;c" → { "a", "b", "", "c" }; the separator is plain text.
---@param s string
---@param separator string
---@return string[]
function text.split(s, separator) end

---@param s string
---@param prefix string
---@return boolean
function text.starts(s, prefix) end

---@param s string
---@param suffix string
---@return boolean
function text.ends(s, suffix) end

return text
