-- What customers and the desk are told. Each letter goes out once for a contract and its end.
local terms = require "terms"

local letters = {}

local function once(contract, what) return ("renewal:%s:%s:%s"):format(contract.contract_no, contract.ends_on, what) end

local function when(days) return days <= 0 and "today" or days == 1 and "tomorrow" or ("in %d days"):format(days) end

-- The reminder of so many days before the end; one that goes out late says how many are left.
function letters.remind(ctx, contract, days)
  if not contract.mail then return ctx:log("warn", "no address to remind", { contract_no = contract.contract_no }) end
  ctx.mail:send({
    to = contract.mail, subject = ("Your contract %s ends on %s"):format(contract.contract_no, contract.ends_on),
    text = ("Dear customer,\n\nyour contract %s ends on %s, %s. Our quote is with you. Please tell us whether you renew.\n\nAcme contracts\n")
      :format(contract.contract_no, contract.ends_on, when(terms.days(contract, ctx:now()))),
  }, { once = once(contract, "mail-" .. days) })
end

-- A case for the people who know the customer.
function letters.case(ctx, contract, what, text)
  ctx.support:create({ object = "tickets", record = {
    external_id = once(contract, what), type = "task", tags = array { "renewal" }, subject = ("Contract %s of %s: %s"):format(contract.contract_no, contract.account_name, what),
    comment = { body = text },
  } }, { once = once(contract, what) })
end

return letters
