-- A customer whom the ERP holds gets no order until finance has released them; then the order desk retries.
flow "credit" {
  on      = "order.prepared@1",
  order   = { "order", "/order_no" },
  steward = "order-desk",
  run     = function(ctx, e)
    local order  = e.data
    local credit = ctx.erp:credit_status { account_no = order.customer.account_no }
    while credit.OnHold do
      ctx:park("credit hold: " .. order.customer.name .. " is held by finance", { order_no = order.order_no, credit = credit })
      credit = ctx.erp:credit_status { account_no = order.customer.account_no }
    end
    ctx:emit("order.released@1", order)
  end,
}
