-- The second ERP: Tryton keeps the books of company 2000. What it tells about its sales and invoices.
system "erp_us" {
  kind         = "erp",
  connector    = "tryton@1",
  url          = setting "erp_us.url",                      -- https://erp.acme.example/acme: server and database
  auth         = { kind = "session", user = secret "erp_us.user", password = secret "erp_us.password" },
  payment_term = "30 days",
  limits       = { concurrent = 4 },
  changes      = {
    ["sale.sale"]       = {
      poll   = "10s",
      fields = { "reference", "party.code", "party.name", "state", "shipment_state", "shipments.number", "shipments.effective_date" },
      filter = { { "state", "!=", "draft" }, { "reference", "!=", null } },
    },
    ["account.invoice"] = {
      poll   = "10s",
      fields = { "number", "state", "total_amount", "currency.code", "party.code", "party.name", "sales.reference" },
      filter = { { "state", "in", { "posted", "paid" } }, { "sales.reference", "!=", null } },
    },
  },
}

-- Every event about an order says whose it is; a run keeps to what was picked when it began.
route "erp" { by = "company_code", to = { ["1000"] = "erp_de", ["2000"] = "erp_us" }, otherwise = "park" }

local function told(name, object)
  event(name) {
    contract = "contracts/order_status.v1.json", key = "order_no", steward = "order-desk",
    from = "erp_us." .. object, map = "order_status@1 <- erp_us." .. object,
  }
end
told("sale.changed@1",    "sale.sale")
told("invoice.changed@1", "account.invoice")
