-- Everything about one order in its order, whichever flow it is for.
local order = { "order", "/no" }

flow "customer" { on = "customer.changed@1", steward = "order-desk", run = function(ctx, e) ctx.cap:put("customer@1", e.data) end }

flow "order" { on = "order.changed@1", order = order, steward = "order-desk", run = function(ctx, e) ctx.cap:put("order@1", e.data) end }

-- Only while the order is still what its author saw.
flow "amend" {
  on = "order.amended@1", order = order, steward = "order-desk",
  run = function(ctx, e)
    ctx.cap:update { object = "Orders", key = e.data.no, version = e.data.version, record = { note = e.data.note } }
  end,
}

flow "remove" {
  on = "order.removed@1", order = order, steward = "order-desk",
  run = function(ctx, e) ctx.cap:delete { object = "Orders", key = e.data.no } end,
}

flow "release" {
  on = "order.released@1", order = order, steward = "order-desk",
  run = function(ctx, e) ctx.cap:confirm { no = e.data.no } end,
}

flow "turnover" {
  on = "order.confirmed@1", order = { "customer", "/customer" }, steward = "order-desk",
  run = function(ctx, e) ctx.cap:put("turnover@1", e.data) end,
}

-- Reads everything that can be read, and shows it to the steward.
flow "look" {
  on = "order.asked@1", order = order, steward = "order-desk",
  run = function(ctx, e)
    local order = ctx.cap:get { object = "Orders", key = e.data.no, expand = "items($orderby=pos)" }
    local none  = ctx.cap:get { object = "Orders", key = "none of these" }
    local named = ctx.cap:find { object = "Orders", field = "note", value = order.note }
    local like  = "startswith(no,'" .. e.data.like .. "')"
    local all   = ctx.cap:query { object = "Orders", filter = like, orderby = "no", select = "no" }
    local count = ctx.cap:count { object = "Orders", filter = like }
    local buyer = ctx.cap:related { object = "Orders", key = e.data.no, property = "customer", select = "name" }
    ctx:park("seen", { order = order, missing = none == nil, named = #named.value, all = all, count = count, buyer = buyer })
  end,
}
