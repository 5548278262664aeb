-- What finance decides about customers whom the ERP holds.
local function won(changes)
  local order = {
    order_no = "SO-1", mark = "m-1", company_code = "1000", currency = "EUR", total = decimal "100.00",
    customer = { account_no = "A-1", name = "Nordwind GmbH" },
    lines = { { line_no = 1, product_no = "P-7", quantity = 2, unit_price = decimal "50.00" } },
  }
  for name, value in pairs(changes or {}) do order[name] = value end
  return order
end

describe("a customer on credit hold", function()
  before_each(function(w)
    w.erp:on "credit_status":answers { OnHold = true, CreditLimit = decimal "5000.00", CreditUsed = decimal "5200.00" }
    w.erp:on "find":answers { value = array() }
    w.erp:on "get":answers()
    w.salesforce:on "get_by":answers { Id = "006-1", StageName = "Closed Won", Order_Status__c = "taken" }
  end)

  it("waits for finance, who see why; sales see that it waits", function(w)
    w:deliver("order.won@1", won())
    local decision = w:decisions()[1]
    assert.equal("credit hold: Nordwind GmbH", decision.about)
    assert.equal("5200.00", tostring(decision.show.credit.used))
    assert.equal(0, w.erp:count "order@1")
    assert.equal("on hold", w.salesforce:records "order_status@1"[1].Order_Status__c)
  end)

  it("gets the order when finance release it, over a crash", function(w)
    w:deliver("order.won@1", won())
    w:restart()
    w:decide("release", { by = "Ada" })
    assert.equal(1, w.erp:count "order@1")
    assert.equal(0, #w:runs())
  end)

  it("gets none when finance reject it; sales and the desk read why", function(w)
    w:deliver("order.won@1", won())
    w:decide("reject", { by = "Ada", why = "three invoices are overdue" })
    assert.equal(0, w.erp:count "order@1")
    local deal = w.salesforce:records "order_status@1"[1]
    assert.same({ "refused", "credit refused by Ada: three invoices are overdue" }, { deal.Order_Status__c, deal.Order_Note__c })
    assert.equal("refused", w.support:records "organizations"[1].organization_fields.last_order_status)
  end)

  it("is asked anew when the deal is corrected, with one decision open", function(w)
    w:deliver("order.won@1", won())
    w:deliver("order.won@1", won { total = decimal "80.00" })
    assert.equal(1, #w:decisions())
    assert.equal("80.00", tostring(w:decisions()[1].show.total))
  end)

  it("whose order is there already, keeps it when finance refuse the correction", function(w)
    w.erp:on "get":answers { OrderNo = "SO-1", Status = "accepted", Items = array() }
    w:deliver("order.corrected@1", won { total = decimal "800.00" })
    w:decide("reject", { by = "Ada", why = "too much" })
    local deal = w.salesforce:records "order_status@1"[1]
    assert.same({ "accepted", "the correction was not taken over: credit refused by Ada: too much" }, { deal.Order_Status__c, deal.Order_Note__c })
    assert.equal(0, w.erp:count "order@1")
  end)

  it("is not asked any more when sales withdraw the deal", function(w)
    w:deliver("order.won@1", won())
    w:deliver("order.withdrawn@1", { order_no = "SO-1", account_no = "A-1", reason = "withdrawn by sales" })
    assert.equal(0, #w:decisions())
    assert.equal("cancelled", w.salesforce:records "order_status@1"[1].Order_Status__c)
    assert.equal(0, w.erp:count "order@1")
    assert.equal(0, #w:runs())
  end)
end)
