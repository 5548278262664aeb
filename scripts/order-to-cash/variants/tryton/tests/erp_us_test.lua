-- Company 1000 is served by the OData ERP, company 2000 by Tryton, any other by a person.
local function won(no, company_code)
  return {
    order_no = no, mark = "m-1", company_code = company_code, currency = "USD", customer = { account_no = "A-9", name = "Great Lakes Inc" },
    lines = { { line_no = 1, product_no = "P-7", quantity = 2, unit_price = decimal "50.00" } },
  }
end

-- Tryton's sale of the order, as it is read whole; and a hint that something about it has changed.
local function sale(state, changes)
  local record = {
    id = 7, reference = "SO-2", state = state, shipment_state = "waiting", invoice_state = "waiting", party = { code = "A-9", name = "Great Lakes Inc" },
    currency = { code = "USD" }, lines = { { product = { code = "P-7" }, quantity = 2, unit_price = decimal "50.0000" } },
    shipments = { { number = "S-1", state = "waiting", planned_date = "2026-02-01" } }, invoices = { { id = 8, state = "draft", total_amount = decimal "100.00" } },
  }
  for name, value in pairs(changes or {}) do record[name] = value end
  return record
end
local function has(w, record) w.erp_us:on "query":answers(record and array { record } or array()) end
local times = 0
local function hint(w, object)
  times = times + 1
  w:deliver("erp_us." .. (object or "sale.sale"), { id = times, reference = "SO-2" }, { key = tostring(times) })
end
local function shown(w) return w.salesforce:records "order_status@1"[1] end

local function worlds(w)
  w.erp_de:on "get":answers()
  has(w, nil)
  w.salesforce:on "get_by":answers { Id = "006-1", StageName = "Closed Won", Order_Status__c = "taken" }
end

