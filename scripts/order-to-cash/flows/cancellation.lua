-- A deal that is withdrawn takes its order back: in the ERP, as long as nothing has left the house. That it is cancelled
-- is then told like any other status. What has left, a person decides about; what was billed is credited (credit_note.lua).
local deals, erps = require "deals", require "erps"

local over = { cancelled = true, refused = true }

-- Sales may have won it again while this waited.
local function still_lost(ctx, no)
  local deal = deals.of(ctx, no)
  return deal and deal.StageName == "Closed Lost"
end

-- The order in the ERP, waiting for one that is on its way: behind a maintenance window, a parked customer, finance.
local function placed(ctx, erp, no)
  local state = erp.state(ctx.erp, no)
  if state then return state end
  local ev = ctx:await { "order.placed@1", "order.accepted@1", "backorder.noted@1", "order.rejected@1", within = "14d" }
  if ev and ev.type ~= "order.rejected@1" then return erp.state(ctx.erp, no) end
end

-- Cancelled, or nil when it moved on in that very moment.
local function cancelled(ctx, erp, order)
  local _, failed = ctx:try(function() erp.cancel(ctx.erp, order.order_no, order.reason) end)
  if not failed then return true end
  if failed.class ~= "conflict" then error(failed) end
  local state = erp.state(ctx.erp, order.order_no)
  if state and state.open then error(failed) end
end

local function decide(ctx, order, state)
  return ctx:decide {
    "taken back", "leave it", due = "5d",
    about = ("order %s was withdrawn, but the ERP has it as %s and does not cancel it: taken back, once the goods are here and what is left is cancelled there")
      :format(order.order_no, state.called),
    show  = { order_no = order.order_no, status = state.called, reason = order.reason, invoices = state.invoices },
  }
end

local function tell(ctx, event, order, status, reason)
  ctx:emit("order.kept@1", { order_no = order.order_no, mark = order.mark or "-" })
  ctx:emit(event, { order_no = order.order_no, account_no = order.account_no, status = status, reason = reason })
end

flow "cancellation" {
  on      = "order.withdrawn@1",
  one_per = "order_no", again = "ignore",
  steward = "order-desk",
  run     = function(ctx, e)
    local order, no = e.data, e.data.order_no
    local erp       = erps.of(order.company_code)
    local state     = placed(ctx, erp, no)
    if not state or over[state.status] then return end
    if not still_lost(ctx, no) then return ctx:log("won again meanwhile: the order stands", { order_no = no }) end
    if state.open and cancelled(ctx, erp, order) then return end

    state = erp.state(ctx.erp, no)
    if not state or over[state.status] then return end
    local answer = decide(ctx, order, state)
    if not still_lost(ctx, no) then return ctx:log("won again meanwhile: the order stands", { order_no = no }) end
    if answer.answer == "leave it" then
      return tell(ctx, "order.stands@1", order, state.status, "withdrawn too late: the order stands")
    end
    state = erp.state(ctx.erp, no)
    if state and state.invoices[1] then
      ctx:emit("order.kept@1", { order_no = no, mark = order.mark or "-" })
      return ctx:emit("credit.due@1", { order_no = no, account_no = order.account_no, company_code = order.company_code, currency = order.currency,
                                        status = state.status, reason = order.reason, invoices = state.invoices })
    end
    tell(ctx, "order.rejected@1", order, "cancelled", ("%s; taken back, as %s says"):format(order.reason, answer.by))
  end,
}
