-- What is asked of the ERP and done there, over OData. Returns and credit notes are written by a key of ours, so a repeat changes nothing.
local claim   = require "claim"
local history = require "maps.order_history"

local erp = {}

-- The order with its lines, deliveries and invoices (order_history@1), or nil when there is none with this number.
function erp.order(ctx, order_no)
  local found = ctx.erp:get { object = "SalesOrders", key = { OrderNo = order_no }, expand = "Customer,Items,Deliveries($expand=Items),Invoices($expand=Items)" }
  return found and history(found)
end

local function quoted(text) return "'" .. text:gsub("'", "''") .. "'" end

local function each_item(records, product_no, with)
  for _, record in ipairs(records) do
    for _, item in ipairs(record.Items or {}) do
      if item.ProductNo == product_no then with(record, decimal(item.Quantity)) end
    end
  end
end

-- What other claims than r take back of that product of the order, authorised or credited, also by hand in the ERP (claim.taken).
function erp.taken(ctx, order, r)
  local returns, credits = array(), array()
  local expected = ctx.erp:query { object = "ReturnOrders", filter = "OrderNo eq " .. quoted(order.order_no), expand = "Items" }
  each_item(expected, r.product_no, function(record, quantity)
    if record.Status ~= "cancelled" then returns[#returns + 1] = { ref = record.ReturnNo, quantity = quantity } end
  end)
  for _, invoice in ipairs(order.invoices) do
    local memos = ctx.erp:query { object = "CreditMemos", filter = "InvoiceNo eq " .. quoted(invoice.invoice_no), expand = "Items" }
    each_item(memos, r.product_no, function(record, quantity)
      credits[#credits + 1] = { ref = record.CreditNo, quantity = quantity, invoice_id = record.InvoiceNo }
    end)
  end
  return claim.taken(returns, credits, r.return_no)
end

local function announce(ctx, r, order, found, status, options)
  ctx.erp:put("return_order@1", {
    return_no = r.return_no, order_no = r.order_no, account_no = order.account_no, status = status, product_no = r.product_no,
    quantity = r.quantity, unit_price = found.line.unit_price,
  }, options)
end

function erp.withdraw(ctx, r, order, found) announce(ctx, r, order, found, "cancelled") end

-- The warehouse may expect the goods. What is undone is cancelled there, then `undone` is called.
function erp.authorise(ctx, r, order, found, undone)
  announce(ctx, r, order, found, "announced", {
    undo = function()
      erp.withdraw(ctx, r, order, found)
      undone()
    end,
  })
end

local function posted(ctx, memo)
  ctx.erp:put("credit_memo@1", memo)
  local done = ctx.erp:post_credit_memo { credit_no = memo.credit_no }
  return { credit_note_no = done.DocumentNo, amount = decimal(done.TotalAmount):abs() }
end

-- The credit note of what came back, posted: credit_note_no, amount (with tax).
function erp.credit(ctx, r, found, order)
  return posted(ctx, { credit_no = r.return_no, invoice_no = found.invoice_id, account_no = order.account_no, currency = order.currency,
                       product_no = r.product_no, quantity = r.quantity })
end

-- A credit of an amount that no line of an invoice has.
function erp.credit_amount(ctx, ref, order, amount, text)
  return posted(ctx, { credit_no = ref, account_no = order.account_no, currency = order.currency, reason = text, amount = amount })
end

-- How many credit notes the account got since that day.
function erp.credits_since(ctx, account_no, day)
  return ctx.erp:count { object = "CreditMemos", filter = ("PartnerNo eq %s and PostedOn ge %s"):format(quoted(account_no), day) }
end

return erp
