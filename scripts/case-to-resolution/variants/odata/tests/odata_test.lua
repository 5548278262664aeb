-- The ERP behind OData: a return and its credit note are records with our numbers, so a repeat changes nothing.

-- The ticket with our number, or nil: Zendesk finds a list, Request Tracker the ticket.
local function desk_has(w, ticket)
  w.support:on "find":answers(function(args)
    if args.key then return ticket end
    return ticket and array { ticket } or array()
  end)
end

local pump, valve = array { { ProductNo = "PUMP-7", Quantity = decimal "1.000" } }, array { { ProductNo = "VALVE-2", Quantity = decimal "1.000" } }

local function erp_knows(w)
  w.erp:on "get":answers {
    ID = "5b2c", OrderNo = "SO-1", PartnerNo = "A-100", Customer = { Name = "Nordwind GmbH" }, Status = "invoiced", Currency = "EUR", NetAmount = decimal "149.90",
    Deliveries = { { DeliveryNo = "D-1", ShippedAt = "2026-01-06T08:15:00Z", Items = pump }, { DeliveryNo = "D-2", ShippedAt = "2026-03-02T08:15:00Z", Items = valve } },
    Invoices   = { { InvoiceNo = "I-1", TotalAmount = decimal "178.38", OpenAmount = 0, Items = pump }, { InvoiceNo = "I-2", TotalAmount = 15, OpenAmount = 0, Items = valve } },
    Items      = { { ProductNo = "PUMP-7", Quantity = decimal "1.000", UnitPrice = decimal "149.9000" }, { ProductNo = "VALVE-2", Quantity = 1, UnitPrice = decimal "12.50" } },
  }
  w.erp:on "query":answers(function(args)                    -- what was put there
    local found, no = array(), args.filter:match "'(.*)'"
    for _, record in ipairs(w.erp:records(args.object == "ReturnOrders" and "return_order@1" or "credit_memo@1")) do
      if record.OrderNo == no or record.InvoiceNo == no then found[#found + 1] = record end
    end
    return found
  end)
  w.erp:on "post_credit_memo":answers { DocumentNo = "G-1", TotalAmount = decimal "178.38" }
  w.erp:on "count":answers(1)
  desk_has(w, nil)
  w.support:on "get":answers {}
  w.support:on "create":answers { id = 40 }
  w.monitor:on "get":answers { missed = array() }
end

local defect = { case_no = 12, order_no = "SO-1", kind = "defect", product_no = "PUMP-7", status = "new", quantity = 1, opened_at = "2026-06-01T08:00:00Z" }

describe("a case with an ERP behind OData", function()
  before_each(erp_knows)

  it("goes to its credit note once, although answers are lost and servers crash", function(w)
    w.erp:on "put return_order@1":commits_and_drops_the_answer()
    w.erp:on "put credit_memo@1":commits_and_drops_the_answer()
    w:deliver("case.defect@1", defect)
    w:advance "5m"
    w:restart()
    w:deliver("erp.ReturnOrders", { ReturnNo = "RA-12", Status = "received", ReceivedAt = "2026-06-11T22:30:00Z" }, { key = "RA-12" })
    w:advance "5m"
    assert.equal("2026-06-12", w:emitted("return.arrived@1")[1].data.arrived_on)
    assert.equal("announced", w.erp:records("return_order@1")[1].Status)
    assert.same({ { CreditNo = "RA-12", InvoiceNo = "I-1", PartnerNo = "A-100", Currency = "EUR", Items = { { LineNo = 1, ProductNo = "PUMP-7", Quantity = 1 } } } },
      w.erp:records "credit_memo@1")
    assert.equal(1, w.support:count "case_outcome@1")
    assert.equal(0, #w:runs())
  end)

  it("is credited on the invoice of its product, with the warranty of its own delivery, and once", function(w)
    local function claims(changes)
      local case = { product_no = "VALVE-2", opened_at = "2027-02-01T08:00:00Z" }
      for _, from in ipairs { defect, changes } do
        for name, value in pairs(from) do case[name] = case[name] or value end
      end
      case.case_no = changes.case_no
      w:deliver("case.defect@1", case)
    end
    claims { case_no = 12 }
    claims { case_no = 13 }
    w:deliver("erp.ReturnOrders", { ReturnNo = "RA-12", Status = "received", ReceivedAt = "2027-02-11T22:30:00Z" }, { key = "RA-12" })
    claims { case_no = 14 }
    assert.equal("I-2", w.erp:records("credit_memo@1")[1].InvoiceNo)
    assert.equal(1, #w.erp:records "return_order@1")
    local notes = w.support:calls "comment"
    assert.matches("order SO%-1 has 1.* of VALVE%-2, of which 1.* went back or is about to: RA%-12", notes[1].args.text)
    assert.equal(2, #notes)
    assert.equal(0, #w:runs())
  end)

  it("that comes at the same moment as another of the same thing: one is refused, the other goes on", function(w)
    w.erp:on "query":is_slow "1m"                           -- both look before either is authorised
    for case_no = 12, 13 do
      w:deliver("case.defect@1", { case_no = case_no, order_no = "SO-1", kind = "defect", product_no = "PUMP-7", status = "new", quantity = 1, opened_at = "2026-06-01T08:00:00Z" })
    end
    w:advance "1h"
    assert.equal(0, w.support:count "reply")                -- nobody is told to send anything
    w:decide("refuse", { key = "13" })
    w:decide("look again", { key = "12" })
    w:advance "1h"
    assert.equal("Please send 1 × PUMP-7 back under the number RA-12.", w.support:calls("reply")[2].args.text)
    assert.equal("cancelled", w.erp:records("return_order@1")[2].Status)
    assert.equal(0, #w:decisions())
  end)

  it("whose goods never come is cancelled there", function(w)
    w:deliver("case.defect@1", defect)
    w:advance "31d"
    w:decide "withdraw"
    assert.equal("cancelled", w.erp:records("return_order@1")[1].Status)
    assert.equal(0, w.erp:count "credit_memo@1")
  end)

  it("credits a missed service level by its amount", function(w)
    w:deliver("monitor.level", { contract_no = "SV-1", month = "2026-01", level = "gold", availability = "99.5" }, { key = "SV-1" })
    local memo = w.erp:records("credit_memo@1")[1]
    assert.equal("SC-SV-1-2026-01", memo.CreditNo)
    assert.equal(decimal "14.99", memo.Items[1].NetAmount)
  end)
end)
