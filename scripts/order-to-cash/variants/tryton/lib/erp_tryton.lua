-- Tryton: the same functions as lib/erp_odata.lua, in its operations.
local tryton = {}

function tryton.credit(erp, account_no)
  local credit = erp:credit_status { party = account_no }
  return { on_hold = credit.on_hold, limit = credit.limit, used = credit.used }
end

local function lines_of(order)
  local lines = array()
  for i, line in ipairs(order.lines) do
    lines[i] = { product = { code = line.product_no }, quantity = line.quantity, unit_price = line.unit_price, description = line.text }
  end
  return lines
end

-- Confirmed at once. That a credit limit is reached was decided before the order came here.
function tryton.place(erp, order)
  local no = order.order_no
  erp:sale_create({ sale = {
    reference = no, description = order.reference, sale_date = order.ordered_on, party = { code = order.customer.account_no }, lines = lines_of(order),
  } }, { once = "sale:" .. no })
  erp:sale_quote { reference = no }
  erp:sale_confirm { reference = no, accept = { "credit limit" } }
end

-- In the words of the first ERP.
function tryton.status(erp, order_no)
  local found = erp:query { object = "sale.sale", where = { { "reference", "=", order_no } }, fields = { "state", "shipment_state" } }
  local sale  = found[1]
  if not sale then return nil end
  if sale.state == "cancelled" then return "cancelled" end
  return (sale.shipment_state == "sent" or sale.state == "done") and "shipped" or "accepted"
end

-- A sale that is being processed is refused by Tryton: a conflict, for a person.
function tryton.cancel(erp, order_no) erp:sale_cancel { reference = order_no } end

return tryton
