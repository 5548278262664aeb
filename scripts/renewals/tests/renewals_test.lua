-- A contract through a year: the tests' clock begins on 5 January 2026, 09:00 UTC.
local dates = require "dates"
local price = tostring(require("terms").price { yearly_value = decimal "10000.00" })

local function contract(changes)
  local record = {
    Id = "800A", Contract_No__c = "C-7", Status = "Activated", StartDate = "2026-04-16", EndDate = "2027-04-15", Yearly_Value__c = decimal "10000.00",
    Currency__c = "EUR", Company_Code__c = "1000", Renewal_Mail__c = "buyer@nordwind.example", Account = { Account_No__c = "A-1", Name = "Nordwind GmbH" },
  }
  for name, value in pairs(changes or {}) do record[name] = value end
  return record
end

-- The renewal's opportunity, as sales leave it.
local function answer(stage, amount)
  return { Id = "006R", Renewal_No__c = "R-C-7", Contract_No__c = "C-7", StageName = stage, Amount = amount or decimal(price) }
end

-- Salesforce has it, and this far.
local function has(w, status) w.salesforce:on "get_by":answers { Contract_No__c = "C-7", Renewal_Status__c = status } end

local function till(w, moment) w:advance(("%dms"):format(dates.parse(moment) - dates.parse(w:now()))) end

local function shown(w)
  for _, record in ipairs(w.salesforce:records "renewal_status@1") do
    if record.Contract_No__c == "C-7" then return record end
  end
  return {}
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
    has(w, nil)
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
    assert.equal(0, #w:runs())
  end)
end)

describe("a customer who signs", function()
  before_each(function(w)
    has(w, nil)
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
    has(w, nil)
    w:deliver("salesforce.Contract", contract())
    till(w, "2027-03-01T12:00:00Z")
    w:deliver("salesforce.Opportunity", answer "Closed Lost")
    assert.same({ "closed", "the customer declined" }, { shown(w).Renewal_Status__c, shown(w).Renewal_Note__c })
    assert.equal(0, w.erp:count "contract@1")
    assert.equal(0, #w:runs())
  end)
end)

describe("a reminder whose fate nobody knows", function()
  it("is not sent again: a person looks into the mailbox", function(w)
    has(w, nil)
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
    has(w, nil)
    w:deliver("salesforce.Contract", contract { EndDate = "2026-01-10" })
    assert.equal("quoted", shown(w).Renewal_Status__c)
    assert.equal("7", mails(w))
  end)

  it("after it was settled is left alone", function(w)
    has(w, "renewed")
    w:deliver("salesforce.Contract", contract { EndDate = "2026-01-10" })
    assert.equal(0, w.salesforce:count "renewal@1")
    assert.equal(0, #w:runs())
  end)
end)
