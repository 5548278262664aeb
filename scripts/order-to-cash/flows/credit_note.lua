-- What a cancelled order was billed is credited: up to the limit of lookups/limits.json by itself, above it when finance say so.
local decimals, erps, lookups = require "decimals", require "erps", require "lookups"

local function approved(ctx, due)
  local total, limit = decimals.sum(due.invoices, function(invoice) return invoice.amount end), decimal(lookups.get("limits", "cancellation", "amount"))
  if total <= limit then return true end
  local decision = ctx:decide {
    "credit", "refuse", due = "1d",
    about = ("order %s is cancelled: %s %s to credit is above the limit of %s"):format(due.order_no, tostring(total), due.currency or "", tostring(limit)),
    show  = { order_no = due.order_no, account_no = due.account_no, invoices = due.invoices, reason = due.reason },
  }
  return decision.answer == "credit", decision
end

local function tell(ctx, event, due, status, reason)
  ctx:emit(event, { order_no = due.order_no, account_no = due.account_no, status = status, reason = reason })
end

flow "credit-note" {
  on      = "credit.due@1",
  one_per = "order_no", again = "ignore",
  steward = "finance",
  run     = function(ctx, e)
    local due = e.data
    local yes, decision = approved(ctx, due)
    if not yes then
      return tell(ctx, "order.stands@1", due, due.status, ("taken back, but %s refused to credit it: %s"):format(decision.by, decision.why or "no reason given"))
    end
    local notes = array()
    for i, invoice in ipairs(due.invoices) do
      local no, amount = erps.of(due.company_code).credit_note(ctx.erp, due, invoice)
      notes[i] = ("%s (%s %s)"):format(no, tostring(amount), due.currency or "")
    end
    tell(ctx, "order.rejected@1", due, "cancelled", ("%s; credited: %s"):format(due.reason or "withdrawn", table.concat(notes, ", ")))
  end,
}
