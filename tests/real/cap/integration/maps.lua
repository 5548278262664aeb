map "cap.Customers <- customer@1" {
  ID = as.key("no"), name = "name", accountNo = "account_no",
  creditLimit = as.decimal("credit_limit", { scale = 2 }), rate = as.decimal("rate"),
}

map "cap.Orders <- order@1" {
  no = as.key("no"), customer_ID = "customer", note = "note", total = as.decimal("total"),
  items = as.list("lines", { pos = as.integer("pos"), sku = "sku", qty = as.decimal("qty"), price = as.decimal("price") }),
}

map "turnover@1 <- cap.Orders" {
  customer = "customer_ID", order_no = "no", total = "total",
  lines = function(order) return #order.items end,
}

map "cap.Customers <- turnover@1" { ID = as.key("customer"), lastOrder = "order_no", lastTotal = "total" }
