-- The support desk is Zendesk. Whoever has another one replaces this file and lib/desk.lua; variants/request-tracker has both.
local desk = require "desk"

system "zendesk" {
  kind      = "support",
  connector = "zendesk@1",
  url       = setting "zendesk.url",
  auth      = { kind = "basic", user = setting "zendesk.mail", token = secret "zendesk.token" },   -- an API token
  webhook_secret = secret "zendesk.webhook_secret",
  limits    = { concurrent = 5, per_second = 10 },
}

-- A case without its context, and a case about something broken. The webhook only says "look there": the ticket is read.
local function case_event(name, when)
  event(name) {
    contract = "contracts/support_case.v1.json", key = "case_no", steward = "support-desk",
    from = "support.tickets", when = when, map = "support_case@1 <- support.tickets",
  }
end
case_event("case.opened@1", desk.needs_context)
case_event("case.defect@1", desk.is_defect)

map "support_case@1 <- support.tickets" {
  case_no    = as.integer("id", { required = true }),
  order_no   = desk.field "order_no",
  kind       = desk.field "kind",
  product_no = desk.field "product_no",
  quantity   = function(ticket) return tonumber(desk.field "quantity" (ticket) or 1) end,
  status     = as.enum("status", { new = "new", open = "open", waiting = { "pending", "hold" }, solved = { "solved", "closed" } }),
  subject    = as.text("subject", { most = 120 }),
  opened_at  = as.timestamp("created_at", { required = true }),
}

map "support.tickets <- case_context@1" {
  id            = as.key "case_no",
  custom_fields = function(case)
    return desk.fields { context_of = case.order_no, order_status = case.order_status,
                         shipment_no = case.shipment_no, invoice_no = case.invoice_no }
  end,
}

map "support.tickets <- case_outcome@1" {
  id            = as.key "case_no",
  status        = as.const "solved",
  custom_fields = function(case)
    return desk.fields { outcome = case.outcome, return_no = case.return_no, credit_note_no = case.credit_note_no }
  end,
}
