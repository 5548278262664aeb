-- A contract through a year: the tests' clock begins on 5 January 2026, 09:00 UTC.
local dates = require "dates"
local price = tostring(require("terms").price { yearly_value = decimal "10000.00", currency = "EUR" })

local function contract(changes)
  local record = {
    Id = "800A", AccountId = "001A", Contract_No__c = "C-7", Status = "Activated", StartDate = "2026-04-16", EndDate = "2027-04-15", Yearly_Value__c = decimal "10000.00",
    Currency__c = "EUR", Company_Code__c = "1000", Renewal_Mail__c = "buyer@nordwind.example", Account = { Account_No__c = "A-1", Name = "Nordwind GmbH" },
  }
  for name, value in pairs(changes or {}) do record[name] = value end
  return record
end

-- The renewal's opportunity, as sales leave it.
local function answer(stage, amount, contract_no)
  local no = contract_no or "C-7"
  return { Id = "006R", Renewal_No__c = "R-" .. no, Contract_No__c = no, StageName = stage, Amount = amount or decimal(price) }
end

local function field_is(field, value) return function(record) return record[field] == value end end

local function found(list, fits)
  for _, record in ipairs(list) do
    if fits(record) then return record end
  end
end

-- What Salesforce has: these records, and over them what it was told.
local function has(w, records)
  w.salesforce:on "get":answers { Account_No__c = "A-1", Name = "Nordwind GmbH" }
  w.salesforce:on "get_by":answers(function(args)
    local fits   = field_is(args.field, args.value)
    local before = found(records, fits)
    local told   = found(w.salesforce:records(args.object), fits)
    if not before then return told end
    local now = {}
    for name, value in pairs(before) do now[name] = value end
    for name, value in pairs(told or {}) do now[name] = value end
    return now
  end)
  w.erp:on "get":answers(function(args) return found(w.erp:records(args.object), field_is("ContractNo", args.key)) end)
end

local function till(w, moment) w:advance(("%dms"):format(dates.parse(moment) - dates.parse(w:now()))) end

local function shown(w, contract_no)
  return found(w.salesforce:records "renewal_status@1", field_is("Contract_No__c", contract_no or "C-7")) or {}
end

local function mails(w)
  local subjects = array()
  for i, call in ipairs(w.mail:calls "send") do subjects[i] = call.args.text:match "in (%d+) days" end
  return table.concat(subjects, " ")
end

local function cases(w)
  local ids = array()
  for i, call in ipairs(w.support:calls "create") do ids[i] = call.args.record.external_id end
  return table.concat(ids, " ")
end

