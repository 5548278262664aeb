-- Company 2000: a customer as Tryton's party; which orders a sale, a shipment or an invoice is about.
local hints = require "erp_us_hints"

map "erp_us.party.party <- customer@1" {
  code      = as.key "account_no",
  name      = "name",
  addresses = function(customer)
    if not (customer.street or customer.city or customer.postal_code) then return nil end
    return array { { street = customer.street, city = customer.city, postal_code = customer.postal_code } }
  end,
}

map "order_hint@1 <- erp_us.sale.sale"          { order_nos = hints.orders }
map "order_hint@1 <- erp_us.account.invoice"    { order_nos = hints.orders }
map "order_hint@1 <- erp_us.stock.shipment.out" { order_nos = hints.orders }
