-- Fixtures of maps (tests/maps): one case at a time.
local host, words = ...

-- The output as text; a record that cannot be mapped gives { "$error": { class, message } }.
function words.map(case)
  local map, entity = words.find_map(case.title), case.title:match("^(%S+@%d+) <%- ")
  local ok, got = pcall(map, case.input)
  if not ok then
    if type(got) ~= "table" or got.class ~= "data" then error(got, 0) end
    return host.pretty { ["$error"] = { class = got.class, message = got.message } }
  end
  if entity then host.call("check", { entity = entity, data = got }) end
  return host.pretty(got)
end

function words.pretty(value) return host.pretty(value) end
