-- A case of the support desk, and the note about it that sales read on the deal.
local tickets = require "tickets"

map "support_case@1 <- support.tickets" {
  case_no  = as.integer("id", { required = true }),
  order_no = tickets.order_no,
  status   = "status",
  subject  = as.text("subject", { default = "no subject", most = 120, cut = true }),
}

map "salesforce.Opportunity <- support_case@1" {
  Order_No__c = as.key "order_no",
  NextStep    = function(case) return ("Support case %d: %s (%s)"):format(case.case_no, case.subject, case.status) end,
}
