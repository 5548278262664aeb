-- Company 2000: a customer as Tryton's party; a sale and an invoice as the status of an order.
map "erp_us.party.party <- customer@1" {
  code      = as.key "account_no",
  name      = "name",
  addresses = function(customer)
    if not (customer.street or customer.city or customer.postal_code) then return nil end
    return array { { street = customer.street, city = customer.city, postal_code = customer.postal_code } }
  end,
}

local states = { confirmed = "accepted", processing = "accepted", done = "accepted", cancelled = "cancelled" }

-- As far as the sale knows: what has left the house is shipped, what nobody has confirmed yet is new.
local function status(sale)
  if sale.state ~= "cancelled" and sale.shipment_state == "sent" then return "shipped" end
  return states[sale.state] or "new"
end

map "order_status@1 <- erp_us.sale.sale" {
  order_no      = as.text("reference", { required = true }),
  account_no    = as.text("party.code", { required = true }),
  customer_name = "party.name",
  status        = status,
  shipment_no   = "shipments[1].number",
}

map "order_status@1 <- erp_us.account.invoice" {
  order_no      = as.text("sales[1].reference", { required = true }),
  account_no    = as.text("party.code", { required = true }),
  customer_name = "party.name",
  status        = as.enum("state", { invoiced = "posted", paid = "paid" }),
  invoice_no    = "number",
  invoice_total = as.decimal("total_amount", { scale = 2 }),
  currency      = "currency.code",
}
