-- Contracts, renewals and support as Salesforce has them. Accounts are found by their number, no ids are needed.
map "contract@1 <- salesforce.Contract" {
  contract_no  = as.text("Contract_No__c", { required = true }),
  account_no   = as.text("Account.Account_No__c", { required = true }),
  account_name = as.text("Account.Name", { required = true }),
  company_code = "Company_Code__c",
  starts_on    = as.date "StartDate",
  ends_on      = as.date("EndDate", { required = true }),
  yearly_value = as.decimal("Yearly_Value__c", { required = true, scale = 2 }),
  currency     = as.text("Currency__c", { default = "EUR" }),
  mail         = "Renewal_Mail__c",
}

-- Made as a draft: a contract cannot be created as activated.
map "salesforce.Contract <- contract@1" {
  Contract_No__c  = as.key "contract_no",
  Account         = { Account_No__c = "account_no" },
  Company_Code__c = "company_code",
  StartDate       = "starts_on",
  EndDate         = "ends_on",
  ContractTerm    = as.const(12),
  Yearly_Value__c = "yearly_value",
  Currency__c     = "currency",
  Renewal_Mail__c = "mail",
  Status          = as.const "Draft",
}

map "salesforce.Contract <- renewal_status@1" {
  Contract_No__c    = as.key "contract_no",
  Renewal_Status__c = "status",
  Renewal_Note__c   = as.text("note", { most = 255 }),
  Renewed_By__c     = "renewed_by",
}

map "salesforce.Opportunity <- renewal@1" {
  Renewal_No__c   = as.key "renewal_no",
  Contract_No__c  = "contract_no",
  Account         = { Account_No__c = "account_no" },
  Name            = as.text("name", { most = 120 }),
  Type            = as.const "Existing Business",
  StageName       = as.const "Proposal/Price Quote",
  CloseDate       = "close_on",
  Amount          = "price",
  Currency__c     = "currency",
  Company_Code__c = "company_code",
}

map "renewal@1 <- salesforce.Opportunity" {
  renewal_no  = as.text("Renewal_No__c", { required = true }),
  contract_no = as.text("Contract_No__c", { required = true }),
  price       = as.decimal("Amount", { scale = 2 }),
}

map "salesforce.Entitlement <- entitlement@1" {
  Entitlement_No__c = as.key "entitlement_no",
  Account           = { Account_No__c = "account_no" },
  Name              = function(entitlement) return "Support of " .. entitlement.account_no end,
  EndDate           = "ends_on",
}
