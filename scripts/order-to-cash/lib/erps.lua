-- What differs between ERPs: each has a file with the same functions. One serves all companies here; variants/tryton adds
-- a second, and a route that says which of them `ctx.erp` is.
local erps, odata = {}, require "erp_odata"

function erps.of(_company_code) return odata end

return erps
