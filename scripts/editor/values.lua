---@meta
-- Values that plain Lua does not have: JSON nulls, arrays, exact decimals; and errors with a class. Nothing here runs.

---An exact number of any length. `+ - *` and comparisons are exact, with integers too; `/` is not there, `div` says how it rounds.
---@class tidelock.Decimal
---@operator add(tidelock.Decimal|integer): tidelock.Decimal
---@operator sub(tidelock.Decimal|integer): tidelock.Decimal
---@operator mul(tidelock.Decimal|integer): tidelock.Decimal
---@operator unm: tidelock.Decimal
local Decimal = {}

---A number as JSON gives it: digits that fit 64 bits are an integer, every other number is a decimal.
---@alias tidelock.Number integer|tidelock.Decimal

---Equal by value, also to an integer or a text: `amount:is(0)`, `amount:is("1.50")`.
---@param value tidelock.Number|string
---@return boolean
function Decimal:is(value) end

---1, 0 or -1.
---@return integer
function Decimal:sign() end

---@return tidelock.Decimal
function Decimal:abs() end

---Digits after the point.
---@return integer
function Decimal:scale() end

---@param scale integer digits after the point
---@param rounding tidelock.Rounding
---@return tidelock.Decimal
function Decimal:round(scale, rounding) end

---The quotient with so many digits after the point.
---@param divisor tidelock.Number
---@param scale integer
---@param rounding tidelock.Rounding
---@return tidelock.Decimal
function Decimal:div(divisor, scale, rounding) end

---The integer that it is; nil when it has a fraction or does not fit 64 bits.
---@return integer?
function Decimal:tointeger() end

---The nearest double: digits may be lost.
---@return number
function Decimal:tofloat() end

---As text without an exponent.
---@return string
function Decimal:plain() end

---A decimal of a text, an integer or a decimal: `decimal "1234567890123.45"`.
---@param value string|tidelock.Number
---@return tidelock.Decimal
function decimal(value) end

---@class tidelock.Null

---A JSON null in a table constructor: `{ vat_id = null }`. A member that is null reads as nil; `t.k = null` writes one.
---@type tidelock.Null
null = {}

---Is the member there and null? (A null reads as nil, like a member that is missing.)
---@param object table
---@param key string|integer
---@return boolean
function isnull(object, key) end

---Makes the member a null; the same as `object.key = null`.
---@param object table
---@param key string|integer
function setnull(object, key) end

---An empty array, or the table marked as one: it is written as `[]`, also when it is empty.
---@param list? table
---@return table
function array(list) end

---The keys of a table, sorted.
---@param object table
---@return any[]
function keys(object) end

---What is raised when something fails; `ctx:try` gives it, so does pcall.
---@class tidelock.Error
---@field class string of the record: data missing conflict unsupported; of a run: failed timeout; or script
---@field code? string the platform's word, or ours
---@field message string a sentence for people
---@field system? string where it happened
---@field operation? string
---@field status? integer of the HTTP answer
---@field step? string the step of the run

---@class tidelock.Setting

---A value that differs per server: `url = setting "erp.url"`. Declarations name it; `tidelock settings set` gives it.
---@param name string
---@return tidelock.Setting
function setting(name) end

---A setting that is never shown: `password = secret "erp.password"`.
---@param name string
---@return tidelock.Setting
function secret(name) end
