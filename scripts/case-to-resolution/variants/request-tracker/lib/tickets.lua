-- The desk's tickets as Request Tracker has them: which custom field holds what, and how one is opened and found.
local queue = "Cases"                         -- whose tickets are cases

local names = {
  order_no = "OrderNo", shipment_no = "ShipmentNo", order_status = "OrderStatus",
  kind = "CaseKind", product_no = "ProductNo", quantity = "Quantity",                  -- asked of who opens a case
  context_of = "ContextOf", invoice_no = "InvoiceNo", return_no = "ReturnNo", credit_note_no = "CreditNoteNo", outcome = "Outcome",   -- written by us
}
local ended = { resolved = true, rejected = true, deleted = true }

local tickets = { object = "ticket" }

-- field "order_no": a function that reads it from a ticket.
function tickets.field(name)
  return function(ticket) return ticket.CustomFields and ticket.CustomFields[names[name]] end
end

-- fields { order_no = … }: as RT wants them, those that have a value.
function tickets.fields(values)
  local fields = {}
  for name, value in pairs(values) do fields[names[name]] = value end
  return fields
end

function tickets.is_open(ticket) return ticket.Queue == queue and not ended[ticket.Status] end

-- The number of a ticket that this integration opens for something without a case; `ref` is its CaseNo.
function tickets.open(ctx, ref, order, subject, text)
  local made = ctx.support:create({ object = "ticket", key = { CaseNo = ref }, record = {
    Queue = queue, Subject = subject, Content = text, CustomFields = tickets.fields { order_no = order, context_of = order },
  } }, { once = "ticket:" .. ref })
  return tonumber(made.id)
end

function tickets.exists(ctx, ref) return ctx.support:find { object = "ticket", key = { CaseNo = ref } } ~= nil end

return tickets
