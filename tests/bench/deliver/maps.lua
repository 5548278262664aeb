map "erp.SalesOrders <- order@1" {
  OrderNo = as.key "number", Currency = "currency", PartnerNo = "customer.email", Note = "note",
  TotalAmount = as.decimal("totals.grand", { scale = 2 }),
  Items = as.list("lines", { LineNo = "line", ProductNo = "sku", Text = "title", Quantity = "qty", Price = as.decimal("unit_price", { scale = 2 }) }),
}
