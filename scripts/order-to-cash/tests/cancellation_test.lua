-- A deal that is lost after it was won takes its order back.
local function lost(changes)
  local deal = {
    Id = "006-1", Name = "Pumps for Kiel", StageName = "Closed Lost", Order_No__c = "SO-1", Order_Status__c = "accepted", Company_Code__c = "1000",
    Account = { Account_No__c = "A-1" },
  }
  for name, value in pairs(changes or {}) do deal[name] = value end
  return deal
end

-- The ERP has the order with this status.
local function has(w, status) w.erp_de:on "find":answers { value = status and { { OrderNo = "SO-1", Status = status } } or array() } end

describe("a deal that is lost after it was won", function()
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

  it("needs a person when it is shipped", function(w)
    has(w, "shipped")
    w:deliver("salesforce.Opportunity", lost { Order_Status__c = "shipped" })
    assert.equal(0, w.erp_de:count "cancel_order")
    local parked = w:exceptions({ flow = "cancellation" })[1]
    assert.matches("order SO%-1 was withdrawn, but the ERP has it as shipped", parked.message)

    has(w, "cancelled")                                    -- the goods came back, a clerk cancelled it
    w:retry { flow = "cancellation" }
    assert.equal(0, #w:exceptions())
    assert.equal(0, w.erp_de:count "cancel_order")
  end)

  it("needs a person when it ships in the very moment", function(w)
    has(w, "accepted")
    w.erp_de:on "cancel_order":fails { class = "conflict", message = "Order SO-1 is shipped: Cancel needs new or accepted." }
    w:deliver("salesforce.Opportunity", lost())
    w:advance "2h"
    assert.matches("is shipped", w:exceptions({ flow = "cancellation" })[1].message)
  end)

  it("waits for an order that is on its way, and cancels it then", function(w)
    has(w, nil)
    w:deliver("salesforce.Opportunity", lost { Order_Status__c = null })
    w:advance "1d"
    has(w, "new")
    w:deliver("erp.SalesOrders", { OrderNo = "SO-1", PartnerNo = "A-1", Status = "new" }, { key = "SO-1" })
    assert.equal(1, w.erp_de:count "cancel_order")
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
