-- A return that begins in the shop, without a case: the desk gets a ticket that stands for it. Within the days of lookups/limits.json nobody
-- is asked why.
local claim, dates, desk, erp, lookups, resolution =
  require "claim", require "dates", require "desk", require "erp", require "lookups", require "resolution"

local days = lookups.get("limits", "return", "days")

local function late(order, asked_at)
  if not order.shipped_on then return "it was not shipped" end
  local passed = dates.days(order.shipped_on, dates.day(asked_at, "Europe/Berlin"))
  return passed > days and ("it was shipped %d days ago"):format(passed) or nil
end

flow "shop-return" {
  on      = "return.requested@1",
  one_per = "return_no", again = "ignore",
  steward = "support-desk",
  run     = function(ctx, e)
    local r = e.data
    if desk.has_ticket(ctx, r.return_no) then return end    -- it was asked for before
    local order, found, wrong
    repeat
      order = erp.order(ctx, r.order_no)
      if order then found, wrong = claim.of(order, r.product_no, r.quantity) else wrong = "the ERP has no order " .. r.order_no end
      if not found then ctx:park("return " .. r.return_no .. ": " .. wrong, r) end       -- on: when a person has put it right
    until found
    local subject = ("Return %s of order %s"):format(r.return_no, r.order_no)
    r.case_no = desk.open_ticket(ctx, r.return_no, r.order_no, subject, r.reason or "No reason given.")
    resolution.of(ctx, r, order, found.amount, { late(order, r.asked_at) })
  end,
}
