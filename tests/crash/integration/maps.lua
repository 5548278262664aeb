-- The number goes along as text, so that the platforms' own histories show the order in which changes arrived.
map "erp.SalesOrders <- change@1" {
  OrderNo = as.key "order_no", Note = as.text "number", PartnerNo = as.const "P-1", TotalAmount = as.decimal("amount", { scale = 2 }),
}
map "desk.organizations <- change@1" { external_id = as.key "order_no", name = "order_no", notes = as.text "number" }
