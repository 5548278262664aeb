-- The OData ERP: customers, credit, orders, how far an order is, and credit notes, in its operations (systems/erp_de.json).
local partners = require "lenses.business_partner"

local odata = {}

-- Does the ERP's partner say all that is said of the customer?
local function same(partner, customer)
  local ok, known = pcall(partners.get, partner)
  if not ok then return false end
  for name, value in pairs(customer) do
    if known[name] ~= value then return false end
  end
  return true
end

-- Written only when something differs: a partner that is written makes the ERP tell of the partner's orders once more.
function odata.customer(erp, customer)
  local partner = erp:find({ object = "BusinessPartners", field = "PartnerNo", value = customer.account_no }).value[1]
  if not (partner and same(partner, customer)) then erp:put("customer@1", customer) end
end

-- { on_hold, limit, used }
function odata.credit(erp, account_no)
  local credit = erp:credit_status { account_no = account_no }
  return { on_hold = credit.OnHold, limit = credit.CreditLimit, used = credit.CreditUsed }
end

function odata.place(erp, order) erp:put("order@1", order) end

local open = { new = true, accepted = true, backordered = true }

-- An order as the ERP has it, or nil when it has none of that number: status, called (its own word for that), open (may still be
-- changed and cancelled), lines, invoices { invoice_no, id, amount }.
function odata.state(erp, order_no)
  local order = erp:get { object = "SalesOrders", key = { OrderNo = order_no }, expand = "Items,Deliveries,Invoices" }
  if not order then return nil end
  local state = { status = order.Status, called = order.Status, lines = array(), invoices = array() }
  state.open = open[order.Status] and not (order.Deliveries or {})[1]
  for i, item in ipairs(order.Items or {}) do
    state.lines[i] = { product_no = item.ProductNo, quantity = item.Quantity, unit_price = item.UnitPrice }
  end
  for i, invoice in ipairs(order.Invoices or {}) do
    state.invoices[i] = { invoice_no = invoice.InvoiceNo, id = invoice.InvoiceNo, amount = decimal(invoice.NetAmount or invoice.TotalAmount) }
  end
  return state
end

-- One that is cancelled already stays as it is.
function odata.cancel(erp, order_no, reason) erp:cancel_order { order_no = order_no, reason = reason } end

-- The credit note of a whole invoice, posted: its number and amount. By a number of ours, so an invoice has one.
function odata.credit_note(erp, due, invoice)
  local no = "CN-" .. invoice.invoice_no
  erp:put("credit_memo@1", { credit_no = no, invoice_no = invoice.invoice_no, account_no = due.account_no, currency = due.currency,
                             reason = due.reason, amount = invoice.amount })
  local posted = erp:post_credit_memo { credit_no = no }
  return posted.DocumentNo, posted.TotalAmount
end

return odata
