-- How far an order is: read from the ERP's order with its deliveries and invoices, shown on the deal and on the organization.
local parts = require "parts"

local statuses = { "new", "accepted", "backordered", "shipped", "invoiced", "paid", "refused", "cancelled" }
local same     = {}
for _, status in ipairs(statuses) do same[status] = status end

map "order_status@1 <- erp.SalesOrders" {
  order_no      = as.text("OrderNo", { required = true }),
  account_no    = "PartnerNo",
  customer_name = "Customer.Name",
  status        = as.enum("Status", same),
  reason        = "StatusReason",
  expected_on   = as.date "ExpectedOn",
  shipment_no   = function(order) return parts.numbers(order.Deliveries, "DeliveryNo") end,
  shipped_at    = function(order) return parts.latest(order.Deliveries, "ShippedAt") end,
  invoice_no    = function(order) return parts.numbers(order.Invoices, "InvoiceNo") end,
  invoice_total = function(order) return parts.sum(order.Invoices, "TotalAmount") end,
  paid_at       = function(order) return parts.completed(order.Invoices, "PaidAt") end,
  currency      = "Currency",
  changed_at    = as.timestamp "ModifiedAt",
}

map "salesforce.Opportunity <- order_status@1" {
  Order_No__c      = as.key "order_no",
  Order_Status__c  = "status",
  Order_Note__c    = as.text("reason", { most = 255, cut = true }),
  Expected_On__c   = "expected_on",
  Shipment_No__c   = as.text("shipment_no", { most = 255, cut = true }),
  Shipped_At__c    = "shipped_at",
  Invoice_No__c    = as.text("invoice_no", { most = 255, cut = true }),
  Invoice_Total__c = as.decimal("invoice_total", { scale = 2 }),
  Paid_At__c       = "paid_at",
}

map "support.organizations <- order_status@1" {
  external_id         = as.key "account_no",
  name                = "customer_name",
  organization_fields = { account_no = "account_no", last_order = "order_no", last_order_status = "status" },
}
