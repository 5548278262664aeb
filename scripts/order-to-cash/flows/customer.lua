-- An order needs its customer first. Orders of one customer take turns, because they write the same record.
local erps = require "erps"

flow "customer" {
  on      = { "order.won@1", "order.corrected@1" },
  order   = { "customer", "/customer/account_no" },
  steward = "order-desk",
  run     = function(ctx, e)
    erps.of(e.data.company_code).customer(ctx.erp, e.data.customer)
    ctx:emit("order.prepared@1", e.data)
  end,
}
