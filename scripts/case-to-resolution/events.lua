-- Facts that do not depend on which desk or ERP there is; those that do are in maps/desk.lua and maps/erp.lua.

-- A customer asks for a return in the shop, without a case.
event "return.requested@1" {
  contract = "contracts/return.v1.json", key = "return_no", steward = "support-desk",
  from     = "shop.return",
  map      = "return@1 <- shop.return",
}
-- It may come back: the rules say so, or a person did.
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
