-- The support desk is Request Tracker. lib/tickets.lua has its fields.
local tickets = require "tickets"

system "rt" {
  kind      = "support",
  connector = "rt@1",
  url       = setting "rt.url",
  auth      = { kind = "token", token = secret "rt.token" },
  webhook_secret = secret "rt.webhook_secret",
  limits    = { concurrent = 2 },
  changes   = { ticket = { poll = "30s" } },
}

map "support_case@1 <- support.ticket" {
  case_no    = as.integer("id", { required = true }),
  order_no   = tickets.field "order_no",
  kind       = tickets.field "kind",
  product_no = tickets.field "product_no",
  quantity   = function(ticket) return tonumber(tickets.field "quantity" (ticket) or 1) end,
  status     = as.enum("Status", { new = "new", open = "open", waiting = "stalled", solved = { "resolved", "rejected", "deleted" } }),
  subject    = as.text("Subject", { most = 120, cut = true }),
  opened_at  = as.timestamp("Created", { required = true }),
}

map "support.ticket <- case_context@1" {
  id           = as.key "case_no",
  CustomFields = function(case)
    return tickets.fields { context_of = case.order_no, order_status = case.order_status, shipment_no = case.shipment_no, invoice_no = case.invoice_no }
  end,
}

map "support.ticket <- case_outcome@1" {
  id           = as.key "case_no",
  Status       = as.const "resolved",                       -- a reply opens a ticket again, so this comes last
  CustomFields = function(case)
    return tickets.fields { outcome = case.outcome, return_no = case.return_no, credit_note_no = case.credit_note_no }
  end,
}
