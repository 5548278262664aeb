-- The order itself: found by its number, so a repeat changes nothing and a corrected deal corrects the order.
local erps = require "erps"

flow "order" {
  on      = "order.released@1",
  order   = { "order", "/order_no" },
  steward = "order-desk",
  run     = function(ctx, e) erps.of(e.data.company_code).place(ctx.erp, e.data) end,
}
