-- Facts, each told once and by one source.

-- Sales win a deal. Our own answer (Order_Status__c) ends it: later changes of the deal are no new order.
event "order.won@1" {
  contract = "contracts/order.v1.json", key = "order_no", steward = "order-desk",
  from     = "salesforce.Opportunity",
  when     = function(new) return new.StageName == "Closed Won" and new.Order_No__c and not new.Order_Status__c end,
  map      = "order@1 <- salesforce.Opportunity",
}
-- Its customer is in the ERP …
event "order.prepared@1" { contract = "contracts/order.v1.json", key = "order_no", steward = "order-desk" }
-- … and has credit there.
event "order.released@1" { contract = "contracts/order.v1.json", key = "order_no", steward = "order-desk" }

-- What the ERP does with it. All of them come from one capture of one object, so they are told in order.
local function status_event(name, when)
  event(name) {
    contract = "contracts/order_status.v1.json", key = "order_no", steward = "order-desk",
    from = "erp.SalesOrders", when = when, map = "order_status@1 <- erp.SalesOrders",
  }
end
status_event("order.placed@1",   function(new) return new.Status == "new" end)
status_event("order.accepted@1", function(new) return new.Status == "accepted" end)
status_event("shipment.sent@1",  function(new) return new.Status == "shipped" end)
status_event("invoice.issued@1", function(new) return new.Status == "invoiced" end)
status_event("order.refused@1",  function(new) return new.Status == "refused" or new.Status == "cancelled" end)

-- A case about an order is opened or moves on. The desk's webhook only says "look there": the ticket is read.
local tickets = require "tickets"

event "case.changed@1" {
  contract = "contracts/support_case.v1.json", key = "order_no", steward = "order-desk",
  from     = "support.tickets",
  when     = function(new) return tickets.order_no(new) ~= nil end,
  map      = "support_case@1 <- support.tickets",
}
