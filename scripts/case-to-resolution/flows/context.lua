-- A new case is given what the ERP knows about its order. Without an order number it is asked for, and the case waits until an agent adds it.
local context, erp = require "context", require "erp"

local function ask(ctx, case)
  local unknown = case.order_no and ("The ERP has no order %s. Please correct the order number."):format(case.order_no)
  ctx.support:comment({ ticket = case.case_no, text = unknown or "Which order is this about? Please fill in its number." },
    { once = ("ask:%d:%s"):format(case.case_no, case.order_no or "") })
end

-- The case with an order that the ERP knows, and that order; nil when nobody names one.
local function with_order(ctx, case)
  while true do
    local order = case.order_no and erp.order(ctx, case.order_no)
    if order then return case, order end
    ask(ctx, case)
    local told = case.order_no
    local ev = ctx:await { "case.opened@1", within = "30d", when = function(ev) return ev.data.order_no and ev.data.order_no ~= told end }
    if not ev then return end
    case = ev.data
  end
end

flow "case-context" {
  on      = "case.opened@1",
  one_per = "case_no", again = "deliver",
  steward = "support-desk",
  run     = function(ctx, e)
    local case, order = with_order(ctx, e.data)
    if not case then return end
    ctx.support:comment({ ticket = case.case_no, text = context.text(case, order) },
      { once = ("context:%d:%s"):format(case.case_no, order.order_no) })
    ctx.support:put("case_context@1", context.fields(case, order))
  end,
}
