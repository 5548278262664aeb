-- A customer at the support desk.
map "support.organizations <- customer@1" {
  external_id         = as.key "account_no",
  name                = "name",
  organization_fields = { account_no = "account_no", support_tier = "support_tier", credit_limit = as.decimal("credit_limit", { scale = 2, to = "text" }) },
}
