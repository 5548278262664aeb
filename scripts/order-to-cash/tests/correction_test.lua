-- A deal that is corrected after it was taken over.
local function line(quantity) return { SortOrder = 1, ProductCode = "P-7", Quantity = quantity, UnitPrice = decimal "50.00" } end

local function deal(changes)
  local record = {
    Id = "006-1", Name = "Pumps for Kiel", StageName = "Closed Won", CloseDate = "2026-01-05", Amount = decimal "100.00",
    Currency__c = "EUR", Company_Code__c = "1000", Order_No__c = "SO-1", Account = { Account_No__c = "A-1", Name = "Nordwind GmbH" },
    OpportunityLineItems = { records = { line(2) } },
  }
  for name, value in pairs(changes or {}) do record[name] = value end
  return record
end

-- As Salesforce has it now: what was won, what we wrote on it, what sales changed.
local function saved(w, changes)
  local record = deal(w.salesforce:records "Opportunity"[1])
  for name, value in pairs(changes or {}) do record[name] = value end
  return record
end

local more = { Amount = decimal "2500.00", OpportunityLineItems = { records = { line(50) } } }

local function has(w, status, quantity)
  w.erp:on "get":answers(status and { OrderNo = "SO-1", PartnerNo = "A-1", Status = status,
    Items = { { ProductNo = "P-7", Quantity = quantity or decimal "2.000", UnitPrice = decimal "50.0000" } } } or nil)
end

local function ordered(w) return tostring(w.erp:records "order@1"[1].Items[1].Quantity) end

