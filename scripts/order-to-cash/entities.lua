-- What the company talks about, whose it is, and what people search it by.
entity "customer@1" {
  contract = "contracts/customer.v1.json", key = "account_no", steward = "order-desk", owner = "salesforce",
}

entity "order@1" {
  contract = "contracts/order.v1.json", key = "order_no", steward = "order-desk", owner = "salesforce",
}

entity "order_mark@1" {
  contract = "contracts/order_mark.v1.json", key = "order_no", steward = "order-desk", owner = "salesforce",
}

entity "credit_memo@1" {
  contract = "contracts/credit_memo.v1.json", key = "credit_no", steward = "finance", owner = "erp",
}

entity "withdrawal@1" {
  contract = "contracts/withdrawal.v1.json", key = "order_no", steward = "order-desk", owner = "salesforce",
}

entity "order_status@1" {
  contract = "contracts/order_status.v1.json", key = "order_no", steward = "order-desk", owner = "erp",
  copies   = { status = { "salesforce", "support" } },
}

entity "support_case@1" {
  contract = "contracts/support_case.v1.json", key = "case_no", steward = "order-desk", owner = "support",
}
