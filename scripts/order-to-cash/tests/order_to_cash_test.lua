-- The way of an order, tried out against platforms that these tests script. `tidelock test` runs them.
local function deal(changes)
  local record = {
    Id = "006-1", Name = "Pumps for Kiel", StageName = "Closed Won", CloseDate = "2026-01-05", Amount = decimal "100.00",
    Currency__c = "EUR", Company_Code__c = "1000", Order_No__c = "SO-4711",
    Account = { Account_No__c = "A-100", Name = "Nordwind GmbH", BillingCountry = "Germany" },
    OpportunityLineItems = { records = { { SortOrder = 1, ProductCode = "P-7", Quantity = 2, UnitPrice = decimal "50.00" } } },
  }
  for name, value in pairs(changes or {}) do record[name] = value end
  return record
end

local function order(status, changes)
  local record = {
    OrderNo = "SO-4711", PartnerNo = "A-100", Customer = { Name = "Nordwind GmbH" }, Status = status, Currency = "EUR",
    ModifiedAt = "2026-01-05T10:00:00Z",
  }
  for name, value in pairs(changes or {}) do record[name] = value end
  return record
end

-- Salesforce has the deal.
local function known(w) w.salesforce:on "get_by":answers { Id = "006-1", StageName = "Closed Won", Order_Status__c = "taken" } end

