-- The support desk is Request Tracker. lib/desk.lua has its fields.
local desk = require "desk"

system "rt" {
  kind      = "support",
  connector = "rt@1",
  url       = setting "rt.url",
  auth      = { kind = "token", token = secret "rt.token" },
  webhook_secret = secret "rt.webhook_secret",
  limits    = { concurrent = 2 },
  changes   = { ticket = { poll = "30s" } },
}

-- A case without its context, and a case about something broken.
local function case_event(name, when)
  event(name) {
    contract = "contracts/support_case.v1.json", key = "case_no", steward = "support-desk",
    from = "support.ticket", when = when, map = "support_case@1 <- support.ticket",
  }
end
case_event("case.opened@1", desk.needs_context)
case_event("case.defect@1", desk.is_defect)

map "support_case@1 <- support.ticket" {
  case_no    = as.integer("id", { required = true }),
  order_no   = desk.field "order_no",
  kind       = desk.field "kind",
  product_no = desk.field "product_no",
  quantity   = function(ticket) return tonumber(desk.field "quantity" (ticket) or 1) end,
  status     = as.enum("Status", { new = "new", open = "open", waiting = "stalled", solved = { "resolved", "rejected", "deleted" } }),
  subject    = as.text("Subject", { most = 120 }),
  opened_at  = as.timestamp("Created", { required = true }),
}

map "support.ticket <- case_context@1" {
  id           = as.key "case_no",
  CustomFields = function(case)
    return desk.fields { context_of = case.order_no, order_status = case.order_status, shipment_no = case.shipment_no, invoice_no = case.invoice_no }
  end,
}

map "support.ticket <- case_outcome@1" {
  id           = as.key "case_no",
  Status       = as.const "resolved",                       -- a reply opens a ticket again, so this comes last
  CustomFields = function(case)
    return desk.fields { outcome = case.outcome, return_no = case.return_no, credit_note_no = case.credit_note_no }
  end,
}
