-- Sales see on the account how its claims end. Each look is the whole of it, so a newer one may overtake a parked one.
local dates, erp, health = require "dates", require "erp", require "health"

flow "account-health" {
  on            = "claim.settled@1",
  order         = { "account", "/account_no" },
  after_failure = "supersede",
  steward       = "support-desk",
  run           = function(ctx, e)
    local claim   = e.data
    local credits = erp.credits_since(ctx, claim.account_no, dates.add(ctx:now():sub(1, 10), { months = -12 }))
    ctx.salesforce:put("account_health@1", {
      account_no = claim.account_no, health = health.of(credits, claim.outcome), credits = credits, last_claim_no = claim.claim_no,
      last_outcome = claim.outcome, last_credit_note_no = claim.credit_note_no,
    })
  end,
}
