flow "bill" {
  on = "order.placed@1", order = { "customer", "/customer/no" }, steward = "nobody",
  run = function(ctx, e)
    local order = e.data
    ctx.billing:put("customer@1", order.customer)
    ctx.billing:invoice({ customer = order.customer.no, total = order.total, text = order.order_no })
    if order.back then ctx.billing:credit({ customer = order.customer.no, total = order.back }, { once = "credit:" .. order.order_no }) end
  end,
}
flow "tell" {
  on = "customer.changed@1", steward = "nobody",
  run = function(ctx, e) ctx.ear:store{ path = "/" .. e.data.no, body = e.data } end,
}
