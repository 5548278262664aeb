flow "order" { on = "order.placed@1", steward = "nobody", run = function(ctx, e) ctx.crm:put("order@1", e.data) end }
