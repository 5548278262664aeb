-- A prospect became a customer in Salesforce: the ERP, the support desk and Salesforce get to know them. README.md shows the way.
integration "onboarding" { steward = "sales-ops" }

steward "sales-ops" { mail = "sales-ops@acme.example", due = "4h", escalate = "it-ops" }
steward "finance"   { mail = "finance@acme.example", due = "1d", escalate = "sales-ops" }
steward "it-ops"    { mail = "it-ops@acme.example", due = "1d" }

system "salesforce" {
  connector = "salesforce@1",
  url       = setting "salesforce.url",
  auth      = { kind = "oauth2_jwt", client_id = secret "salesforce.client_id", key = secret "salesforce.key", user = setting "salesforce.user" },
  limits    = { concurrent = 10, per_second = 50, per_day = 90000, keep_for_live = "30%" },
  changes   = {
    Account = {
      poll   = "10s",
      fields = {
        "Name", "Type", "Account_No__c", "Vat_Id__c", "Company_Code__c", "Credit_Limit__c", "Support_Tier__c", "Onboarding_Status__c",
        "BillingStreet", "BillingCity", "BillingPostalCode", "BillingCountry",
      },
    },
  },
}

system "erp_de" {
  kind        = "erp",
  connector   = "odata@1",
  url         = setting "erp_de.url",
  auth        = { kind = "basic", user = secret "erp_de.user", password = secret "erp_de.password" },
  limits      = { concurrent = 8, per_second = 40 },
  maintenance = { "Sun 02:00-06:00 Europe/Berlin" },
}

system "zendesk" {
  kind      = "support",
  connector = "zendesk@1",
  url       = setting "zendesk.url",
  auth      = { kind = "basic", user = setting "zendesk.mail", token = secret "zendesk.token" },   -- an API token
  limits    = { concurrent = 5, per_second = 10 },
}
