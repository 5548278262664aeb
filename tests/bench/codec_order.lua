-- The mapping of mapping_order in plain Lua over lua-cjson: the fields of the map in bench_codec.c, and nothing that checks them.
local countries = { SE = "SE", DE = "DE", NO = "NO" }
return function(order)
  local lines = {}
  for i, line in ipairs(order.lines) do
    lines[i] = { No = line.line, Sku = line.sku, Text = line.title, Quantity = line.qty, Price = line.unit_price, Discount = line.discount }
  end
  return {
    OrderNo = order.number, Created = order.created_at, Currency = order.currency, Channel = order.channel,
    Customer = { Id = order.customer.id, Mail = order.customer.email, Name = order.customer.last_name, VatId = order.customer.vat_id },
    ShipTo = { Street = order.shipping.line1, City = order.shipping.city, Zip = order.shipping.zip, Country = countries[order.shipping.country] },
    Net = order.totals.net, Tax = order.totals.tax, Total = order.totals.grand, Lines = lines, Note = order.note,
  }
end
