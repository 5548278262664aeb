-- A month in which a service was worse than promised.
local lookups = require "lookups"

-- The ticket with our number, or nil: Zendesk finds a list, Request Tracker the ticket.
local function desk_has(w, ticket)
  w.support:on "find":answers(function(args)
    if args.key then return ticket end
    return ticket and array { ticket } or array()
  end)
end

local function erp_knows(w)
  local contract = {
    id = 3, reference = "SV-1", party = { code = "A-100", name = "Nordwind GmbH" }, currency = { code = "EUR" }, untaxed_amount = decimal "149.90",
    shipments = array(), invoices = array(), lines = { { product = { code = "CARE" }, quantity = 1, unit_price = decimal "149.90" } },
  }
  w.erp:on "query":answers(function(args) return args.where[1][3] == "SV-1" and array { contract } or array() end)
  w.erp:on "count":answers(1)
  w.erp:on "sale_confirm":answers { invoices = array() }   -- Tryton was killed before it processed the sale
  w.erp:on "sale_process":answers { invoices = { { id = 88 } } }
  w.erp:on "invoice_post":answers { id = 88, number = "CN-8", total_amount = decimal "-17.99" }
  desk_has(w, nil)
  w.support:on "create":answers(function()
    desk_has(w, { id = 50 })
    return { id = 50 }
  end)
end

local function month(availability, changes)
  local record = { contract_no = "SV-1", month = "2026-01", level = "Gold", availability = availability }
  for name, value in pairs(changes or {}) do record[name] = value end
  return record
end

describe("a missed service level", function()
  before_each(erp_knows)

  it("is credited by its tier, with half cents to the even one", function(w)
    w:deliver("monitor.level", month "99.5", { key = "SV-1" })
    assert.equal(decimal "14.99", w.erp:calls("sale_create")[1].args.sale.lines[1].unit_price)
    assert.equal("SC-SV-1-2026-01", w.erp:calls("sale_create")[1].args.sale.reference)
    assert.equal(1, w.erp:count "invoice_post")
    assert.equal(1, w.support:count "case_outcome@1")
    assert.equal("Watch", w.salesforce:records("account_health@1")[1].Health__c)
  end)

  it("above the limit is decided by a person, either way", function(w)
    w:deliver("monitor.level", month "94.9", { key = "SV-1" })
    assert.equal("149.90 EUR is above the limit of " .. lookups.get("limits", "service_credit", "amount"), w:decisions()[1].about)
    w:decide("credit", { by = "Ada" })
    assert.equal(1, w.erp:count "sale_create")
    desk_has(w, nil)
    w:deliver("monitor.level", month("94.9", { month = "2026-02" }), { key = "SV-1" })
    w:decide("refuse", { by = "Ada" })
    assert.equal(1, w.erp:count "sale_create")
    assert.equal("At risk", w.salesforce:records("account_health@1")[1].Health__c)
  end)

  it("is credited once, although the message and the monthly look tell of it, and answers are lost", function(w)
    w.erp:on "sale_create":commits_and_drops_the_answer()
    w:deliver("monitor.level", month "98.9", { key = "SV-1" })
    w:advance "2m"
    w.monitor:on "get":answers { missed = array { month "98.9" } }
    w:advance "30d"
    assert.same({ path = "levels", query = "month=2026-01" }, w.monitor:calls("get")[1].args)
    assert.equal(1, w.erp:count "sale_create")
    assert.equal(1, w.support:count "create")
    assert.equal(0, #w:exceptions())
  end)

  it("that no message told is found by the monthly look, and one that was kept is none", function(w)
    w.monitor:on "get":answers { missed = array { month "98.9", month("99.99", { contract_no = "SV-1", month = "2025-12" }) } }
    w:advance "30d"
    assert.equal(1, w.erp:count "sale_create")
  end)

  it("of a contract that the ERP does not know is parked for finance", function(w)
    w:deliver("monitor.level", month("98.9", { contract_no = "SV-9" }), { key = "SV-9" })
    local parked = w:exceptions()[1]
    assert.equal("finance", parked.steward)
    assert.matches("no contract SV%-9", parked.message)
  end)
end)
