-- The way of a case, tried out against platforms that these tests script. `tidelock test` runs them. What reaches the desk and the ERP is told
-- in our words, so these tests hold for every desk; tests/maps has how Zendesk and Tryton say it.
local opened = { case_no = 12, order_no = "SO-1", status = "new", quantity = 1, subject = "Pump is dead", opened_at = "2026-06-01T08:00:00Z" }

local function case(changes)
  local record = {}
  for _, from in ipairs { opened, changes or {} } do
    for name, value in pairs(from) do record[name] = value end
  end
  return record
end

local function defect(changes)
  local record = { kind = "defect", product_no = "PUMP-7" }
  for name, value in pairs(changes or {}) do record[name] = value end
  return case(record)
end

-- An ERP that knows SO-1: three pumps and a valve, shipped and invoiced in January.
local function erp_knows(w, changes)
  local sale = {
    id = 1, reference = "SO-1", state = "done", party = { code = "A-100", name = "Nordwind GmbH" }, currency = { code = "EUR" },
    untaxed_amount = decimal "462.20", shipment_address = 2, warehouse = 5,
    shipments = { { number = "D-1", effective_date = "2026-01-06" } },
    invoices  = { { id = 9, number = "INV-1", total_amount = decimal "554.64", amount_to_pay = decimal "0.00" } },
    lines     = { { product = { code = "PUMP-7" }, quantity = 3, unit = 1, unit_price = decimal "149.90" },
                  { product = { code = "VALVE-2" }, quantity = 1, unit = 1, unit_price = decimal "12.50" } },
  }
  for name, value in pairs(changes or {}) do sale[name] = value end
  w.erp:on "query":answers(function(args) return args.where[1][3] == "SO-1" and array { sale } or array() end)
  w.erp:on "find":answers(array { { id = 31 } })
  w.erp:on "count":answers(1)
  w.support:on "get":answers {}
  w.monitor:on "get":answers { missed = array() }
  w.erp:on "credit_note":answers { id = 77 }
  w.erp:on "invoice_post":answers { id = 77, number = "CN-1", total_amount = decimal "-179.88" }
end

local function arrives(w, return_no) w:deliver("return.arrived@1", { return_no = return_no, arrived_on = "2026-06-12" }) end
local function said(w, what, part)
  for _, call in ipairs(w.support:calls(what)) do
    if call.args.text:find(part, 1, true) then return true end
  end
  return false
end

