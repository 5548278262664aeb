-- What happens when a customer has changed. One effect a flow; customers wait only for their own earlier changes.
flow "customer-to-receiver" {
  on      = "customer.changed@1",
  steward = "me",
  ---@param ctx Ctx
  ---@param e Event.customer_changed_1
  run     = function(ctx, e)
    ctx.receiver:store { path = "customers/" .. e.data.customer_no, body = e.data }
  end,
}
