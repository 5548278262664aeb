-- Sales and the support desk see how far an order is. Each status is the whole of it, so a newer one may overtake a parked one.
-- Of an order without a deal only the desk is told.
local deals = require "deals"

local told = {
  "order.placed@1", "order.accepted@1", "backorder.noted@1", "shipment.sent@1", "invoice.issued@1", "payment.received@1",
  "order.refused@1", "order.cancelled@1", "order.rejected@1", "order.stands@1",
}

flow "status-to-salesforce" {
  on            = told,
  order         = { "deal", "/order_no" },
  after_failure = "supersede",
  steward       = "order-desk",
  run           = function(ctx, e) deals.tell(ctx, e.data) end,
}

-- The desk sees the last order on the customer's organization, so orders of one customer take turns.
flow "status-to-desk" {
  on            = told,
  order         = { "organization", "/account_no" },
  after_failure = "pass",
  steward       = "order-desk",
  run           = function(ctx, e) ctx.support:put("order_status@1", e.data) end,
}

-- While finance looks at it, there is no order in the ERP whose status could be told.
flow "held-to-salesforce" {
  on            = "order.held@1",
  order         = { "deal", "/order_no" },
  after_failure = "supersede",
  steward       = "order-desk",
  run           = function(ctx, e)
    deals.tell(ctx, { order_no = e.data.order_no, account_no = e.data.customer.account_no, status = "on hold" })
  end,
}
