-- Left: what is written. Right: what is read, and how.
map "customer@1 <- shop.Customer" {
  customer_no = as.text("id", { required = true }),
  name        = as.text("name", { required = true, trim = true }),
  country     = as.enum("country", { DE = "Germany", AT = "Austria", CH = "Switzerland" }),
  credit      = as.decimal("credit", { scale = 2 }),
}
