-- The order itself: found by its number, so a repeat changes nothing and a corrected deal corrects the order.
flow "order" {
  on      = "order.released@1",
  order   = { "order", "/order_no" },
  steward = "order-desk",
  run     = function(ctx, e) ctx.erp:put("order@1", e.data) end,
}
