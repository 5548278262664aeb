map "order@1 <- salesforce.Opportunity" {
  order_no   = as.text("Order_No__c", { required = true }),
  ordered_on = as.date "CloseDate",
  title      = "Name",
  customer   = {
    account_no = as.text("Account.Account_No__c", { required = true }),
    name = "Account.Name", street = "Account.BillingStreet", city = "Account.BillingCity", postal_code = "Account.BillingPostalCode",
  },
  lines      = as.list("OpportunityLineItems.records", {
    product_no = as.text("ProductCode", { required = true }),
    quantity   = as.decimal("Quantity", { required = true }),
    unit_price = as.decimal("UnitPrice", { required = true, scale = 4 }),
  }),
}

map "erp.party.party <- customer@1" {
  code      = as.key "account_no",
  name      = "name",
  addresses = function(customer) return array { { street = customer.street, city = customer.city, postal_code = customer.postal_code } } end,
}

-- A captured invoice, as it stands on the deal and on the order's ticket.
map "order_status@1 <- erp.account.invoice" {
  order_no      = as.text("sales[1].reference", { required = true }),
  status        = as.enum("state", { invoiced = "posted", paid = "paid" }),
  invoice_no    = "number",
  invoice_total = as.decimal("total_amount", { scale = 2 }),
}

map "salesforce.Opportunity <- order_status@1" {
  Order_No__c      = as.key "order_no",
  Order_Status__c  = function() return "invoiced" end, -- Salesforce has no word for paid
  Invoice_No__c    = "invoice_no",
  Invoice_Total__c = as.decimal("invoice_total", { scale = 2 }),
}

map "support.ticket <- order_status@1" {
  CaseNo       = as.key "order_no",
  CustomFields = { OrderStatus = "status" },
}
