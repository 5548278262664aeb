-- What an expectation does after an event of its type: waits for one of the events that have to follow it. When none
-- does in time, the exception is raised by parking, while the wait goes on: one that comes late closes it.

-- spec: title, events (types), within (as written), key (text, a function of the data, or nil: the event's own)
local function expectation(ctx, e, spec)
  local key = spec.key
  if type(key) == "function" then
    key = key(e.data)
    if key == nil then error("expect \"" .. spec.title .. "\": its key function gave no key", 0) end
    key = tostring(key)
  end
  local wanted = table.concat(spec.events, " or ")

  local function follows(within)
    local ask = { within = within, key = key }
    for i, name in ipairs(spec.events) do ask[i] = name end
    return ctx:await(ask)
  end

  local event = follows(spec.within)
  if event then return event.type .. " followed in time (" .. event.id .. ")" end
  repeat
    local how
    how, event = ctx:first {
      late = function() return follows() end,
      desk = function()
        ctx:park(wanted .. " did not follow " .. e.type .. " within " .. spec.within .. " (" .. spec.title .. ")", {
          expectation = spec.title,
          key = key or e.key,
          after = { type = e.type, id = e.id, time = e.time },
          missing = array(spec.events),
          within = spec.within,
        })
      end,
    }
    if how == "late" then return "late: " .. event.type .. " came at " .. event.time .. " (" .. event.id .. ")" end
    event = follows(spec.within) -- a person says: look again
  until event
  return event.type .. " followed after a person looked (" .. event.id .. ")"
end

return expectation
