local sales = require "sales"

-- From the won deal to the paid invoice. What must not happen twice has a name of the business.
flow "order-to-cash" {
  on = "order.won@1", one_per = "order_no", again = "ignore", steward = "order-desk",
  run = function(ctx, e)
    local order, no = e.data, e.data.order_no
    ctx.erp:put("customer@1", order.customer)
    ctx.erp:sale_create({ sale = sales.record(order) }, { once = "sale:" .. no })
    ctx.support:create({ object = "ticket", key = { OrderNo = no }, record = { Subject = "Order " .. no .. ": " .. order.title } }, { once = "ticket:" .. no })
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

-- From the case to the credit note: a person resolves the ticket, which may take its time.
flow "case-to-resolution" {
  on = "case.opened@1", one_per = "case_no", again = "ignore", steward = "order-desk",
  run = function(ctx, e)
    local case, no = e.data, e.data.case_no
    local ticket = ctx.support:create({ object = "ticket", key = { CaseNo = no }, record = {
      Subject = case.subject, Content = case.subject, Requestor = array { case.mail }, CustomFields = { Products = case.product_no },
    } }, { once = "ticket:" .. no })
    ctx.support:link { ticket = ticket.id, kind = "RefersTo", to = "https://erp.acme.example/sale/" .. case.order_no }
    while not ctx:await { "case.resolved@1", within = "30d" } do ctx:park("not resolved after 30 days", { case_no = no }) end
    local sale = ctx.erp:sale_status { reference = case.order_no }
    local note = ctx.erp:credit_note({ invoice = sale.invoices[1].id, reference = "CN-" .. no,
      lines = array { { product = case.product_no, quantity = 1 } } }, { once = "credit:" .. no })
    local posted = ctx.erp:invoice_post { invoice = note.id }
    ctx.support:reply({ ticket = ticket.id, text = "You get " .. tostring(posted.total_amount) .. " back: " .. posted.number }, { once = "reply:" .. no })
    ctx.support:update { object = "ticket", id = ticket.id, record = { Status = "resolved" } }     -- a reply opens it again
    ctx.salesforce:put("case_status@1", { case_no = no, status = "Closed", credit_note = posted.number })
  end,
}
