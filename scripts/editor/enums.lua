---@meta enums
-- Words of one system in words of another.

---@class tidelock.Enum
---@field read fun(value: any, default?: any): any the name of a value; an error of class "data" when it is not known
---@field write fun(name: any, default?: any): any the value of a name

---require "enums": words of one system in words of another.
---@class tidelock.enums
local enums = {}

---enum { open = "new", done = { "shipped", "closed" } }: of several values the first is written.
---@param values table<string, any>
---@param what? string names it in errors
---@return tidelock.Enum
function enums.enum(values, what) end

return enums
