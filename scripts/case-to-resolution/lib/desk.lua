-- What a ticket tells, whichever desk it is of: a case without its context, one about something broken, one that has ended.
local tickets = require "tickets"

local order_no, context_of, kind = tickets.field "order_no", tickets.field "context_of", tickets.field "kind"
local product_no, outcome        = tickets.field "product_no", tickets.field "outcome"

local desk = {}

local function is_at_work(ticket) return tickets.is_open(ticket) and not outcome(ticket) end

-- Its context is of another order, or of none: what we write ourselves ends that, so our own change is nobody's event.
function desk.needs_context(ticket) return is_at_work(ticket) and (not order_no(ticket) or order_no(ticket) ~= context_of(ticket)) end

function desk.is_defect(ticket) return is_at_work(ticket) and kind(ticket) == "defect" and order_no(ticket) and product_no(ticket) end

-- Has the case come to its end? Asked of the desk itself: what an event tells may have been read before that.
function desk.is_settled(ctx, case_no)
  local ticket = ctx.support:get { object = tickets.object, id = case_no }
  return ticket ~= nil and outcome(ticket) ~= nil
end

return desk
