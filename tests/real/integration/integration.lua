-- What real.mjs plays beside scripts/case-to-resolution: Salesforce sells, Tryton is the ERP, Request Tracker the support desk. An order goes
-- all the way to its payment; the looks are short and the retries quick, because servers are killed on the way.
integration "real" { steward = "order-desk" }
steward "order-desk" {}

local quick   = { first = "200ms", cap = "2s", attempts = 20 }
local breaker = { failures = 5, within = "10s", probe_after = "500ms" }

system "salesforce" {
  connector = "salesforce@1",
  url       = setting "salesforce.url",
  auth      = { kind = "oauth2_jwt", client_id = "sandbox-client", key = secret "salesforce.key", user = "integration@sandbox.test" },
  retry     = quick, breaker = breaker,
  changes   = {
    Opportunity = {
      poll   = "500ms",
      fields = {
        "Name", "StageName", "CloseDate", "Order_No__c", "Order_Status__c", "Account.Account_No__c", "Account.Name", "Account.BillingStreet",
        "Account.BillingCity", "Account.BillingPostalCode",
        "(SELECT SortOrder, ProductCode, Quantity, UnitPrice FROM OpportunityLineItems ORDER BY SortOrder)",
      },
    },
  },
}

system "tryton" {
  kind      = "erp",
  connector = "tryton@1",
  url       = setting "tryton.url",
  auth      = { kind = "session", user = "sync", password = secret "tryton.password" },
  payment_term = "At once",
  limits    = { concurrent = 1 },                    -- it runs on SQLite here
  retry     = quick, breaker = breaker,
  changes   = {
    ["account.invoice"] = {
      poll   = "500ms",
      fields = { "number", "state", "total_amount", "amount_to_pay", "sales.reference" },
      filter = { { "state", "in", { "posted", "paid" } }, { "sales.reference", "like", "SO-%" } },
    },
  },
}

system "rt" {
  kind      = "support",
  connector = "rt@1",
  url       = setting "rt.url",
  auth      = { kind = "token", token = secret "rt.token" },
  queue     = "Support",
  limits    = { concurrent = 2 },
  retry     = quick, breaker = breaker,
}
