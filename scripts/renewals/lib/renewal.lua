-- The steps of a renewal that are more than one call.
local letters, terms = require "letters", require "terms"

local renewal = {}

local function numbers(contract) return "R-" .. contract.contract_no, "Q-" .. contract.contract_no end

local function contract_in_crm(ctx, contract_no)
  return ctx.salesforce:get_by { object = "Contract", field = "Contract_No__c", value = contract_no }
end

-- Settled, or gone, on the platform itself: what began or woke the run may be an old message.
function renewal.is_settled(ctx, contract)
  local now = contract_in_crm(ctx, contract.contract_no)
  return not now or terms.over[now.Renewal_Status__c] or false
end

-- An opportunity and its quote; true, and nothing, when the contract is settled. A quote keeps the opportunity it was made for, so
-- it is created, then written.
function renewal.quote(ctx, contract)
  if renewal.is_settled(ctx, contract) then return true end
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

-- What was agreed, or what was quoted. It is not rounded: a person corrects the opportunity.
local function agreed(ctx, contract, answer)
  local price = answer.price
  while price and not terms.is_money(price, contract.currency) do
    ctx:park(("%s was agreed for %s, which is no amount of %s: correct the amount of opportunity %s, then retry")
      :format(price, contract.contract_no, contract.currency, answer.renewal_no))
    local deal = ctx.salesforce:get_by { object = "Opportunity", field = "Renewal_No__c", value = answer.renewal_no }
    price      = deal and deal.Amount
  end
  return price or terms.price(contract)
end

-- Is the next contract in the ERP already? A number that another contract has, here or there, is not written over.
local function is_begun(ctx, following)
  while true do
    local here  = contract_in_crm(ctx, following.contract_no)
    local there = ctx.erp:get { object = "Contracts", key = following.contract_no }
    if (not here or here.Renews_No__c == following.previous_no) and (not there or there.PreviousNo == following.previous_no) then return there ~= nil end
    ctx:park(("%s is to be renewed as %s, and another contract has that number: give that one another, then retry")
      :format(following.previous_no, following.contract_no))
  end
end

-- The next contract with its revenue in the ERP, and in Salesforce, where it will be renewed in its turn.
function renewal.renew(ctx, contract, answer)
  local following = terms.next(contract, agreed(ctx, contract, answer))
  local no        = following.contract_no
  local begun     = is_begun(ctx, following)
  local function taken_back(object) return { undo = not begun and function() ctx.erp:delete { object = object, key = no } end or nil } end
  ctx.erp:put("contract@1", following, taken_back "Contracts")
  ctx.erp:put("revenue_schedule@1", terms.schedule(following), taken_back "RevenueSchedules")
  ctx.salesforce:put("contract@1", following)
  ctx:keep()
  ctx.salesforce:upsert { object = "Contract", field = "Contract_No__c", value = no, record = { Status = "Activated" } }
  ctx.salesforce:put("renewal_status@1", { contract_no = contract.contract_no, status = "renewed", note = "until " .. following.ends_on, renewed_by = no })
  ctx:emit("contract.renewed@1", following)
end

function renewal.close(ctx, contract, why)
  ctx.salesforce:put("renewal_status@1", { contract_no = contract.contract_no, status = "closed", note = why })
  letters.case(ctx, contract, "not renewed", ("It ends on %s: %s. The support that it gives ends with it. Whoever still wants it renewed wins the opportunity %s.")
    :format(contract.ends_on, why, (numbers(contract))))
  ctx:emit("contract.ended@1", contract)
end

return renewal
