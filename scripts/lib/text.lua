-- Text in UTF-8: string.upper and # count bytes and leave "ö" as it is; these do not.
local host = ...
local M = { upper = host.upper, lower = host.lower, length = host.length, first = host.first, valid = host.valid }

function M.trim(s) return (s:match("^%s*(.-)%s*$")) end

-- "Jane Q. Public" → { "Jane", "Q.", "Public" }
function M.words(s)
  local words = array()
  for word in s:gmatch("%S+") do words[#words + 1] = word end
  return words
end

-- split("a;b;;c", ";") → { "a", "b", "", "c" }; the separator is plain text.
function M.split(s, separator)
  if separator == "" then error("text.split: the separator is empty", 2) end
  local parts, from = array(), 1
  while true do
    local first, last = s:find(separator, from, true)
    if not first then break end
    parts[#parts + 1] = s:sub(from, first - 1)
    from = last + 1
  end
  parts[#parts + 1] = s:sub(from)
  return parts
end

function M.starts(s, prefix) return s:sub(1, #prefix) == prefix end
function M.ends(s, suffix) return suffix == "" or s:sub(-#suffix) == suffix end

return M
