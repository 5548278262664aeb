-- What something that goes back is worth: a part of one line of its order, of which nobody has taken it back before.
local decimals = require "decimals"

local claim = {}

local function sum(list)
  local all = decimal(0)
  for _, each in ipairs(list) do all = all + each.quantity end
  return all
end

-- The invoice that still has so much of the line: credit notes of it are known by `credited`, a quantity by invoice.
local function invoice_with(line, quantity, credited)
  for _, each in ipairs(line.invoiced) do
    if decimal(each.quantity) - (credited[tostring(each.invoice_id)] or 0) >= quantity then return each end
  end
end

local function line_of(order, product_no)
  local line, count = nil, 0
  for _, each in ipairs(order.lines) do
    if each.product_no == product_no then line, count = each, count + 1 end
  end
  if count == 0 then return nil, ("order %s has no %s"):format(order.order_no, product_no) end
  if count > 1 then return nil, ("order %s has %s in %d lines: credit it in the ERP"):format(order.order_no, product_no, count) end
  return line
end

-- of(order, product_no, quantity, taken) → { line, amount (net), invoice_id, first, last (days it was shipped) }; or nil, what is wrong, for a
-- person to read, and whether it is that others claim it too. taken: what erp.taken tells of other claims.
function claim.of(order, product_no, quantity, taken)
  local line, wrong = line_of(order, product_no)
  if not line then return nil, wrong end
  local function has(text, ...) return ("order %s " .. text):format(order.order_no, ...) end
  if quantity > line.quantity then return nil, has("has %s of %s, not %s", tostring(line.quantity), product_no, tostring(quantity)) end
  local shipped = sum(line.shipped)
  if quantity > shipped then return nil, has("shipped %s of %s so far, not %s", tostring(shipped), product_no, tostring(quantity)) end
  if quantity > shipped - taken.quantity then
    return nil, has("has %s of %s, of which %s went back or is about to: %s", tostring(shipped), product_no, tostring(taken.quantity),
      table.concat(taken.by, ", ")), true
  end
  if #line.invoiced == 0 then return nil, has("has no invoice of %s yet", product_no) end
  local invoice = invoice_with(line, quantity, taken.credited)
  if not invoice then return nil, has("has no invoice with %s of %s left: credit it in the ERP", tostring(quantity), product_no) end
  return { line = line, amount = decimals.money(decimal(line.unit_price) * quantity, order.currency, "half-up"), invoice_id = invoice.invoice_id,
           first = line.shipped[1].shipped_on, last = line.shipped[#line.shipped].shipped_on }
end

-- The claims of others, { ref, returned } and { ref, credited, invoice_id }: what claim.of wants to know. A return and its credit note are one claim.
function claim.taken(returns, credits, own)
  local claims, taken = {}, { quantity = decimal(0), by = array(), credited = {} }
  local function add(ref, what, quantity)
    if ref == own then return end
    claims[ref] = claims[ref] or { returned = decimal(0), credited = decimal(0) }
    claims[ref][what] = claims[ref][what] + quantity
  end
  for _, each in ipairs(returns) do add(each.ref, "returned", each.quantity) end
  for _, each in ipairs(credits) do
    add(each.ref, "credited", each.quantity)
    local invoice = tostring(each.invoice_id)
    if each.ref ~= own then taken.credited[invoice] = (taken.credited[invoice] or decimal(0)) + each.quantity end
  end
  for ref, each in pairs(claims) do
    taken.by[#taken.by + 1] = ref
    taken.quantity = taken.quantity + decimals.max(each.returned, each.credited)
  end
  return taken
end

return claim
