-- The desk's tickets as Zendesk has them: which custom field holds what, and what they tell. maps/desk.lua uses it, and flows that open a ticket.
local ids = {
  order_no = 380001, shipment_no = 380002, order_status = 380004,                      -- as in order-to-cash
  kind = 380011, product_no = 380012, quantity = 380013,                               -- asked of who opens a case
  context_of = 380014, invoice_no = 380015, return_no = 380016, credit_note_no = 380017, outcome = 380018,   -- written by us
}

local desk = {}

-- field "order_no": a function that reads it from a ticket.
function desk.field(name)
  local id = ids[name]
  return function(ticket)
    for _, field in ipairs(ticket.custom_fields or {}) do
      if field.id == id then return field.value end
    end
  end
end

-- fields { order_no = … }: as Zendesk wants them, those that have a value.
function desk.fields(values)
  local list = array()
  for name, value in pairs(values) do list[#list + 1] = { id = ids[name], value = value } end
  return list
end

local order_no, context_of, kind = desk.field "order_no", desk.field "context_of", desk.field "kind"
local product_no, outcome        = desk.field "product_no", desk.field "outcome"

function desk.is_open(ticket) return ticket.status ~= "solved" and ticket.status ~= "closed" and ticket.status ~= "deleted" end

-- Its context is of another order, or of none: what we write ourselves ends that, so our own change is nobody's event.
function desk.needs_context(ticket)
  return desk.is_open(ticket) and not outcome(ticket) and (not order_no(ticket) or order_no(ticket) ~= context_of(ticket))
end

function desk.is_defect(ticket)
  return desk.is_open(ticket) and not outcome(ticket) and kind(ticket) == "defect" and order_no(ticket) and product_no(ticket)
end

-- Has the case come to its end? Asked of the desk itself: what an event tells may have been read before that.
function desk.is_settled(ctx, case_no)
  local ticket = ctx.support:get { object = "tickets", id = case_no }
  return ticket ~= nil and outcome(ticket) ~= nil
end

-- The number of a ticket that this integration opens for something without a case; `ref` is its external_id.
function desk.open_ticket(ctx, ref, order, subject, text)
  local made = ctx.support:create({ object = "tickets", record = {
    external_id   = ref, subject = subject, comment = { body = text, public = false },
    custom_fields = desk.fields { order_no = order, context_of = order },
  } }, { once = "ticket:" .. ref })
  return tonumber(made.id)
end

function desk.has_ticket(ctx, ref) return #ctx.support:find { object = "tickets", external_id = ref } > 0 end

return desk
