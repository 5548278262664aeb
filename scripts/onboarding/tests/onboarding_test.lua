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
  it("is not taken back when they are refused", function(w)
    w.erp:on "find":answers { value = { { PartnerNo = "BP-7", ExternalId = "001A" } } }
    w.support:on "find":answers(array())
    w:deliver("salesforce.Account", account { Credit_Limit__c = decimal "50000.00" })
    w:decide "refuse"
    assert.equal(0, w.erp:count "delete")
    assert.equal("refused", shown(w).Onboarding_Status__c)
  end)
end)
