-- Tryton: the same functions as lib/erp_odata.lua, in its operations.
local tryton = {}

-- The address of a party that is there is changed in its place: sales stand on it, so it cannot be replaced.
function tryton.customer(erp, customer)
  local known = erp:find({ object = "party.party", field = "code", value = customer.account_no, fields = { "addresses" } })[1]
  local place = { street = customer.street, city = customer.city, postal_code = customer.postal_code }
  if known then customer = { account_no = customer.account_no, name = customer.name } end
  erp:put("customer@1", customer)
  if known and known.addresses[1] then erp:update { object = "party.address", id = known.addresses[1], record = place } end
end

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

-- In the words of the first ERP, and "processing": shipments and invoices are made, and Tryton cancels it no more.
function tryton.status(erp, order_no)
  local found = erp:query { object = "sale.sale", where = { { "reference", "=", order_no } }, fields = { "state", "shipment_state" } }
  local sale  = found[1]
  if not sale then return nil end
  if sale.state == "cancelled" then return "cancelled" end
  if sale.shipment_state == "sent" or sale.state == "done" then return "shipped" end
  return sale.state == "processing" and "processing" or "accepted"
end

function tryton.cancel(erp, order_no) erp:sale_cancel { reference = order_no } end

return tryton
