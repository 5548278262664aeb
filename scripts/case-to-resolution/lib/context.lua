-- What an agent should know about the order of a case, in words and as fields.
local warranty = require "warranty"

local context = {}

local function warranties(case, order)
  local lines = array()
  for _, line in ipairs(order.lines) do
    for _, part in ipairs(#line.shipped > 0 and line.shipped or { { quantity = line.quantity } }) do
      local cover = warranty.of(line.product_no, part.shipped_on, case.opened_at)
      lines[#lines + 1] = ("- %s × %s: %s"):format(tostring(part.quantity), line.product_no, cover.why or "under warranty until " .. cover.ends_on)
    end
  end
  return table.concat(lines, "\n")
end

local function shipments(order)
  local said = array()
  for _, each in ipairs(order.shipments) do
    if each.shipped_on then said[#said + 1] = ("Shipment %s left on %s."):format(each.shipment_no, each.shipped_on) end
  end
  return #said > 0 and table.concat(said, "\n") or "Nothing was shipped yet."
end

local function invoices(order)
  local said = array()
  for _, each in ipairs(order.invoices) do
    if each.invoice_no then
      said[#said + 1] = ("Invoice %s over %s %s, %s of it open."):format(each.invoice_no, tostring(each.total), order.currency, tostring(each.open or 0))
    end
  end
  return #said > 0 and table.concat(said, "\n") or "There is no invoice yet."
end

-- Those that have a number, for one field; nil when none has.
local function numbers(list, name)
  local found = array()
  for _, each in ipairs(list) do found[#found + 1] = each[name] end
  return #found > 0 and table.concat(found, ", ") or nil
end

function context.text(case, order)
  local head = ("Order %s of %s (%s) is %s."):format(order.order_no, order.customer_name or "?", order.account_no, order.status or "?")
  return table.concat({ head, shipments(order), invoices(order), warranties(case, order) }, "\n")
end

function context.fields(case, order)
  return { case_no = case.case_no, order_no = order.order_no, order_status = order.status,
           shipment_no = numbers(order.shipments, "shipment_no"), invoice_no = numbers(order.invoices, "invoice_no") }
end

return context
