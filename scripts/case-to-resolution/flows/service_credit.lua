-- A month in which a service was worse than promised: part of its fee goes back, without anybody asking for it.
local approval, dates, erp, levels, tickets = require "approval", require "dates", require "erp", require "service_levels", require "tickets"
local service_level = require "maps.service_level"

local function contract_of(ctx, level)
  local order = erp.order(ctx, level.contract_no)
  while not order do
    ctx:park("the ERP has no contract " .. level.contract_no, level)
    order = erp.order(ctx, level.contract_no)
  end
  return order
end

local function settled(ctx, ref, order, ticket, outcome, credit)
  ctx.support:put("case_outcome@1", { case_no = ticket, outcome = outcome, credit_note_no = credit and credit.credit_note_no })
  ctx:emit("claim.settled@1", { claim_no = ref, account_no = order.account_no, outcome = outcome, case_no = ticket, currency = order.currency,
                                credit_note_no = credit and credit.credit_note_no, amount = credit and credit.amount })
end

flow "service-credit" {
  on      = "service.missed@1",
  steward = "finance",
  run     = function(ctx, e)
    local level = e.data
    local ref   = ("SC-%s-%s"):format(level.contract_no, level.month)
    if tickets.exists(ctx, ref) then return end            -- the message and the monthly look tell the same; one of them comes first
    local order = contract_of(ctx, level)
    local amount, percent = levels.credit(level.level, level.availability, order.net, order.currency)
    if amount:is(0) then return end
    local text   = ("%s %% available in %s: %s %% of %s %s")
      :format(tostring(level.availability), level.month, tostring(percent), tostring(order.net), order.currency)
    local ticket = tickets.open(ctx, ref, level.contract_no, "Service credit " .. ref, text)
    local show   = { contract = level.contract_no, account = order.account_no, why = text }
    if not approval.ask(ctx, "service_credit", amount, order.currency, {}, show) then
      return settled(ctx, ref, order, ticket, "refused")
    end
    settled(ctx, ref, order, ticket, "credited", erp.credit_amount(ctx, ref, order, amount, text))
  end,
}

-- What no message told: on the second of each month the monitoring is asked for the month before.
every "day 2 06:00 Europe/Berlin" {
  name = "missed-service-levels", steward = "finance", missed = "once",
  run  = function(ctx, tick)
    local month  = dates.add(tick.data["local"]:sub(1, 10), { months = -1 }):sub(1, 7)
    local report = ctx.monitor:get { path = "levels", query = "month=" .. month }
    for _, level in ipairs(report and report.missed or {}) do ctx:emit("service.missed@1", service_level(level)) end
  end,
}
