event "order.won@1" {
  contract = "contracts/order.json", key = "order_no", steward = "order-desk",
  from     = "salesforce.Opportunity",
  when     = function(new) return new.StageName == "Closed Won" and new.Order_No__c and not new.Order_Status__c end,
  map      = "order@1 <- salesforce.Opportunity",
}

event "invoice.changed@1" {
  contract = "contracts/order_status.json", key = "order_no", steward = "order-desk",
  from     = "erp.account.invoice",
  map      = "order_status@1 <- erp.account.invoice",
}

event "case.opened@1" {
  contract = "contracts/case.json", key = "case_no", steward = "order-desk",
  from     = "salesforce.Case",
  when     = function(new) return new.Status == "New" end,
  map      = "case@1 <- salesforce.Case",
}

event "case.resolved@1" {
  contract = "contracts/case_status.json", key = "case_no", steward = "order-desk",
  from     = "support.ticket",
  when     = function(new) return new.Status == "resolved" and new.CustomFields and new.CustomFields.CaseNo end,
  map      = "case_status@1 <- support.ticket",
}
