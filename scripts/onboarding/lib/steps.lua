-- The steps of onboarding that are more than one call.
local policy = require "policy"

local steps = {}

local function partner_of(ctx, crm_id)
  return ctx.erp:find({ object = "BusinessPartners", field = "ExternalId", value = crm_id }).value[1]
end

-- The customer's business partner, blocked until their credit is known; the number that the ERP gave it. One that was there
-- before is not taken back.
function steps.make_partner(ctx, customer)
  local before = partner_of(ctx, customer.crm_id)
  ctx.erp:put("new_customer@1", customer, { undo = not before and function()
    ctx.erp:delete { object = "BusinessPartners", key = { ExternalId = customer.crm_id } }
  end or nil })
  return (before or partner_of(ctx, customer.crm_id)).PartnerNo
end

-- { answer, limit, note, by, why }: what sales may promise is granted, the rest finance decide.
function steps.ask_credit(ctx, customer)
  local asked = customer.credit_limit or decimal "0.00"
  if asked <= policy.free_limit then return { answer = "grant", limit = asked } end
  local said = ctx:start("credit-line", {
    crm_id = customer.crm_id, name = customer.name, vat_id = customer.vat_id, asked = asked, free = policy.free_limit, currency = customer.currency,
  })
  if said.answer == "grant" then said.limit = asked end
  if said.answer == "less" then
    said.limit = policy.free_limit
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

return steps
