-- Which orders a sale, an invoice or a shipment of Tryton's is about: the references of its sales, each once.
local hints = {}

function hints.orders(record)
  local seen, found = {}, array()
  local function add(sale)
    local no = sale and sale.reference
    if no and not seen[no] then seen[no], found[#found + 1] = true, no end
  end
  add(record)
  for _, sale in ipairs(record.sales or {}) do add(sale) end
  for _, move in ipairs(record.outgoing_moves or {}) do add(move.sale) end
  return found
end

return hints
