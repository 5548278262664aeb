-- Sales see on the deal that support has a case about it.
flow "case-to-salesforce" {
  on            = "case.changed@1",
  order         = { "deal", "/order_no" },
  after_failure = "supersede",
  steward       = "order-desk",
  run           = function(ctx, e) ctx.salesforce:put("support_case@1", e.data) end,
}
