-- What the company talks about, whose it is, and what people search it by.
entity "support_case@1" {
  contract = "contracts/support_case.v1.json", key = "case_no", steward = "support-desk", owner = "support",
}

-- What the ERP knows about an order: read, never written.
entity "order_history@1" {
  contract = "contracts/order_history.v1.json", key = "order_no", steward = "support-desk", owner = "erp",
}

-- What a case shows of its order, and how it ended.
entity "case_context@1" {
  contract = "contracts/case_context.v1.json", key = "case_no", steward = "support-desk", owner = "erp",
}
entity "case_outcome@1" {
  contract = "contracts/case_outcome.v1.json", key = "case_no", steward = "support-desk", owner = "erp",
}

entity "return@1" {
  contract = "contracts/return.v1.json", key = "return_no", steward = "support-desk", owner = "support",
}
entity "return_arrival@1" {
  contract = "contracts/return_arrival.v1.json", key = "return_no", steward = "support-desk", owner = "erp",
}

entity "service_level@1" {
  contract = "contracts/service_level.v1.json", key = { "contract_no", "month" }, steward = "finance", owner = "monitor",
}

entity "account_health@1" {
  contract = "contracts/account_health.v1.json", key = "account_no", steward = "support-desk", owner = "erp",
}
