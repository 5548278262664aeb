-- The desk's tickets as Zendesk has them: which custom field holds what, and how one is opened and found. lib/desk.lua says what they tell.
local ids = {
  order_no = 380001, shipment_no = 380002, order_status = 380004,                      -- as in order-to-cash
  kind = 380011, product_no = 380012, quantity = 380013,                               -- asked of who opens a case
  context_of = 380014, invoice_no = 380015, return_no = 380016, credit_note_no = 380017, outcome = 380018,   -- written by us
}

local tickets = { object = "tickets" }

-- field "order_no": a function that reads it from a ticket.
function tickets.field(name)
  local id = ids[name]
  return function(ticket)
    for _, field in ipairs(ticket.custom_fields or {}) do
      if field.id == id then return field.value end
    end
  end
end

-- fields { order_no = … }: as Zendesk wants them, those that have a value.
function tickets.fields(values)
  local list = array()
  for name, value in pairs(values) do list[#list + 1] = { id = ids[name], value = value } end
  return list
end

function tickets.is_open(ticket) return ticket.status ~= "solved" and ticket.status ~= "closed" and ticket.status ~= "deleted" end

-- The number of a ticket that this integration opens for something without a case; `ref` is its external_id.
function tickets.open(ctx, ref, order, subject, text)
  local made = ctx.support:create({ object = "tickets", record = {
    external_id   = ref, subject = subject, comment = { body = text, public = false },
    custom_fields = tickets.fields { order_no = order, context_of = order },
  } }, { once = "ticket:" .. ref })
  return tonumber(made.id)
end

function tickets.exists(ctx, ref) return #ctx.support:find { object = "tickets", external_id = ref } > 0 end

return tickets
