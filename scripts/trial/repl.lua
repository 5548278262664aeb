-- What `tidelock repl` answers: a map or one direction of a lens, tried on a document, and where each value came from.
local host, words = ...

local VALUE_MOST, COLUMN_MOST, ELEMENTS_MOST = 60, 28, 3
local current -- { title, apply, entity (that the result must keep), origins() }

local function short(text) return #text > VALUE_MOST and text:sub(1, VALUE_MOST - 3) .. "..." or text end

local function shown(value)
  if value == nil then return "nothing" end
  return short(host.compact(value) or tostring(value))
end

-- ---- places in documents --------------------------------------------------------------------------------------------

local function steps_of(path)
  local steps = {}
  for part in path:gmatch("[^.]+") do
    local name, rest = part:match("^([^%[]*)(.*)$")
    if name ~= "" then steps[#steps + 1] = name end
    for index in rest:gmatch("%[(%d+)%]") do steps[#steps + 1] = tonumber(index) end
  end
  return steps
end

-- The value, and whether something stands there (a null does).
local function look(document, path)
  local at = document
  local steps = steps_of(path)
  for i, step in ipairs(steps) do
    if type(at) ~= "table" then return nil, false end
    if i == #steps and at[step] == nil then return at[step], isnull(at, step) end
    at = at[step]
  end
  return at, at ~= nil
end

local function show_at(document, path)
  local value, there = look(document, path)
  if value == nil then return there and "null" or "nothing" end
  return shown(value)
end

local function pointer(path)
  local out = ""
  for _, step in ipairs(steps_of(path)) do
    out = out .. "/" .. (type(step) == "number" and tostring(step - 1) or (step:gsub("~", "~0"):gsub("/", "~1")))
  end
  return out
end

-- ---- what a function reads ------------------------------------------------------------------------------------------

-- The document, noting every value that is looked at.
local function traced(document, path, reads)
  return setmetatable({}, {
    __index = function(_, key)
      local value = document[key]
      local at = type(key) == "number" and path .. "[" .. key .. "]" or path == "" and tostring(key) or path .. "." .. tostring(key)
      if type(value) == "table" then return traced(value, at, reads) end
      reads[#reads + 1] = at
      return value
    end,
    __len = function() return #document end,
  })
end

-- Paths that the function reads of the part of the record it is given; nil: that cannot be told.
local function reads_of(fn, record, part)
  local reads, seen, list = {}, {}, {}
  local at = part == "" and record or look(record, part)
  if type(at) ~= "table" or not host.try(fn, traced(at, part, reads)) then return nil end
  for _, path in ipairs(reads) do
    if not seen[path] then list[#list + 1] = path end
    seen[path] = true
  end
  return list
end

-- ---- lineage of one document ----------------------------------------------------------------------------------------

local function replaced(text, index)
  return text and (text:gsub("%[%]", "[" .. index .. "]", 1))
end

-- visit(origin, left out): each origin with its [] filled in by what the result holds.
local function expand(origin, result, visit)
  local prefix = origin.to:match("^(.-)%[%]")
  if not prefix then return visit(origin) end
  local list = look(result, prefix)
  for i = 1, math.min(type(list) == "table" and #list or 0, ELEMENTS_MOST) do
    local from = array()
    for k, path in ipairs(origin.from) do from[k] = replaced(path, i) end
    expand({ to = replaced(origin.to, i), from = from, how = origin.how, fn = origin.fn, of = replaced(origin.of, i) }, result, visit)
  end
end

local function sources(origin, record)
  local from = origin.from
  if origin.fn then
    from = reads_of(origin.fn, record, (origin.of:gsub("%.$", "")))
    if not from then return "a function of the record" end
  end
  local list = {}
  for _, path in ipairs(from) do list[#list + 1] = path .. " = " .. show_at(record, path) end
  if #list == 0 then return origin.how end
  return table.concat(list, ", ") .. (origin.fn and "  (function)" or "")
end

local function lineage(record, result)
  local rows, wide, wider, without, longer = {}, 0, 0, 0, false
  for _, origin in ipairs(current.origins()) do
    expand(origin, result, function(one)
      local _, there = look(result, one.to)
      if not there and one.to ~= "*" then
        without = without + 1
        return
      end
      local value = one.to == "*" and "" or show_at(result, one.to)
      rows[#rows + 1] = { one.to, value, sources(one, record) }
      wide, wider = math.max(wide, #one.to), math.max(wider, math.min(#value, COLUMN_MOST))
    end)
    local list = origin.to:find("[]", 1, true) and look(result, (origin.to:match("^(.-)%[%]")))
    longer = longer or type(list) == "table" and #list > ELEMENTS_MOST
  end
  local lines = {}
  for _, row in ipairs(rows) do
    lines[#lines + 1] = ("  %-" .. wide .. "s  %-" .. wider .. "s  <-  %s"):format(row[1], row[2], row[3])
  end
  if longer then lines[#lines + 1] = ("  of each list the first %d elements"):format(ELEMENTS_MOST) end
  if without > 0 then lines[#lines + 1] = ("  %d more fields have no value"):format(without) end
  return lines
end

-- ---- what is tried --------------------------------------------------------------------------------------------------

local function as_origins(list)
  local out = {}
  for i, one in ipairs(list or {}) do
    local from = type(one.from) == "table" and one.from or array()
    if type(one.from) == "string" then from[1] = one.from end
    out[i] = { to = one.to, from = from, how = one.how, fn = one.fn, of = one.of or "" }
  end
  return out
end

local function lens_titled(title)
  for _, known in ipairs(host.titles()) do
    local map = host.map(known)
    local lens = map and map.of
    if lens and (lens.name == title or lens.getter.name == title or lens.putter.name == title) then return lens end
  end
end

-- One direction of a lens, or a map.
local function chosen(title)
  local lens = lens_titled(title)
  local map = host.map(title)
  if not map then return nil end
  local way = lens and (map.name == lens.putter.name and "put" or "get")
  local entity = map.left:match("^%S+@%d+$")
  return { title = map.name, apply = map.apply, entity = entity, lens = lens, origins = function()
    if lens then return as_origins(lens.lineage()[way]) end
    if map.origins then return as_origins(map.origins) end
    return { { to = "*", from = array(), fn = map.apply, of = "", how = "by a function of the whole record" } }
  end }
end

local function answer(text, failed) return { text = text, failed = failed or false } end

local function titles()
  local list, of_lens = {}, {}
  for _, title in ipairs(host.titles()) do
    local lens = host.map(title).of
    if lens then of_lens[lens.getter.name], of_lens[lens.putter.name] = true, true end
  end
  for _, title in ipairs(host.titles()) do
    if not of_lens[title] or title:find("<->", 1, true) then list[#list + 1] = title end
  end
  table.sort(list)
  return list
end

function words.repl_list()
  local list = titles()
  if #list == 0 then return answer("there are no maps and no lenses") end
  return answer(table.concat(list, "\n"))
end

function words.repl_use(title)
  local found = chosen(title)
  if not found then
    return answer("there is no map or lens '" .. title .. "'; there are:\n  " .. table.concat(titles(), "\n  "), true)
  end
  current = found
  local hint = found.lens and "  (:put and :get change the direction)" or ""
  return answer(current.title .. hint)
end

function words.repl_way(way)
  if not current then return answer("choose a lens first: :use \"account@1 <-> crm.Account\"", true) end
  if not current.lens then return answer("a map goes one way; only lenses are read in both", true) end
  local other = way == "put" and current.lens.putter or current.lens.getter
  return words.repl_use(other.name)
end

-- The field that a message begins with, and what stood where it reads.
local function explain(message, record)
  local lines = { "error: " .. message }
  local label = message:match("^([^%s:]+): ")
  for _, origin in ipairs(label and current.origins() or {}) do
    if origin.to == label then
      expand({ to = origin.from[1] or "", from = origin.from, how = "", of = "" }, record, function(one)
        for _, path in ipairs(one.from) do lines[#lines + 1] = ("  at %s: %s"):format(pointer(path), show_at(record, path)) end
      end)
    end
  end
  return table.concat(lines, "\n")
end

function words.repl_map(record)
  if type(record) ~= "table" then return answer("a map takes a record, a JSON object", true) end
  words.globals.doc = record
  if not current then
    local list = titles()
    if #list ~= 1 then return answer("kept as 'doc'. Choose what to make of it: :list, then :use \"…\"") end
    words.repl_use(list[1])
  end
  local ok, result = host.try(current.apply, record)
  if not ok then
    local refused = type(result.raised) == "table" and result.raised.message
    local place = not refused and result.place ~= "" and result.place .. ": " or ""
    return answer(explain(refused or place .. result.message, record), true)
  end
  words.globals.result = result
  local lines = { host.pretty(result) }
  for _, line in ipairs(lineage(record, result)) do lines[#lines + 1] = line end
  if current.entity then
    local kept, why = host.try(host.call, "check", { entity = current.entity, data = result })
    if not kept then lines[#lines + 1] = "error: does not keep the contract of " .. current.entity .. ": " .. why.message end
    return answer(table.concat(lines, "\n"), not kept)
  end
  return answer(table.concat(lines, "\n"))
end

local function printed(value)
  if value == nil then return "nil" end
  if type(value) == "function" then return "a function" end
  local text = host.pretty(value)
  if not text and type(value) == "table" then
    local names = {}
    for name in pairs(value) do names[#names + 1] = tostring(name) end
    text = "a table with " .. table.concat(names, ", ")
  end
  return text or tostring(value)
end

-- An expression gives its values to `show`, which the text of the line is wrapped in (runtime/trial/repl.c).
function words.globals.show(...)
  local list = {}
  for i = 1, select("#", ...) do list[i] = printed((select(i, ...))) end
  words.said = table.concat(list, "\n")
end

function words.repl_said()
  local text = words.said or ""
  words.said = nil
  return answer(text)
end
