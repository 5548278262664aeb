-- What is asked of the ERP and done there, in Tryton's words. Our numbers stand in `reference`, by which everything is found again.
local claim   = require "claim"
local history = require "maps.order_history"

local erp = {}

local fields = array {
  "reference", "state", "party.code", "party.name", "currency.code", "untaxed_amount", "shipment_address", "warehouse",
  "lines.product.code", "lines.quantity", "lines.unit", "lines.unit_price", "shipments.number", "shipments.effective_date",
  "lines.moves.state", "lines.moves.quantity", "lines.moves.effective_date", "lines.invoice_lines.quantity", "lines.invoice_lines.invoice.state",
  "invoices.number", "invoices.total_amount", "invoices.amount_to_pay",
}

-- The order with its lines, shipments and invoices (order_history@1), or nil when there is none with this number.
function erp.order(ctx, order_no)
  local found = ctx.erp:query { object = "sale.sale", where = array { array { "reference", "=", order_no } }, fields = fields }
  return found[1] and history(found[1])
end

-- References to records of a model, as Tryton has them: "stock.move,8".
local function references(model, list)
  local refs = array()
  for i, each in ipairs(list) do refs[i] = model .. "," .. each.id end
  return refs
end

-- The records of a model that come from these lines or moves and stand; `holder` is what they are part of.
local function coming_from(ctx, model, origins, holder, asked)
  if #origins == 0 then return array() end
  return ctx.erp:query { object = model, where = array { array { "origin", "in", origins }, table.unpack(holder) }, fields = asked }
end

local of_returns = { array { "shipment", "like", "stock.shipment.out.return,%" }, array { "state", "!=", "cancelled" } }
local of_notes   = { array { "invoice.state", "!=", "cancelled" } }

local function returns_of(ctx, line)
  local list = array()
  for i, move in ipairs(coming_from(ctx, "stock.move", references("stock.move", line.shipped), of_returns, array { "quantity", "shipment.reference" })) do
    list[i] = { ref = move.shipment.reference or "return " .. move.shipment.id, quantity = move.quantity }
  end
  return list
end

local function credits_of(ctx, line)
  local list, invoices = array(), {}
  for _, each in ipairs(line.invoiced) do invoices["account.invoice.line," .. each.id] = each.invoice_id end
  for i, credit in ipairs(coming_from(ctx, "account.invoice.line", references("account.invoice.line", line.invoiced), of_notes,
    array { "quantity", "origin", "invoice.reference", "invoice.number" })) do
    list[i] = { ref = credit.invoice.reference or credit.invoice.number or "credit note " .. credit.invoice.id,
                quantity = decimal(credit.quantity):abs(), invoice_id = invoices[credit.origin] }
  end
  return list
end

-- What other claims than r take back of that product of the order, authorised or credited, also by hand in Tryton (claim.taken). A return
-- names the move with which its goods left, a line of a credit note the line that it credits.
function erp.taken(ctx, order, r)
  for _, line in ipairs(order.lines) do
    if line.product_no == r.product_no then return claim.taken(returns_of(ctx, line), credits_of(ctx, line), r.return_no) end
  end
  return claim.taken({}, {}, r.return_no)
end

function erp.withdraw(ctx, r)
  local found = ctx.erp:find { object = "stock.shipment.out.return", field = "reference", value = r.return_no }
  for _, shipment in ipairs(found) do ctx.erp:delete { object = "stock.shipment.out.return", id = shipment.id } end
end

-- The warehouse may expect the goods: a draft of a return shipment. What is undone is deleted there, then `undone` is called.
function erp.authorise(ctx, r, order, found, undone)
  local line = found.line
  ctx.erp:create({ object = "stock.shipment.out.return", match = { field = "reference", value = r.return_no }, record = {
    reference = r.return_no, customer = { code = order.account_no }, delivery_address = order.address_id, warehouse = order.warehouse_id,
    incoming_moves = array { {
      product = { code = r.product_no }, quantity = r.quantity, uom = line.unit_id, unit_price = line.unit_price,
      currency = { code = order.currency }, from_location = { code = "CUS" }, to_location = { code = "IN" },
      origin = "stock.move," .. line.shipped[1].id,
    } },
  } }, {
    once = "return:" .. r.return_no,
    undo = function()
      erp.withdraw(ctx, r)
      undone()
    end,
  })
end

local function posted(ctx, invoice)
  local note = ctx.erp:invoice_post { invoice = invoice }
  return { credit_note_no = note.number, amount = note.total_amount:abs() }
end

-- The credit note of what came back, posted: credit_note_no, amount (with tax).
function erp.credit(ctx, r, found)
  local note = ctx.erp:credit_note({ invoice = found.invoice_id, reference = r.return_no,
    lines = array { { product = r.product_no, quantity = r.quantity } } }, { once = "credit:" .. r.return_no })
  return posted(ctx, note.id)
end

-- A credit of an amount that no line of an invoice has: a sale of less than nothing, as Tryton does it.
function erp.credit_amount(ctx, ref, order, amount, text)
  ctx.erp:sale_create({ sale = {
    reference = ref, description = text, party = { code = order.account_no },
    lines = array { { product = { code = "SLA-CREDIT" }, description = text, quantity = -1, unit_price = amount } },
  } }, { once = "credit:" .. ref })
  ctx.erp:sale_quote { reference = ref }
  ctx.erp:sale_confirm { reference = ref }
  local sale = ctx.erp:sale_process { reference = ref }   -- Tryton does that by itself, but not what it was killed before
  return posted(ctx, sale.invoices[1].id)
end

-- How many credit notes the account got since that day.
function erp.credits_since(ctx, account_no, day)
  return ctx.erp:count { object = "account.invoice", where = array {
    array { "party.code", "=", account_no }, array { "type", "=", "out" }, array { "state", "in", array { "posted", "paid" } },
    array { "lines.quantity", "<", 0 }, array { "invoice_date", ">=", day },
  } }
end

return erp
