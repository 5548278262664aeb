-- Custom fields of the desk's tickets: a list of { id, value }.
local ORDER_NO = 380001

local tickets = {}

function tickets.order_no(ticket)
  for _, field in ipairs(ticket.custom_fields or {}) do
    if field.id == ORDER_NO then return field.value end
  end
end

return tickets
