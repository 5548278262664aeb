-- A won deal as an order, and the order as the ERP wants it; its customer is lenses/business_partner.lua. Money stays exact: decimals never become doubles.
local marks = require "marks"

map "order@1 <- salesforce.Opportunity" {
  order_no     = as.text("Order_No__c", { required = true }),
  company_code = "Company_Code__c",
  ordered_on   = as.date "CloseDate",
  currency     = as.text("Currency__c", { default = "EUR" }),
  total        = as.decimal("Amount", { scale = 2, round = "half-even" }),
  reference    = as.text("Name", { most = 80, cut = true }),
  mark         = marks.of,
  customer     = {
    account_no   = as.text("Account.Account_No__c", { required = true }),
    name         = as.text("Account.Name", { required = true }),
    vat_id       = as.text("Account.Vat_Id__c", { trim = true, upper = true }),
    company_code = "Company_Code__c",
    street       = "Account.BillingStreet",
    city         = "Account.BillingCity",
    postal_code  = "Account.BillingPostalCode",
    country      = as.enum("Account.BillingCountry", { DE = { "Germany", "Deutschland" }, AT = "Austria", CH = "Switzerland", NL = "Netherlands", FR = "France" }),
  },
  lines        = as.list("OpportunityLineItems.records", {
    line_no    = as.integer("SortOrder", { required = true }),
    product_no = as.text("ProductCode", { required = true }),
    text       = "Description",
    quantity   = as.decimal("Quantity", { required = true }),
    unit_price = as.decimal("UnitPrice", { required = true, scale = 2, round = "half-even" }),
    total      = as.decimal("TotalPrice", { scale = 2, round = "half-even" }),
  }),
}

map "withdrawal@1 <- salesforce.Opportunity" {
  order_no     = as.text("Order_No__c", { required = true }),
  account_no   = as.text("Account.Account_No__c", { required = true }),
  company_code = "Company_Code__c",
  currency     = as.text("Currency__c", { default = "EUR" }),
  mark         = marks.of,
  reason       = function(deal) return "withdrawn by sales: " .. (deal.Name or "the deal is lost") end,
}

map "erp.SalesOrders <- order@1" {
  OrderNo           = as.key "order_no",
  PartnerNo         = "customer.account_no",
  CompanyCode       = "company_code",
  CustomerReference = "reference",
  OrderDate         = "ordered_on",
  Currency          = "currency",
  Items             = as.list("lines", {
    LineNo      = "line_no",
    ProductNo   = "product_no",
    Description = "text",
    Quantity    = as.decimal("quantity", { scale = 3 }),
    UnitPrice   = as.decimal("unit_price", { scale = 4 }),
    NetAmount   = as.decimal("total", { scale = 2 }),
  }),
}

map "salesforce.Opportunity <- order_mark@1" {
  Order_No__c     = as.key "order_no",
  Order_Taken__c  = "mark",
  Order_Status__c = "status",
}

-- By its amount, not by its lines: the ERP has billed in parts, and knows the tax.
map "erp.CreditMemos <- credit_memo@1" {
  CreditNo  = as.key "credit_no",
  InvoiceNo = "invoice_no",
  PartnerNo = "account_no",
  Currency  = "currency",
  Reason    = as.text("reason", { most = 255, cut = true }),
  Items     = function(memo) return array { { LineNo = 1, Quantity = 1, NetAmount = memo.amount } } end,
}