describe("a contract with an end", function()
  before_each(function(w)
    has(w, { contract() })
    w:deliver("salesforce.Contract", contract())
  end)

  it("is quoted 60 days before it, when the office opens, after a year's sleep and a crash", function(w)
    w:advance "365d"
    w:restart()
    till(w, "2027-02-14T06:59:00Z")
    assert.equal(0, #w.salesforce:calls())
    till(w, "2027-02-14T07:01:00Z")                         -- 08:00 in Berlin, in winter
    local deal = w.salesforce:records "renewal@1"[1]
    assert.same({ "R-C-7", price, "2027-04-15" }, { deal.Renewal_No__c, tostring(deal.Amount), deal.CloseDate })
    assert.equal("Q-C-7", w.salesforce:calls("create")[1].args.record.Quote_No__c)
    assert.equal("quoted", shown(w).Renewal_Status__c)
  end)

  it("is reminded of 30 and 7 days before it, in winter and in summer at eight", function(w)
    till(w, "2027-03-16T06:59:00Z")
    assert.equal("", mails(w))
    till(w, "2027-03-16T07:01:00Z")
    assert.equal("30", mails(w))
    till(w, "2027-04-08T05:59:00Z")
    assert.equal("30", mails(w))
    till(w, "2027-04-08T06:01:00Z")                         -- clocks have gone forward
    assert.equal("30 7", mails(w))
    assert.equal("renewal:C-7:2027-04-15:no answer yet", cases(w))
  end)

  it("is closed the day after it when nobody answers, and the desk is told", function(w)
    till(w, "2027-04-16T05:59:00Z")
    assert.equal(1, #w:runs())
    till(w, "2027-04-16T06:01:00Z")
    assert.same({ "closed", "no answer until 2027-04-15" }, { shown(w).Renewal_Status__c, shown(w).Renewal_Note__c })
    assert.matches("not renewed$", cases(w))
    assert.equal("C-7", w:emitted "contract.ended@1"[1].key)
    assert.equal(0, #w:runs())
  end)

  it("that is amended is counted anew, and one that is saved again is not", function(w)
    till(w, "2027-02-15T12:00:00Z")
    w:deliver("salesforce.Contract", contract { Renewal_Status__c = "quoted" })
    w:deliver("salesforce.Contract", contract { EndDate = "2027-12-31", Renewal_Status__c = "quoted" })
    till(w, "2027-10-31T12:00:00Z")
    assert.equal("", mails(w))
    till(w, "2027-12-02T12:00:00Z")
    assert.equal("30", mails(w))
    assert.equal("2027-12-31", w.salesforce:records "renewal@1"[1].CloseDate)
    assert.equal(1, w.salesforce:count "create")            -- the quote stays one
    assert.equal(1, #w:runs())
  end)

  it("that sales close is left alone", function(w)
    w:advance "30d"
    w:deliver("salesforce.Contract", contract { Renewal_Status__c = "closed" })
    assert.equal("closed by sales", shown(w).Renewal_Note__c)
    w:advance "1s"
    assert.equal(0, #w:runs())
  end)
end)

describe("a customer who signs", function()
  before_each(function(w)
    has(w, { contract() })
    w:deliver("salesforce.Contract", contract())
    till(w, "2027-03-20T12:00:00Z")
  end)

  it("has a new contract everywhere, its revenue to the cent, and support as long", function(w)
    w:deliver("salesforce.Opportunity", answer("Closed Won", decimal "10000.00"))
    local erp = w.erp:records "contract@1"[1]
    assert.same({ "C-7-2027", "C-7", "2027-04-16", "2028-04-15" }, { erp.ContractNo, erp.PreviousNo, erp.StartDate, erp.EndDate })
    local lines, total = w.erp:records "revenue_schedule@1"[1].Lines, decimal(0)
    for _, line in ipairs(lines) do total = total + line.Amount end
    assert.same({ 12, "833.33", "833.37", "10000.00" }, { #lines, tostring(lines[1].Amount), tostring(lines[12].Amount), tostring(total) })
    assert.equal("2028-04-15", w.salesforce:records "entitlement@1"[1].EndDate)
    assert.same({ "renewed", "C-7-2027" }, { shown(w).Renewal_Status__c, shown(w).Renewed_By__c })
    assert.equal("C-7-2027", w.salesforce:calls("upsert")[2].args.value)
    assert.equal("C-7-2027", w:emitted "contract.renewed@1"[1].key)
  end)

  it("is not reminded any more", function(w)
    w:deliver("salesforce.Opportunity", answer "Closed Won")
    w:advance "60d"
    assert.equal("30", mails(w))
  end)

  it("has one contract although answers are lost, all is told twice and everything crashes", function(w)
    w.erp:on "put":commits_and_drops_the_answer(2)
    w.salesforce:on "upsert":commits_and_drops_the_answer()
    w:deliver("salesforce.Opportunity", answer "Closed Won", { dedupe = "m-1" })
    w:deliver("salesforce.Opportunity", answer "Closed Won", { dedupe = "m-1" })
    w:restart()
    w:advance "1h"
    w:deliver("salesforce.Opportunity", answer "Closed Won", { dedupe = "m-2" })
    assert.same({ 1, 1 }, { w.erp:count "contract@1", w.erp:count "revenue_schedule@1" })
    assert.same({ 0, 0 }, { #w:runs(), #w:exceptions() })
  end)

  it("whom the ERP does not know waits for a person, who repairs and retries", function(w)
    w.erp:on "put contract@1":fails { class = "data", message = "Business partner A-1 does not exist.", times = 1 }
    w:deliver("salesforce.Opportunity", answer "Closed Won")
    assert.matches("A%-1 does not exist", w:exceptions { flow = "renewal" }[1].message)
    assert.equal("quoted", shown(w).Renewal_Status__c)
    w:retry { flow = "renewal" }
    assert.equal("renewed", shown(w).Renewal_Status__c)
    assert.equal(0, #w:exceptions())
  end)

  it("and the next contract is renewed in its turn", function(w)
    w:deliver("salesforce.Opportunity", answer "Closed Won")
    w:deliver("salesforce.Contract", contract { Contract_No__c = "C-7-2027", StartDate = "2027-04-16", EndDate = "2028-04-15" }, { key = "800B" })
    till(w, "2028-02-16T12:00:00Z")
    assert.equal(2, w.salesforce:count "renewal@1")
    assert.equal("C-7-2027", w:runs()[1].key)
  end)
end)

describe("a customer who declines", function()
  it("is closed, and the desk is told", function(w)
    has(w, { contract() })
    w:deliver("salesforce.Contract", contract())
    till(w, "2027-03-01T12:00:00Z")
    w:deliver("salesforce.Opportunity", answer "Closed Lost")
    w:advance "1s"
    assert.same({ "closed", "the customer declined" }, { shown(w).Renewal_Status__c, shown(w).Renewal_Note__c })
    assert.equal(0, w.erp:count "contract@1")
    assert.equal(0, #w:runs())
  end)
end)

describe("a reminder whose fate nobody knows", function()
  it("is not sent again: a person looks into the mailbox", function(w)
    has(w, { contract() })
    w:deliver("salesforce.Contract", contract())
    w.mail:on "send":drops_the_answer()
    till(w, "2027-03-17T12:00:00Z")
    assert.equal("unknown", w:exceptions { flow = "renewal" }[1].class)
    w:advance "1d"
    assert.equal(1, #w.mail:calls "send")
  end)
end)

describe("a contract that is no contract yet, or no more", function()
  it("is not watched", function(w)
    w:deliver("salesforce.Contract", contract { Status = "Draft" })
    w:deliver("salesforce.Contract", contract { EndDate = null })
    w:deliver("salesforce.Contract", contract { Renewal_Status__c = "renewed" })
    assert.equal(0, #w:runs())
    w:deliver("salesforce.Contract", contract { Renewal_Status__c = "closed" })
    assert.equal(0, #w:runs())
    assert.equal(0, #w.salesforce:calls())
    w:deliver("salesforce.Contract", contract())
    assert.equal(1, #w:runs())
  end)
end)

describe("a contract that is told late", function()
  it("is quoted at once, and only the latest reminder goes out", function(w)
    has(w, { contract() })
    w:deliver("salesforce.Contract", contract { EndDate = "2026-01-10" })
    assert.equal("quoted", shown(w).Renewal_Status__c)
    assert.equal("5", mails(w))                             -- days that are left
  end)

  it("after it was settled is left alone", function(w)
    has(w, { contract { Renewal_Status__c = "renewed" } })
    w:deliver("salesforce.Contract", contract { EndDate = "2026-01-10" })
    assert.equal(0, w.salesforce:count "renewal@1")
    assert.equal(0, #w:runs())
  end)
end)

describe("a contract that had ended before it was first seen", function()
  it("long ago is left alone: nothing is asked, quoted, written or told", function(w)
    has(w, { contract { EndDate = "2016-12-31" } })
    w:deliver("salesforce.Contract", contract { EndDate = "2016-12-31" })
    assert.same({ 0, 0, 0, 0 }, { #w.salesforce:calls(), #w.support:calls(), #w.mail:calls(), #w:runs() })
  end)

  it("lately is not quoted, but closed, and the desk is told", function(w)
    has(w, { contract { EndDate = "2025-12-20" } })
    w:deliver("salesforce.Contract", contract { EndDate = "2025-12-20" })
    assert.equal("closed", shown(w).Renewal_Status__c)
    assert.same({ 0, 0, "" }, { w.salesforce:count "renewal@1", w.salesforce:count "create", mails(w) })
    assert.equal("renewal:C-7:2025-12-20:not renewed", cases(w))
  end)
end)

describe("two contracts of one customer", function()
  local function both(w, a, b)
    local first, second = contract(a), contract(b)
    has(w, { first, second })
    w:deliver("salesforce.Contract", first, { key = "800A" })
    w:deliver("salesforce.Contract", second, { key = "800B" })
  end

  it("whose numbers end in four digits are renewed under numbers of their own", function(w)
    both(w, { Contract_No__c = "CT-1001" }, { Contract_No__c = "CT-1002", Account = { Account_No__c = "A-2", Name = "Südwind AG" } })
    till(w, "2027-03-20T12:00:00Z")
    for _, no in ipairs { "CT-1001", "CT-1002" } do w:deliver("salesforce.Opportunity", answer("Closed Won", nil, no), { key = no }) end
    local first, second = shown(w, "CT-1001"), shown(w, "CT-1002")
    assert.same({ "CT-1001-2027", "CT-1002-2027" }, { first.Renewed_By__c, second.Renewed_By__c })
    assert.same({ 2, 2 }, { w.erp:count "contract@1", w.erp:count "revenue_schedule@1" })
    for _, no in ipairs { "CT-1001", "CT-1002" } do
      local made = found(w.erp:records "contract@1", field_is("PreviousNo", no))
      assert.equal(no == "CT-1001" and "A-1" or "A-2", made.PartnerNo)
    end
  end)

  it("have support as long as the longer one, whichever is signed last", function(w)
    both(w, { Contract_No__c = "L-1", EndDate = "2027-12-31" }, { Contract_No__c = "L-2" })
    till(w, "2027-03-20T12:00:00Z")
    w:deliver("salesforce.Opportunity", answer("Closed Won", nil, "L-1"), { key = "L-1" })
    assert.equal("2028-12-31", w.salesforce:records "entitlement@1"[1].EndDate)
    w:deliver("salesforce.Opportunity", answer("Closed Won", nil, "L-2"), { key = "L-2" })
    assert.same({ "renewed", "renewed" }, { shown(w, "L-1").Renewal_Status__c, shown(w, "L-2").Renewal_Status__c })
    assert.equal("2028-12-31", w.salesforce:records "entitlement@1"[1].EndDate)
  end)
end)

describe("support without an end", function()
  it("is not given one", function(w)
    has(w, { contract(), { Entitlement_No__c = "E-A-1" } })
    w:deliver("salesforce.Contract", contract())
    w:deliver("salesforce.Opportunity", answer "Closed Won")
    assert.equal("renewed", shown(w).Renewal_Status__c)
    assert.equal(0, w.salesforce:count "entitlement@1")
  end)
end)

describe("the number of the next contract", function()
  local following = require("terms").next
  local function after(no, more)
    local given = { contract_no = no, starts_on = "2026-04-16", ends_on = "2027-04-15", currency = "EUR", yearly_value = decimal "1.00" }
    for name, value in pairs(more or {}) do given[name] = value end
    return following(given, given.yearly_value)
  end

  it("keeps what looks like a year, and grows by one year only in its own line", function()
    for _, no in ipairs { "C-7", "CT-1001", "2026-0042", "V-2024-1234", "V-2024" } do
      local second = after(no)
      local third  = following(second, second.yearly_value)
      assert.same({ no .. "-2027", no .. "-2028", second.contract_no }, { second.contract_no, third.contract_no, third.previous_no })
    end
  end)

  it("is never its own: two in one year are told apart by their day", function()
    assert.equal("C-7-2027-09-01", after("C-7-2027", { series_no = "C-7", starts_on = "2027-04-16", ends_on = "2027-08-31" }).contract_no)
  end)

  it("of a copied contract is of its own line", function()
    assert.equal("C-8-2027", after("C-8", { series_no = "C-7" }).contract_no)
  end)

  it("that another contract has waits for a person, and writes nothing over it", function(w)
    local other = contract { Contract_No__c = "C-7-2027", Id = "800X" }
    has(w, { contract(), other })
    w:deliver("salesforce.Contract", contract())
    w:deliver("salesforce.Opportunity", answer "Closed Won")
    assert.equal("C-7 is to be renewed as C-7-2027, and another contract has that number: give that one another, then retry", w:exceptions()[1].message)
    assert.same({ 0, 0 }, { w.erp:count "contract@1", w.salesforce:count "contract@1" })
    has(w, { contract() })
    w:retry()
    assert.equal("C-7-2027", shown(w).Renewed_By__c)
  end)
end)

describe("money", function()
  local terms = require "terms"

  it("has the digits of its currency", function()
    for currency, expected in pairs { EUR = "^%d+%.%d%d$", JPY = "^%d+$", KWD = "^%d+%.%d%d%d$" } do
      local contract_of = { contract_no = "C-7", starts_on = "2026-04-16", ends_on = "2027-04-15", currency = currency, yearly_value = decimal "100000.00" }
      local agreed      = terms.price(contract_of)
      local following   = terms.next(contract_of, agreed)
      assert.matches(expected, tostring(agreed))
      assert.equal(tostring(agreed), tostring(following.yearly_value))
      local lines, total = terms.schedule(following).lines, decimal(0)
      for _, line in ipairs(lines) do total = total + line.amount end
      assert.equal(tostring(agreed), tostring(total))
    end
  end)

  it("of yen has no fractions in the quote, the ERP and the revenue", function(w)
    has(w, { contract() })
    w:deliver("salesforce.Contract", contract { Currency__c = "JPY", Yearly_Value__c = decimal "100000.00" })
    till(w, "2027-03-20T12:00:00Z")
    assert.matches("^%d+$", tostring(w.salesforce:records "renewal@1"[1].Amount))
    w:deliver("salesforce.Opportunity", answer("Closed Won", decimal "103000.00"))
    local schedule = w.erp:records "revenue_schedule@1"[1]
    assert.same({ "103000", "8583", "8587" }, { tostring(schedule.TotalAmount), tostring(schedule.Lines[1].Amount), tostring(schedule.Lines[12].Amount) })
    assert.equal("103000", tostring(w.erp:records "contract@1"[1].YearlyValue))
  end)

  it("that was agreed and does not exist is not rounded: a person corrects it", function(w)
    has(w, { contract(), answer("Closed Won", decimal "103000.00") })
    w:deliver("salesforce.Contract", contract { Currency__c = "JPY", Yearly_Value__c = decimal "100000.00" })
    w:deliver("salesforce.Opportunity", answer("Closed Won", decimal "103000.50"))
    assert.matches("^103000.50 was agreed for C%-7, which is no amount of JPY", w:exceptions()[1].message)
    assert.equal(0, w.erp:count "contract@1")
    w:retry()
    assert.equal("103000", tostring(w.erp:records "contract@1"[1].YearlyValue))
  end)
end)

describe("a signature after the end", function()
  before_each(function(w)
    has(w, { contract() })
    w:deliver("salesforce.Contract", contract())
    till(w, "2027-05-05T12:00:00Z")
    assert.equal("closed", shown(w).Renewal_Status__c)
  end)

  it("is asked of a person, who renews", function(w)
    w:deliver("salesforce.Opportunity", answer "Closed Won")
    assert.equal("R-C-7 is signed, but C-7 is closed", w:decisions()[1].about)
    assert.equal(0, w.erp:count "contract@1")
    w:restart()
    w:decide("renew", { by = "Ada" })
    assert.same({ "renewed", "C-7-2027" }, { shown(w).Renewal_Status__c, shown(w).Renewed_By__c })
    assert.equal("C-7-2027", w.erp:records "contract@1"[1].ContractNo)
    assert.equal("2028-04-15", w.salesforce:records "entitlement@1"[1].EndDate)
    w:deliver("salesforce.Opportunity", answer "Closed Won")
    assert.same({ 0, 0 }, { #w:decisions(), #w:runs() })
  end)

  it("is refused, sales read why, and it is not asked again", function(w)
    w:deliver("salesforce.Opportunity", answer "Closed Won")
    w:decide("refuse", { by = "Ada", why = "the price has changed" })
    assert.same({ "refused", "signed too late, refused by Ada: the price has changed" }, { shown(w).Renewal_Status__c, shown(w).Renewal_Note__c })
    w:deliver("salesforce.Opportunity", answer "Closed Won")
    assert.same({ 0, 0, 0 }, { #w:decisions(), #w:runs(), w.erp:count "contract@1" })
  end)
end)

describe("a signature that comes while its contract is being closed", function()
  it("is found when that is done", function(w)
    has(w, { contract() })
    w.support:on "create":fails { class = "data", message = "Tags: too long", times = 1 }
    w:deliver("salesforce.Contract", contract { EndDate = "2026-01-04" })
    w:deliver("salesforce.Opportunity", answer "Closed Won")
    assert.equal(0, #w:decisions())
    w:retry { flow = "renewal" }
    w:advance "1s"
    assert.equal("R-C-7 is signed, but C-7 is closed", w:decisions()[1].about)
  end)
end)

describe("a signature for a contract that nobody watches", function()
  it("is asked of a person", function(w)
    has(w, { contract() })
    w:deliver("salesforce.Opportunity", answer "Closed Won")
    assert.equal("R-C-7 is signed, but C-7 is not watched", w:decisions()[1].about)
  end)

  it("or that is not there waits until it is", function(w)
    has(w, {})
    w:deliver("salesforce.Opportunity", answer "Closed Won")
    assert.matches("Salesforce has no contract of that number", w:exceptions()[1].message)
    has(w, { contract() })
    w:retry()
    assert.equal(1, #w:decisions())
  end)
end)
