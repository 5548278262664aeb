-- A contract as Salesforce tells it; lib/late.lua reads one with it too. How many digits its price may have, its currency says.
return map "contract@1 <- salesforce.Contract" {
  contract_no  = as.text("Contract_No__c", { required = true }),
  series_no    = "Series_No__c",
  previous_no  = "Renews_No__c",
  account_no   = as.text("Account.Account_No__c", { required = true }),
  account_name = as.text("Account.Name", { required = true }),
  company_code = "Company_Code__c",
  starts_on    = as.date "StartDate",
  ends_on      = as.date("EndDate", { required = true }),
  yearly_value = as.decimal("Yearly_Value__c", { required = true }),
  currency     = as.text("Currency__c", { default = "EUR" }),
  mail         = "Renewal_Mail__c",
}
