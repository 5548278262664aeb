map "crm.Order__c <- order@1" {
  Order_No__c = as.key "number", Currency__c = "currency", Mail__c = "customer.email", Note__c = "note",
  Total__c = as.decimal("totals.grand", { scale = 2 }),
}
