-- Company 1000 is served by the OData ERP, company 2000 by Tryton, any other by a person.
local function won(no, company_code)
  return {
    order_no = no, company_code = company_code, currency = "USD", customer = { account_no = "A-9", name = "Great Lakes Inc" },
    lines = { { line_no = 1, product_no = "P-7", quantity = 2, unit_price = decimal "50.00" } },
  }
end

describe("two ERPs", function()
  before_each(function(w)
    w.erp_de:on "credit_status":answers { OnHold = false }
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

  it("tell the same things", function(w)
    w:deliver("erp_us.sale.sale", { id = 7, reference = "SO-2", state = "processing", shipment_state = "sent", party = { code = "A-9", name = "Great Lakes Inc" },
      shipments = { { number = "S-1" } } }, { key = "7" })
    assert.equal("shipped", w.salesforce:records "order_status@1"[1].Order_Status__c)
    w:deliver("erp_us.account.invoice", { id = 8, number = "I-1", state = "paid", total_amount = decimal "100.00", party = { code = "A-9", name = "Great Lakes Inc" },
      sales = { { reference = "SO-2" } } }, { key = "8" })
    local deal = w.salesforce:records "order_status@1"[1]
    assert.same({ "paid", "I-1", "S-1" }, { deal.Order_Status__c, deal.Invoice_No__c, deal.Shipment_No__c })
  end)

  it("cancel where the order is", function(w)
    w.erp_us:on "query":answers { { state = "confirmed", shipment_state = "none" } }
    w:deliver("order.withdrawn@1", { order_no = "SO-2", account_no = "A-9", company_code = "2000" })
    assert.equal(1, w.erp_us:count "sale_cancel")
    assert.equal(0, #w.erp_de:calls())
  end)

  it("need a person when Tryton is processing it already", function(w)
    w.erp_us:on "query":answers { { state = "processing", shipment_state = "waiting" } }
    w:deliver("order.withdrawn@1", { order_no = "SO-2", account_no = "A-9", company_code = "2000" })
    assert.matches("the ERP has it as processing", w:exceptions { flow = "cancellation" }[1].message)
    assert.equal(0, w.erp_us:count "sale_cancel")
  end)
end)
