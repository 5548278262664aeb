-- A customer whom the ERP holds gets no order until finance has said so.
local erps = require "erps"

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

    ctx:emit("order.rejected@1", {
      order_no = order.order_no, account_no = order.customer.account_no, customer_name = order.customer.name,
      status   = by == "sales" and "cancelled" or "refused",
      reason   = by == "sales" and answer.data.reason or ("credit refused by %s: %s"):format(answer.by, answer.why or "no reason given"),
    })
  end,
}
