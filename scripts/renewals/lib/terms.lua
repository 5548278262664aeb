-- Arithmetic of contracts: when something is due, and what the next contract is. Nothing here waits.
local dates, decimals = require "dates", require "decimals"
local policy          = require "policy"

local terms = {}

-- Months. A year, because prices are those of a year.
local term = 12

-- What Renewal_Status__c says of a contract about which nothing is left to do.
terms.over = { renewed = true, closed = true, refused = true }

local function zone_of(contract) return policy.zones[contract.company_code] or policy.zone end

-- Days from today, in the contract's zone, to its end.
function terms.days(contract, now) return dates.days(dates.day(now, zone_of(contract)), contract.ends_on) end

-- Milliseconds from `now` to the opening of the office, so many days before the contract's end.
function terms.left(contract, days_before, now)
  local day = dates.add(contract.ends_on, { days = -days_before })
  return dates.parse(dates.from_local(day .. "T" .. policy.opens, zone_of(contract))) - dates.parse(now)
end

-- The day after its last has begun.
function terms.has_ended(contract, now) return terms.left(contract, -1, now) <= 0 end

function terms.is_history(contract, now) return terms.left(contract, -policy.history, now) <= 0 end

-- In the digits of its currency, and not a fraction more or less.
function terms.is_money(amount, currency) return decimals.money(amount, currency, "down") - amount == decimal(0) end

function terms.price(contract)
  local value = decimal(contract.yearly_value)
  return decimals.money(value + value * decimal(policy.increase):div(100, 6, "half-even"), contract.currency, "half-even")
end

-- What follows C-7 is C-7-2027, then C-7-2028: the number that its line began with, and the year in which it begins; the day, when
-- the one before it began in that year too. So no line has a number twice, and what looks like a year in a number stays.
local function number(contract, series_no, starts_on)
  local year = starts_on:sub(1, 4)
  local same = contract.starts_on and contract.starts_on:sub(1, 4) == year
  return series_no .. "-" .. (same and starts_on or year)
end

-- A copy of a contract takes the line's number along, but not the form of its numbers.
local function series_of(contract)
  local no = contract.series_no
  return no and contract.contract_no:sub(1, #no + 1) == no .. "-" and no or contract.contract_no
end

-- The contract of the next term, at the price that was agreed.
function terms.next(contract, price)
  local starts_on = dates.add(contract.ends_on, { days = 1 })
  local series_no = series_of(contract)
  return {
    contract_no  = number(contract, series_no, starts_on), previous_no = contract.contract_no, series_no = series_no,
    account_no   = contract.account_no, account_name = contract.account_name, company_code = contract.company_code,
    starts_on    = starts_on, ends_on = dates.add(dates.add(starts_on, { months = term }), { days = -1 }),
    yearly_value = decimals.money(price, contract.currency, "half-even"), currency = contract.currency, mail = contract.mail,
  }
end

-- Its price over its months, exact to the currency's smallest coin: what does not divide falls into the last one.
function terms.schedule(contract)
  local total = contract.yearly_value
  local month = total:div(term, decimals.scale_of(contract.currency), "down")
  local lines = array()
  for i = 1, term do
    local amount = i < term and month or total - month * (term - 1)
    lines[i] = { line_no = i, recognize_on = dates.add(contract.starts_on, { months = i - 1 }), amount = amount }
  end
  return { contract_no = contract.contract_no, currency = contract.currency, total = total, lines = lines }
end

return terms
