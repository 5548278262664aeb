-- The way of a case, tried out against platforms that these tests script. `tidelock test` runs them. What reaches the desk and the ERP is told
-- in our words, so these tests hold for every desk; tests/maps has how Zendesk and Tryton say it.
local lookups = require "lookups"

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

-- A line that was shipped and billed wholly, in January unless `at` says otherwise: { id (of all that belongs to it), day, invoice }.
local function line(product, quantity, price, at)
  return { product = { code = product }, quantity = quantity, unit = 1, unit_price = decimal(price),
           moves = array { { id = at.id, state = "done", effective_date = at.day or "2026-01-06", quantity = quantity } },
           invoice_lines = array { { id = at.id, quantity = quantity, invoice = { id = at.invoice or 9, state = "posted" } } } }
end

-- Returns and credit notes that were made, as the ERP holds them: with the move or the line that they are of.
local function held(w, object)
  local found, of = array(), { ["PUMP-7"] = 101, ["VALVE-2"] = 102 }
  for i, call in ipairs(w.erp:calls(object == "stock.move" and "create" or "credit_note")) do
    local record = call.args.record
    if record then
      found[i] = { id = i, quantity = record.incoming_moves[1].quantity, origin = record.incoming_moves[1].origin, shipment = { reference = record.reference } }
    else
      local credited = call.args.lines[1]
      found[i] = { id = i, quantity = -credited.quantity, origin = "account.invoice.line," .. of[credited.product], invoice = { reference = call.args.reference } }
    end
  end
  return found
end

-- An ERP that knows SO-1: three pumps and a valve, shipped and invoiced in January.
local function erp_knows(w, changes)
  local sale = {
    id = 1, reference = "SO-1", state = "done", party = { code = "A-100", name = "Nordwind GmbH" }, currency = { code = "EUR" },
    untaxed_amount = decimal "462.20", shipment_address = 2, warehouse = 5,
    shipments = { { number = "D-1", effective_date = "2026-01-06" } },
    invoices  = { { id = 9, number = "INV-1", total_amount = decimal "554.64", amount_to_pay = decimal "0.00" } },
    lines     = { line("PUMP-7", 3, "149.90", { id = 101 }), line("VALVE-2", 1, "12.50", { id = 102 }) },
  }
  for name, value in pairs(changes or {}) do sale[name] = value end
  w.erp:on "query":answers(function(args)
    if args.object == "sale.sale" then return args.where[1][3] == "SO-1" and array { sale } or array() end
    local found = array()
    for _, each in ipairs(held(w, args.object)) do
      if each.origin == args.where[1][3][1] then found[#found + 1] = each end
    end
    return found
  end)
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
    assert.equal("299.80 EUR is above the limit of " .. lookups.get("limits", "return", "amount"), w:decisions()[1].about)
    assert.equal(0, w.erp:count "create")
    w:decide("credit", { by = "Ada" })
    assert.equal(1, w.erp:count "create")
  end)

  it("whose invoice is gone when it is decided waits for a person, and goes on when there is one again", function(w)
    w:deliver("case.defect@1", defect { quantity = 2 })
    local unbilled = line("PUMP-7", 3, "149.90", { id = 101 })
    unbilled.invoice_lines = array()
    erp_knows(w, { lines = { unbilled } })
    w:decide "credit"
    assert.equal("return RA-12: order SO-1 has no invoice of PUMP-7 yet", w:exceptions({ flow = "return" })[1].message)
    erp_knows(w)
    w:retry { flow = "return" }
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

  it("of what another case takes back already is told to the agent, also when that one is credited", function(w)
    local function claims(changes) w:deliver("case.defect@1", defect(changes)) end
    claims { product_no = "VALVE-2" }
    claims { product_no = "VALVE-2", case_no = 13 }
    assert.is_true(said(w, "comment", "order SO-1 has 1 of VALVE-2, of which 1 went back or is about to: RA-12"))
    arrives(w, "RA-12")
    claims { product_no = "VALVE-2", case_no = 14 }
    assert.equal(2, w.support:count "comment")
    assert.equal(1, w.erp:count "create")
    assert.equal(1, w.erp:count "credit_note")
    assert.equal(0, #w:runs())
  end)

  it("that comes at the same moment as another of the same thing is not authorised twice", function(w)
    w.erp:on "query":is_slow "1m"                           -- both look before either is authorised
    w:deliver("case.defect@1", defect { product_no = "VALVE-2" })
    w:deliver("case.defect@1", defect { product_no = "VALVE-2", case_no = 13 })
    w:advance "1h"
    assert.equal(2, w.erp:count "create")
    assert.equal(0, w.support:count "reply")                -- nobody is told to send anything
    assert.matches("of which 1 went back or is about to", w:decisions()[1].about)
    w:decide("refuse", { key = "13" })
    assert.equal(1, w.erp:count "delete")
    assert.is_true(said(w, "reply", "We are sorry: VALVE-2 of order SO-1 cannot be taken back."))
    assert.equal(1, #w:decisions())
  end)

  it("is credited on the invoice that bills it, with the warranty of its own shipment", function(w)
    erp_knows(w, {
      shipments = { { number = "D-1", effective_date = "2026-01-06" }, { number = "D-2", effective_date = "2026-03-02" } },
      invoices  = { { id = 9, number = "INV-1", total_amount = 1, amount_to_pay = 0 }, { id = 10, number = "INV-2", total_amount = 2, amount_to_pay = 0 } },
      lines     = { line("PUMP-7", 3, "149.90", { id = 101 }), line("VALVE-2", 1, "12.50", { id = 102, day = "2026-03-02", invoice = 10 }) },
    })
    w:deliver("case.opened@1", opened)
    assert.is_true(said(w, "comment", "Shipment D-2 left on 2026-03-02.\nInvoice INV-1"))
    w:deliver("case.defect@1", defect { product_no = "VALVE-2", opened_at = "2027-02-01T08:00:00Z" })     -- a year after the first shipment
    assert.equal(0, #w:decisions())
    arrives(w, "RA-12")
    assert.equal(10, w.erp:calls("credit_note")[1].args.invoice)
  end)

  it("of what came in two shipments is decided by a person once the first one's warranty has ended", function(w)
    local parts = line("PUMP-7", 3, "149.90", { id = 101 })
    parts.moves = array { { id = 103, state = "done", effective_date = "2026-03-02", quantity = 2 }, { id = 101, state = "done", effective_date = "2026-01-06", quantity = 1 },
                          { id = 104, state = "cancelled", quantity = 5 } }
    erp_knows(w, { lines = { parts } })
    w:deliver("case.defect@1", defect { opened_at = "2028-02-01T08:00:00Z" })
    assert.equal("the warranty ended on 2028-01-06, if it came on 2026-01-06 and not with what was shipped until 2026-03-02", w:decisions()[1].about)
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
