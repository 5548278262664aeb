-- An order as Tryton's sale.
local sales = {}

function sales.record(order)
  local lines = array()
  for i, line in ipairs(order.lines) do
    lines[i] = { product = { code = line.product_no }, quantity = line.quantity, unit_price = line.unit_price }
  end
  return { reference = order.order_no, description = order.title, sale_date = order.ordered_on, party = { code = order.customer.account_no }, lines = lines }
end

return sales
