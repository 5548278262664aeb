-- Tryton: the same functions as lib/erp_odata.lua, in its operations.
local status = require "erp_us_status"

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

-- Made once; a sale that is there (state) gets the lines of the correction in place of its own. Confirmed at once. That a credit limit
-- is reached was decided before the order came here.
function tryton.place(erp, order, state)
  local no = order.order_no
  if state then
    if state.called ~= "draft" then erp:sale_draft { reference = no } end
    erp:update { object = "sale.sale", id = state.id, record = { description = order.reference, lines = lines_of(order) } }
  else
    erp:sale_create({ sale = {
      reference = no, description = order.reference, sale_date = order.ordered_on, party = { code = order.customer.account_no }, lines = lines_of(order),
    } }, { once = "sale:" .. no })
  end
  erp:sale_quote { reference = no }
  erp:sale_confirm { reference = no, accept = { "credit limit" } }
end

-- Once it is "processing", shipments and invoices are made, and Tryton neither changes nor cancels it.
local open = { draft = true, quotation = true, confirmed = true }

function tryton.state(erp, order_no)
  local sale = status.read(erp, order_no)
  if not sale then return nil end
  local state = { id = sale.id, status = status.of(sale), called = sale.state, open = open[sale.state], lines = array(), invoices = array() }
  for i, line in ipairs(sale.lines or {}) do
    state.lines[i] = { product_no = line.product and line.product.code, quantity = line.quantity, unit_price = line.unit_price }
  end
  for i, invoice in ipairs(status.posted(sale)) do
    state.invoices[i] = { invoice_no = invoice.number, id = invoice.id, amount = decimal(invoice.total_amount) }
  end
  return state
end

-- Only a draft or a quotation is cancelled, so one that is confirmed becomes a draft first.
function tryton.cancel(erp, order_no)
  erp:sale_draft { reference = order_no }
  erp:sale_cancel { reference = order_no }
end

-- The credit note of a whole invoice, posted: its number and amount.
function tryton.credit_note(erp, due, invoice)
  local no   = "CN-" .. invoice.invoice_no
  local made = erp:credit_note({ invoice = invoice.id, reference = no, description = due.reason }, { once = "credit:" .. no })
  local note = erp:invoice_post { invoice = made.id }
  return note.number, note.total_amount:abs()
end

return tryton
