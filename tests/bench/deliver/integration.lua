-- An order comes in, is mapped, and is written with one call.
integration "bench-deliver" { steward = "nobody" }
steward "nobody" {}

system "shop" { connector = "webhook@1", scheme = "none", type = "Order", key = "/number", dedupe = "/number" }
system "erp"  { connector = "odata@1", url = setting "erp.url", auth = { kind = "none" } }

entity "order@1" { contract = "contracts/order.json", key = "number", steward = "nobody", owner = "shop" }
event "order.placed@1" { contract = "contracts/order.json", key = "number", steward = "nobody", from = "shop.Order" }
