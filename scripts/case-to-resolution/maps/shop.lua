-- A return that a customer asked for in the shop. Our number of it is made of theirs.
map "return@1 <- shop.return" {
  return_no  = function(asked) return "RA-S" .. asked.return_id end,
  shop_no    = as.text("return_id", { required = true }),
  order_no   = as.text("order_no", { required = true }),
  product_no = as.text("sku", { required = true }),
  quantity   = as.decimal("quantity", { default = 1 }),
  reason     = as.text("reason", { most = 200, cut = true }),
  asked_at   = as.timestamp("asked_at", { required = true }),
}
