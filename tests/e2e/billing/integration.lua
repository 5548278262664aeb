-- What the end-to-end tests of the connector `rest` load: orders of a shop are billed by a JSON API that no connector is
-- written for, and what changes there goes to a listener. systems/billing.json is all that Tidelock knows of that API.
integration "billing" { steward = "nobody" }
steward "nobody" {}

system "shop" { connector = "webhook@1", scheme = "none", type = "Order", key = "/order_no", dedupe = "/order_no" }
system "ear"  { connector = "webhook@1", url = setting "ear.url" }

system "billing" {
  connector  = "rest@1",
  operations = "systems/billing.json",
  url        = setting "billing.url",
  auth       = { kind = "token", token = secret "billing.key" },
  hook       = secret "billing.hook",
  page_size  = 2,
  retry      = { first = "20ms", cap = "200ms", attempts = 50 },
  breaker    = { failures = 10, within = "10s", probe_after = "200ms" },
  changes    = { customers = { poll = "200ms" } },
}

entity "customer@1" { contract = "contracts/customer.json", key = "no", steward = "nobody", owner = "shop" }

event "order.placed@1"     { contract = "contracts/order.json", key = "order_no", steward = "nobody", from = "shop.Order" }
event "customer.changed@1" { contract = "contracts/customer.json", key = "no", steward = "nobody", from = "billing.customers" }

map "billing.customers <- customer@1" { no = as.key "no", name = "name" }
