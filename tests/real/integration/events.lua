event "order.won@1" {
  contract = "contracts/order.json", key = "order_no", steward = "order-desk",
  from     = "salesforce.Opportunity",
  when     = function(new) return new.StageName == "Closed Won" and new.Order_No__c and not new.Order_Status__c end,
  map      = "order@1 <- salesforce.Opportunity",
}

-- Its customer is in Tryton.
event "order.prepared@1" { contract = "contracts/order.json", key = "order_no", steward = "order-desk" }

event "invoice.changed@1" {
  contract = "contracts/order_status.json", key = "order_no", steward = "order-desk",
  from     = "erp.account.invoice",
  map      = "order_status@1 <- erp.account.invoice",
}
