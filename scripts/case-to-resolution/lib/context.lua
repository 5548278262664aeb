-- What an agent should know about the order of a case, in words and as fields.
local warranty = require "warranty"

local context = {}

local function warranties(case, order)
  local lines = array()
  for i, line in ipairs(order.lines) do
    local cover = warranty.of(line.product_no, order.shipped_on, case.opened_at)
    lines[i] = ("- %s × %s: %s"):format(tostring(line.quantity), line.product_no, cover.why or "under warranty until " .. cover.ends_on)
  end
  return table.concat(lines, "\n")
end

local function shipment(order)
  if not order.shipped_on then return "Nothing was shipped yet." end
  return ("Shipment %s left on %s."):format(order.shipment_no, order.shipped_on)
end

local function invoice(order)
  if not order.invoice_no then return "There is no invoice yet." end
  return ("Invoice %s over %s %s, %s of it open."):format(order.invoice_no, tostring(order.invoice_total), order.currency, tostring(order.invoice_open or 0))
end

function context.text(case, order)
  local head = ("Order %s of %s (%s) is %s."):format(order.order_no, order.customer_name or "?", order.account_no, order.status or "?")
  return table.concat({ head, shipment(order), invoice(order), warranties(case, order) }, "\n")
end

function context.fields(case, order)
  return { case_no = case.case_no, order_no = order.order_no, order_status = order.status, shipment_no = order.shipment_no,
           invoice_no = order.invoice_no }
end

return context
