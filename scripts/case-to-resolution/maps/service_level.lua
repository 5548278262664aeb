-- A month of a service as the monitoring tells it: in its messages, and when it is asked (flows/service_credit.lua).
return map "service_level@1 <- monitor.level" {
  contract_no  = as.text("contract_no", { required = true }),
  month        = as.text("month", { required = true }),
  level        = as.text("level", { required = true, lower = true }),
  availability = as.decimal("availability", { required = true }),
}
