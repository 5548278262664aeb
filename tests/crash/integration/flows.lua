flow "erp"  { on = "order.changed@1", steward = "nobody", run = function(ctx, e) ctx.erp:put("change@1", e.data) end }
flow "desk" { on = "order.changed@1", steward = "nobody", run = function(ctx, e) ctx.desk:put("change@1", e.data) end }
flow "probe" { on = "probe.changed@1", steward = "nobody", run = function(ctx, e) ctx.desk:put("change@1", e.data) end }
