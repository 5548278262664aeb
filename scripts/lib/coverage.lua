-- Which fields of maps and lenses a value went through, and which fields of a map read what. Only states of tests that are
-- asked for it note anything; in all others nothing is wrapped and nothing costs.
local host = ...
local M = {}

local watch = {}
watch.__index = watch

-- of(title) → what notes the fields of that map or lens; nil where nothing is noted.
function M.of(title)
  if not host.field then return nil end
  return setmetatable({ title = title, seen = {}, origins = {}, base = "" }, watch)
end

-- Makes a field known in one direction and gives the function which notes it. Alternatives of one name are counted:
-- "vat_id", "vat_id (2)".
function watch:note(way, label)
  local key = way .. " " .. label
  self.seen[key] = (self.seen[key] or 0) + 1
  return host.field(self.title, way, self.seen[key] > 1 and label .. " (" .. self.seen[key] .. ")" or label)
end

-- What a field of a map is made of: a path, or a function of the record (of the element, in a list). `origins` lists them
-- as { to, from, how, fn, of (the list or object that `fn` is given; "": the record) }.
function watch:origin(to, from, how, fn)
  self.origins[#self.origins + 1] = { to = to, from = from and self.base .. from, how = how, fn = fn, of = self.base }
end

-- The fields inside of a list ("Lines.records[].") or object ("Account.").
function watch:below(base)
  return setmetatable({ title = self.title, seen = self.seen, origins = self.origins, base = self.base .. base }, watch)
end

-- through(note, fn): fn, noted when it gives a value. An absent value, a null and a refusal do not count.
function M.through(note, fn)
  if not note or not fn then return fn end
  return function(...)
    local got = fn(...)
    if got ~= nil and got ~= null then note() end
    return got
  end
end

return M
