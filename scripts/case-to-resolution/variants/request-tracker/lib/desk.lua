-- The desk's tickets as Request Tracker has them: which custom field holds what, and what they tell. maps/desk.lua uses it, and flows that open
-- a ticket.
local queue = "Cases"                         -- whose tickets are cases

local names = {
  order_no = "OrderNo", shipment_no = "ShipmentNo", order_status = "OrderStatus",
  kind = "CaseKind", product_no = "ProductNo", quantity = "Quantity",                  -- asked of who opens a case
  context_of = "ContextOf", invoice_no = "InvoiceNo", return_no = "ReturnNo", credit_note_no = "CreditNoteNo", outcome = "Outcome",   -- written by us
}
local ended = { resolved = true, rejected = true, deleted = true }

local desk = {}

-- field "order_no": a function that reads it from a ticket.
function desk.field(name)
  return function(ticket) return ticket.CustomFields and ticket.CustomFields[names[name]] end
end

-- fields { order_no = … }: as RT wants them, those that have a value.
function desk.fields(values)
  local fields = {}
  for name, value in pairs(values) do fields[names[name]] = value end
  return fields
end

local order_no, context_of, kind = desk.field "order_no", desk.field "context_of", desk.field "kind"
local product_no, outcome        = desk.field "product_no", desk.field "outcome"

function desk.is_open(ticket) return ticket.Queue == queue and not ended[ticket.Status] end

-- Its context is of another order, or of none: what we write ourselves ends that, so our own change is nobody's event.
function desk.needs_context(ticket)
  return desk.is_open(ticket) and not outcome(ticket) and (not order_no(ticket) or order_no(ticket) ~= context_of(ticket))
end

function desk.is_defect(ticket)
  return desk.is_open(ticket) and not outcome(ticket) and kind(ticket) == "defect" and order_no(ticket) and product_no(ticket)
end

-- Has the case come to its end? Asked of the desk itself: what an event tells may have been read before that.
function desk.is_settled(ctx, case_no)
  local ticket = ctx.support:get { object = "ticket", id = case_no }
  return ticket ~= nil and outcome(ticket) ~= nil
end

-- The number of a ticket that this integration opens for something without a case; `ref` is its CaseNo.
function desk.open_ticket(ctx, ref, order, subject, text)
  local made = ctx.support:create({ object = "ticket", key = { CaseNo = ref }, record = {
    Queue = queue, Subject = subject, Content = text, CustomFields = desk.fields { order_no = order, context_of = order },
  } }, { once = "ticket:" .. ref })
  return tonumber(made.id)
end

function desk.has_ticket(ctx, ref) return ctx.support:find { object = "ticket", key = { CaseNo = ref } } ~= nil end

return desk
