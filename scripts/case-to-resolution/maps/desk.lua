-- The support desk is Zendesk. Whoever has another one replaces this file and lib/tickets.lua; variants/request-tracker has both.
local tickets = require "tickets"

system "zendesk" {
  kind      = "support",
  connector = "zendesk@1",
  url       = setting "zendesk.url",
  auth      = { kind = "basic", user = setting "zendesk.mail", token = secret "zendesk.token" },   -- an API token
  webhook_secret = secret "zendesk.webhook_secret",
  limits    = { concurrent = 5, per_second = 10 },
}

map "support_case@1 <- support.tickets" {
  case_no    = as.integer("id", { required = true }),
  order_no   = tickets.field "order_no",
  kind       = tickets.field "kind",
  product_no = tickets.field "product_no",
  quantity   = function(ticket) return tonumber(tickets.field "quantity" (ticket) or 1) end,
  status     = as.enum("status", { new = "new", open = "open", waiting = { "pending", "hold" }, solved = { "solved", "closed" } }),
  subject    = as.text("subject", { most = 120, cut = true }),
  opened_at  = as.timestamp("created_at", { required = true }),
}

map "support.tickets <- case_context@1" {
  id            = as.key "case_no",
  custom_fields = function(case)
    return tickets.fields { context_of = case.order_no, order_status = case.order_status,
                         shipment_no = case.shipment_no, invoice_no = case.invoice_no }
  end,
}

map "support.tickets <- case_outcome@1" {
  id            = as.key "case_no",
  status        = as.const "solved",
  custom_fields = function(case)
    return tickets.fields { outcome = case.outcome, return_no = case.return_no, credit_note_no = case.credit_note_no }
  end,
}
