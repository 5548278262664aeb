-- An order comes in, is mapped, and is written with whatever else waits, in one call.
integration "bench-deliver-batch" { steward = "nobody" }
steward "nobody" {}

system "shop" { connector = "webhook@1", scheme = "none", type = "Order", key = "/number", dedupe = "/number" }
system "crm"  { connector = "salesforce@1", url = setting "crm.url", auth = { kind = "token", token = "bench" } }

entity "order@1" { contract = "contracts/order.json", key = "number", steward = "nobody", owner = "shop" }
event "order.placed@1" { contract = "contracts/order.json", key = "number", steward = "nobody", from = "shop.Order" }
