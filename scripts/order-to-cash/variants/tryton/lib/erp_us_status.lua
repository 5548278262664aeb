-- How far a sale of Tryton's is, read whole: sale, shipments and invoices change at different moments, and each of them alone knows a part.
local status = {}

local fields = array {
  "reference", "state", "shipment_state", "invoice_state", "party.code", "party.name", "currency.code",
  "lines.product.code", "lines.quantity", "lines.unit_price",
  "shipments.number", "shipments.state", "shipments.planned_date", "invoices.number", "invoices.state", "invoices.total_amount",
}

-- The sale with this reference, or nil.
function status.read(erp, order_no)
  return erp:query({ object = "sale.sale", where = array { array { "reference", "=", order_no } }, fields = fields })[1]
end

local function among(list, states)
  local found = array()
  for _, part in ipairs(list or {}) do
    if states[part.state] then found[#found + 1] = part end
  end
  return found
end

function status.posted(sale)  return among(sale.invoices, { posted = true, paid = true }) end
function status.sent(sale)    return among(sale.shipments, { done = true }) end
function status.waiting(sale) return among(sale.shipments, { draft = true, waiting = true, assigned = true, picked = true, packed = true }) end

-- Does it only give back, as the credit of a missed service level does?
function status.is_credit(sale)
  for _, line in ipairs(sale.lines or {}) do
    if line.quantity and decimal(line.quantity):sign() >= 0 then return false end
  end
  return (sale.lines or {})[1] ~= nil
end

-- In the words of order_status@1. Billed and paid count once everything has left: what is missing is seen until then.
function status.of(sale)
  if sale.state == "cancelled" then return "cancelled" end
  if sale.state == "draft" or sale.state == "quotation" then return "new" end
  if sale.state == "done" and sale.invoice_state == "paid" then return "paid" end
  local left = sale.shipment_state == "sent" or sale.state == "done"
  if (left or sale.shipment_state == "none") and status.posted(sale)[1] then return "invoiced" end
  if left then return "shipped" end
  return status.sent(sale)[1] and "backordered" or "accepted"
end

return status
