-- Sales and the support desk see how far an order is. Each status is the whole of it, so a newer one may overtake a parked one.
local told = { "order.placed@1", "order.accepted@1", "shipment.sent@1", "invoice.issued@1", "order.refused@1" }

flow "status-to-salesforce" {
  on            = told,
  order         = { "deal", "/order_no" },
  after_failure = "supersede",
  steward       = "order-desk",
  run           = function(ctx, e) ctx.salesforce:put("order_status@1", e.data) end,
}

-- The desk sees the last order on the customer's organization, so orders of one customer take turns.
flow "status-to-desk" {
  on            = told,
  order         = { "organization", "/account_no" },
  after_failure = "pass",
  steward       = "order-desk",
  run           = function(ctx, e) ctx.support:put("order_status@1", e.data) end,
}
