-- What something that goes back is worth: a part of one line of its order.
local decimals = require "decimals"

local claim = {}

-- of(order, product_no, quantity) → line, amount (net); or nil and what is wrong, for a person to read.
function claim.of(order, product_no, quantity)
  local line, count = nil, 0
  for _, each in ipairs(order.lines) do
    if each.product_no == product_no then line, count = each, count + 1 end
  end
  if count == 0 then return nil, ("order %s has no %s"):format(order.order_no, product_no) end
  if count > 1 then return nil, ("order %s has %s in %d lines: credit it in the ERP"):format(order.order_no, product_no, count) end
  if quantity > line.quantity then
    return nil, ("order %s has %s of %s, not %s"):format(order.order_no, tostring(line.quantity), product_no, tostring(quantity))
  end
  if not order.invoice_no then return nil, ("order %s has no invoice yet"):format(order.order_no) end
  return { line = line, amount = decimals.money(decimal(line.unit_price) * quantity, order.currency, "half-up") }
end

return claim
