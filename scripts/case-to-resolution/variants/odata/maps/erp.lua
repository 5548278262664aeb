-- The ERP speaks OData: returns and credit notes are entity sets of its own, found by our numbers (README.md says which).
system "erp_de" {
  kind        = "erp",
  connector   = "odata@1",
  url         = setting "erp_de.url",
  auth        = { kind = "basic", user = secret "erp_de.user", password = secret "erp_de.password" },
  operations  = "systems/erp_de.json",                       -- adds ctx.erp:post_credit_memo
  limits      = { concurrent = 8, per_second = 40 },
  maintenance = { "Sun 02:00-06:00 Europe/Berlin" },
  changes     = { ReturnOrders = { poll = "30s", modified = "ModifiedAt", filter = "Status eq 'received'" } },
}

-- The goods of a return are here.
event "return.arrived@1" {
  contract = "contracts/return_arrival.v1.json", key = "return_no", steward = "support-desk",
  from     = "erp.ReturnOrders",
  when     = function(new) return new.Status == "received" and new.ReturnNo end,
  map      = "return_arrival@1 <- erp.ReturnOrders",
}

map "return_arrival@1 <- erp.ReturnOrders" {
  return_no  = as.text("ReturnNo", { required = true }),
  arrived_on = as.date("ReceivedAt", { zone = "Europe/Berlin" }),
}

entity "return_order@1" {
  contract = "contracts/return_order.v1.json", key = "return_no", steward = "support-desk", owner = "erp",
}
entity "credit_memo@1" {
  contract = "contracts/credit_memo.v1.json", key = "credit_no", steward = "finance", owner = "erp",
}

map "erp.ReturnOrders <- return_order@1" {
  ReturnNo  = as.key "return_no",
  OrderNo   = "order_no",
  PartnerNo = "account_no",
  Status    = "status",
  Items     = function(r) return array { { LineNo = 1, ProductNo = r.product_no, Quantity = r.quantity, UnitPrice = r.unit_price } } end,
}

-- A line of the invoice is credited by its quantity, anything else by its amount.
map "erp.CreditMemos <- credit_memo@1" {
  CreditNo  = as.key "credit_no",
  InvoiceNo = "invoice_no",
  PartnerNo = "account_no",
  Currency  = "currency",
  Reason    = "reason",
  Items     = function(memo)
    local line = { LineNo = 1, Quantity = memo.quantity or 1 }
    if memo.product_no then line.ProductNo = memo.product_no else line.NetAmount = memo.amount end
    return array { line }
  end,
}