describe("a won deal", function()
  before_each(function(w)
    w.erp:on "credit_status":answers { OnHold = false }
    w.erp:on "find":answers { value = array() }
    w.erp:on "get":answers()
    known(w)
  end)

  it("becomes a customer and an order in the ERP", function(w)
    w:deliver("salesforce.Opportunity", deal())
    assert.equal(1, w.erp:count "customer@1")
    local placed = w.erp:records "order@1"
    assert.equal(1, #placed)
    assert.equal("A-100", placed[1].PartnerNo)
    assert.equal("2.000", tostring(placed[1].Items[1].Quantity))
  end)

  it("leaves a customer as it is who is known to the ERP as that, and writes one who has moved", function(w)
    w.erp:on "find":answers { value = { { PartnerNo = "A-100", Name = "Nordwind GmbH", Country = "DE", CompanyCode = "1000", City = "Kiel" } } }
    w:deliver("salesforce.Opportunity", deal())
    assert.same({ 0, 1 }, { w.erp:count "customer@1", w.erp:count "order@1" })
    w:deliver("salesforce.Opportunity", deal { Account = { Account_No__c = "A-100", Name = "Nordwind GmbH", BillingCity = "Husum" } })
    assert.equal("Husum", w.erp:records "customer@1"[1].City)
  end)

  it("places one order when the ERP's answer is lost, whatever crashes", function(w)
    w.erp:on "put order@1":commits_and_drops_the_answer()
    w:deliver("salesforce.Opportunity", deal())
    w:restart()
    w:advance "1h"
    assert.equal(1, w.erp:count "order@1")
    assert.equal(0, #w:exceptions())
  end)

  it("is no order while it has no number, is not won, or is one already", function(w)
    w:deliver("salesforce.Opportunity", deal { Order_No__c = null })
    w:deliver("salesforce.Opportunity", deal { StageName = "Prospecting" })
    w:deliver("salesforce.Opportunity", deal { Order_Status__c = "new" })
    assert.equal(0, #w.erp:calls())
    assert.equal(0, #w:runs())
  end)

  it("goes on after the ERP's maintenance window", function(w)
    w:advance "5d"                                        -- Saturday, 09:00 UTC
    w:advance "16h"                                       -- Sunday, 02:00 in Berlin
    w:deliver("salesforce.Opportunity", deal())
    w:advance "3h"
    assert.equal(0, #w.erp:calls())
    w:advance "2h"
    assert.equal(1, w.erp:count "order@1")
  end)
end)

describe("how far an order is", function()
  before_each(known)

  it("shows on the deal and at the support desk", function(w)
    w:deliver("erp.SalesOrders", order "accepted", { key = "SO-4711" })
    w:deliver("erp.SalesOrders", order("shipped", { Deliveries = { { DeliveryNo = "D-1", ShippedAt = "2026-01-06T08:15:00Z" } } }), { key = "SO-4711" })
    local shown = w.salesforce:records "order_status@1"
    assert.equal(1, #shown)
    assert.equal("shipped", shown[1].Order_Status__c)
    assert.equal("D-1", shown[1].Shipment_No__c)
    assert.equal("shipped", w.support:records "organizations"[1].organization_fields.last_order_status)
  end)

  it("shows that something is missing, and that it was paid", function(w)
    w:deliver("erp.SalesOrders", order("backordered", { StatusReason = "castings are late", ExpectedOn = "2026-02-01" }), { key = "SO-4711" })
    local shown = w.salesforce:records "order_status@1"[1]
    assert.same({ "backordered", "castings are late", "2026-02-01" }, { shown.Order_Status__c, shown.Order_Note__c, shown.Expected_On__c })

    w:deliver("erp.SalesOrders", order("paid", { Invoices = { { InvoiceNo = "I-1", TotalAmount = decimal "119.00", PaidAt = "2026-02-20T09:00:00Z" } } }), { key = "SO-4711" })
    assert.equal("2026-02-20T09:00:00Z", w.salesforce:records "order_status@1"[1].Paid_At__c)
    assert.equal("paid", w.support:records "organizations"[1].organization_fields.last_order_status)
  end)

  it("shows all deliveries and invoices, what they come to, and that it is paid when the last one is", function(w)
    local parts = {
      Deliveries = { { DeliveryNo = "D-1", ShippedAt = "2026-01-06T08:15:00Z" }, { DeliveryNo = "D-2", ShippedAt = "2026-01-09T08:15:00Z" } },
      Invoices   = { { InvoiceNo = "I-1", TotalAmount = decimal "119.00", PaidAt = "2026-02-20T09:00:00Z" }, { InvoiceNo = "I-2", TotalAmount = decimal "0.01" } },
    }
    w:deliver("erp.SalesOrders", order("invoiced", parts), { key = "SO-4711" })
    local shown = w.salesforce:records "order_status@1"[1]
    assert.same({ "D-1, D-2", "2026-01-09T08:15:00Z", "I-1, I-2", "119.01" },
      { shown.Shipment_No__c, shown.Shipped_At__c, shown.Invoice_No__c, tostring(shown.Invoice_Total__c) })
    assert.is_nil(shown.Paid_At__c)
    parts.Invoices[2].PaidAt = "2026-02-10T09:00:00Z"
    w:deliver("erp.SalesOrders", order("paid", parts), { key = "SO-4711" })
    assert.equal("2026-02-20T09:00:00Z", w.salesforce:records "order_status@1"[1].Paid_At__c)
  end)

  it("is told to the desk only when no deal has its number: none is made", function(w)
    w.salesforce:on "get_by":answers()
    w:deliver("erp.SalesOrders", order "accepted", { key = "SO-4711" })
    w:deliver("support.tickets", { id = 12, subject = "Late", status = "open", custom_fields = { { id = 380001, value = "SO-4711" } } })
    assert.same({ 0, 1, 0 }, { w.salesforce:count "put", w.support:count "put", #w:exceptions() })
  end)

  it("is told to sales only once the deal was taken over: a status would end what it asks for", function(w)
    w.salesforce:on "get_by":answers { Id = "006-1", StageName = "Closed Won" }
    w:deliver("erp.SalesOrders", order "new", { key = "SO-4711" })
    assert.same({ 0, 1 }, { w.salesforce:count "order_status@1", w.support:count "put" })
  end)

  it("is told to sales although the desk refuses it", function(w)
    w.support:on "put":fails { class = "data", message = "no such organization" }
    w:deliver("erp.SalesOrders", order "accepted", { key = "SO-4711" })
    assert.equal(1, w.salesforce:count "order_status@1")
    assert.equal("status-to-desk", w:exceptions()[1].flow)
  end)
end)

describe("a case about an order", function()
  before_each(known)

  it("shows on the deal", function(w)
    w:deliver("support.tickets", { id = 12, subject = "Late", status = "open", custom_fields = { { id = 380001, value = "SO-4711" } } })
    assert.same({ { Order_No__c = "SO-4711", NextStep = "Support case 12: Late (open)" } }, w.salesforce:records "support_case@1")
  end)

  it("without an order number is nobody's business", function(w)
    w:deliver("support.tickets", { id = 13, subject = "Hello", status = "open", custom_fields = array() })
    assert.equal(0, #w.salesforce:calls())
  end)
end)
