-- The facts, but for the arrival of a return: each ERP tells it in another way, so that one is in maps/erp.lua.
local desk, tickets = require "desk", require "tickets"

-- A case without its context, and a case about something broken. A webhook only says "look there": the ticket is read.
local function case_event(name, when)
  event(name) {
    contract = "contracts/support_case.v1.json", key = "case_no", steward = "support-desk",
    from     = "support." .. tickets.object,
    when     = when,
    map      = "support_case@1 <- support." .. tickets.object,
  }
end
case_event("case.opened@1", desk.needs_context)
case_event("case.defect@1", desk.is_defect)

-- A customer asks for a return in the shop, without a case.
event "return.requested@1" {
  contract = "contracts/return.v1.json", key = "return_no", steward = "support-desk",
  from     = "shop.return",
  map      = "return@1 <- shop.return",
}
-- It may come back: the rules say so, or a person did. Nobody tells it: lib/resolution.lua starts the flow "return" with what it holds.
event "return.approved@1" { contract = "contracts/return.v1.json", key = "return_no", steward = "support-desk" }

-- A month in which a service was less available than was promised.
event "service.missed@1" {
  contract = "contracts/service_level.v1.json", steward = "finance",
  key      = function(level) return level.contract_no .. "/" .. level.month end,
  from     = "monitor.level",
  map      = "service_level@1 <- monitor.level",
}

-- A claim has come to its end, with money or without: of a case, a return or a service level.
event "claim.settled@1" { contract = "contracts/claim.v1.json", key = "claim_no", steward = "support-desk" }
