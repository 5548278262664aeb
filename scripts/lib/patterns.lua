-- Text that a regular expression of a contract matches: make(pattern, dice). Knows what contract/regex.h knows, roughly;
-- what comes out is checked against the contract by whoever asked.
local M = {}

local sets = { d = "0123456789", w = "abcXYZ019_", s = " ", D = "ab-", W = "-. ", S = "aZ9" }
local properties = { Lu = "ABÄ", Ll = "abä", L = "aBÄß", N = "019", Nd = "019", P = ".-", Z = " " }
local controls = { t = "\t", n = "\n", r = "\r", f = "\f", v = "\v" }

local function chars_of(text)
  local list = {}
  for _, code in utf8.codes(text) do list[#list + 1] = utf8.char(code) end
  return list
end

-- An escape at p.at (behind the backslash): its list of characters.
local function escape(p)
  local c = p.list[p.at]
  p.at = p.at + 1
  if sets[c] then return chars_of(sets[c]) end
  if controls[c] then return { controls[c] } end
  if c == "b" or c == "B" then return { "" } end
  if c == "u" or c == "x" or c == "p" or c == "P" then
    local rest = table.concat(p.list, "", p.at)
    local braced = rest:match("^{(.-)}")
    local hex = c == "u" and rest:match("^%x%x%x%x") or c == "x" and rest:match("^%x%x")
    p.at = p.at + (braced and #braced + 2 or hex and #hex or 0)
    if c == "p" or c == "P" then return chars_of(properties[braced] or "a") end
    return { utf8.char(tonumber(hex or braced, 16)) }
  end
  return { c }
end

local function class(p)
  local negated, set = p.list[p.at] == "^", {}
  if negated then p.at = p.at + 1 end
  while p.list[p.at] and p.list[p.at] ~= "]" do
    local c = p.list[p.at]
    p.at = p.at + 1
    local from = c == "\\" and escape(p) or { c }
    if p.list[p.at] == "-" and p.list[p.at + 1] ~= "]" and p.list[p.at + 1] then
      p.at = p.at + 1
      local last = p.list[p.at]
      p.at = p.at + 1
      if last == "\\" then last = escape(p)[1] end
      local low, high = utf8.codepoint(from[1]), utf8.codepoint(last)
      local step = (high - low) // 40 + 1
      for code = low, high, step do set[#set + 1] = utf8.char(code) end
    else
      for _, one in ipairs(from) do set[#set + 1] = one end
    end
  end
  p.at = p.at + 1
  if not negated then return set end
  local banned, free = {}, {}
  for _, one in ipairs(set) do banned[one] = true end
  for _, one in ipairs(chars_of("abcXYZ019 -_.äß!")) do
    if not banned[one] then free[#free + 1] = one end
  end
  return free
end

local alternatives

local function atom(p)
  local c = p.list[p.at]
  p.at = p.at + 1
  if c == "(" then
    if p.list[p.at] == "?" then
      repeat p.at = p.at + 1 until p.list[p.at - 1] == ":" or p.list[p.at - 1] == ">" or not p.list[p.at]
    end
    local inner = alternatives(p)
    p.at = p.at + 1
    return inner
  end
  if c == "[" then return { set = class(p) } end
  if c == "\\" then return { set = escape(p) } end
  if c == "." then return { set = { "a", "Z", "0", "-", "ä" } } end
  if c == "^" or c == "$" then return { set = { "" } } end
  return { set = { c } }
end

local function counted(p, item)
  local c = p.list[p.at]
  local low, high
  if c == "*" then low, high = 0, 3
  elseif c == "+" then low, high = 1, 4
  elseif c == "?" then low, high = 0, 1
  elseif c == "{" then
    local text = table.concat(p.list, "", p.at):match("^{[%d,]+}")
    if not text then return item end
    local first, comma, last = text:match("{(%d+)(,?)(%d*)}")
    low = tonumber(first)
    high = comma == "" and low or tonumber(last) or low + 3
    p.at = p.at + #text - 1
  else
    return item
  end
  p.at = p.at + 1
  if p.list[p.at] == "?" then p.at = p.at + 1 end
  return { of = item, low = low, high = math.min(high, low + 8) }
end

function alternatives(p)
  local branches, sequence = {}, {}
  while p.list[p.at] and p.list[p.at] ~= ")" do
    if p.list[p.at] == "|" then
      p.at = p.at + 1
      branches[#branches + 1] = sequence
      sequence = {}
    else
      sequence[#sequence + 1] = counted(p, atom(p))
    end
  end
  branches[#branches + 1] = sequence
  return { branches = branches }
end

local function write(item, r, out)
  if item.set then
    if #item.set > 0 then out[#out + 1] = item.set[r(#item.set)] end
  elseif item.of then
    for _ = 1, item.low + r(item.high - item.low + 1) - 1 do write(item.of, r, out) end
  else
    for _, part in ipairs(item.branches[r(#item.branches)]) do write(part, r, out) end
  end
end

function M.make(pattern, r)
  local out = {}
  write(alternatives { list = chars_of(pattern), at = 1 }, r, out)
  return table.concat(out)
end

return M
