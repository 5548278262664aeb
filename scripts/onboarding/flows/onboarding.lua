-- One run for each customer, from the won account to the welcome. Everything is written by a business key, so nothing is made
-- twice; what was made is taken back when finance refuse, or when a person cancels the run, and what was there before is as it was.
local dates  = require "dates"
local policy = require "policy"
local steps  = require "steps"

flow "onboarding" {
  on      = "customer.won@1",
  one_per = "crm_id", again = "ignore",
  steward = "sales-ops",
  run     = function(ctx, e)
    local customer, note = e.data, "onboarding was cancelled"
    ctx.salesforce:put("onboarding@1", { crm_id = customer.crm_id, status = "in progress" }, { undo = function()
      ctx.salesforce:put("onboarding@1", { crm_id = customer.crm_id, status = "refused", note = note, account_no = null })
    end })

    local before     = steps.partner_of(ctx, customer.crm_id)
    local account_no = before and before.PartnerNo or steps.make_partner(ctx, customer)
    local credit     = steps.ask_credit(ctx, customer, before)
    if credit.answer == "refuse" then
      note = ("refused by %s: %s"):format(credit.by, credit.why)
      return ctx:fail(note, { name = customer.name })
    end
    steps.grant(ctx, customer, before, credit.limit)

    local known        = steps.as_customer(customer, account_no, credit.limit)
    local organization = steps.make_organization(ctx, known)
    ctx.salesforce:put("onboarding@1", { crm_id = customer.crm_id, status = "in progress", account_no = account_no, note = credit.note })
    ctx:keep()                                              -- from here on they are a customer

    local today = dates.day(ctx:now(), policy.zone)
    ctx:all {
      desk = function() steps.welcome(ctx, known, organization.id) end,
      crm  = function() steps.entitle(ctx, known, today) end,
    }
    ctx.salesforce:put("onboarding@1", { crm_id = customer.crm_id, status = "done" })
    ctx:emit("customer.onboarded@1", known)
  end,
}
