-- How far an order is: read from the ERP's order with its deliveries and invoices, shown on the deal and on the organization.
map "order_status@1 <- erp.SalesOrders" {
  order_no      = as.text("OrderNo", { required = true }),
  account_no    = "PartnerNo",
  customer_name = "Customer.Name",
  status        = as.enum("Status", { new = "new", accepted = "accepted", shipped = "shipped", invoiced = "invoiced", refused = "refused", cancelled = "cancelled" }),
  reason        = "StatusReason",
  shipment_no   = "Deliveries[1].DeliveryNo",
  shipped_at    = as.timestamp "Deliveries[1].ShippedAt",
  invoice_no    = "Invoices[1].InvoiceNo",
  invoice_total = as.decimal("Invoices[1].TotalAmount", { scale = 2 }),
  currency      = "Currency",
  changed_at    = as.timestamp "ModifiedAt",
}

map "salesforce.Opportunity <- order_status@1" {
  Order_No__c      = as.key "order_no",
  Order_Status__c  = "status",
  Shipment_No__c   = "shipment_no",
  Shipped_At__c    = "shipped_at",
  Invoice_No__c    = "invoice_no",
  Invoice_Total__c = as.decimal("invoice_total", { scale = 2 }),
}

map "support.organizations <- order_status@1" {
  external_id         = as.key "account_no",
  name                = "customer_name",
  organization_fields = { account_no = "account_no", last_order = "order_no", last_order_status = "status" },
}
