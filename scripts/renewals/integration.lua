-- A contract is renewed in time, or closed in time. README.md shows the way.
integration "renewals" { steward = "contracts" }

steward "contracts" { mail = "contracts@acme.example", due = "1d", escalate = "it-ops" }
steward "it-ops"    { mail = "it-ops@acme.example", due = "1d" }

system "salesforce" {
  connector = "salesforce@1",
  url       = setting "salesforce.url",
  auth      = { kind = "oauth2_jwt", client_id = secret "salesforce.client_id", key = secret "salesforce.key", user = setting "salesforce.user" },
  limits    = { concurrent = 10, per_second = 50, per_day = 90000, keep_for_live = "30%" },
  changes   = {
    Contract    = {
      poll   = "30s",
      since  = "all",                                       -- contracts that were there before Tidelock end too
      fields = {
        "Contract_No__c", "Series_No__c", "Renews_No__c", "Status", "StartDate", "EndDate", "Yearly_Value__c", "Currency__c", "Company_Code__c", "Renewal_Mail__c",
        "Renewal_Status__c", "Account.Account_No__c", "Account.Name",
      },
    },
    Opportunity = { poll = "30s", where = "Renewal_No__c != null", fields = { "Renewal_No__c", "Contract_No__c", "StageName", "Amount" } },
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

system "mail" {
  connector = "mail@1",
  url       = setting "mail.server",                        -- smtp://host:587 with STARTTLS, smtps://host:465
  from      = "contracts@acme.example", from_name = "Acme contracts",
  auth      = { kind = "basic", user = secret "mail.user", password = secret "mail.password" },
  limits    = { per_second = 5 },
}
