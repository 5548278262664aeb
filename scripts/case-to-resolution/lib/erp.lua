-- What is asked of the ERP and done there, in Tryton's words. Our numbers stand in `reference`, by which everything is found again.
local history = require "maps.order_history"

local erp = {}

local fields = array {
  "reference", "state", "party.code", "party.name", "currency.code", "untaxed_amount", "shipment_address", "warehouse",
  "lines.product.code", "lines.quantity", "lines.unit", "lines.unit_price", "shipments.number", "shipments.effective_date",
  "invoices.number", "invoices.total_amount", "invoices.amount_to_pay",
}

-- The order with its lines, shipment and invoice (order_history@1), or nil when there is none with this number.
function erp.order(ctx, order_no)
  local found = ctx.erp:query { object = "sale.sale", where = array { array { "reference", "=", order_no } }, fields = fields }
  return found[1] and history(found[1])
end

local function withdraw(ctx, return_no)
  local found = ctx.erp:find { object = "stock.shipment.out.return", field = "reference", value = return_no }
  for _, shipment in ipairs(found) do ctx.erp:delete { object = "stock.shipment.out.return", id = shipment.id } end
end

-- The warehouse may expect the goods: a draft of a return shipment. What is undone is deleted there, then `undone` is called.
function erp.authorise(ctx, r, order, line, undone)
  ctx.erp:create({ object = "stock.shipment.out.return", match = { field = "reference", value = r.return_no }, record = {
    reference = r.return_no, customer = { code = order.account_no }, delivery_address = order.address_id, warehouse = order.warehouse_id,
    incoming_moves = array { {
      product = { code = r.product_no }, quantity = r.quantity, uom = line.unit_id, unit_price = line.unit_price,
      currency = { code = order.currency }, from_location = { code = "CUS" }, to_location = { code = "IN" },
    } },
  } }, {
    once = "return:" .. r.return_no,
    undo = function()
      withdraw(ctx, r.return_no)
      undone()
    end,
  })
end

local function posted(ctx, invoice)
  local note = ctx.erp:invoice_post { invoice = invoice }
  return { credit_note_no = note.number, amount = note.total_amount:abs() }
end

-- The credit note of what came back, posted: credit_note_no, amount (with tax).
function erp.credit(ctx, r, order)
  local note = ctx.erp:credit_note({ invoice = order.invoice_id, reference = r.return_no,
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
  local sale = ctx.erp:sale_confirm { reference = ref }
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
