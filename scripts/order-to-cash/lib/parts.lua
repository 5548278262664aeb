-- Deliveries and invoices come in parts: what all of them say together.
local decimals = require "decimals"

local parts = {}

local function values(list, field)
  local found = array()
  for _, part in ipairs(list or {}) do
    if part[field] ~= nil then found[#found + 1] = part[field] end
  end
  return found
end

-- "D-1, D-2", or nil.
function parts.numbers(list, field)
  local found = values(list, field)
  return found[1] and table.concat(found, ", ") or nil
end

-- The sum of an amount, or nil when there is none.
function parts.sum(list, field)
  local found = values(list, field)
  return found[1] ~= nil and decimals.sum(found) or nil
end

-- The latest of times or days that are texts, or nil.
function parts.latest(list, field)
  local found = values(list, field)
  table.sort(found)
  return found[#found]
end

-- The latest, once every part has one.
function parts.completed(list, field)
  if #values(list, field) == #(list or {}) then return parts.latest(list, field) end
end

-- Are the lines of two orders the same, by product, quantity and price?
function parts.same_lines(a, b)
  if #a ~= #b then return false end
  for i, line in ipairs(a) do
    local other = b[i]
    if line.product_no ~= other.product_no or decimal(line.quantity) ~= decimal(other.quantity)
      or decimal(line.unit_price) ~= decimal(other.unit_price) then return false end
  end
  return true
end

return parts
