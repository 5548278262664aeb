local sales = require "sales"

-- The customer first, and once: Tryton replaces a list as a whole, so a second writing would take the address from a sale that is being made.
flow "customer" {
  on = "order.won@1", order = { "customer", "/customer/account_no" }, steward = "order-desk",
  run = function(ctx, e)
    local customer = e.data.customer
    local known = ctx.erp:find { object = "party.party", field = "code", value = customer.account_no }
    if #known == 0 then ctx.erp:put("customer@1", customer) end
    ctx:emit("order.prepared@1", e.data)
  end,
}

-- From there to the paid invoice. What must not happen twice has a name of the business.
flow "order-to-cash" {
  on = "order.prepared@1", one_per = "order_no", again = "ignore", steward = "order-desk",
  run = function(ctx, e)
    local order, no = e.data, e.data.order_no
    ctx.erp:sale_create({ sale = sales.record(order) }, { once = "sale:" .. no })
    ctx.support:create({ object = "ticket", key = { CaseNo = no }, record = { Subject = "Order " .. no .. ": " .. order.title } }, { once = "ticket:" .. no })
    ctx.erp:sale_quote { reference = no }
    ctx.erp:sale_confirm { reference = no }
    local sale = ctx.erp:sale_process { reference = no }   -- Tryton does that by itself, but not what it was killed before
    for _, shipment in ipairs(sale.shipments) do ctx.erp:ship { shipment = shipment.id } end
    local invoice = sale.invoices[1].id
    ctx.erp:invoice_post { invoice = invoice }
    ctx.erp:invoice_pay({ invoice = invoice, reference = "payment of " .. no }, { once = "payment:" .. no })
  end,
}

-- What Tryton says about invoices, where sales and the desk look.
flow "status-to-salesforce" {
  on = "invoice.changed@1", order = { "deal", "/order_no" }, steward = "order-desk",
  run = function(ctx, e) ctx.salesforce:put("order_status@1", e.data) end,
}
flow "status-to-desk" {
  on = "invoice.changed@1", order = { "ticket", "/order_no" }, steward = "order-desk",
  run = function(ctx, e) ctx.support:put("order_status@1", e.data) end,
}
