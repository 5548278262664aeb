-- What Tryton tells of a sale, as flows read it: lib/erp.lua asks for it.
return map "order_history@1 <- erp.sale.sale" {
  id            = "id",
  order_no      = as.text("reference", { required = true }),
  account_no    = as.text("party.code", { required = true }),
  customer_name = "party.name",
  status        = "state",
  currency      = "currency.code",
  net           = as.decimal("untaxed_amount", { scale = 2 }),
  shipment_no   = "shipments[1].number",
  shipped_on    = "shipments[1].effective_date",
  invoice_no    = "invoices[1].number",
  invoice_id    = "invoices[1].id",
  invoice_total = as.decimal("invoices[1].total_amount", { scale = 2 }),
  invoice_open  = as.decimal("invoices[1].amount_to_pay", { scale = 2 }),
  address_id    = "shipment_address",
  warehouse_id  = "warehouse",
  lines         = as.list("lines", {
    product_no = as.text("product.code", { required = true }),
    quantity   = "quantity",
    unit_price = "unit_price",
    unit_id    = "unit",
  }),
}
