-- What Tryton tells goes on as the same events that the first ERP's orders have. A hint says only that something has changed: the whole sale
-- is read, one order after the other in its own line, so that no status is overtaken by an older one.
local status, order_status = require "erp_us_status", require "maps.erp_us_status"

-- An invoice or a shipment may be about several orders.
flow "erp-us-hint" {
  on      = { "sale.changed@2", "invoice.changed@2", "shipment.changed@1" },
  steward = "order-desk",
  run     = function(ctx, e)
    for _, no in ipairs(e.data.order_nos) do ctx:emit("order.touched@1", { order_no = no }) end
  end,
}

local named = {
  new = "order.placed@1", accepted = "order.accepted@1", backordered = "backorder.noted@1", shipped = "shipment.sent@1", invoiced = "invoice.issued@1",
  paid = "payment.received@1", cancelled = "order.cancelled@1",
}

flow "erp-us-status" {
  on      = "order.touched@1",
  steward = "order-desk",
  run     = function(ctx, e)
    local sale = status.read(ctx.erp_us, e.data.order_no)
    if not sale then return ctx:log("Tryton has no sale with this reference any more", e.data) end
    if status.is_credit(sale) then return ctx:log("a sale that only gives back is no order", e.data) end
    local told = order_status(sale)
    ctx:emit(named[told.status], told)
  end,
}
