-- A return that begins in the shop, without a case.

-- The ticket with our number, or nil: Zendesk finds a list, Request Tracker the ticket.
local function desk_has(w, ticket)
  w.support:on "find":answers(function(args)
    if args.key then return ticket end
    return ticket and array { ticket } or array()
  end)
end

local function line(quantity)
  return { product = { code = "PUMP-7" }, quantity = quantity, unit = 1, unit_price = decimal "149.90",
           moves = array { { id = 101, state = "done", effective_date = "2026-01-06", quantity = quantity } },
           invoice_lines = array { { id = 101, quantity = quantity, invoice = { id = 9, state = "posted" } } } }
end

local function erp_knows(w)
  local sale = {
    id = 1, reference = "SO-1", state = "done", party = { code = "A-100", name = "Nordwind GmbH" }, currency = { code = "EUR" },
    untaxed_amount = decimal "449.70", shipment_address = 2, warehouse = 5,
    shipments = { { number = "D-1", effective_date = "2026-01-06" } },
    invoices  = { { id = 9, number = "INV-1", total_amount = decimal "539.64", amount_to_pay = decimal "0.00" } },
    lines     = { line(3) },
  }
  w.erp:on "query":answers(function(args) return args.object == "sale.sale" and args.where[1][3] == "SO-1" and array { sale } or array() end)
  w.erp:on "find":answers(array { { id = 31 } })
  w.erp:on "count":answers(3)
  desk_has(w, nil)
  w.erp:on "credit_note":answers { id = 77 }
  w.erp:on "invoice_post":answers { id = 77, number = "CN-1", total_amount = decimal "-179.88" }
  w.support:on "create":answers { id = 40 }
end

local function asked(changes)
  local record = { return_id = "77", order_no = "SO-1", sku = "PUMP-7", quantity = "1", reason = "too loud", asked_at = "2026-01-20T10:00:00+01:00" }
  for name, value in pairs(changes or {}) do record[name] = value end
  return record
end

local function asks(w, record, options)
  local with = { key = "77" }
  for name, value in pairs(options or {}) do with[name] = value end
  w:deliver("shop.return", record, with)
end

local function arrives(w) w:deliver("return.arrived@1", { return_no = "RA-S77", arrived_on = "2026-01-24" }) end
local function shop_knows(w, status)
  local calls = w.shop:calls "store"
  return calls[#calls].args.path == "returns/77" and calls[#calls].args.body.status == status
end

describe("a return of the shop", function()
  before_each(erp_knows)

  it("is authorised, credited, and told to shop, desk and sales", function(w)
    asks(w, asked())
    assert.equal("RA-S77", w.erp:calls("create")[1].args.record.reference)
    assert.is_true(shop_knows(w, "authorised"))
    arrives(w)
    assert.equal(1, w.erp:count "credit_note")
    assert.is_true(shop_knows(w, "credited"))
    assert.equal(1, w.support:count "create")
    assert.equal(1, w.support:count "case_outcome@1")
    assert.equal(0, w.support:count "reply")                -- there is no customer on that ticket
    assert.equal("At risk", w.salesforce:records("account_health@1")[1].Health__c)
    assert.equal(0, #w:runs())
  end)

  it("does nothing twice when its message comes twice, and when answers are lost", function(w)
    w.support:on "create":commits_and_drops_the_answer()
    w.erp:on "credit_note":drops_the_answer()
    w.shop:on "store":commits_and_drops_the_answer()
    asks(w, asked(), { dedupe = "m-1" })
    asks(w, asked(), { dedupe = "m-1" })
    asks(w, asked(), { dedupe = "m-2" })
    w:advance "5m"
    w:restart()
    arrives(w)
    w:advance "5m"
    desk_has(w, { id = 40 })
    asks(w, asked(), { dedupe = "m-3" })
    assert.equal(1, w.support:count "create")
    assert.equal(1, w.erp:count "create")
    assert.equal(1, w.erp:count "credit_note")
    assert.equal(0, #w:exceptions())
    assert.equal(0, #w:runs())
  end)

  it("that comes late is decided by a person: refuse", function(w)
    asks(w, asked { asked_at = "2026-02-05T23:30:00Z" })           -- the sixth in Berlin, day 31
    assert.equal("it was shipped 31 days ago", w:decisions()[1].about)
    w:decide "refuse"
    assert.is_true(shop_knows(w, "refused"))
    assert.equal(0, w.erp:count "create")
  end)

  it("of the last day is nobody's decision", function(w)
    asks(w, asked { asked_at = "2026-02-05T22:30:00Z" })
    assert.equal(1, w.erp:count "create")
  end)

  it("of an order that nobody knows is parked, and goes on when it is repaired", function(w)
    asks(w, asked { order_no = "SO-9" })
    assert.matches("the ERP has no order SO%-9", w:exceptions({ flow = "shop-return" })[1].message)
    w.erp:on "query":answers(function(args)
      return args.object == "sale.sale" and array { { id = 2, reference = "SO-9", party = { code = "A-1" }, currency = { code = "EUR" },
        untaxed_amount = decimal "149.90", shipments = array(), invoices = array(), lines = { line(1) } } } or array()
    end)
    w:retry { flow = "shop-return" }
    assert.equal(1, w.erp:count "create")
  end)

  it("of what a case takes back already is decided by a person, and the shop is told", function(w)
    local known = w.erp:on "query"
    local sale  = array { { id = 1, reference = "SO-1", party = { code = "A-100" }, currency = { code = "EUR" }, untaxed_amount = 1, shipments = array(),
      invoices = array(), lines = { line(1) } } }
    known:answers(function(args)
      if args.object == "stock.move" then return array { { id = 1, quantity = 1, shipment = { id = 5, reference = "RA-12" } } } end
      return args.object == "sale.sale" and sale or array()
    end)
    asks(w, asked())
    assert.equal("return RA-S77: order SO-1 has 1 of PUMP-7, of which 1 went back or is about to: RA-12", w:decisions()[1].about)
    w:decide "look again"
    w:decide "refuse"
    assert.is_true(shop_knows(w, "refused"))
    assert.equal(0, w.erp:count "create")
    assert.equal(0, #w:runs())
  end)

  it("that a person takes back is undone in the ERP", function(w)
    asks(w, asked())
    w.monitor:on "get":answers { missed = array() }
    w:advance "31d"
    w:decide "withdraw"
    assert.equal(1, w.erp:count "delete")
    assert.is_true(shop_knows(w, "withdrawn"))
    assert.equal(0, #w:runs())
  end)
end)
