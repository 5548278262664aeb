-- What is passed on.
local function passed_on(name, key, owner)
  entity(name .. "@1") { contract = "contracts/" .. name .. ".v1.json", key = key, steward = "contracts", owner = owner }
end

passed_on("contract",         "contract_no", "salesforce")
passed_on("renewal",          "renewal_no", "salesforce")    -- the opportunity that asks for it, and its answer
passed_on("renewal_status",   "contract_no", "erp")          -- how far it is: shown on the contract
passed_on("entitlement",      "entitlement_no", "salesforce")
passed_on("revenue_schedule", "contract_no", "erp")
