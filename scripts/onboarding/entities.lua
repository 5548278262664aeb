-- What is passed on. Until the ERP has given a number, a customer is known by the account's id in Salesforce.
local function passed_on(name, key, owner)
  entity(name .. "@1") { contract = "contracts/" .. name .. ".v1.json", key = key, steward = "sales-ops", owner = owner }
end

passed_on("new_customer", "crm_id", "salesforce")
passed_on("credit_line",  "crm_id", "erp")
passed_on("onboarding",   "crm_id", "erp")                  -- how far it is, and the number: shown on the account
passed_on("customer",     "account_no", "salesforce")
passed_on("entitlement",  "entitlement_no", "salesforce")
