-- Contracts, renewals and support as Salesforce is told. Accounts are found by their number, no ids are needed.

-- Made as a draft: a contract cannot be created as activated.
map "salesforce.Contract <- contract@1" {
  Contract_No__c  = as.key "contract_no",
  Series_No__c    = "series_no",
  Renews_No__c    = "previous_no",
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
  Renewal_Note__c   = as.text("note", { most = 255, cut = true }),
  Renewed_By__c     = "renewed_by",
}

map "salesforce.Opportunity <- renewal@1" {
  Renewal_No__c   = as.key "renewal_no",
  Contract_No__c  = "contract_no",
  Account         = { Account_No__c = "account_no" },
  Name            = as.text("name", { most = 120, cut = true }),
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
  price       = as.decimal "Amount",
}

map "salesforce.Entitlement <- entitlement@1" {
  Entitlement_No__c = as.key "entitlement_no",
  Account           = { Account_No__c = "account_no" },
  Name              = function(entitlement) return "Support of " .. entitlement.account_no end,
  EndDate           = "ends_on",
}
