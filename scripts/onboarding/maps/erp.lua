-- The business partner: found by the account's id, so that the ERP may give the number.
map "erp.BusinessPartners <- new_customer@1" {
  ExternalId  = as.key "crm_id",
  Name        = "name",
  VatId       = "vat_id",
  CompanyCode = "company_code",
  Street      = "street",
  City        = "city",
  PostalCode  = "postal_code",
  Country     = "country",
  Currency    = "currency",
  OnHold      = as.boolean("on_hold", { default = true }),   -- no orders until their credit is known
}

map "erp.BusinessPartners <- credit_line@1" {
  ExternalId  = as.key "crm_id",
  CreditLimit = as.decimal("credit_limit", { scale = 2 }),
  Currency    = "currency",
  OnHold      = as.const(false),
}
