-- What a lens says about itself: the fields it touches, where each value comes from, and its page in Markdown.
local host = ...
local paths = require "paths"
local M = {}

local function is_places(path) return type(path) == "table" and #path == 0 end

local function paths_of(f)
  if not f.path then return {} end
  if not is_places(f.path) then return { paths.text(f.path) } end
  local list = {}
  for _, path in pairs(f.path) do list[#list + 1] = paths.text(path) end
  return list
end

local shown = { "scale", "currency", "round", "to", "zone", "form", "local_in", "choose", "precision", "trim", "upper",
  "lower", "most", "cut", "by" }

local function shown_options(o)
  local list = {}
  for _, name in ipairs(shown) do
    if o[name] ~= nil and o[name] ~= false then list[#list + 1] = o[name] == true and name or name .. " " .. tostring(o[name]) end
  end
  return table.concat(list, ", ")
end

local function how_of(f)
  local s = f.spec
  if f.kind == "const" then return "always " .. host.encode(f.fixed) end
  if f.kind == "pair" then return "by functions" end
  if f.kind == "ref" then return "reference to " .. s.entity end
  if f.kind == "lookup" then return "from lookups/" .. s.name .. (s.column and ", " .. s.column or "") end
  local options = shown_options(s.options)
  return (f.kind == "any" and "as it is" or f.kind) .. (options ~= "" and ": " .. options or "")
end

-- walk(fields, function(f, entity path, platform paths, conditions)): every field that has a value of its own, with the
-- conditions that it and what it is part of stand under: { when, fields, name_prefix, path_prefix }.
local function walk(fields, visit, name_prefix, path_prefix, above)
  for _, f in ipairs(fields) do
    local name, under = f.name and name_prefix .. f.name, above or {}
    if f.when then
      under = table.move(under, 1, #under, 1, {})
      under[#under + 1] = { when = f.when, fields = fields, name_prefix = name_prefix, path_prefix = path_prefix }
    end
    if f.group then
      walk(f.fields, visit, name .. ".", path_prefix, under)
    elseif f.fields then
      local mark = f.kind == "list" and "[]." or "."
      walk(f.fields, visit, name .. mark, path_prefix .. paths.text(f.path) .. mark, under)
    else
      local list = paths_of(f)
      for i, path in ipairs(list) do list[i] = path_prefix .. path end
      visit(f, name, list, under)
    end
  end
end

-- What conditions read by the text of their functions: names of the entity, the platform's paths of these, and how it is said.
local function asked_of(conditions)
  local names, places, said = {}, {}, ""
  for _, c in ipairs(conditions) do
    local reads, sure = host.reads(c.when)
    local list = {}
    for _, read in ipairs(reads) do
      for _, f in ipairs(c.fields) do
        if f.name == read then
          walk({ f }, function(_, _, found) for _, path in ipairs(found) do places[path] = true end end, c.name_prefix, c.path_prefix)
        end
      end
      names[c.name_prefix .. read], list[c.name_prefix .. read] = true, true
    end
    list = table.concat(keys(list), ", ")
    said = said .. (sure and ", on a condition of " .. (list ~= "" and list or "nothing")
      or ", on a condition that a function decides, which cannot be followed" .. (list ~= "" and " beyond " .. list or ""))
  end
  return names, places, said
end

local function sorted_array(set)
  local list = array()
  for _, name in ipairs(keys(set)) do list[#list + 1] = name end
  return list
end

-- { entity = { … }, platform = { … } }: paths that it touches, sorted. Elements of lists are written with [].
function M.fields(lens)
  local entity, platform = {}, {}
  if lens.whole then
    for _, path in ipairs(lens.touches or {}) do platform[path] = true end
  else
    walk(lens.fields, function(_, name, list)
      if name then entity[name] = true end
      for _, path in ipairs(list) do platform[path] = true end
    end, "", "")
  end
  return { entity = sorted_array(entity), platform = sorted_array(platform) }
end

-- A list of its own, with the names of the set behind it that it does not have.
local function inputs(own, more)
  local list, has = array(), {}
  for _, item in ipairs(own) do
    list[#list + 1] = item
    has[item] = true
  end
  for _, item in ipairs(keys(more or {})) do
    if not has[item] then list[#list + 1] = item end
  end
  return list
end

-- { get = { { to, from, how } … }, put = { … } }: which output comes from which inputs.
function M.lineage(lens)
  local get, put = array(), array()
  if lens.whole then
    local list = array()
    for i, path in ipairs(lens.touches or {}) do list[i] = path end
    get[1] = { to = "*", from = list, how = "by a function of the whole record" }
    put[1] = { to = "*", from = inputs { "*" }, how = "by a function of the whole record" }
    return { get = get, put = put }
  end
  walk(lens.fields, function(f, name, list, conditions)
    local names, places, said = asked_of(conditions)
    local how, fixed = how_of(f) .. said, f.kind == "const"
    if name and f.one_way ~= "write" then
      get[#get + 1] = { to = name, from = inputs(fixed and {} or list, places), how = how }
    end
    if f.one_way ~= "read" then
      for _, path in ipairs(list) do
        put[#put + 1] = { to = path, from = inputs((fixed or not name) and {} or { name }, names), how = how }
      end
    end
  end, "", "")
  return { get = get, put = put }
end

-- Which plain field of the platform's record a top-level name is read from.
function M.sources(lens)
  local sources = {}
  for _, f in ipairs(lens.fields or {}) do
    if f.name and f.one_way ~= "write" and f.kind ~= "const" and type(f.path) == "string" and not f.path:find("[.%[]") then
      sources[f.name] = f.path
    end
  end
  return sources
end

-- ---- the page -----------------------------------------------------------------------------------------------------

local arrows = { read = "←", write = "→" }

local function cell(text) return (text:gsub("|", "\\|"):gsub("\n", " ")) end

local function enum_lines(f, name)
  local lines = {}
  local reads = {}
  for value, word in pairs(f.spec.reads) do
    reads[word] = reads[word] or {}
    if value ~= f.spec.writes[word] then table.insert(reads[word], tostring(value)) end
  end
  for word in pairs(f.spec.writes) do
    local also = #reads[word] > 0 and " (also read: " .. table.concat(reads[word], ", ") .. ")" or ""
    lines[#lines + 1] = ("| `%s` | %s | %s%s |"):format(name, cell(tostring(word)), cell(tostring(f.spec.writes[word])), cell(also))
  end
  return lines
end

-- What is not the same after there and back, by the author's own words.
local function loss_of(f)
  local o = f.spec and f.spec.options or {}
  if f.one_way then return "one way: " .. f.one_way .. " only" end
  local losses = {}
  if o.round then losses[#losses + 1] = "rounded " .. o.round end
  if o.trim or o.upper or o.lower then losses[#losses + 1] = "spelling is changed" end
  if o.cut then losses[#losses + 1] = "cut after " .. o.most .. " characters" end
  if o.choose then losses[#losses + 1] = "of the hour that comes twice the " .. o.choose end
  if o.precision then losses[#losses + 1] = "cut to " .. o.precision end
  if o.default ~= nil then losses[#losses + 1] = "nothing reads as " .. host.encode(o.default) end
  if o.put_default ~= nil then losses[#losses + 1] = "nothing is put as " .. host.encode(o.put_default) end
  return table.concat(losses, "; ")
end

function M.doc(lens, entity)
  local out = { "# " .. lens.entity .. " ↔ " .. lens.object, "" }
  local function line(text) out[#out + 1] = text end
  if entity and entity.steward then
    line("Steward: " .. tostring(entity.steward) .. ". Contract: `" .. tostring(entity.contract) .. "`.")
    line("")
  end
  if lens.whole then
    line("By two functions for the whole record" .. (lens.touches and "; it touches " .. table.concat(lens.touches, ", ") or "") .. ".")
    return table.concat(out, "\n") .. "\n"
  end
  line("| " .. lens.entity .. " | | " .. lens.object .. " | how | not kept |")
  line("|---|---|---|---|---|")
  local enums = {}
  walk(lens.fields, function(f, name, list, conditions)
    local how = how_of(f) .. select(3, asked_of(conditions)) .. (f.key and ", key" or "") ..
      (f.spec.options.required and ", required" or "")
    local arrow = arrows[f.one_way] or not name and "→" or f.kind == "const" and #list == 0 and "←" or "↔"
    line(("| %s | %s | %s | %s | %s |"):format(name and "`" .. name .. "`" or "", arrow,
      #list > 0 and "`" .. cell(table.concat(list, "`, `")) .. "`" or "", cell(how), cell(loss_of(f))))
    if f.kind == "enum" then for _, text in ipairs(enum_lines(f, name)) do enums[#enums + 1] = text end end
  end, "", "")
  if #enums > 0 then
    line("")
    line("| field | " .. lens.entity .. " | " .. lens.object .. " |")
    line("|---|---|---|")
    for _, text in ipairs(enums) do line(text) end
  end
  return table.concat(out, "\n") .. "\n"
end

return M
