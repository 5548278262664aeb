-- A contract that runs, each time it is changed. Its run takes what matters; our own answer (Renewal_Status__c) ends it.
local terms = require "terms"

event "contract.changed@1" {
  contract = "contracts/contract.v1.json", key = "contract_no", steward = "contracts",
  from     = "salesforce.Contract",
  when     = function(new) return new.Status == "Activated" and new.Contract_No__c and new.EndDate and not terms.over[new.Renewal_Status__c] end,
  map      = "contract@1 <- salesforce.Contract",
}

-- Sales close it on the contract, for whatever reason.
event "contract.closed@1" {
  contract = "contracts/contract.v1.json", key = "contract_no", steward = "contracts",
  from     = "salesforce.Contract",
  when     = function(new) return new.Contract_No__c and new.EndDate and new.Renewal_Status__c == "closed" end,
  map      = "contract@1 <- salesforce.Contract",
}

-- The customer has answered, in time or not: sales win or lose the renewal.
local function answer(name, stage)
  event(name) {
    contract = "contracts/renewal.v1.json", key = "contract_no", steward = "contracts",
    from     = "salesforce.Opportunity",
    when     = function(new) return new.Renewal_No__c and new.Contract_No__c and new.StageName == stage end,
    map      = "renewal@1 <- salesforce.Opportunity",
  }
end
answer("renewal.signed@1",   "Closed Won")
answer("renewal.declined@1", "Closed Lost")

-- What came of it.
event "contract.renewed@1" { contract = "contracts/contract.v1.json", key = "contract_no", steward = "contracts" }
event "contract.ended@1"   { contract = "contracts/contract.v1.json", key = "contract_no", steward = "contracts" }
