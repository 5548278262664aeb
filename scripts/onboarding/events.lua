-- Sales win a customer. Our own answer (Onboarding_Status__c) ends it, and so does a number: then they are known already.
local types = { ["Customer"] = true, ["Customer - Direct"] = true, ["Customer - Channel"] = true }

event "customer.won@1" {
  contract = "contracts/new_customer.v1.json", key = "crm_id", steward = "sales-ops",
  from     = "salesforce.Account",
  when     = function(new) return types[new.Type] and not new.Account_No__c and not new.Onboarding_Status__c end,
  map      = "new_customer@1 <- salesforce.Account",
}

-- More credit is asked than sales may promise.
event "credit.asked@1" { contract = "contracts/credit_request.v1.json", key = "crm_id", steward = "finance" }

-- Everybody knows them.
event "customer.onboarded@1" { contract = "contracts/customer.v1.json", key = "account_no", steward = "sales-ops" }
