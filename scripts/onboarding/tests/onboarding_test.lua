-- A won customer gets to be known everywhere. `tidelock test` runs this against platforms that it scripts.
local free_limit = tostring(require("policy").free_limit)

local function account(changes)
  local record = {
    Id = "001A", Name = "Nordwind GmbH", Type = "Customer - Direct", Vat_Id__c = "de811907980", Company_Code__c = "1000",
    Credit_Limit__c = decimal "5000.00", Support_Tier__c = "premium", BillingCity = "Kiel", BillingCountry = "Germany",
  }
  for name, value in pairs(changes or {}) do record[name] = value end
  return record
end

-- The ERP gives numbers, the desk knows nobody.
local function platforms(w)
  w.erp:on "find":answers(function()
    local partner = w.erp:records "BusinessPartners"[1]
    return { value = partner and { { PartnerNo = "BP-00001", ExternalId = partner.ExternalId } } or array() }
  end)
  w.support:on "find":answers(array())
  w.salesforce:on "get_by":answers()                        -- no support yet
end

local function shown(w) return w.salesforce:records "onboarding@1"[1] end

describe("a won customer", function()
  before_each(platforms)

  it("is known everywhere, by the number that the ERP gave", function(w)
    w:deliver("salesforce.Account", account())
    local partner = w.erp:records "BusinessPartners"[1]
    assert.same({ "001A", "DE811907980", "5000.00", false }, { partner.ExternalId, partner.VatId, tostring(partner.CreditLimit), partner.OnHold })
    local organization = w.support:records "organizations"[1]
    assert.same({ "BP-00001", "premium" }, { organization.external_id, organization.organization_fields.support_tier })
    assert.same({ "done", "BP-00001" }, { shown(w).Onboarding_Status__c, shown(w).Account_No__c })
    assert.equal("BP-00001", w:emitted "customer.onboarded@1"[1].key)
  end)

  it("is welcomed by a case and may ask for support for a year", function(w)
    w:deliver("salesforce.Account", account())
    local case = w.support:calls("create")[1].args.record
    assert.equal("welcome:BP-00001", case.external_id)
    assert.matches("^organizations", case.organization_id)
    local entitlement = w.salesforce:records "entitlement@1"[1]
    assert.same({ "E-BP-00001", "2026-01-05", "2027-01-04" }, { entitlement.Entitlement_No__c, entitlement.StartDate, entitlement.EndDate })
  end)

  it("is made once, however often the account is told, whatever answer is lost and whatever crashes", function(w)
    w.erp:on "put new_customer@1":commits_and_drops_the_answer()
    w.support:on "create":commits_and_drops_the_answer()
    w:deliver("salesforce.Account", account(), { dedupe = "m-1" })
    w:deliver("salesforce.Account", account(), { dedupe = "m-1" })
    w:deliver("salesforce.Account", account { Name = "Nordwind AG" })
    w:restart()
    w:advance "1h"
    assert.equal(1, w.support:count "create")
    assert.same({ 1, 1 }, { w.erp:count "BusinessPartners", w.support:count "organizations" })
    assert.same({ 0, 0 }, { #w:runs(), #w:exceptions() })
  end)

  it("is none while the account is a prospect, has a number, or was asked for before", function(w)
    w:deliver("salesforce.Account", account { Type = "Prospect" })
    w:deliver("salesforce.Account", account { Account_No__c = "A-1" })
    w:deliver("salesforce.Account", account { Onboarding_Status__c = "refused" })
    assert.equal(0, #w.erp:calls())
  end)

  it("waits for a person when the desk refuses the organization, and goes on", function(w)
    w.support:on "put":fails { class = "data", message = "Name: has already been taken", times = 1 }
    w:deliver("salesforce.Account", account())
    assert.matches("already been taken", w:exceptions { flow = "onboarding" }[1].message)
    w:retry { flow = "onboarding" }
    assert.equal("done", shown(w).Onboarding_Status__c)
    assert.equal(0, #w:exceptions())
  end)

  it("with a country that nobody has mapped is parked, and goes on when it is put right", function(w)
    w:deliver("salesforce.Account", account { BillingCountry = "Denmark" })
    assert.matches("Denmark", w:exceptions()[1].message)
    w:retry { changes = { ["/BillingCountry"] = "Germany" } }
    assert.equal("done", shown(w).Onboarding_Status__c)
  end)
end)

describe("more credit than sales may promise", function()
  before_each(function(w)
    platforms(w)
    w:deliver("salesforce.Account", account { Credit_Limit__c = decimal "50000.00" })
  end)

  it("is asked of finance; the partner is blocked meanwhile", function(w)
    assert.equal("credit of 50000.00 EUR for Nordwind GmbH", w:decisions()[1].about)
    assert.is_true(w.erp:records "BusinessPartners"[1].OnHold)
    assert.equal("in progress", shown(w).Onboarding_Status__c)
    assert.equal(0, #w.support:calls())
  end)

  it("is given", function(w)
    w:restart()
    w:decide("grant", { by = "Ada" })
    assert.equal("50000.00", tostring(w.erp:records "BusinessPartners"[1].CreditLimit))
    assert.equal("done", shown(w).Onboarding_Status__c)
  end)

  it("is made less, and sales read why", function(w)
    w:decide("less", { by = "Ada", why = "no figures for last year" })
    assert.equal(free_limit, tostring(w.erp:records "BusinessPartners"[1].CreditLimit))
    assert.equal("credit limit " .. free_limit .. " instead of 50000.00: no figures for last year", shown(w).Onboarding_Note__c)
  end)

  it("is refused: what was made is taken back, and sales read why", function(w)
    w:decide("refuse", { by = "Ada", why = "insolvent" })
    assert.equal(1, w.erp:count "delete")
    assert.same({ "refused", "refused by Ada: insolvent" }, { shown(w).Onboarding_Status__c, shown(w).Onboarding_Note__c })
    assert.equal(0, #w.support:calls())
    assert.equal(0, #w:runs())
  end)
end)

describe("a customer whom the ERP has had before", function()
  local function has(w, changes)
    local before = {
      PartnerNo = "BP-7", ExternalId = "001A", Name = "Nordwind", VatId = "DE1", Country = "DE", Currency = "EUR",
      CreditLimit = decimal "20000.00", OnHold = false,
    }
    for name, value in pairs(changes or {}) do before[name] = value end
    w.erp:on "find":answers(function()
      local now = {}
      for name, value in pairs(before) do now[name] = value end
      for name, value in pairs(w.erp:records "BusinessPartners"[1] or {}) do now[name] = value end
      return { value = { now } }
    end)
    w.support:on "find":answers(array())
    w.salesforce:on "get_by":answers()
  end

  local function asks(w, limit) w:deliver("salesforce.Account", account { Credit_Limit__c = limit and decimal(limit) or null }) end

  it("is as they were when they are refused, and meanwhile", function(w)
    has(w)
    asks(w, "50000.00")
    assert.equal("20000.00", tostring(w:decisions()[1].show.has))
    assert.equal(0, w.erp:count "BusinessPartners")
    w:decide "refuse"
    assert.same({ 0, 0, 0 }, { w.erp:count "BusinessPartners", w.erp:count "update", w.erp:count "delete" })
    assert.equal("refused", shown(w).Onboarding_Status__c)
  end)

  it("gets what sales know, and is never blocked on the way", function(w)
    has(w)
    asks(w, "50000.00")
    w:decide "grant"
    for _, call in ipairs(w.erp:calls "put") do assert.is_false(call.args.record.OnHold) end
    local partner = w.erp:records "BusinessPartners"[1]
    assert.same({ "Nordwind GmbH", "50000.00" }, { partner.Name, tostring(partner.CreditLimit) })
    assert.same({ "done", "BP-7" }, { shown(w).Onboarding_Status__c, shown(w).Account_No__c })
  end)

  it("keeps the longer support they have", function(w)
    has(w)
    w.salesforce:on "get_by":answers { Entitlement_No__c = "E-BP-7", EndDate = "2028-12-31" }
    asks(w, "100.00")
    assert.equal("done", shown(w).Onboarding_Status__c)
    assert.equal(0, w.salesforce:count "entitlement@1")
  end)

  it("keeps the credit they have when sales ask for less, or for none", function(w)
    has(w)
    asks(w, nil)
    assert.equal("20000.00", tostring(w.erp:records "BusinessPartners"[1].CreditLimit))
    assert.equal("done", shown(w).Onboarding_Status__c)
  end)

  it("and has blocked, or gives credit in another currency, is a question for finance, however little is asked", function(w)
    has(w, { OnHold = true })
    asks(w, "100.00")
    assert.is_true(w:decisions()[1].show.on_hold)
    assert.equal(0, w.erp:count "BusinessPartners")
    w:decide "refuse"
    has(w, { Currency = "CHF" })
    w:deliver("salesforce.Account", account { Id = "001B" }, { key = "001B" })
    assert.equal("CHF", w:decisions()[1].show.has_in)
  end)
end)
