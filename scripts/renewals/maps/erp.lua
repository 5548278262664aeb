-- The contract and its revenue, month by month. Amounts have the digits of their currency (lib/terms.lua).
map "erp.Contracts <- contract@1" {
  ContractNo  = as.key "contract_no",
  PreviousNo  = "previous_no",
  PartnerNo   = "account_no",
  CompanyCode = "company_code",
  StartDate   = "starts_on",
  EndDate     = "ends_on",
  Currency    = "currency",
  YearlyValue = as.decimal "yearly_value",
}

map "erp.RevenueSchedules <- revenue_schedule@1" {
  ContractNo  = as.key "contract_no",
  Currency    = "currency",
  TotalAmount = as.decimal "total",
  Lines       = as.list("lines", { LineNo = "line_no", RecognizeOn = "recognize_on", Amount = as.decimal "amount" }),
}
