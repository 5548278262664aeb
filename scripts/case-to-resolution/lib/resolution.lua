-- From a claim to its end: what it is worth, decision, return, credit note, answer. Cases and returns of the shop both end here.
local approval, claim, erp, tell = require "approval", require "claim", require "erp", require "tell"

local resolution = {}

-- The order of r (return@1) and what goes back of it (claim.of): parked until a person has put right what is wrong in the ERP. What others claim
-- too is a person's decision; without the second result it is refused.
function resolution.understood(ctx, r)
  while true do
    local order = erp.order(ctx, r.order_no)
    local found, wrong, claimed
    if order then
      found, wrong, claimed = claim.of(order, r.product_no, r.quantity, erp.taken(ctx, order, r))
    else
      wrong = "the ERP has no order " .. r.order_no
    end
    if found then return order, found end
    wrong = ("return %s: %s"):format(r.return_no, wrong)
    if not claimed then
      ctx:park(wrong, r)
    elseif ctx:decide { "refuse", "look again", about = wrong, show = r, due = "1d" }.answer == "refuse" then
      return order
    end
  end
end

local function outcome(ctx, r, how, credit)
  ctx.support:put("case_outcome@1", { case_no = r.case_no, outcome = how, return_no = how ~= "refused" and r.return_no or nil,
                                      credit_note_no = credit and credit.credit_note_no })
end

local function settled(ctx, r, order, how, credit)
  ctx:emit("claim.settled@1", { claim_no = r.return_no, account_no = order.account_no, outcome = how, case_no = r.case_no, currency = order.currency,
                                credit_note_no = credit and credit.credit_note_no, amount = credit and credit.amount })
end

function resolution.refuse(ctx, r, order)
  tell.customer(ctx, r, "refused", ("We are sorry: %s of order %s cannot be taken back."):format(r.product_no, r.order_no))
  outcome(ctx, r, "refused")
  settled(ctx, r, order, "refused")
end

-- What the flow "return" gives, or nil when it was taken back: then the customer has been told by what undid it.
local function returned(ctx, r)
  local credit, failed = ctx:try(function() return ctx:start("return", r) end)
  if failed and failed.class ~= "failed" then error(failed) end
  return credit
end

-- r: return@1, of the order's worth `amount`; against: what speaks against it.
function resolution.of(ctx, r, order, amount, against)
  local show = { order = order.order_no, account = order.account_no, customer = order.customer_name, product = r.product_no, quantity = r.quantity,
                 amount = amount, reason = r.reason, case = r.case_no }
  if not approval.ask(ctx, "return", amount, order.currency, against, show) then
    return resolution.refuse(ctx, r, order)
  end
  local credit = returned(ctx, r)
  if not credit then return outcome(ctx, r, "withdrawn") end
  if credit.refused then return resolution.refuse(ctx, r, order) end
  tell.customer(ctx, r, "credited", ("Thank you, your return %s has arrived. We have credited %s %s to you: credit note %s.")
    :format(r.return_no, tostring(credit.amount), order.currency, credit.credit_note_no))
  outcome(ctx, r, "credited", credit)
  settled(ctx, r, order, "credited", credit)
end

return resolution
