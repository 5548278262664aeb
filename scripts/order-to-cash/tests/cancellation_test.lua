-- A deal that is lost after it was won takes its order back.
local function lost(changes)
  local deal = {
    Id = "006-1", Name = "Pumps for Kiel", StageName = "Closed Lost", Order_No__c = "SO-1", Order_Status__c = "accepted", Company_Code__c = "1000",
    Account = { Account_No__c = "A-1" },
  }
  for name, value in pairs(changes or {}) do deal[name] = value end
  return deal
end

-- The ERP has the order with this status, its deliveries and its invoices.
local function has(w, status, more)
  local order = status and { OrderNo = "SO-1", PartnerNo = "A-1", Status = status }
  for name, value in pairs(more or {}) do order[name] = value end
  w.erp_de:on "get":answers(order)
end
local function stage(w, name) w.salesforce:on "get_by":answers { Id = "006-1", StageName = name } end
-- Its decimals are texts, as OData writes them.
local billed = { Deliveries = { { DeliveryNo = "D-1" } }, Invoices = { { InvoiceNo = "I-1", NetAmount = "100.00", TotalAmount = decimal "119.00" } } }

local function note(w) return w.salesforce:records "order_status@1"[1].Order_Note__c end

describe("a deal that is lost after it was won", function()
  before_each(function(w) stage(w, "Closed Lost") end)

  it("cancels its order, once, although the answer is lost and the save repeats", function(w)
    has(w, "accepted")
    w.erp_de:on "cancel_order":commits_and_drops_the_answer()
    w:deliver("salesforce.Opportunity", lost())
    w:deliver("salesforce.Opportunity", lost())
    w:restart()
    w:advance "1h"
    assert.equal("withdrawn by sales: Pumps for Kiel", w.erp_de:calls("cancel_order")[1].args.reason)
    assert.equal(0, #w:exceptions())
    assert.equal(0, #w:runs())
  end)

  it("is told to sales and the desk when the ERP has cancelled it", function(w)
    w:deliver("erp.SalesOrders", { OrderNo = "SO-1", PartnerNo = "A-1", Status = "cancelled", StatusReason = "withdrawn by sales" }, { key = "SO-1" })
    assert.equal("cancelled", w.salesforce:records "order_status@1"[1].Order_Status__c)
    assert.equal("cancelled", w.support:records "organizations"[1].organization_fields.last_order_status)
  end)

  it("waits for an order that is on its way, and cancels it then", function(w)
    has(w, nil)
    w:deliver("salesforce.Opportunity", lost { Order_Status__c = null })
    w:advance "1d"
    has(w, "new")
    w:deliver("erp.SalesOrders", { OrderNo = "SO-1", PartnerNo = "A-1", Status = "new" }, { key = "SO-1" })
    assert.equal(1, w.erp_de:count "cancel_order")
  end)

  it("and is won again while that waits, keeps its order", function(w)
    has(w, nil)
    w:deliver("salesforce.Opportunity", lost { Order_Status__c = null })
    w:advance "1d"
    has(w, "new")
    stage(w, "Closed Won")
    w:deliver("erp.SalesOrders", { OrderNo = "SO-1", PartnerNo = "A-1", Status = "new" }, { key = "SO-1" })
    assert.equal(0, w.erp_de:count "cancel_order")
    assert.equal(0, #w:runs())
  end)

  it("has nothing to cancel when there never was an order, or it is over", function(w)
    has(w, nil)
    w:deliver("salesforce.Opportunity", lost { Order_Status__c = null })
    w:deliver("salesforce.Opportunity", lost { Order_No__c = "SO-2", Order_Status__c = "cancelled" })
    w:advance "15d"
    assert.equal(0, w.erp_de:count "cancel_order")
    assert.equal(0, #w:runs())
  end)
end)

describe("a withdrawn order that has left the house", function()
  before_each(function(w)
    stage(w, "Closed Lost")
    w.erp_de:on "post_credit_memo":answers { DocumentNo = "G-1", TotalAmount = decimal "119.00" }
  end)

  it("is a decision of the order desk, also when it ships in the very moment", function(w)
    w.erp_de:on "cancel_order":fails { class = "conflict", message = "Order SO-1 is shipped." }
    w.erp_de:on "get":answers(function()
      return { OrderNo = "SO-1", Status = #w.erp_de:calls "cancel_order" > 0 and "shipped" or "accepted" }
    end)
    w:deliver("salesforce.Opportunity", lost())
    w:advance "2h"
    assert.matches("order SO%-1 was withdrawn, but the ERP has it as shipped", w:decisions { flow = "cancellation" }[1].about)
    assert.equal(0, #w:exceptions())
  end)

  it("stands when they leave it, and nobody is asked again", function(w)
    has(w, "shipped")
    w:deliver("salesforce.Opportunity", lost { Order_Status__c = "shipped" })
    w:decide("leave it", { by = "Bo" })
    local deal = w.salesforce:records "order_status@1"[1]
    assert.same({ "shipped", "withdrawn too late: the order stands" }, { deal.Order_Status__c, deal.Order_Note__c })
    w:deliver("salesforce.Opportunity", lost { Order_Status__c = "shipped", Order_Taken__c = deal.Order_Taken__c })
    assert.equal(0, #w:decisions())
    assert.equal(0, w.erp_de:count "cancel_order")
  end)

  it("is cancelled when it was taken back, and credited when it was billed, once", function(w)
    has(w, "invoiced", billed)
    w.erp_de:on "put credit_memo@1":commits_and_drops_the_answer()
    w:deliver("salesforce.Opportunity", lost { Order_Status__c = "invoiced" })
    w:decide("taken back", { by = "Bo" })
    w:restart()
    w:advance "1h"
    assert.same({ { CreditNo = "CN-I-1", InvoiceNo = "I-1", PartnerNo = "A-1", Currency = "EUR", Reason = "withdrawn by sales: Pumps for Kiel",
                    Items = { { LineNo = 1, Quantity = 1, NetAmount = decimal "100.00" } } } }, w.erp_de:records "credit_memo@1")
    assert.equal("cancelled", w.salesforce:records "order_status@1"[1].Order_Status__c)
    assert.equal("withdrawn by sales: Pumps for Kiel; credited: G-1 (119.00 EUR)", note(w))
    assert.equal(0, #w:runs())
  end)

  it("is credited above the limit only when finance say so", function(w)
    local dear = { Invoices = { { InvoiceNo = "I-1", NetAmount = decimal "200.00" }, { InvoiceNo = "I-2", NetAmount = decimal "50.01" } } }
    has(w, "paid", dear)
    w:deliver("salesforce.Opportunity", lost { Order_Status__c = "paid" })
    w:decide("taken back", { by = "Bo" })
    local decision = w:decisions { flow = "credit-note" }[1]
    assert.same({ "finance", "order SO-1 is cancelled: 250.01 EUR to credit is above the limit of 250.00" }, { decision.steward, decision.about })
    assert.equal(0, w.erp_de:count "credit_memo@1")
    w:decide("refuse", { flow = "credit-note", by = "Ada", why = "custom made" })
    assert.equal(0, w.erp_de:count "credit_memo@1")
    assert.equal("taken back, but Ada refused to credit it: custom made", note(w))
    assert.equal("paid", w.salesforce:records "order_status@1"[1].Order_Status__c)
  end)

  it("and was never billed, is over when it was taken back", function(w)
    has(w, "shipped")
    w:deliver("salesforce.Opportunity", lost { Order_Status__c = "shipped" })
    w:decide("taken back", { by = "Bo" })
    assert.same({ "cancelled", 0 }, { w.salesforce:records "order_status@1"[1].Order_Status__c, w.erp_de:count "credit_memo@1" })
  end)

  it("keeps its order when the deal was won again before somebody answered", function(w)
    has(w, "invoiced", billed)
    w:deliver("salesforce.Opportunity", lost { Order_Status__c = "invoiced" })
    stage(w, "Closed Won")
    w:decide("taken back", { by = "Bo" })
    assert.equal(0, w.erp_de:count "credit_memo@1")
    assert.equal(0, w.salesforce:count "order_status@1")
  end)
end)
