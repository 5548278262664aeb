local sales = require "sales"

-- From the won deal to the paid invoice. What must not happen twice has a name of the business.
flow "order-to-cash" {
  on = "order.won@1", one_per = "order_no", again = "ignore", steward = "order-desk",
  run = function(ctx, e)
    local order, no = e.data, e.data.order_no
    ctx.erp:put("customer@1", order.customer)
    ctx.erp:sale_create({ sale = sales.record(order) }, { once = "sale:" .. no })
    ctx.support:create({ object = "ticket", key = { CaseNo = no }, record = { Subject = "Order " .. no .. ": " .. order.title } }, { once = "ticket:" .. no })
    ctx.erp:sale_quote { reference = no }
    local sale = ctx.erp:sale_confirm { reference = no }
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
