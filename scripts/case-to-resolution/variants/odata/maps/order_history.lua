-- What the ERP tells of an order with its customer, deliveries and invoices, as flows read it: lib/erp.lua asks for it.
return map "order_history@1 <- erp.SalesOrders" {
  id            = "ID",
  order_no      = as.text("OrderNo", { required = true }),
  account_no    = as.text("PartnerNo", { required = true }),
  customer_name = "Customer.Name",
  status        = "Status",
  currency      = "Currency",
  net           = as.decimal("NetAmount", { scale = 2 }),
  shipment_no   = "Deliveries[1].DeliveryNo",
  shipped_on    = as.date("Deliveries[1].ShippedAt", { zone = "Europe/Berlin" }),
  invoice_no    = "Invoices[1].InvoiceNo",
  invoice_id    = "Invoices[1].InvoiceNo",
  invoice_total = as.decimal("Invoices[1].TotalAmount", { scale = 2 }),
  invoice_open  = as.decimal("Invoices[1].OpenAmount", { scale = 2 }),
  lines         = as.list("Items", {
    product_no = as.text("ProductNo", { required = true }),
    quantity   = as.decimal("Quantity", { required = true }),
    unit_price = as.decimal("UnitPrice", { required = true }),
  }),
}