describe("a new case", function()
  before_each(function(w) erp_knows(w) end)

  it("is given its order, shipment and invoice, once", function(w)
    w:deliver("case.opened@1", opened)
    w:deliver("case.opened@1", case { status = "open" })
    w:restart()
    assert.equal(1, w.support:count "comment")
    assert.is_true(said(w, "comment", "Order SO-1 of Nordwind GmbH (A-100) is done.\nShipment D-1 left on 2026-01-06."))
    assert.is_true(said(w, "comment", "1 × VALVE-2: under warranty until 2027-01-06"))
    assert.equal(1, w.support:count "case_context@1")
  end)

  it("waits for its order number, which an agent adds", function(w)
    w:deliver("case.opened@1", case { order_no = null })
    assert.is_true(said(w, "comment", "Which order is this about?"))
    w:restart()
    w:advance "9d"
    w:deliver("case.opened@1", case { order_no = "SO-9" })
    assert.is_true(said(w, "comment", "The ERP has no order SO-9."))
    w:deliver("case.opened@1", case { order_no = "SO-9", status = "open" })    -- something else was changed
    assert.equal(2, w.support:count "comment")
    w:deliver("case.opened@1", opened)
    assert.equal(1, w.support:count "case_context@1")
    assert.equal(0, #w:runs())
  end)

  it("that nobody completes is let go after thirty days", function(w)
    w:deliver("case.opened@1", case { order_no = null })
    w:advance "31d"
    assert.equal(0, #w:runs())
    assert.equal(0, #w:exceptions())
  end)

  it("gets one note although the desk's answer is lost", function(w)
    w.support:on "comment":commits_and_drops_the_answer()
    w:deliver("case.opened@1", opened)
    w:advance "5m"
    assert.equal(1, w.support:count "comment")
    assert.equal(1, w.support:count "case_context@1")
  end)
end)

describe("a defect", function()
  before_each(function(w) erp_knows(w) end)

  it("under warranty goes from authorisation to credit note and answer", function(w)
    w:deliver("case.defect@1", defect())
    assert.equal("RA-12", w.erp:calls("create")[1].args.record.reference)
    assert.is_true(said(w, "reply", "Please send 1 × PUMP-7 back under the number RA-12."))
    assert.equal(0, w.erp:count "credit_note")
    w:restart()
    w:advance "11d"
    arrives(w, "RA-12")
    assert.same({ invoice = 9, reference = "RA-12", lines = { { product = "PUMP-7", quantity = 1 } } }, w.erp:calls("credit_note")[1].args)
    assert.is_true(said(w, "reply", "We have credited 179.88 EUR to you: credit note CN-1."))
    assert.equal(1, w.support:count "case_outcome@1")
    assert.same({ { Account_No__c = "A-100", Health__c = "Watch", Credits_12_Months__c = 1, Last_Claim__c = "RA-12", Last_Claim_Outcome__c = "credited",
                    Last_Credit_Note__c = "CN-1" } }, w.salesforce:records "account_health@1")
    assert.equal(0, #w:runs())
  end)

  it("is credited once, whatever is lost, told twice or crashes", function(w)
    for _, call in ipairs { "create", "credit_note", "invoice_post" } do w.erp:on(call):commits_and_drops_the_answer() end
    w.support:on "reply":commits_and_drops_the_answer(2)
    w:deliver("case.defect@1", defect(), { dedupe = "m-1" })
    w:deliver("case.defect@1", defect(), { dedupe = "m-1" })
    w:deliver("case.defect@1", defect { status = "open" })
    w:advance "5m"
    w:restart()
    arrives(w, "RA-12")
    arrives(w, "RA-12")
    w:advance "1h"
    w:restart()
    assert.equal(1, w.erp:count "create")
    assert.equal(1, w.erp:count "credit_note")
    assert.equal(2, w.support:count "reply")
    assert.equal(0, #w:exceptions())
    assert.equal(0, #w:runs())
  end)

  it("that is told once more after its end does nothing", function(w)
    w:deliver("case.defect@1", defect())
    arrives(w, "RA-12")
    w.support:on "get":answers { custom_fields = { { id = 380018, value = "credited" } }, CustomFields = { Outcome = "credited" } }
    w:deliver("case.defect@1", defect { status = "open" })
    assert.equal(2, w.support:count "reply")
    assert.equal(0, #w:runs())
  end)

  it("that is sent back before anybody looks is not missed", function(w)
    w.erp:on "create":is_slow "10m"
    w:deliver("case.defect@1", defect())
    arrives(w, "RA-12")
    w:advance "1h"
    assert.equal(1, w.erp:count "credit_note")
  end)

  it("above the limit is decided by a person: credit", function(w)
    w:deliver("case.defect@1", defect { quantity = 2 })
    assert.equal("299.80 EUR is above the limit of 250.00", w:decisions()[1].about)
    assert.equal(0, w.erp:count "create")
    w:decide("credit", { by = "Ada" })
    assert.equal(1, w.erp:count "create")
  end)

  it("out of warranty is decided by a person: refuse", function(w)
    w:deliver("case.defect@1", defect { product_no = "VALVE-2", opened_at = "2027-01-06T23:30:00Z" })     -- the seventh in Berlin
    assert.equal("the warranty ended on 2027-01-06", w:decisions()[1].about)
    w:decide("refuse", { by = "Ada" })
    assert.is_true(said(w, "reply", "We are sorry: VALVE-2 of order SO-1 cannot be taken back."))
    assert.equal(0, w.erp:count "create")
    assert.equal("refused", w:emitted("claim.settled@1")[1].data.outcome)
    assert.equal(0, #w:runs())
  end)

  it("whose goods never come is taken back, and the customer knows", function(w)
    w:deliver("case.defect@1", defect())
    w:advance "31d"
    w:decide "wait"
    w:advance "31d"
    w:decide("withdraw", { flow = "return" })
    assert.equal(31, w.erp:calls("delete")[1].args.id)
    assert.is_true(said(w, "reply", "The return RA-12 is closed"))
    assert.equal(1, w.support:count "case_outcome@1")
    assert.equal(0, w.erp:count "credit_note")
    assert.equal(0, #w:runs())
  end)

  it("that the order does not fit is told to the agent, who corrects it", function(w)
    w:deliver("case.defect@1", defect { product_no = "FAN-1" })
    w:deliver("case.defect@1", defect { product_no = "FAN-1", status = "open" })
    assert.equal(1, w.support:count "comment")
    assert.is_true(said(w, "comment", "order SO-1 has no FAN-1"))
    w:deliver("case.defect@1", defect { quantity = 4 })
    assert.is_true(said(w, "comment", "order SO-1 has 3 of PUMP-7, not 4"))
    w:deliver("case.defect@1", defect())
    assert.equal(1, w.erp:count "create")
  end)

  it("is parked while the ERP refuses the credit note, and goes on when that is repaired", function(w)
    w:deliver("case.defect@1", defect())
    w.erp:on "credit_note":fails { class = "data", message = "The period is closed", times = 1 }
    arrives(w, "RA-12")
    assert.matches("The period is closed", w:exceptions({ flow = "return" })[1].message)
    w:retry { flow = "return" }
    w:advance "2m"                                        -- it is looked for before it is sent again
    assert.equal(1, w.erp:count "credit_note")
    assert.equal(1, w.support:count "case_outcome@1")
  end)

  it("is answered although Salesforce does not know the account", function(w)
    w.salesforce:on "put":fails { class = "data", message = "REQUIRED_FIELD_MISSING: Name", times = 1 }
    w:deliver("case.defect@1", defect())
    arrives(w, "RA-12")
    assert.equal(1, w.support:count "case_outcome@1")
    assert.equal("account-health", w:exceptions()[1].flow)
    w:retry { flow = "account-health" }
    assert.equal(1, w.salesforce:count "account_health@1")
  end)
end)
