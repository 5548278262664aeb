-- One run for each contract: it sleeps until the end is near, quotes, reminds, and waits for the answer. A contract that is
-- changed meanwhile comes as an event; when its end or price is another one, the run begins to count anew. A signature that no run
-- waits for begins one too, so it is never lost.
local letters, terms, policy = require "letters", require "terms", require "policy"
local renewal, late          = require "renewal", require "late"

-- So many days before the end, this is done. What gives true says that the contract is settled already.
local stages = {
  { days = policy.quote, act = renewal.quote },
  { days = policy.remind, act = function(ctx, contract) letters.remind(ctx, contract, policy.remind) end },
  { days = policy.last_call, act = function(ctx, contract)
    letters.remind(ctx, contract, policy.last_call)
    letters.case(ctx, contract, "no answer yet", ("It ends on %s. Please call them."):format(contract.ends_on))
  end },
  { days = -1, act = renewal.is_settled },                   -- the day after its last
}

-- What comes first: an event, or nil when the moment is there.
local function wait(ctx, contract, stage)
  local left = terms.left(contract, stage.days, ctx:now())
  if left <= 0 then return nil end
  return ctx:await { "contract.changed@1", "contract.closed@1", "renewal.signed@1", "renewal.declined@1", within = ("%dms"):format(left) }
end

-- The contract as it is in the end, and the event that ended it; nil: nobody answered. Nothing when it is settled already.
local function answer_of(ctx, contract)
  local at = 1
  while stages[at] do
    local stage, ev = stages[at], wait(ctx, contract, stages[at])
    if ev and ev.type ~= "contract.changed@1" then return contract, ev end
    if ev then
      local same = ev.data.ends_on == contract.ends_on and ev.data.yearly_value == contract.yearly_value
      contract, at = ev.data, same and at or 1
    else
      -- Of moments that have passed together, only the latest reminds; what has ended is not quoted any more.
      local passed = stages[at + 1] and terms.left(contract, stages[at + 1].days, ctx:now()) <= 0
      local quoted = at == 1 and not terms.has_ended(contract, ctx:now())
      if (quoted or not passed) and stage.act(ctx, contract) then return nil end
      at = at + 1
    end
  end
  return contract, nil
end

local function watch(ctx, contract)
  local ev
  contract, ev = answer_of(ctx, contract)
  if not contract then return end
  if ev and ev.type == "renewal.signed@1" then return renewal.renew(ctx, contract, ev.data) end
  local why = "no answer until " .. contract.ends_on
  if ev then why = ev.type == "renewal.declined@1" and "the customer declined" or "closed by sales" end
  renewal.close(ctx, contract, why)
  -- Signed while it was being closed, which takes long when a person has to repair something.
  local signed = ctx:await { "renewal.signed@1", within = "1ms" }
  if signed then late.signed(ctx, signed.data) end
end

flow "renewal" {
  on      = { "contract.changed@1", "renewal.signed@1" },
  one_per = "contract_no", again = "deliver",
  steward = "contracts",
  run     = function(ctx, e)
    if e.type == "renewal.signed@1" then return late.signed(ctx, e.data) end
    if terms.is_history(e.data, ctx:now()) then
      return ctx:log("info", "ended long before it was first seen: left alone", { contract_no = e.data.contract_no, ended_on = e.data.ends_on })
    end
    watch(ctx, e.data)
  end,
}
