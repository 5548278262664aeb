-- The steps of onboarding that are more than one call.
local dates, decimals = require "dates", require "decimals"
local policy          = require "policy"

local steps = {}

-- The ERP's business partner of an account, or nil.
function steps.partner_of(ctx, crm_id)
  return ctx.erp:find({ object = "BusinessPartners", field = "ExternalId", value = crm_id }).value[1]
end

-- A new business partner, blocked until their credit is known; the number that the ERP gave it.
function steps.make_partner(ctx, customer)
  ctx.erp:put("new_customer@1", customer, { undo = function()
    ctx.erp:delete { object = "BusinessPartners", key = { ExternalId = customer.crm_id } }
  end })
  return steps.partner_of(ctx, customer.crm_id).PartnerNo
end

local written = array { "Name", "VatId", "CompanyCode", "Street", "City", "PostalCode", "Country", "Currency", "CreditLimit", "OnHold" }

-- What we have changed is as it was before; what somebody else has changed since stays as they left it.
local function restore(ctx, crm_id, before, after)
  local now = steps.partner_of(ctx, crm_id)
  if not now then return end
  local record, changed = {}, false
  for _, field in ipairs(written) do
    local ours = not after or now[field] == after[field]
    if ours and now[field] ~= before[field] then
      record[field], changed = before[field] == nil and null or before[field], true
    end
  end
  if changed then ctx.erp:update { object = "BusinessPartners", key = { ExternalId = crm_id }, record = record } end
end

-- The credit line that was granted. A partner who was there before gets what sales know of them only now, and is not blocked
-- meanwhile; taken back, they are as they were.
function steps.grant(ctx, customer, before, limit)
  local line = { crm_id = customer.crm_id, credit_limit = limit, currency = customer.currency }
  if not before then return ctx.erp:put("credit_line@1", line) end
  local known, after = { on_hold = before.OnHold or false }, nil
  for field, value in pairs(customer) do known[field] = value end
  ctx.erp:put("new_customer@1", known, { undo = function() restore(ctx, customer.crm_id, before, after) end })
  ctx.erp:put("credit_line@1", line)
  after = steps.partner_of(ctx, customer.crm_id)
end

local function ask_finance(ctx, customer, asked, before)
  local has = before and before.CreditLimit
  return ctx:start("credit-line", {
    crm_id = customer.crm_id, name = customer.name, vat_id = customer.vat_id, asked = asked, free = policy.free_limit, currency = customer.currency,
    has    = has, has_in = has and before.Currency, on_hold = before and before.OnHold or nil,
  })
end

-- { answer, limit, note, by, why }: what sales may promise is granted, the rest finance decide; so do they about a partner whom
-- they have blocked, or whose credit is in another currency. Nobody has less than they had.
function steps.ask_credit(ctx, customer, before)
  local asked   = customer.credit_limit or decimal "0.00"
  local unclear = before and (before.OnHold or before.Currency and before.Currency ~= customer.currency)
  local has     = before and not unclear and before.CreditLimit and decimal(before.CreditLimit) or decimal "0.00"
  if asked <= has then return { answer = "grant", limit = has } end
  if not unclear and asked <= policy.free_limit then return { answer = "grant", limit = asked } end
  local said = ask_finance(ctx, customer, asked, before)
  if said.answer == "grant" then said.limit = asked end
  if said.answer == "less" then
    said.limit = decimals.max(policy.free_limit, has)
    said.note  = ("credit limit %s instead of %s: %s"):format(said.limit, asked, said.why)
  end
  return said
end

function steps.as_customer(customer, account_no, limit)
  return {
    account_no = account_no, name = customer.name, vat_id = customer.vat_id, company_code = customer.company_code, credit_limit = limit,
    currency   = customer.currency, support_tier = customer.support_tier or policy.tier,
  }
end

local function organization_of(ctx, account_no)
  return ctx.support:find({ object = "organizations", external_id = account_no })[1]
end

-- Taken back it is looked for: its answer may have been lost.
function steps.make_organization(ctx, customer)
  local before = organization_of(ctx, customer.account_no)
  return ctx.support:put("customer@1", customer, { undo = not before and function()
    local made = organization_of(ctx, customer.account_no)
    if made then ctx.support:delete { object = "organizations", id = made.id } end
  end or nil })
end

-- A case that reminds the desk to say hello, once.
function steps.welcome(ctx, customer, organization_id)
  ctx.support:create({ object = "tickets", record = {
    external_id = "welcome:" .. customer.account_no, organization_id = organization_id, type = "task", tags = array { "onboarding" },
    subject     = "Welcome " .. customer.name,
    comment     = { body = ("%s is a customer now: number %s, support %s. Please call and say who to turn to.")
      :format(customer.name, customer.account_no, customer.support_tier) },
  } }, { once = "welcome:" .. customer.account_no })
end

-- Support from today; what they have had before is never made shorter.
function steps.entitle(ctx, customer, today)
  local no, ends_on = "E-" .. customer.account_no, dates.add(dates.add(today, policy.entitlement), { days = -1 })
  local before      = ctx.salesforce:get_by { object = "Entitlement", field = "Entitlement_No__c", value = no }
  if before and (not before.EndDate or before.EndDate >= ends_on) then return end
  ctx.salesforce:put("entitlement@1", {
    entitlement_no = no, account_no = customer.account_no, name = "Support " .. customer.support_tier, tier = customer.support_tier,
    starts_on = today, ends_on = ends_on,
  })
end

return steps
