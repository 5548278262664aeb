-- The steps of a renewal that are more than one call.
local letters, terms = require "letters", require "terms"

local renewal = {}

local function numbers(contract) return "R-" .. contract.contract_no, "Q-" .. contract.contract_no end

local over = { renewed = true, closed = true }

-- An opportunity and its quote; true, and nothing, when the contract is settled: what began this may be an old message.
-- A quote keeps the opportunity it was made for, so it is created, then written.
function renewal.quote(ctx, contract)
  local now = ctx.salesforce:get_by { object = "Contract", field = "Contract_No__c", value = contract.contract_no }
  if not now or over[now.Renewal_Status__c] then return true end
  local renewal_no, quote_no = numbers(contract)
  local price                = terms.price(contract)
  ctx.salesforce:put("renewal@1", {
    renewal_no = renewal_no, contract_no = contract.contract_no, account_no = contract.account_no, price = price, currency = contract.currency,
    name       = ("Renewal of %s, %s"):format(contract.contract_no, contract.account_name), close_on = contract.ends_on, company_code = contract.company_code,
  })
  ctx.salesforce:create({ object = "Quote", match = { field = "Quote_No__c", value = quote_no }, record = {
    Quote_No__c = quote_no, Name = "Quote for the renewal of " .. contract.contract_no, Opportunity = { Renewal_No__c = renewal_no },
  } }, { once = "quote:" .. quote_no })
  ctx.salesforce:upsert { object = "Quote", field = "Quote_No__c", value = quote_no, record = {
    Status = "Presented", ExpirationDate = contract.ends_on, Total__c = price,
  } }
  ctx.salesforce:put("renewal_status@1", { contract_no = contract.contract_no, status = "quoted", note = ("%s %s"):format(price, contract.currency) })
end

-- The next contract with its revenue in the ERP, in Salesforce (where it will be renewed in its turn), and support as long.
function renewal.renew(ctx, contract, answer)
  local following = terms.next(contract, answer.price or terms.price(contract))
  local no        = following.contract_no
  ctx.erp:put("contract@1", following, { undo = function() ctx.erp:delete { object = "Contracts", key = no } end })
  ctx.erp:put("revenue_schedule@1", terms.schedule(following), { undo = function() ctx.erp:delete { object = "RevenueSchedules", key = no } end })
  ctx.salesforce:put("contract@1", following)
  ctx:keep()
  ctx.salesforce:upsert { object = "Contract", field = "Contract_No__c", value = no, record = { Status = "Activated" } }
  ctx.salesforce:put("entitlement@1", { entitlement_no = "E-" .. contract.account_no, account_no = contract.account_no, ends_on = following.ends_on })
  ctx.salesforce:put("renewal_status@1", { contract_no = contract.contract_no, status = "renewed", note = "until " .. following.ends_on, renewed_by = no })
  ctx:emit("contract.renewed@1", following)
end

function renewal.close(ctx, contract, why)
  ctx.salesforce:put("renewal_status@1", { contract_no = contract.contract_no, status = "closed", note = why })
  letters.case(ctx, contract, "not renewed", ("It ends on %s: %s. Support ends with it."):format(contract.ends_on, why))
  ctx:emit("contract.ended@1", contract)
end

return renewal
