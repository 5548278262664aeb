-- A return that begins in the shop, without a case: the desk gets a ticket that stands for it. Within the days of lookups/limits.json nobody
-- is asked why.
local dates, lookups, resolution, tickets = require "dates", require "lookups", require "resolution", require "tickets"

local days = lookups.get("limits", "return", "days")

local function late(found, asked_at)
  local passed = dates.days(found.first, dates.day(asked_at, "Europe/Berlin"))
  return passed > days and ("it was shipped %d days ago"):format(passed) or nil
end

flow "shop-return" {
  on      = "return.requested@1",
  one_per = "return_no", again = "ignore",
  steward = "support-desk",
  run     = function(ctx, e)
    local r = e.data
    if tickets.exists(ctx, r.return_no) then return end    -- it was asked for before
    local order, found = resolution.understood(ctx, r)
    local subject = ("Return %s of order %s"):format(r.return_no, r.order_no)
    r.case_no = tickets.open(ctx, r.return_no, r.order_no, subject, r.reason or "No reason given.")
    if not found then return resolution.refuse(ctx, r, order) end
    resolution.of(ctx, r, order, found.amount, { late(found, r.asked_at) })
  end,
}
