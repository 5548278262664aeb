-- Facts, each told once and by one source.
local marks, tickets = require "marks", require "tickets"
-- Sales win a deal. Our own answer (Order_Status__c) ends it; who empties that asks once more.
event "order.won@1" {
  contract = "contracts/order.v1.json", key = "order_no", steward = "order-desk",
  from     = "salesforce.Opportunity",
  when     = function(new) return new.StageName == "Closed Won" and new.Order_No__c and not new.Order_Status__c end,
  map      = "order@1 <- salesforce.Opportunity",
}

local over = { cancelled = true, refused = true }

-- What they won is something else now than what was taken over.
event "order.corrected@1" {
  contract = "contracts/order.v1.json", key = "order_no", steward = "order-desk",
  from     = "salesforce.Opportunity",
  when     = function(new)
    return new.StageName == "Closed Won" and new.Order_No__c and new.Order_Status__c and not over[new.Order_Status__c] and marks.differs(new)
  end,
  map      = "order@1 <- salesforce.Opportunity",
}
-- Its customer is in the ERP …
event "order.prepared@1" { contract = "contracts/order.v1.json", key = "order_no", steward = "order-desk" }
-- … and has no credit there,
event "order.held@1"     { contract = "contracts/order.v1.json", key = "order_no", steward = "order-desk" }
-- or has, or finance say so.
event "order.released@1" { contract = "contracts/order.v1.json", key = "order_no", steward = "order-desk" }

-- Sales take it back: the deal is lost after all. What is over already, or was kept by a person's decision, ends it.
event "order.withdrawn@1" {
  contract = "contracts/withdrawal.v1.json", key = "order_no", steward = "order-desk",
  from     = "salesforce.Opportunity",
  when     = function(new)
    return new.StageName == "Closed Lost" and new.Order_No__c and not over[new.Order_Status__c or ""] and not marks.is_kept(new)
  end,
  map      = "withdrawal@1 <- salesforce.Opportunity",
}
-- It was billed, and the goods are back or never left.
event "credit.due@1" { contract = "contracts/credit_due.v1.json", key = "order_no", steward = "finance" }
-- That sales withdrew it is dealt with: the order stands, or is credited.
event "order.kept@1" { contract = "contracts/order_mark.v1.json", key = "order_no", steward = "order-desk" }

-- What the ERP does with it. All of them come from one capture of one object, so they are told in order.
local function status_event(name, status)
  event(name) {
    contract = "contracts/order_status.v1.json", key = "order_no", steward = "order-desk",
    from = status and "erp.SalesOrders", when = status and function(new) return new.Status == status end,
    map  = status and "order_status@1 <- erp.SalesOrders",
  }
end
status_event("order.placed@1",     "new")
status_event("order.accepted@1",   "accepted")
status_event("backorder.noted@1",  "backordered")
status_event("shipment.sent@1",    "shipped")
status_event("invoice.issued@1",   "invoiced")
status_event("payment.received@1", "paid")
status_event("order.refused@1",    "refused")
status_event("order.cancelled@1",  "cancelled")
status_event "order.rejected@1"                            -- finance, sales or a credit note ended it
status_event "order.stands@1"                              -- what sales want came too late: it is as it was

-- A case about an order is opened or moves on. The desk's webhook only says "look there": the ticket is read.
event "case.changed@1" {
  contract = "contracts/support_case.v1.json", key = "order_no", steward = "order-desk",
  from     = "support.tickets",
  when     = function(new) return tickets.order_no(new) ~= nil end,
  map      = "support_case@1 <- support.tickets",
}
