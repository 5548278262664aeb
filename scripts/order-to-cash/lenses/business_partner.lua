-- A customer and the ERP's business partner: written as a customer of an order, and read the same way.
return lens "customer@1 <-> erp.BusinessPartners" {
  account_no   = "PartnerNo",
  name         = "Name",
  vat_id       = "VatId",
  company_code = "CompanyCode",
  street       = "Street",
  city         = "City",
  postal_code  = "PostalCode",
  country      = "Country",
}
