-- A deal that is withdrawn takes its order back: in the ERP, as long as nothing has left the house. That it is cancelled
-- is then told like any other status.
local erps = require "erps"

-- Nothing to cancel; and what a person has to settle with the customer.
local over     = { cancelled = true, refused = true }
local too_late = { processing = true, shipped = true, invoiced = true, paid = true }

flow "cancellation" {
  on      = "order.withdrawn@1",
  one_per = "order_no", again = "ignore",
  steward = "order-desk",
  run     = function(ctx, e)
    local order, no = e.data, e.data.order_no
    local erp       = erps.of(order.company_code)
    local status    = erp.status(ctx.erp, no)
    if not status then
      -- It may be on its way: behind a maintenance window, a parked customer, finance.
      local ev = ctx:await { "order.placed@1", "order.accepted@1", "backorder.noted@1", "order.rejected@1", within = "14d" }
      if not ev or ev.type == "order.rejected@1" then return end
      status = erp.status(ctx.erp, no)
    end
    while too_late[status] do
      ctx:park(("order %s was withdrawn, but the ERP has it as %s and does not cancel it: take the goods back, cancel there what is left and retry; or discard this")
        :format(no, status), { order_no = no, status = status, reason = order.reason })
      status = erp.status(ctx.erp, no)
    end
    if status and not over[status] then erp.cancel(ctx.erp, no, order.reason) end
  end,
}
