-- What tests/real/cap.test.mjs runs: orders and customers come in by webhook and go to SAP's CAP server; what happens to orders
-- there is seen by polling and noted on their customers, so a decimal goes both ways.
integration "real-cap" { steward = "order-desk" }
steward "order-desk" {}

system "shop" { connector = "webhook@1", scheme = "none", type_at = "/type", key = "/no", dedupe = "/id" }

system "cap" {
  connector  = "odata@1",
  url        = setting "cap.url",
  auth       = { kind = "basic", user = "sync", password = secret "cap.password" },
  operations = "systems/cap.json",
  retry      = { first = "20ms", cap = "100ms", attempts = 3 },
  breaker    = { failures = 10, within = "10s", probe_after = "200ms" },
  changes    = { Orders = { poll = "100ms", modified = "modifiedAt", expand = "items", since = "all" } },
}

local function told(name, kind)
  event(name) { contract = "contracts/message.json", key = "no", steward = "order-desk", from = "shop." .. kind }
end
told("customer.changed@1", "Customer")
told("order.changed@1", "Order")
told("order.amended@1", "Amendment")
told("order.released@1", "Release")
told("order.removed@1", "Removal")
told("order.asked@1", "Question")

entity "customer@1" { contract = "contracts/message.json", key = "no", steward = "order-desk", owner = "shop" }
entity "order@1"    { contract = "contracts/message.json", key = "no", steward = "order-desk", owner = "shop" }
entity "turnover@1" { contract = "contracts/turnover.json", key = "customer", steward = "order-desk", owner = "cap" }

event "order.confirmed@1" {
  contract = "contracts/turnover.json", key = "order_no", steward = "order-desk",
  from     = "cap.Orders",
  when     = function(new) return new.status == "confirmed" and new.customer_ID ~= nil end,
  map      = "turnover@1 <- cap.Orders",
}
