---@meta lookups
-- Tables of the integration: lookups/<name>.csv, whose first column is the key, or .json, an object.

---require "lookups": tables in lookups/, held once for all workers.
---@class tidelock.lookups
local lookups = {}

---A function that gets a row, or one column of it; nil when there is none.
---@param name string
---@return fun(key: any, column?: string): any
function lookups.table_of(name) end

---@param name string
---@param key any
---@param column? string
---@return any
function lookups.get(name, key, column) end

return lookups
