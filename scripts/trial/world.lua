-- The world of one test, `w`: what happens outside (deliver), time (advance), a crash (restart), people (decide, retry),
-- and what can be seen (runs, exceptions, emitted; w.erp and the other systems in platforms.lua).
local host, words = ...

words.entities = host.call("entities")
local systems = host.call("systems")

function words.milliseconds(duration)
  if type(duration) ~= "string" then host.fail("a duration is a text: \"500ms\", \"30s\", \"2h\", \"31d\"") end
  return host.call("milliseconds", { text = duration })
end
function words.clock() return host.call("clock") end

local function short(text) return #text > 200 and text:sub(1, 197) .. "..." or text end

-- A line of "what happened".
function words.note(w, text)
  local now = host.call("now")
  w.trace[#w.trace + 1] = now:sub(1, 10) .. " " .. now:sub(12, 19) .. " " .. short(text)
end

-- The function behind a map's title, or one direction of a lens.
function words.find_map(title)
  local map = host.map(title)
  if map and type(map.apply) == "function" then return map.apply end
  local titles = {}
  for _, known in ipairs(host.titles()) do
    if not known:find("<->", 1, true) then titles[#titles + 1] = known end
  end
  table.sort(titles)
  host.fail("there is no map '" .. tostring(title) .. "'; there are: " .. table.concat(titles, ", "))
end

-- ---- what w does ----------------------------------------------------------------------------------------------------

local face = {}

-- w:deliver("order.won@1", data [, { key = , dedupe = }]): an event, or a record of a system ("salesforce.Opportunity").
-- Gives its key.
function face.deliver(w, type_name, data, options)
  options = options or {}
  words.note(w, ("deliver %s %s"):format(tostring(type_name), host.compact(data) or ""))
  return host.call("deliver", { type = type_name, data = data, key = options.key, dedupe = options.dedupe })
end

-- w:play("monday"): the events of tests/recorded/monday.json, one after another; those that flows emitted are not delivered
-- (they come of themselves). Gives all of them: type key data time source emitted outcomes (flow ending effects).
function face.play(w, name)
  if type(name) ~= "string" then host.fail("w:play takes the name of a recording: w:play \"monday\"") end
  local events = host.call("recording", { name = name }).events
  if type(events) ~= "table" then host.fail("tests/recorded/" .. name .. ".json is no recording: it has no events") end
  for _, event in ipairs(events) do
    if not event.emitted then face.deliver(w, event.type, event.data, { key = event.key }) end
  end
  return events
end

function face.advance(w, duration)
  words.milliseconds(duration)
  words.note(w, "advance " .. duration)
  host.call("advance", { ["for"] = duration })
end

function face.restart(w)
  words.note(w, "crash and restart")
  host.call("restart")
end

function face.now() return host.call("now") end

-- ---- what w shows ---------------------------------------------------------------------------------------------------

local function matching(list, filter)
  if filter == nil then return list end
  local out = array()
  for _, row in ipairs(list) do
    local fits = true
    for name, value in pairs(filter) do fits = fits and row[name] == value end
    if fits then out[#out + 1] = row end
  end
  return out
end

-- Runs that are open: id flow key state waits. With a filter: { flow = "order", state = "parked" }.
function face.runs(_, filter) return matching(host.call("runs"), filter) end
-- What waits for a person: id flow key class code message place steward.
function face.exceptions(w, filter)
  w.looked = true
  return matching(host.call("exceptions"), filter)
end
-- What flows ask people: id flow key options about show due.
function face.decisions(_, filter) return matching(host.call("decisions"), filter) end
-- Events that flows emitted: type key data flow.
function face.emitted(_, type_name) return host.call("emitted", { type = type_name or "" }) end
-- What the map of that title makes of a record.
function face.map(_, title, record)
  return words.find_map(title)(record)
end

-- ---- what people do -------------------------------------------------------------------------------------------------

-- w:decide("release" [, { key = , flow = , by = , why = }]): answers the decision that is open.
function face.decide(w, answer, options)
  options = options or {}
  local open = face.decisions(w, { key = options.key, flow = options.flow })
  if #open ~= 1 then
    host.fail(("w:decide: %d decisions are open%s"):format(#open, #open > 1 and "; say which: { key = … }" or ""))
  end
  words.note(w, ("decide %s: %s"):format(answer, host.compact(open[1].about) or ""))
  host.call("decide", { id = open[1].id, answer = answer, by = options.by or "a tester", why = options.why or "tested" })
end

local function act(w, name, options)
  options = options or {}
  local open = matching(host.call("exceptions"), { key = options.key, flow = options.flow })
  w.looked = true
  if #open == 0 then host.fail("w:" .. name .. ": there is no such exception") end
  for _, exception in ipairs(open) do
    words.note(w, ("%s %s of %s: %s"):format(name, exception.flow, exception.key, exception.message))
    host.call("desk", { act = name, id = exception.id, by = options.by or "a tester", why = options.why or "tested",
                        payload = options.payload, changes = options.changes, although_later = options.although_later })
  end
end
-- w:retry([{ key = , flow = , changes = { ["/country"] = "DE" }, payload = , although_later = true }]): all that are open.
function face.retry(w, options) act(w, "retry", options) end
function face.discard(w, options) act(w, "discard", options) end

-- ---- life -----------------------------------------------------------------------------------------------------------

local function platforms_of(w, name)
  local list = {}
  for _, system in ipairs(systems) do
    if system.name == name then return { w.platforms[name] } end
    if system.kind == name then list[#list + 1] = w.platforms[system.name] end
  end
  return #list > 0 and list or nil
end

local function unknown(name)
  local names = {}
  for _, system in ipairs(systems) do
    names[#names + 1] = system.name
    if system.kind ~= system.name then names[#names + 1] = system.kind end
  end
  host.fail(("w.%s: there is no such system, and w has no such word; systems: %s; words: %s")
    :format(tostring(name), table.concat(names, " "), table.concat(keys(face), " ")))
end

-- The face that tests get; `w` behind it is ours.
function words.new_world()
  local w = { trace = {}, platforms = {}, faces = {} }
  for _, system in ipairs(systems) do w.platforms[system.name] = words.new_platform(system) end
  w.face = setmetatable({}, {
    __index = function(_, name)
      if face[name] then
        return function(_, ...) return face[name](w, ...) end
      end
      if not w.faces[name] then
        local list = platforms_of(w, name)
        if not list then unknown(name) end
        w.faces[name] = words.platform_face(list)
      end
      return w.faces[name]
    end,
    __newindex = function(_, name) host.fail("w." .. tostring(name) .. " cannot be set; use a local") end,
  })
  words.world = w
  return w
end

-- A mistake in a flow must not hide behind a test that does not look.
local mistakes = { script = true, nondeterminism = true, bug = true }

-- Notes what is open; gives a complaint of the world itself, or nil.
function words.end_world(w, ok)
  local complaint = w.complaint
  if host.call("exists") then
    local open = host.call("exceptions")
    for _, e in ipairs(open) do
      words.note(w, ("open exception: flow %s, key %s, %s: %s (%s)"):format(e.flow, e.key, e.class, e.message, e.place))
      if ok and not complaint and not w.looked and mistakes[e.class] then
        complaint = { message = ("flow %s ended with an error: %s"):format(e.flow, e.message), place = e.place }
      end
    end
  end
  return complaint
end
