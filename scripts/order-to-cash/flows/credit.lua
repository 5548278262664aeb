-- A customer whom the ERP holds gets no order until finance has said so.
local erps = require "erps"

local over = { cancelled = true, refused = true }

flow "credit" {
  on      = "order.prepared@1",
  order   = { "order", "/order_no" },
  steward = "order-desk",
  run     = function(ctx, e)
    local order  = e.data
    local credit = erps.of(order.company_code).credit(ctx.erp, order.customer.account_no)
    ctx:emit(credit.on_hold and "order.held@1" or "order.released@1", order)
  end,
}

-- Finance releases or rejects it, or sales withdraw it meanwhile. A corrected deal asks anew.
flow "credit-hold" {
  on      = "order.held@1",
  one_per = "order_no", again = "restart",
  steward = "finance",
  run     = function(ctx, e)
    local order  = e.data
    local credit = erps.of(order.company_code).credit(ctx.erp, order.customer.account_no)
    local by, answer = ctx:first {
      finance = function()
        return ctx:decide {
          "release", "reject", about = "credit hold: " .. order.customer.name, due = "1d",
          show = { order_no = order.order_no, total = order.total, currency = order.currency, credit = credit },
        }
      end,
      sales   = function() return ctx:await { "order.withdrawn@1" } end,
    }
    if by == "finance" and answer.answer == "release" then return ctx:emit("order.released@1", order) end

    local state  = erps.of(order.company_code).state(ctx.erp, order.order_no)
    local placed = state and not over[state.status]
    if by == "sales" and placed then return end                          -- the flow cancellation takes it back
    local reason = by == "sales" and answer.data.reason or ("credit refused by %s: %s"):format(answer.by, answer.why or "no reason given")
    ctx:emit(placed and "order.stands@1" or "order.rejected@1", {
      order_no = order.order_no, account_no = order.customer.account_no, customer_name = order.customer.name,
      status   = placed and state.status or by == "sales" and "cancelled" or "refused",
      reason   = placed and "the correction was not taken over: " .. reason or reason,
    })
  end,
}
