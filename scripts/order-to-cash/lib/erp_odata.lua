-- The OData ERP: customers, credit, orders, and how far an order is, in its operations (systems/erp_de.json).
local odata = {}

function odata.customer(erp, customer) erp:put("customer@1", customer) end

-- { on_hold, limit, used }
function odata.credit(erp, account_no)
  local credit = erp:credit_status { account_no = account_no }
  return { on_hold = credit.OnHold, limit = credit.CreditLimit, used = credit.CreditUsed }
end

function odata.place(erp, order) erp:put("order@1", order) end

-- The status of an order as this ERP calls it, or nil when it has none of that number.
function odata.status(erp, order_no)
  local order = erp:find({ object = "SalesOrders", field = "OrderNo", value = order_no }).value[1]
  return order and order.Status
end

-- One that is cancelled already stays as it is.
function odata.cancel(erp, order_no, reason) erp:cancel_order { order_no = order_no, reason = reason } end

return odata
