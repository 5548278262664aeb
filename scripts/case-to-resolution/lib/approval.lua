-- Who may give how much back: up to the limit of lookups/limits.json the rules decide. Above it, and where a rule is against it, a person does.
local lookups = require "lookups"

local approval = {}

-- ask(ctx, "return", amount, "EUR", { reasons against it }, what the person should see) → true, or false and who refused it
function approval.ask(ctx, kind, amount, currency, against, show)
  local limit, reasons = decimal(lookups.get("limits", kind, "amount")), array()
  for i, reason in ipairs(against) do reasons[i] = reason end
  if amount > limit then reasons[#reasons + 1] = ("%s %s is above the limit of %s"):format(tostring(amount), currency, tostring(limit)) end
  if #reasons == 0 then return true end
  local decision = ctx:decide { "credit", "refuse", about = table.concat(reasons, "; "), show = show, due = "1d" }
  return decision.answer == "credit", decision.by
end

return approval
