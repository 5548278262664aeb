-- What Tryton tells of a sale, as flows read it: lib/erp.lua asks for it. A line knows what was shipped of it and when, and which invoices bill it.
local billed = { posted = true, paid = true }

local function shipped(line)
  local list = array()
  for _, move in ipairs(line.moves or {}) do
    if move.state == "done" then list[#list + 1] = { id = move.id, shipped_on = move.effective_date, quantity = move.quantity } end
  end
  table.sort(list, function(a, b) return a.shipped_on < b.shipped_on or (a.shipped_on == b.shipped_on and a.id < b.id) end)
  return list
end

local function invoiced(line)
  local list = array()
  for _, each in ipairs(line.invoice_lines or {}) do
    if each.invoice and billed[each.invoice.state] then
      list[#list + 1] = { id = each.id, invoice_id = each.invoice.id, quantity = each.quantity }
    end
  end
  table.sort(list, function(a, b) return a.id < b.id end)
  return list
end

return map "order_history@1 <- erp.sale.sale" {
  id            = "id",
  order_no      = as.text("reference", { required = true }),
  account_no    = as.text("party.code", { required = true }),
  customer_name = "party.name",
  status        = "state",
  currency      = "currency.code",
  net           = as.decimal("untaxed_amount", { scale = 2 }),
  address_id    = "shipment_address",
  warehouse_id  = "warehouse",
  shipments     = as.list("shipments", { shipment_no = "number", shipped_on = "effective_date" }),
  invoices      = as.list("invoices", {
    invoice_no = "number", total = as.decimal("total_amount", { scale = 2 }), open = as.decimal("amount_to_pay", { scale = 2 }),
  }),
  lines         = as.list("lines", {
    product_no = as.text("product.code", { required = true }),
    quantity   = "quantity",
    unit_price = "unit_price",
    unit_id    = "unit",
    shipped    = shipped,
    invoiced   = invoiced,
  }),
}
