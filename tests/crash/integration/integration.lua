-- What the crash, backlog and end-to-end runs load: numbered changes of orders come in by webhook and go to two platforms.
integration "crash" { steward = "nobody" }
steward "nobody" {}

-- The source of numbered changes; `probe` is a second one that only the support desk hears of (tests/crash/backlog.mjs).
system "shop"  { connector = "webhook@1", scheme = "none", type = "Order", key = "/order_no", dedupe = "/id" }
system "probe" { connector = "webhook@1", scheme = "none", type = "Order", key = "/order_no", dedupe = "/id" }

system "erp" {
  connector = "odata@1",
  url       = setting "erp.url",
  auth      = { kind = "basic", user = "sync", password = secret "erp.password" },
  retry     = { first = "20ms", cap = "200ms", attempts = 50 },
  breaker   = { failures = 10, within = "10s", probe_after = "200ms" },
}
system "desk" {
  connector = "zendesk@1",
  url       = setting "desk.url",
  auth      = { kind = "basic", user = "agent@sandbox.test", token = secret "desk.token" },
  retry     = { first = "20ms", cap = "200ms", attempts = 50 },
  breaker   = { failures = 10, within = "10s", probe_after = "200ms" },
}

entity "change@1" { contract = "contracts/change.json", key = "order_no", steward = "nobody", owner = "shop" }

event "order.changed@1" { contract = "contracts/change.json", key = "order_no", steward = "nobody", from = "shop.Order" }
event "probe.changed@1" { contract = "contracts/change.json", key = "order_no", steward = "nobody", from = "probe.Order" }
