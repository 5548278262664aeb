-- The order itself: found by its number, so a repeat changes nothing and a corrected deal corrects the order while the ERP allows it.
local erps, parts = require "erps", require "parts"

local over = { cancelled = true, refused = true }

local function tell(ctx, event, order, status, reason)
  ctx:emit(event, { order_no = order.order_no, account_no = order.customer.account_no, customer_name = order.customer.name, status = status, reason = reason })
end

-- The ERP does not change it any more: does a person?
local function too_late(ctx, order, state)
  return ctx:decide {
    "try again", "leave it", due = "1d",
    about = ("order %s was corrected, but the ERP has it as %s and changes it no more"):format(order.order_no, state.called),
    show  = { corrected = order.lines, total = order.total, currency = order.currency, in_the_erp = state.lines },
  }.answer == "leave it"
end

flow "order" {
  on      = "order.released@1",
  one_per = "order_no", again = "restart",
  steward = "order-desk",
  run     = function(ctx, e)
    local order = e.data
    local erp   = erps.of(order.company_code)
    while true do
      local state = erp.state(ctx.erp, order.order_no)
      if state and over[state.status] then
        return tell(ctx, "order.rejected@1", order, state.status,
          ("the ERP has an order %s that is %s: give the deal a new order number and empty its status"):format(order.order_no, state.status))
      end
      if not state or state.open then
        local _, failed = ctx:try(function() erp.place(ctx.erp, order, state) end)
        if not failed then return end
        if failed.class ~= "conflict" then error(failed) end
        -- It moved on in that very moment, or something else is in the way.
        state = erp.state(ctx.erp, order.order_no)
        if not state or state.open then error(failed) end
      end
      if parts.same_lines(order.lines, state.lines) then return tell(ctx, "order.stands@1", order, state.status) end
      if too_late(ctx, order, state) then
        return tell(ctx, "order.stands@1", order, state.status, "corrected too late: the order stands as it was")
      end
    end
  end,
}
