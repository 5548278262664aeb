-- Decimals beyond their own methods: sums, money, shares that add up.
local M = {}

-- Digits after the point of a currency (ISO 4217); 2 where nothing is said.
local scales = {
  BHD = 3, BIF = 0, CLP = 0, DJF = 0, GNF = 0, IQD = 3, ISK = 0, JOD = 3, JPY = 0, KMF = 0, KRW = 0, KWD = 3, LYD = 3,
  OMR = 3, PYG = 0, RWF = 0, TND = 3, UGX = 0, UYI = 0, VND = 0, VUV = 0, XAF = 0, XOF = 0, XPF = 0,
}

function M.scale_of(currency)
  if type(currency) ~= "string" or not currency:match("^%u%u%u$") then
    error("a currency is three capital letters, not " .. tostring(currency), 2)
  end
  return scales[currency] or 2
end

-- money(amount, "EUR", "half-even")
function M.money(amount, currency, rounding)
  return decimal(amount):round(M.scale_of(currency), rounding)
end

-- sum(list [, function(element) → amount])
function M.sum(list, of)
  local total = decimal(0)
  for i = 1, #list do
    local amount = list[i]
    if of then amount = of(amount) end
    if amount ~= nil then total = total + decimal(amount) end
  end
  return total
end

-- percent(amount, "19", 2, "half-up"): 19 % of it
function M.percent(amount, percent, scale, rounding)
  return (decimal(amount) * decimal(percent)):div(100, scale, rounding)
end

function M.max(a, b) if decimal(a) < decimal(b) then return b end return a end
function M.min(a, b) if decimal(b) < decimal(a) then return b end return a end

return M
