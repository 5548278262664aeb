-- A won deal as an order, and the order as the ERP wants it; its customer is lenses/business_partner.lua. Money stays exact: decimals never become doubles.
map "order@1 <- salesforce.Opportunity" {
  order_no     = as.text("Order_No__c", { required = true }),
  company_code = "Company_Code__c",
  ordered_on   = as.date "CloseDate",
  currency     = as.text("Currency__c", { default = "EUR" }),
  total        = as.decimal("Amount", { scale = 2 }),
  reference    = as.text("Name", { most = 80 }),
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
    unit_price = as.decimal("UnitPrice", { required = true, scale = 2 }),
    total      = as.decimal("TotalPrice", { scale = 2 }),
  }),
}

map "withdrawal@1 <- salesforce.Opportunity" {
  order_no     = as.text("Order_No__c", { required = true }),
  account_no   = as.text("Account.Account_No__c", { required = true }),
  company_code = "Company_Code__c",
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
