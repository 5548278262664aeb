-- Tables held by the host, shared by all states: lookups/<name>.csv (the first column is the key) or .json (an object).
local host = ...
local M = {}

-- table_of("countries") → function(key [, column]) → row, or the column's value; nil when there is none
function M.table_of(name)
  host.lookup(name)
  return function(key, column)
    if key == nil then return nil end
    local row = host.lookup(name, tostring(key))
    if row ~= nil and column then return row[column] end
    return row
  end
end

-- get("countries", "SE" [, column])
function M.get(name, key, column) return M.table_of(name)(key, column) end

return M
