-- Scripted platforms. Without a word from the test a platform keeps what is written to it (put: by key) and accepts every
-- operation that changes something; what is read must be said: w.erp:on "credit_status":answers { … }.
local host, words = ...

local function split(what)
  local list = {}
  for part in what:gmatch("%S+") do list[#list + 1] = part end
  return list
end

-- ---- what a test may name -------------------------------------------------------------------------------------------

local function contains(list, value)
  for _, item in ipairs(list) do
    if item == value then return true end
  end
  return false
end

local function objects_of(platform)
  local objects = {}
  for _, title in ipairs(host.titles()) do
    local target, object = title:match("^%s*([^.%s]+)%.(%S+)%s*<%-")
    if target == platform.name or target == platform.kind then objects[#objects + 1] = object end
  end
  return objects
end

-- "put order@1" → { operation = "put", entity = "order@1" }; every word must be known, so that a misspelt one is no
-- rule that never applies.
local function read_what(platform, what)
  if type(what) ~= "string" then host.fail("name an operation, an entity or both: \"credit_status\", \"order@1\", \"put order@1\"") end
  local found = {}
  for _, word in ipairs(split(what)) do
    if word == "*" then found.any = true
    elseif word:find("@", 1, true) then
      if not contains(words.entities, word) then
        host.fail("there is no entity '" .. word .. "'; there are: " .. table.concat(words.entities, " "))
      end
      found.entity = word
    elseif word == "put" or contains(platform.operations, word) then found.operation = word
    elseif contains(objects_of(platform), word) or platform.store[word] then found.object = word
    else
      host.fail(platform.name .. " has no operation or object '" .. word .. "'; its operations are: " ..
        table.concat(platform.operations, " "))
    end
  end
  return found
end

local function fits(what, call)
  return (not what.operation or what.operation == call.operation) and (not what.entity or what.entity == call.entity)
    and (not what.object or what.object == call.object)
end

-- ---- rules: what w.erp:on "…" gives ---------------------------------------------------------------------------------

local rule = {}
rule.__index = rule

local function add_fault(self, fault, times)
  fault.left = times
  self.faults[#self.faults + 1] = fault
  return self
end

local function times_of(given, otherwise)
  local times = given
  if type(given) == "table" then times = given.times end
  return times or otherwise
end

-- A table, nothing, or a function (args, call) that gives one.
function rule:answers(answer)
  self.answering, self.answer = true, answer
  return self
end

local classes = { "retry", "auth", "quota", "data", "missing", "conflict", "config", "unsupported", "bug" }

-- { class = "data", message =, status =, code =, times =, wait = "10s" }; without times: always.
function rule:fails(how)
  how = how or {}
  local class = how.class or "data"
  if not contains(classes, class) then
    host.fail("there is no failure class '" .. tostring(class) .. "'; there are: " .. table.concat(classes, " "))
  end
  return add_fault(self, {
    kind = "fails", class = class, message = how.message or "the platform of the test refuses this", status = how.status,
    code = how.code, wait_ms = how.wait and words.milliseconds(how.wait) or nil,
  }, times_of(how))
end

-- The request never arrives, and nobody knows that. Once, unless times are given.
function rule:drops_the_answer(times) return add_fault(self, { kind = "lost" }, times_of(times, 1)) end
-- It is carried out; the answer never arrives.
function rule:commits_and_drops_the_answer(times) return add_fault(self, { kind = "unheard" }, times_of(times, 1)) end

function rule:is_slow(duration)
  self.slow = words.milliseconds(duration)
  return self
end

function rule:is_down(duration)
  return add_fault(self, { kind = "down", till = words.clock() + words.milliseconds(duration) })
end

-- ---- one platform ---------------------------------------------------------------------------------------------------

function words.new_platform(system)
  return { name = system.name, kind = system.kind, operations = system.operations, rules = {}, calls = {}, store = {},
           markers = {}, answered = {}, made = 0 }
end

local function key_text(key) return type(key) == "table" and host.compact(key) or tostring(key) end

local function keep(platform, call)
  local args = call.args
  local object = platform.store[call.object or "?"] or {}
  platform.store[call.object or "?"] = object
  local key = key_text(args.key or args.record)
  local kept = object[key]
  if not kept then
    platform.made = platform.made + 1
    kept = { id = (call.object or "record") .. "-" .. platform.made, record = {} }
    object[key] = kept
  end
  for name, value in pairs(args.record or {}) do kept.record[name] = value end
  kept.entity = call.entity
  return kept
end

local function silent(platform, call)
  return ("the integration asks %s for '%s' %s, and the test does not say what it answers: w.%s:on \"%s\":answers { … }")
    :format(platform.name, call.operation, host.compact(call.args) or "", platform.kind, call.operation)
end

-- Does what is asked; gives the answer's id and document, or nil and a complaint.
local function carry_out(platform, call, answer)
  local id, document
  if call.operation == "put" then
    id = keep(platform, call).id
    document = { id = id }
  elseif not answer and call.effect == "read" then
    return nil, { message = silent(platform, call) }
  else
    platform.made = platform.made + 1
    id = call.operation .. "-" .. platform.made
    document = { id = id }
  end
  if answer then
    document = answer.answer
    if type(document) == "function" then
      local ok, got = host.try(document, call.args, call)
      if not ok then return nil, got end
      document = got
    end
    local own = type(document) == "table" and document.id
    if type(own) == "string" or math.type(own) == "integer" then id = tostring(own) end
  end
  call.done = true
  return { id = id, document = document }
end

local function take_fault(rules, call, now)
  for i = #rules, 1, -1 do
    if fits(rules[i].what, call) then
      for _, fault in ipairs(rules[i].faults) do
        if fault.kind == "down" then
          if fault.till > now then return fault end
        elseif fault.left == nil or fault.left > 0 then
          if fault.left then fault.left = fault.left - 1 end
          return fault
        end
      end
    end
  end
end

local function find_rule(rules, call, field)
  for i = #rules, 1, -1 do
    if rules[i][field] and fits(rules[i].what, call) then return rules[i] end
  end
end

local no_answer = "no answer came"

local function perform(w, platform, call, fault)
  if fault and fault.kind == "fails" then
    call.refused = true
    return { failure = fault.class, message = fault.message, status = fault.status, code = fault.code, wait_ms = fault.wait_ms, sent = true }
  end
  local lost = { failure = "retry", message = no_answer, sent = true, unknown = call.effect ~= "read" }
  if fault and fault.kind == "lost" then return lost end
  local key = call.effect == "keyed" and call.idempotency_key or nil
  local done, complaint
  if key and platform.answered[key] then
    done, call.again = platform.answered[key], true
  else
    done, complaint = carry_out(platform, call, find_rule(platform.rules, call, "answering"))
    if complaint then
      w.complaint = w.complaint or complaint
      return { failure = "unsupported", message = complaint.message }
    end
    if key then platform.answered[key] = done end
    if call.marker ~= "" then platform.markers[call.marker] = done.id or "found" end
  end
  if fault and fault.kind == "unheard" then return lost end
  return { id = done.id, document = done.document }
end

local function note(w, platform, call, result)
  local about = call.entity and (call.operation .. " " .. call.entity) or call.operation
  local given = host.compact(call.operation == "put" and call.args.record or call.args) or ""
  local came = "done"
  if result.failure then came = result.failure .. ": " .. result.message
  elseif call.operation ~= "put" and result.document ~= nil then came = host.compact(result.document) or "done" end
  words.note(w, ("%s %s %s -> %s"):format(platform.name, about, given, came))
end

-- A run's call of a system, from the engine. Gives what struct tl_call_result wants to know.
function words.answer(call)
  local w = words.world
  local platform = w.platforms[call.system]
  if call.lookup then
    local id = platform.markers[call.marker]
    words.note(w, ("%s was it done? %s"):format(platform.name, id and "yes" or "no"))
    return { matches = id and 1 or 0, id = id }
  end
  call.args = call.args or {}
  call.object = type(call.args.object) == "string" and call.args.object or nil
  local now = words.clock()
  local fault = take_fault(platform.rules, call, now)
  local result
  if fault and fault.kind == "down" then
    result = { failure = "retry", message = "connection refused", sent = false }
  else
    platform.calls[#platform.calls + 1] = call
    result = perform(w, platform, call, fault)
  end
  local slow = find_rule(platform.rules, call, "slow")
  if slow then result.after_ms = slow.slow end
  note(w, platform, call, result)
  return result
end

-- ---- what a test sees: one platform, or all of a kind ---------------------------------------------------------------

local face = {}
face.__index = face

function words.platform_face(list) return setmetatable({ list = list }, face) end

local function each(self, what, visit)
  for _, platform in ipairs(self.list) do visit(platform, what and read_what(platform, what) or {}) end
end

function face:on(what)
  local made = setmetatable({ faults = {} }, rule)
  each(self, what, function(platform, read)
    made.what = read
    table.insert(platform.rules, made)
  end)
  return made
end

function face:is_down(duration) return self:on("*"):is_down(duration) end
function face:is_slow(duration) return self:on("*"):is_slow(duration) end

-- Calls that reached it, in order: operation entity object args, done (carried out), refused, again (it knew the key).
function face:calls(what)
  local list = array()
  each(self, what, function(platform, read)
    for _, call in ipairs(platform.calls) do
      if fits(read, call) then
        list[#list + 1] = { operation = call.operation, entity = call.entity, object = call.object, args = call.args,
                            done = call.done or false, refused = call.refused or false, again = call.again or false }
      end
    end
  end)
  return list
end

-- What it holds: the records of an entity or object, by key.
function face:records(what)
  local list = array()
  each(self, what, function(platform, read)
    for name, object in pairs(platform.store) do
      for _, kept in pairs(object) do
        if (not read.entity or kept.entity == read.entity) and (not read.object or name == read.object) then
          list[#list + 1] = kept.record
        end
      end
    end
  end)
  return list
end

-- "order@1", "SalesOrders": how many records it holds. "credit_status", "put order@1": how often it was done.
function face:count(what)
  local count = 0
  each(self, what, function(platform, read)
    local one = words.platform_face { platform }
    if read.operation or not (read.entity or read.object) then
      for _, call in ipairs(one:calls(what)) do
        if call.done then count = count + 1 end
      end
    else count = count + #one:records(what) end
  end)
  return count
end