describe("two ERPs", function()
  before_each(function(w)
    worlds(w)
    w.erp_de:on "credit_status":answers { OnHold = false }
    w.erp_de:on "find":answers { value = array() }
    w.erp_us:on "credit_status":answers { on_hold = false }
    w.erp_us:on "find":answers(array())
  end)

  it("have their own companies", function(w)
    w:deliver("order.won@1", won("SO-1", "1000"))
    w:deliver("order.won@1", won("SO-2", "2000"))
    assert.same({ 1, 0 }, { w.erp_de:count "order@1", w.erp_us:count "order@1" })
    assert.equal("SO-2", w.erp_us:calls("sale_create")[1].args.sale.reference)
    assert.equal("A-9", w.erp_us:records("party.party")[1].code)
    assert.equal(1, w.erp_us:count "sale_confirm")
  end)

  it("do not serve a company that nobody has told them of", function(w)
    w:deliver("order.won@1", won("SO-3", "3000"))
    assert.matches('"3000" at /company_code is none of its values', w:exceptions()[1].message)
    assert.equal(0, #w.erp:calls())
  end)

  it("make one sale when Tryton's answer is lost", function(w)
    w.erp_us:on "sale_create":commits_and_drops_the_answer()
    w:deliver("order.won@1", won("SO-2", "2000"))
    w:advance "1h"
    w:restart()
    assert.equal(1, w.erp_us:count "sale_create")
    assert.equal(1, w.erp_us:count "sale_confirm")
  end)

  it("keep the address that sales stand on, and change it in its place", function(w)
    w.erp_us:on "find":answers { { addresses = { 31 } } }
    local order = won("SO-2", "2000")
    order.customer.city = "Duluth"
    w:deliver("order.won@1", order)
    assert.is_nil(w.erp_us:records("party.party")[1].addresses)
    assert.same({ 31, "Duluth" }, { w.erp_us:calls("update")[1].args.id, w.erp_us:calls("update")[1].args.record.city })
  end)
end)

describe("a sale of Tryton's", function()
  before_each(worlds)

  it("is followed from acceptance to payment, and stays paid when the sale is done last", function(w)
    has(w, sale "processing")
    hint(w)
    assert.equal("accepted", shown(w).Order_Status__c)
    has(w, sale("processing", { shipment_state = "sent", shipments = { { number = "S-1", state = "done" } } }))
    hint(w)
    assert.same({ "shipped", "S-1" }, { shown(w).Order_Status__c, shown(w).Shipment_No__c })
    local invoice = { id = 8, number = "I-1", state = "posted", total_amount = decimal "100.00" }
    has(w, sale("processing", { shipment_state = "sent", shipments = { { number = "S-1", state = "done" } }, invoices = { invoice } }))
    w:deliver("erp_us.account.invoice", { id = 8, sales = { { reference = "SO-2" } } }, { key = "8" })
    assert.equal("invoiced", shown(w).Order_Status__c)
    invoice.state = "paid"
    has(w, sale("done", { shipment_state = "sent", invoice_state = "paid", shipments = { { number = "S-1", state = "done" } }, invoices = { invoice } }))
    w:deliver("erp_us.account.invoice", { id = 8, sales = { { reference = "SO-2" } } }, { key = "8", dedupe = "paid" })
    hint(w)                                                -- the sale that Tryton moves to done tells after it
    assert.same({ "paid", "I-1", "S-1", "100.00" },
      { shown(w).Order_Status__c, shown(w).Invoice_No__c, shown(w).Shipment_No__c, tostring(shown(w).Invoice_Total__c) })
    assert.equal("paid", w.support:records "organizations"[1].organization_fields.last_order_status)
  end)

  it("that leaves in part is backordered until the rest has left, although it is billed and paid", function(w)
    local parts = { { number = "S-1", state = "done" }, { number = "S-2", state = "waiting", planned_date = "2026-02-01" } }
    has(w, sale("processing", { shipments = parts, invoice_state = "paid", invoices = { { id = 8, number = "I-1", state = "paid", total_amount = decimal "50.00" } } }))
    w:deliver("erp_us.stock.shipment.out", { id = 3, outgoing_moves = { { sale = { reference = "SO-2" } }, { sale = { reference = "SO-2" } } } }, { key = "3" })
    assert.equal(1, #w:emitted "backorder.noted@1")
    assert.same({ "backordered", "sent in part: 1 of 2 shipments", "2026-02-01", "S-1" },
      { shown(w).Order_Status__c, shown(w).Order_Note__c, shown(w).Expected_On__c, shown(w).Shipment_No__c })
  end)

  it("is looked at for each order of an invoice; what is about none is no event", function(w)
    has(w, sale "processing")
    w:deliver("erp_us.account.invoice", { id = 8, sales = { { reference = "SO-2" }, { reference = "SO-3" } } }, { key = "8" })
    assert.equal(2, #w:emitted "order.touched@1")
    w:deliver("erp_us.stock.shipment.out", { id = 3, outgoing_moves = array() }, { key = "3" })
    assert.same({ 2, 0 }, { #w:emitted "order.touched@1", #w:exceptions() })
  end)

  it("that only gives back is no order", function(w)
    has(w, sale("processing", { reference = "SC-1-2026-01", lines = { { product = { code = "SLA-CREDIT" }, quantity = -1, unit_price = decimal "9.99" } } }))
    hint(w)
    assert.same({ 0, 0, 0 }, { w.salesforce:count "put", w.support:count "put", #w:exceptions() })
  end)
end)

describe("a corrected order in Tryton", function()
  before_each(function(w)
    worlds(w)
    w.erp_us:on "credit_status":answers { on_hold = false }
    w.erp_us:on "find":answers(array())
  end)

  local function corrected()
    local order = won("SO-2", "2000")
    order.lines[1].quantity = 5
    return order
  end

  it("has its new lines while the sale is a quotation", function(w)
    has(w, sale "quotation")
    w:deliver("order.corrected@1", corrected())
    local change = w.erp_us:calls("update")[1].args
    assert.same({ 7, 5 }, { change.id, change.record.lines[1].quantity })
    assert.same({ 1, 0, 1, 1 }, { w.erp_us:count "sale_draft", w.erp_us:count "sale_create", w.erp_us:count "sale_quote", w.erp_us:count "sale_confirm" })
  end)

  it("is a decision when Tryton is processing it", function(w)
    has(w, sale "processing")
    w:deliver("order.corrected@1", corrected())
    assert.equal("order SO-2 was corrected, but the ERP has it as processing and changes it no more", w:decisions()[1].about)
    assert.same({ 0, 0 }, { w.erp_us:count "sale_create", w.erp_us:count "update" })
  end)

  it("is none when the same is told again", function(w)
    has(w, sale "processing")
    w:deliver("order.won@1", won("SO-2", "2000"))
    assert.same({ 0, 0 }, { #w:decisions(), w.erp_us:count "sale_create" })
  end)
end)

describe("a withdrawn order in Tryton", function()
  local withdrawn = { order_no = "SO-2", account_no = "A-9", company_code = "2000", currency = "USD", mark = "m-1", reason = "withdrawn by sales" }

  before_each(function(w)
    worlds(w)
    w.salesforce:on "get_by":answers { Id = "006-1", StageName = "Closed Lost" }
  end)

  it("is cancelled as long as it is confirmed only", function(w)
    has(w, sale "confirmed")
    w:deliver("order.withdrawn@1", withdrawn)
    assert.same({ 1, 1 }, { w.erp_us:count "sale_draft", w.erp_us:count "sale_cancel" })
    assert.equal(0, #w.erp_de:calls())
  end)

  it("is a decision when Tryton is processing it, and credited once when it was billed", function(w)
    has(w, sale("processing", { invoices = { { id = 8, number = "I-1", state = "posted", total_amount = decimal "100.00" } } }))
    w:deliver("order.withdrawn@1", withdrawn)
    assert.matches("the ERP has it as processing", w:decisions { flow = "cancellation" }[1].about)
    assert.equal(0, w.erp_us:count "sale_cancel")
    w.erp_us:on "credit_note":commits_and_drops_the_answer()
    w.erp_us:on "credit_note":answers { id = 9 }
    w.erp_us:on "find":answers { { id = 9 } }
    w.erp_us:on "invoice_post":answers { id = 9, number = "I-2", total_amount = decimal "-100.00" }
    w:decide("taken back", { by = "Bo" })
    w:advance "1h"
    assert.same({ "CN-I-1", 8 }, { w.erp_us:calls("credit_note")[1].args.reference, w.erp_us:calls("credit_note")[1].args.invoice })
    assert.equal(1, w.erp_us:count "credit_note")
    assert.same({ "cancelled", "withdrawn by sales; credited: I-2 (100.00 USD)" }, { shown(w).Order_Status__c, shown(w).Order_Note__c })
  end)
end)
