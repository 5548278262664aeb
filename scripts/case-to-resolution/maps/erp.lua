-- The ERP is Tryton. Whoever has another one replaces this file, maps/order_history.lua and lib/erp.lua; variants/odata has them.
system "tryton" {
  kind         = "erp",
  connector    = "tryton@1",
  url          = setting "tryton.url",
  auth         = { kind = "session", user = secret "tryton.user", password = secret "tryton.password" },
  limits       = { concurrent = 4 },
  maintenance  = { "Sun 02:00-06:00 Europe/Berlin" },
  changes      = {
    ["stock.shipment.out.return"] = {
      poll   = "30s",
      fields = { "reference", "state", "effective_date" },
      filter = { { "reference", "like", "RA-%" }, { "state", "in", { "received", "done" } } },
    },
  },
}

-- The goods of a return are here.
event "return.arrived@1" {
  contract = "contracts/return_arrival.v1.json", key = "return_no", steward = "support-desk",
  from     = "erp.stock.shipment.out.return",
  map      = "return_arrival@1 <- erp.stock.shipment.out.return",
}

map "return_arrival@1 <- erp.stock.shipment.out.return" {
  return_no  = as.text("reference", { required = true }),
  arrived_on = as.date "effective_date",
}
