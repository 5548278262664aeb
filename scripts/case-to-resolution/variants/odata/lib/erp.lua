-- What is asked of the ERP and done there, over OData. Returns and credit notes are written by a key of ours, so a repeat changes nothing.
local history = require "maps.order_history"

local erp = {}

-- The order with its lines, delivery and invoice (order_history@1), or nil when there is none with this number.
function erp.order(ctx, order_no)
  local found = ctx.erp:get { object = "SalesOrders", key = { OrderNo = order_no }, expand = "Customer,Items,Deliveries,Invoices" }
  return found and history(found)
end

-- The warehouse may expect the goods. What is undone is cancelled there, then `undone` is called.
function erp.authorise(ctx, r, order, line, undone)
  local function announce(status)
    return { return_no = r.return_no, order_no = r.order_no, account_no = order.account_no, status = status, product_no = r.product_no,
             quantity = r.quantity, unit_price = line.unit_price }
  end
  ctx.erp:put("return_order@1", announce "announced", {
    undo = function()
      ctx.erp:put("return_order@1", announce "cancelled")
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
function erp.credit(ctx, r, order)
  return posted(ctx, { credit_no = r.return_no, invoice_no = order.invoice_no, account_no = order.account_no, currency = order.currency,
                       product_no = r.product_no, quantity = r.quantity })
end

-- A credit of an amount that no line of an invoice has.
function erp.credit_amount(ctx, ref, order, amount, text)
  return posted(ctx, { credit_no = ref, account_no = order.account_no, currency = order.currency, reason = text, amount = amount })
end

-- How many credit notes the account got since that day.
function erp.credits_since(ctx, account_no, day)
  return ctx.erp:count { object = "CreditMemos", filter = ("PartnerNo eq '%s' and PostedOn ge %s"):format((account_no:gsub("'", "''")), day) }
end

return erp
