-- A case about something broken: what was sold, is it under warranty, what is it worth; the rest is lib/resolution.lua.
local claim, desk, erp, resolution, warranty = require "claim", require "desk", require "erp", require "resolution", require "warranty"

flow "case-to-resolution" {
  on      = "case.defect@1",
  one_per = "case_no", again = "ignore",
  steward = "support-desk",
  run     = function(ctx, e)
    local case = e.data
    if desk.is_settled(ctx, case.case_no) then return end
    local order = erp.order(ctx, case.order_no)
    if not order then return end                            -- flows/context.lua asks the agent for another number
    local r = {
      return_no = "RA-" .. case.case_no, order_no = order.order_no, product_no = case.product_no, quantity = case.quantity,
      reason = case.subject, asked_at = case.opened_at, case_no = case.case_no,
    }
    local found, wrong = claim.of(order, r.product_no, r.quantity, erp.taken(ctx, order, r))
    if not found then                                       -- the agent corrects the case, and that begins anew
      ctx.support:comment({ ticket = case.case_no, text = "This cannot be taken back as it stands: " .. wrong },
        { once = ("wrong:%d:%s"):format(case.case_no, wrong) })
      return
    end
    resolution.of(ctx, r, order, found.amount, { warranty.against(case.product_no, found, case.opened_at) })
  end,
}
