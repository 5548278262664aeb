-- An account of Salesforce, and what it is told.
map "new_customer@1 <- salesforce.Account" {
  crm_id       = as.text("Id", { required = true }),
  name         = as.text("Name", { required = true, trim = true }),
  vat_id       = as.text("Vat_Id__c", { trim = true, upper = true }),
  company_code = "Company_Code__c",
  street       = "BillingStreet",
  city         = "BillingCity",
  postal_code  = "BillingPostalCode",
  country      = as.enum("BillingCountry", { DE = { "Germany", "Deutschland" }, AT = "Austria", CH = "Switzerland", NL = "Netherlands", FR = "France" }),
  currency     = as.const "EUR",
  credit_limit = as.decimal("Credit_Limit__c", { scale = 2 }),
  support_tier = "Support_Tier__c",
}

map "salesforce.Account <- onboarding@1" {
  Id                   = as.key "crm_id",
  Onboarding_Status__c = "status",
  Onboarding_Note__c   = as.text("note", { most = 255, cut = true }),
  Account_No__c        = "account_no",
}

map "salesforce.Entitlement <- entitlement@1" {
  Entitlement_No__c = as.key "entitlement_no",
  Account           = { Account_No__c = "account_no" },      -- found by its number, no id is needed
  Name              = "name",
  Type              = "tier",
  StartDate         = "starts_on",
  EndDate           = "ends_on",
}
