-- Takes the place of lib/erps.lua: two ERPs, by company, as the route says (events/erp_us.lua).
local erps, odata = {}, require "erp_odata"
local by_company  = { ["2000"] = require "erp_tryton" }

function erps.of(company_code) return by_company[company_code] or odata end

return erps
