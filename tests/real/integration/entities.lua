entity "customer@1"     { contract = "contracts/customer.json", key = "account_no", steward = "order-desk", owner = "salesforce" }
entity "order@1"        { contract = "contracts/order.json", key = "order_no", steward = "order-desk", owner = "salesforce" }
entity "order_status@1" { contract = "contracts/order_status.json", key = "order_no", steward = "order-desk", owner = "erp" }
