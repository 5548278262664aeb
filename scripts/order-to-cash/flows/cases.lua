-- Sales see on the deal that support has a case about it.
local deals = require "deals"

flow "case-to-salesforce" {
  on            = "case.changed@1",
  order         = { "deal", "/order_no" },
  after_failure = "supersede",
  steward       = "order-desk",
  run           = function(ctx, e) deals.put(ctx, "support_case@1", e.data) end,
}
