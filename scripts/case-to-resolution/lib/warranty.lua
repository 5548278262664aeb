-- Is something still under warranty? Days are those of the company's zone: a claim of 23:30 in Lisbon is one of the next day in Berlin.
local dates, lookups = require "dates", require "lookups"

local zone      = "Europe/Berlin"
local months_of = lookups.table_of "warranty"
local otherwise = lookups.get("limits", "warranty", "months")

local warranty = {}

-- of("PUMP-7", "2026-01-05", "2026-06-01T10:00:00Z") → covered, ends_on, claimed_on, why (when it is not covered). The last day counts.
function warranty.of(product_no, shipped_on, claimed_at)
  if not shipped_on then return { covered = false, why = product_no .. " was not shipped" } end
  local ends    = dates.add(shipped_on, { months = tonumber(months_of(product_no, "months") or otherwise) })
  local claimed = dates.day(claimed_at, zone)
  local covered = claimed <= ends
  return { covered = covered, ends_on = ends, claimed_on = claimed, why = not covered and "the warranty ended on " .. ends or nil }
end

-- What speaks against a claim (claim.of): nobody sees by which of several shipments a thing came, so the first one counts, and a person decides.
function warranty.against(product_no, found, claimed_at)
  local cover = warranty.of(product_no, found.first, claimed_at)
  if cover.covered or found.last == found.first then return cover.why end
  return ("%s, if it came on %s and not with what was shipped until %s"):format(cover.why, found.first, found.last)
end

return warranty
