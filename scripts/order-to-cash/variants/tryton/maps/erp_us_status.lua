-- A sale of Tryton's with its shipments and invoices, as the status of an order: lib/erp_us_status.lua reads it.
local parts, status = require "parts", require "erp_us_status"

local function reason(sale)
  if sale.shipment_state == "exception" then return "a shipment was cancelled: Tryton waits for a person" end
  if sale.invoice_state == "exception" then return "an invoice was cancelled: Tryton waits for a person" end
  if status.of(sale) ~= "backordered" then return nil end
  return ("sent in part: %d of %d shipments"):format(#status.sent(sale), #sale.shipments)
end

return map "order_status@1 <- erp_us.sale.sale" {
  order_no      = as.text("reference", { required = true }),
  account_no    = as.text("party.code", { required = true }),
  customer_name = "party.name",
  status        = status.of,
  reason        = reason,
  expected_on   = function(sale) return parts.latest(status.waiting(sale), "planned_date") end,
  shipment_no   = function(sale) return parts.numbers(status.sent(sale), "number") end,
  invoice_no    = function(sale) return parts.numbers(status.posted(sale), "number") end,
  invoice_total = function(sale) return parts.sum(status.posted(sale), "total_amount") end,
  currency      = "currency.code",
}
