-- What a missed service level is worth: a percentage of the monthly fee, by how far it was missed (lookups/service_levels.json).
local decimals, lookups = require "decimals", require "lookups"

local tiers_of = lookups.table_of "service_levels"

local service_levels = {}

-- credit("gold", "98.7", "149.90", "EUR") → amount, percent; zero when the level was kept. Half a cent goes to the even one, so that
-- neither side gains by many small credits.
function service_levels.credit(level, availability, fee, currency)
  local tiers, percent = tiers_of(level), decimal(0)
  if not tiers then error(("lookups/service_levels.json has no level '%s'"):format(level)) end
  for _, tier in ipairs(tiers) do
    if decimal(availability) < decimal(tier.below) then percent = decimals.max(percent, decimal(tier.percent)) end
  end
  return decimals.percent(fee, percent, decimals.scale_of(currency), "half-even"), percent
end

return service_levels
