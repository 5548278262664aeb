-- Support lasts as long as the longest contract of its customer. The renewals of one customer come one after the other, so none
-- looks before what another has written; support is never made shorter here.
flow "entitlement" {
  on      = "contract.renewed@1",
  order   = { "customer", "/account_no" },
  steward = "contracts",
  run     = function(ctx, e)
    local no, ends_on = "E-" .. e.data.account_no, e.data.ends_on
    local now         = ctx.salesforce:get_by { object = "Entitlement", field = "Entitlement_No__c", value = no }
    if now and (not now.EndDate or now.EndDate >= ends_on) then return end      -- without an end it has none
    ctx.salesforce:put("entitlement@1", { entitlement_no = no, account_no = e.data.account_no, ends_on = ends_on })
  end,
}
