-- The second ERP: Tryton keeps the books of company 2000. What it tells about its sales, shipments and invoices.
system "erp_us" {
  kind         = "erp",
  connector    = "tryton@1",
  url          = setting "erp_us.url",                      -- https://erp.acme.example/acme: server and database
  auth         = { kind = "session", user = secret "erp_us.user", password = secret "erp_us.password" },
  payment_term = "30 days",
  limits       = { concurrent = 4 },
  changes      = {                                          -- each is only a hint: flows/erp_us.lua reads the sale
    ["sale.sale"] = {
      poll = "10s", fields = { "reference" }, filter = { { "state", "!=", "draft" }, { "reference", "!=", null } },
    },
    ["account.invoice"] = {
      poll = "10s", fields = { "sales.reference" }, filter = { { "state", "in", { "posted", "paid" } }, { "sales.reference", "!=", null } },
    },
    ["stock.shipment.out"] = {                              -- a part of an order leaves: the sale is not stamped then
      poll = "10s", fields = { "outgoing_moves.sale.reference" }, filter = { { "state", "=", "done" } },
    },
  },
}

-- Every event about an order says whose it is; a run keeps to what was picked when it began.
route "erp" { by = "company_code", to = { ["1000"] = "erp_de", ["2000"] = "erp_us" }, otherwise = "park" }

entity "order_hint@1" {
  contract = "contracts/order_hint.v1.json", key = "order_nos", steward = "order-desk", owner = "erp",
}

local hints = require "erp_us_hints"

local function told(name, object)
  event(name) {
    contract = "contracts/order_hint.v1.json", steward = "order-desk",
    key  = function(hint) return hint.order_nos[1] end,
    from = "erp_us." .. object, when = function(new) return hints.orders(new)[1] ~= nil end, map = "order_hint@1 <- erp_us." .. object,
  }
end
told("sale.changed@2",     "sale.sale")
told("invoice.changed@2",  "account.invoice")
told("shipment.changed@1", "stock.shipment.out")

event "order.touched@1" { contract = "contracts/order_touched.v1.json", key = "order_no", steward = "order-desk" }
