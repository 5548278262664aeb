-- What may come back, comes back: authorisation, arrival, credit note. What the case or the shop gets to know is said by who started this.
local erp, lookups, resolution, tell = require "erp", require "lookups", require "resolution", require "tell"

local days = lookups.get("limits", "return", "days")

-- The goods are here; nil when somebody gave them up.
local function arrival(ctx, r)
  while true do
    -- The key is said because a run that was started has the key of who started it.
    local ev = ctx:await { "return.arrived@1", key = r.return_no, within = days .. "d" }
    if ev then return ev end
    local about    = ("the goods of return %s have not arrived in %d days"):format(r.return_no, days)
    local decision = ctx:decide { "wait", "withdraw", about = about, show = r, due = "2d" }
    if decision.answer == "withdraw" then return end
  end
end

flow "return" {
  on      = "return.approved@1",
  one_per = "return_no", again = "ignore",
  steward = "support-desk",
  run     = function(ctx, e)
    local r            = e.data
    local order, found = resolution.understood(ctx, r)      -- read again: a decision of days may lie between
    if not found then return { refused = true } end
    erp.authorise(ctx, r, order, found, function()
      tell.customer(ctx, r, "withdrawn",
        ("The return %s is closed, because nothing arrived. Please write to us if you still want to send it."):format(r.return_no))
    end)
    if not select(2, resolution.understood(ctx, r)) then    -- looked at again: another claim may have come at the same moment
      erp.withdraw(ctx, r, order, found)
      ctx:keep()
      return { refused = true }
    end
    tell.customer(ctx, r, "authorised", ("Please send %s × %s back under the number %s."):format(tostring(r.quantity), r.product_no, r.return_no))
    if not arrival(ctx, r) then return ctx:fail("the goods of " .. r.return_no .. " did not arrive") end
    ctx:keep()
    order, found = resolution.understood(ctx, r)            -- read again: a wait of weeks lies between
    return found and erp.credit(ctx, r, found, order) or { refused = true }
  end,
}
