-- What the customer is told: on the case; or, where there is none, by the shop, and the desk reads it on the ticket that stands for the return.
local tell = {}

function tell.customer(ctx, r, status, text)
  local named = { once = ("%s:%s"):format(status, r.return_no) }
  if not r.shop_no then
    ctx.support:reply({ ticket = r.case_no, text = text }, named)
    return
  end
  ctx.shop:store { path = "returns/" .. r.shop_no, body = { return_no = r.return_no, status = status, text = text } }
  ctx.support:comment({ ticket = r.case_no, text = text }, named)
end

return tell
