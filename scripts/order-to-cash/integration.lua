-- A won deal becomes an ERP order and is known at the support desk. README.md shows the whole way.
integration "order-to-cash" { steward = "order-desk" }

steward "order-desk" { mail = "order-desk@acme.example", due = "4h", escalate = "it-ops" }
steward "finance"    { mail = "finance@acme.example", due = "1d", escalate = "order-desk" }
steward "it-ops"     { mail = "it-ops@acme.example", due = "1d" }

system "salesforce" {
  connector   = "salesforce@1",
  url         = setting "salesforce.url",
  auth        = { kind = "oauth2_jwt", client_id = secret "salesforce.client_id", key = secret "salesforce.key", user = setting "salesforce.user" },
  limits      = { concurrent = 10, per_second = 50, per_day = 90000, keep_for_live = "30%" },
  retry       = { first = "500ms", cap = "10m", attempts = 8 },
  breaker     = { failures = 5, within = "30s", probe_after = "20s" },
  changes     = {
    Opportunity = {
      poll   = "10s",
      fields = {
        "Name", "StageName", "CloseDate", "Amount", "Currency__c", "Company_Code__c", "Order_No__c", "Order_Status__c", "Order_Taken__c",
        "Account.Account_No__c", "Account.Name", "Account.Vat_Id__c", "Account.BillingStreet", "Account.BillingCity",
        "Account.BillingPostalCode", "Account.BillingCountry",
        "(SELECT SortOrder, ProductCode, Description, Quantity, UnitPrice, TotalPrice FROM OpportunityLineItems ORDER BY SortOrder)",
      },
    },
  },
}

system "erp_de" {
  kind        = "erp",
  connector   = "odata@1",
  url         = setting "erp_de.url",
  auth        = { kind = "basic", user = secret "erp_de.user", password = secret "erp_de.password" },
  operations  = "systems/erp_de.json",                       -- adds ctx.erp:credit_status, cancel_order
  limits      = { concurrent = 8, per_second = 40 },
  maintenance = { "Sun 02:00-06:00 Europe/Berlin" },
  changes     = {
    SalesOrders = { poll = "10s", modified = "ModifiedAt", expand = "Customer,Deliveries,Invoices" },
  },
}

system "zendesk" {
  kind      = "support",
  connector = "zendesk@1",
  url       = setting "zendesk.url",
  auth      = { kind = "basic", user = setting "zendesk.mail", token = secret "zendesk.token" },   -- an API token
  webhook_secret = secret "zendesk.webhook_secret",
  limits    = { concurrent = 5, per_second = 10 },
}
