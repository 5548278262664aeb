-- What Tryton tells goes on as the same events that the first ERP's orders have.
local named = {
  accepted = "order.accepted@1", shipped = "shipment.sent@1", invoiced = "invoice.issued@1", paid = "payment.received@1", cancelled = "order.cancelled@1",
}

flow "erp-us-status" {
  on      = { "sale.changed@1", "invoice.changed@1" },
  order   = { "order", "/order_no" },
  steward = "order-desk",
  run     = function(ctx, e)
    if named[e.data.status] then ctx:emit(named[e.data.status], e.data) end
  end,
}