describe("a corrected deal", function()
  before_each(function(w)
    w.erp:on "credit_status":answers { OnHold = false }
    w.erp:on "find":answers { value = array() }
    has(w, nil)
    w.salesforce:on "get_by":answers { Id = "006-1", StageName = "Closed Won", Order_Status__c = "taken" }
    w:deliver("salesforce.Opportunity", deal())
  end)

  it("says at once that it was taken over, and what we write on it is no correction", function(w)
    assert.equal("taken", w.salesforce:records "order_mark@1"[1].Order_Status__c)
    has(w, "new")
    w:deliver("salesforce.Opportunity", saved(w))
    w:deliver("salesforce.Opportunity", saved(w, { Order_Status__c = "accepted", Name = "Second thoughts", Amount = decimal "100.0" }))
    assert.equal(1, w.erp:count "put order@1")
  end)

  it("corrects the order while the ERP allows it", function(w)
    has(w, "accepted")
    w:deliver("salesforce.Opportunity", saved(w, { Order_Status__c = "accepted", Amount = more.Amount, OpportunityLineItems = more.OpportunityLineItems }))
    assert.equal("50.000", ordered(w))
    assert.equal("taken", w.salesforce:records "order_mark@1"[1].Order_Status__c)      -- ours is written for a new order only
    w:deliver("salesforce.Opportunity", saved(w, { Order_Status__c = "accepted", Amount = more.Amount, OpportunityLineItems = more.OpportunityLineItems }))
    assert.equal(2, w.erp:count "put order@1")
  end)

  it("is a decision when the ERP has shipped it; left, the order stands and sales read why", function(w)
    has(w, "shipped")
    w:deliver("salesforce.Opportunity", saved(w, { Order_Status__c = "shipped", Amount = more.Amount, OpportunityLineItems = more.OpportunityLineItems }))
    local decision = w:decisions()[1]
    assert.same({ "order-desk", "order SO-1 was corrected, but the ERP has it as shipped and changes it no more" }, { decision.steward, decision.about })
    w:decide("leave it", { by = "Bo" })
    local shown = w.salesforce:records "order_status@1"[1]
    assert.same({ "shipped", "corrected too late: the order stands as it was" }, { shown.Order_Status__c, shown.Order_Note__c })
    assert.equal("2.000", ordered(w))
  end)

  it("is a decision when it ships in that very moment, and none when somebody has done it by hand", function(w)
    local shipped = false
    w.erp:on "get":answers(function()
      return { OrderNo = "SO-1", Status = shipped and "shipped" or "accepted", Items = { { ProductNo = "P-7", Quantity = 2, UnitPrice = 50 } } }
    end)
    w.erp:on "put order@1":fails { class = "conflict", message = "ORDER_LOCKED" }
    w:deliver("salesforce.Opportunity", saved(w, { Order_Status__c = "accepted", Amount = more.Amount, OpportunityLineItems = more.OpportunityLineItems }))
    shipped = true
    w:advance "2h"
    assert.matches("has it as shipped", w:decisions()[1].about)
    has(w, "shipped", 50)
    w:decide("try again", { by = "Bo" })
    assert.same({ 0, 0 }, { #w:decisions(), #w:exceptions() })
  end)
end)

describe("a deal that is corrected while finance think about it", function()
  it("shows them the new figures, and the ERP gets the new order", function(w)
    w.erp:on "credit_status":answers { OnHold = true }
    w.erp:on "find":answers { value = array() }
    has(w, nil)
    w.salesforce:on "get_by":answers { Id = "006-1", StageName = "Closed Won", Order_Status__c = "taken" }
    w:deliver("salesforce.Opportunity", deal())
    assert.equal("on hold", w.salesforce:records "order_status@1"[1].Order_Status__c)
    w:deliver("salesforce.Opportunity", saved(w, more))
    assert.same({ 1, "2500.00" }, { #w:decisions(), tostring(w:decisions()[1].show.total) })
    w:decide("release", { by = "Ada" })
    assert.equal("50.000", ordered(w))
  end)
end)

describe("a deal that is asked for once more", function()
  it("needs a new number when the ERP has cancelled it", function(w)
    w.erp:on "credit_status":answers { OnHold = false }
    w.erp:on "find":answers { value = array() }
    has(w, "cancelled")
    w.salesforce:on "get_by":answers { Id = "006-1", StageName = "Closed Won", Order_Status__c = "taken" }
    w:deliver("salesforce.Opportunity", deal { Order_Taken__c = "0000000000000000" })
    local shown = w.salesforce:records "order_status@1"[1]
    assert.same({ "cancelled", "the ERP has an order SO-1 that is cancelled: give the deal a new order number and empty its status" },
      { shown.Order_Status__c, shown.Order_Note__c })
    assert.same({ 0, 0 }, { w.erp:count "put order@1", #w:exceptions() })
  end)

  it("is shown as the ERP has it when nothing differs", function(w)
    w.erp:on "credit_status":answers { OnHold = false }
    w.erp:on "find":answers { value = array() }
    has(w, "shipped")
    w.salesforce:on "get_by":answers { Id = "006-1", StageName = "Closed Won", Order_Status__c = "taken" }
    w:deliver("salesforce.Opportunity", deal())
    assert.equal("shipped", w.salesforce:records "order_status@1"[1].Order_Status__c)
    w:advance "7h"
    assert.same({ 0, 0 }, { w.erp:count "put order@1", #w:exceptions() })
  end)
end)

describe("an order that does not follow", function()
  before_each(function(w)
    w.erp:on "credit_status":answers { OnHold = false }
    w.erp:on "find":answers { value = array() }
    has(w, nil)
    w.salesforce:on "get_by":answers { Id = "006-1", StageName = "Closed Won", Order_Status__c = "taken" }
    w:deliver("salesforce.Opportunity", deal())
  end)

  it("is missed after six hours, and found when it comes late", function(w)
    w:advance "7h"
    assert.matches("did not follow order.won@1 within 6h %(order follows a won deal%)", w:exceptions()[1].message)
    w:deliver("erp.SalesOrders", { OrderNo = "SO-1", PartnerNo = "A-1", Status = "new" }, { key = "SO-1" })
    assert.equal(0, #w:exceptions())
  end)

  it("is not missed when it came", function(w)
    w:deliver("erp.SalesOrders", { OrderNo = "SO-1", PartnerNo = "A-1", Status = "new" }, { key = "SO-1" })
    w:advance "1d"
    assert.equal(0, #w:exceptions())
  end)
end)
