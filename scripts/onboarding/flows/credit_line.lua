-- Finance decide about a credit line; the onboarding waits for what they say.
flow "credit-line" {
  on      = "credit.asked@1",
  one_per = "crm_id", again = "ignore",
  steward = "finance",
  run     = function(ctx, e)
    local asked = e.data
    local said  = ctx:decide {
      "grant", "less", "refuse", about = ("credit of %s %s for %s"):format(asked.asked, asked.currency, asked.name), show = asked, due = "2d",
    }
    return { answer = said.answer, by = said.by, why = said.why or "no reason given" }
  end,
}
