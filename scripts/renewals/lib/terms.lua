-- Arithmetic of contracts: when something is due, and what the next contract is. Nothing here waits.
local dates, decimals = require "dates", require "decimals"
local policy          = require "policy"

local terms = {}

-- Milliseconds from `now` to the opening of the office, so many days before the contract's end.
function terms.left(contract, days_before, now)
  local day = dates.add(contract.ends_on, { days = -days_before })
  return dates.parse(dates.from_local(day .. "T" .. policy.opens, policy.zone)) - dates.parse(now)
end

function terms.price(contract)
  return contract.yearly_value + decimals.percent(contract.yearly_value, policy.increase, 2, "half-even")
end

-- What follows contract C-7, or C-7-2026, is C-7 with the year in which it begins.
local function number(contract_no, starts_on)
  return contract_no:gsub("%-%d%d%d%d$", "") .. "-" .. starts_on:sub(1, 4)
end

-- The contract of the next term, at the price that was agreed.
function terms.next(contract, price)
  local starts_on = dates.add(contract.ends_on, { days = 1 })
  return {
    contract_no  = number(contract.contract_no, starts_on), previous_no = contract.contract_no,
    account_no   = contract.account_no, account_name = contract.account_name, company_code = contract.company_code,
    starts_on    = starts_on, ends_on = dates.add(dates.add(starts_on, { months = policy.term }), { days = -1 }),
    yearly_value = price, currency = contract.currency, mail = contract.mail,
  }
end

-- Its price over its months, exact to the cent: what does not divide falls into the last one.
function terms.schedule(contract)
  local total = contract.yearly_value
  local month = total:div(policy.term, 2, "down")
  local lines = array()
  for i = 1, policy.term do
    local amount = i < policy.term and month or total - month * (policy.term - 1)
    lines[i] = { line_no = i, recognize_on = dates.add(contract.starts_on, { months = i - 1 }), amount = amount }
  end
  return { contract_no = contract.contract_no, currency = contract.currency, total = total, lines = lines }
end

return terms
