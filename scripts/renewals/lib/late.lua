-- A signature when no run waits for it: its contract is closed, or nobody watched it. Whether it still counts, a person decides.
local renewal      = require "renewal"
local contract_map = require "maps.contract"

local late = {}

-- The contract as Salesforce has it now, and how far it is there.
local function read(ctx, contract_no)
  local record = ctx.salesforce:get_by { object = "Contract", field = "Contract_No__c", value = contract_no }
  while not record do
    ctx:park(("a renewal of %s is signed, and Salesforce has no contract of that number: correct the opportunity's Contract_No__c or make the contract, then retry")
      :format(contract_no))
    record = ctx.salesforce:get_by { object = "Contract", field = "Contract_No__c", value = contract_no }
  end
  record.Account = ctx.salesforce:get { object = "Account", id = record.AccountId }
  return contract_map(record), record.Renewal_Status__c, record.Renewal_Note__c
end

function late.signed(ctx, answer)
  local contract, status, note = read(ctx, answer.contract_no)
  if status == "renewed" or status == "refused" then return end      -- told once more
  local said = ctx:decide {
    "renew", "refuse", about = ("%s is signed, but %s is %s"):format(answer.renewal_no, contract.contract_no, status == "closed" and "closed" or "not watched"),
    show = { contract_no = contract.contract_no, account_name = contract.account_name, ended_on = contract.ends_on, price = answer.price, note = note }, due = "2d",
  }
  contract, status = read(ctx, answer.contract_no)
  if status == "renewed" then return end
  if said.answer == "renew" then return renewal.renew(ctx, contract, answer) end
  ctx.salesforce:put("renewal_status@1", {
    contract_no = contract.contract_no, status = "refused", note = ("signed too late, refused by %s: %s"):format(said.by, said.why or "no reason given"),
  })
end

return late
