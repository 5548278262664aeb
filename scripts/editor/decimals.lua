---@meta decimals
-- Decimals beyond their own methods.

---require "decimals": sums, money, percentages.
---@class tidelock.decimals
local decimals = {}

---Digits after the point of a currency (ISO 4217): 2 for "EUR", 0 for "JPY".
---@param currency string
---@return integer
function decimals.scale_of(currency) end

---The amount rounded to the currency's digits.
---@param amount tidelock.Number|string
---@param currency string
---@param rounding tidelock.Rounding
---@return tidelock.Decimal
function decimals.money(amount, currency, rounding) end

---@param list any[]
---@param of? fun(element: any): any the amount of an element
---@return tidelock.Decimal
function decimals.sum(list, of) end

---So many per cent of the amount.
---@param amount tidelock.Number|string
---@param percent tidelock.Number|string
---@param scale integer
---@param rounding tidelock.Rounding
---@return tidelock.Decimal
function decimals.percent(amount, percent, scale, rounding) end

---@param a tidelock.Number
---@param b tidelock.Number
---@return tidelock.Number
function decimals.max(a, b) end

---@param a tidelock.Number
---@param b tidelock.Number
---@return tidelock.Number
function decimals.min(a, b) end

return decimals
