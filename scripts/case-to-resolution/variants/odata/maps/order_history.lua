-- What the ERP tells of an order with its customer, deliveries and invoices, as flows read it: lib/erp.lua asks for it. Deliveries and invoices
-- name products, not lines.
local dates = require "dates"

local function items_of(list, product_no, with)
  local found = array()
  for _, document in ipairs(list or {}) do
    for _, item in ipairs(document.Items or {}) do
      if item.ProductNo == product_no then found[#found + 1] = with(document, decimal(item.Quantity)) end
    end
  end
  return found
end

local function shipped(order, product_no)
  local list = items_of(order.Deliveries, product_no, function(delivery, quantity)
    return { shipped_on = dates.day(delivery.ShippedAt, "Europe/Berlin"), quantity = quantity }
  end)
  table.sort(list, function(a, b) return a.shipped_on < b.shipped_on end)
  return list
end

local function invoiced(order, product_no)
  return items_of(order.Invoices, product_no, function(invoice, quantity) return { invoice_id = invoice.InvoiceNo, quantity = quantity } end)
end

return map "order_history@1 <- erp.SalesOrders" {
  id            = "ID",
  order_no      = as.text("OrderNo", { required = true }),
  account_no    = as.text("PartnerNo", { required = true }),
  customer_name = "Customer.Name",
  status        = "Status",
  currency      = "Currency",
  net           = as.decimal("NetAmount", { scale = 2 }),
  shipments     = as.list("Deliveries", { shipment_no = "DeliveryNo", shipped_on = as.date("ShippedAt", { zone = "Europe/Berlin" }) }),
  invoices      = as.list("Invoices", {
    invoice_no = "InvoiceNo", total = as.decimal("TotalAmount", { scale = 2 }), open = as.decimal("OpenAmount", { scale = 2 }),
  }),
  lines         = function(order)
    local lines = array()
    for i, item in ipairs(order.Items or {}) do
      lines[i] = { product_no = item.ProductNo, quantity = decimal(item.Quantity), unit_price = decimal(item.UnitPrice),
                   shipped = shipped(order, item.ProductNo), invoiced = invoiced(order, item.ProductNo) }
    end
    return lines
  end,
}
