-- The deal of an order, as it is now. Orders without one (a counter sale) are the ERP's own, and never become a deal.
local deals = {}

function deals.of(ctx, order_no) return ctx.salesforce:get_by { object = "Opportunity", field = "Order_No__c", value = order_no } end

-- Writes on the deal of an order; without one nothing is written.
function deals.put(ctx, entity, record)
  if deals.of(ctx, record.order_no) then return ctx.salesforce:put(entity, record) end
  ctx:log("no deal has this order number: nothing to tell sales", { order_no = record.order_no })
end

-- Tells sales how far an order is, from when it was taken over of the deal on: a status ends what a won deal asks for, so none may come before.
-- (One that was lost before it was taken is told that it is over.)
function deals.tell(ctx, status)
  local deal = deals.of(ctx, status.order_no)
  if not deal then return ctx:log("no deal has this order number: nothing to tell sales", { order_no = status.order_no }) end
  if not deal.Order_Status__c and deal.StageName ~= "Closed Lost" then
    return ctx:log("the deal was not taken over yet: sales are told from then on", { order_no = status.order_no, stage = deal.StageName })
  end
  ctx.salesforce:put("order_status@1", status)
end

return deals
