// Every shipped integration as a new user meets it: copied, checked, tested, given settings, run, changed and deployed, following only
// its README. What each of them does meanwhile is seen on the platforms.
import test from 'node:test'
import assert from 'node:assert/strict'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { Newcomer } from '../world/newcomer.mjs'
import { World } from '../world/order_to_cash.mjs'
import { run } from '../world/process.mjs'
import { mailServer } from '../world/sinks.mjs'
import { root, tool } from '../world/tidelock.mjs'
import { folder } from '../world/folder.mjs'
import { until } from '../world/wait.mjs'

const whole = readdirSync(join(root, 'scripts')).filter(name => name !== 'starter' && existsSync(join(root, 'scripts', name, 'integration.lua')))

for (const name of whole) {
  test(`${name}: copied, checked and tested as its README says; luacheck has nothing to say`, async t => {
    const user = new Newcomer(name)
    await user.does('new')
    assert.match(await user.does('check'), /^acme: .* 0 errors/m)
    assert.match(await user.does('test'), /[1-9]\d* passed, 0 failed, 0 pending/)
    if ((await run('bash', ['-c', 'command -v luacheck'])).code !== 0) return t.diagnostic('luacheck is not installed (Debian: lua-check)')
    const { code, out } = await run('luacheck', ['--no-color', '.'], { cwd: user.dir })
    assert.equal(code, 0, out)
  })
}

test('an integration that is not shipped is refused with the list of those that are', async () => {
  const { code, err } = await tool(['new', join(folder('new'), 'acme'), '--from', 'order-to-cahs'])
  assert.equal(code, 64)
  for (const name of [...whole, 'starter']) assert.ok(err.includes(` ${name}`), err)
})

// The platforms, and somebody with a copy that looks for changes more often and is served.
async function arrive(t, name, { settings = {}, edit = () => {} } = {}) {
  const w = new World(), user = new Newcomer(name)
  t.after(async () => { await user.stop(); await w.stop() })
  const given = await w.startPlatforms()
  await user.does('new')
  user.edit('integration.lua', text => text.replaceAll(/poll(\s*)= "\w+"/g, 'poll$1= "200ms"'))
  edit(user)
  user.fillIn({ settings: { ...given.settings, ...settings }, secrets: { ...given.secrets, 'mail.user': 'x', 'mail.password': 'x' } })
  w.tidelock = await user.serve()
  return { w, user }
}

async function redeploy(user, file, how, ...words) {
  user.edit(file, how)
  await user.does('test', 1, ...words)
  await user.does('deploy')
  const { revisions } = await user.tidelock.json('revisions')
  assert.deepEqual(revisions.filter(r => r.outcome !== 'refused').length, 2)
}

const answered = async (user, key, answer, why) => {
  const open = await until(`a decision about ${key}`, async () => (await user.tidelock.json('decisions', '--key', key)).decisions[0])
  const { code, err } = await user.tidelock.command('decisions', 'answer', open.id, answer, '--reason', why)
  assert.equal(code, 0, err)
}
const idle = user => until('nothing left over', async () => { const { engine } = await user.tidelock.json('status'); return engine.flows.every(f => f.unfinished === 0) && engine.exceptions === 0 })

test('order-to-cash, served and changed while an order is on its way', async t => {
  const { w, user } = await arrive(t, 'order-to-cash')
  await w.sell({ order: 'SO-1', account: 'A-1' })
  await w.follow('SO-1', 'A-1', 'accepted')
  await redeploy(user, 'maps/order.lua', text => text.replace('CustomerReference = "reference"', 'CustomerReference = function(order) return "CRM: " .. (order.reference or "") end'), '--accept')
  await w.clerk('Ship', 'SO-1')
  await w.dealIs('SO-1', 'shipped')
  await w.sell({ order: 'SO-2', account: 'A-1' })
  assert.match((await w.orderIs('SO-2', 'new')).CustomerReference, /^CRM: /)
})

test('onboarding, served and changed while finance think about a customer', async t => {
  const { w, user } = await arrive(t, 'onboarding')
  const customer = (name, limit) => w.sales('POST', 'Account', { Name: name, Type: 'Customer - Direct', Credit_Limit__c: limit, Company_Code__c: '1000', Support_Tier__c: 'premium', BillingCountry: 'Germany' })
  const account = (id, status) => until(`account ${status}`, async () => { const a = (await w.records(w.salesforce, 'Account')).find(a => a.Id === id.id); return a.Onboarding_Status__c === status && a })
  const partner = async id => (await w.records(w.erp, 'BusinessPartners')).find(p => p.ExternalId === id.id)

  await w.desk.fault([{ fault: 'drop_after_commit', match: { method: 'POST', path: 'tickets' }, times: 1 }])
  const small = await customer('Nordwind GmbH', '5000.00'), known = await account(small, 'done')
  const { PartnerNo, OnHold, CreditLimit } = await partner(small)
  assert.deepEqual([PartnerNo, OnHold, Number(CreditLimit)], [known.Account_No__c, false, 5000])
  assert.equal((await w.organization(PartnerNo)).name, 'Nordwind GmbH')
  const cases = (await w.records(w.desk, 'tickets')).filter(c => c.external_id === `welcome:${PartnerNo}`)
  assert.deepEqual(cases.map(c => c.subject), ['Welcome Nordwind GmbH'])
  assert.equal(cases[0].organization_id, (await w.organization(PartnerNo)).id)
  const [entitlement] = await w.records(w.salesforce, 'Entitlement')
  assert.deepEqual([entitlement.Entitlement_No__c, entitlement.AccountId, entitlement.Type], [`E-${PartnerNo}`, small.id, 'premium'])

  const big = await customer('Südwind AG', '50000.00'), bad = await customer('Windig KG', '90000.00')
  await until('two decisions', async () => (await user.tidelock.json('decisions', '--steward', 'finance')).decisions.length === 2)
  assert.equal((await partner(big)).OnHold, true)
  await redeploy(user, 'lib/policy.lua', text => text.replace('decimal "10000.00"', 'decimal "9000.00"'))
  await answered(user, big.id, 'less', 'no figures yet')
  assert.match((await account(big, 'done')).Onboarding_Note__c, /^credit limit 10000\.00 instead of 50000\.00: no figures yet$/)
  await answered(user, bad.id, 'refuse', 'insolvent')
  assert.match((await account(bad, 'refused')).Onboarding_Note__c, /: insolvent$/)
  assert.equal(await partner(bad), undefined)
  const later = await customer('Ostwind GmbH', '9500.00')
  await answered(user, later.id, 'grant', 'known for years')
  await account(later, 'done')
  await idle(user)
})

test('renewals, served and changed while contracts run out', async t => {
  const post = await mailServer()
  if (!post) return t.skip('smtp-server and mailparser are not installed in tests/sandbox')
  t.after(() => post.stop())
  const { w, user } = await arrive(t, 'renewals', { settings: { 'mail.server': post.url },
    edit: user => user.edit('integration.lua', text => text.replace(/ {2}auth += \{ kind = "basic", user = secret "mail\.user".*\n/, '  tls       = "never",\n')) })
  const day = days => new Date(Date.now() + days * 86400000).toISOString().slice(0, 10)
  const account = await w.sales('POST', 'Account', { Name: 'Nordwind GmbH', Account_No__c: 'A-1' })
  await w.erp.admin('POST', 'records/BusinessPartners', { PartnerNo: 'A-1', Name: 'Nordwind GmbH' })
  const runsOut = (no, days) => w.sales('POST', 'Contract', { Contract_No__c: no, AccountId: account.id, Status: 'Activated', StartDate: day(days - 364), EndDate: day(days), Yearly_Value__c: '10000.00', Currency__c: 'EUR', Renewal_Mail__c: 'buyer@nordwind.example' })
  const one = async (platform, object, field, value) => (await w.records(platform, object)).find(r => r[field] === value)
  const contract = (no, status) => until(`contract ${no} ${status}`, async () => { const c = await one(w.salesforce, 'Contract', 'Contract_No__c', no); return c?.Renewal_Status__c === status && c })

  await w.salesforce.fault([{ fault: 'drop_after_commit', match: { method: 'POST', path: 'sobjects/Quote' }, times: 1 }])
  await runsOut('C-1', 20)
  await contract('C-1', 'quoted')
  const deal = await one(w.salesforce, 'Opportunity', 'Renewal_No__c', 'R-C-1')
  const quotes = await w.records(w.salesforce, 'Quote')
  assert.deepEqual(quotes.map(q => [q.Quote_No__c, q.OpportunityId, Number(q.Total__c), q.Status]), [['Q-C-1', deal.Id, 10300, 'Presented']])
  await until('the reminder', () => post.mails.length === 1)
  assert.match(post.mails[0].subject, /^Your contract C-1 ends on /)
  await runsOut('C-2', 50)
  await contract('C-2', 'quoted')

  await redeploy(user, 'lib/policy.lua', text => text.replace('increase = "3"', 'increase = "5"'))
  await w.sales('PATCH', `Opportunity/${deal.Id}`, { StageName: 'Closed Won', Amount: '10000.00' })
  const { Renewed_By__c: next } = await contract('C-1', 'renewed')
  assert.equal(next, `C-1-${day(21).slice(0, 4)}`)
  assert.equal((await one(w.erp, 'Contracts', 'ContractNo', next)).StartDate, day(21))
  const { Lines } = await one(w.erp, 'RevenueSchedules', 'ContractNo', next)
  assert.deepEqual([Lines.length, String(Lines[0].Amount), String(Lines[11].Amount)], [12, '833.33', '833.37'])
  const following = await one(w.salesforce, 'Contract', 'Contract_No__c', next)
  assert.deepEqual([following.Status, following.AccountId, following.StartDate], ['Activated', account.id, day(21)])
  assert.equal((await one(w.salesforce, 'Entitlement', 'Entitlement_No__c', 'E-A-1')).EndDate, following.EndDate)

  await w.sales('PATCH', `Opportunity/${(await one(w.salesforce, 'Opportunity', 'Renewal_No__c', 'R-C-2')).Id}`, { StageName: 'Closed Lost' })
  assert.equal((await contract('C-2', 'closed')).Renewal_Note__c, 'the customer declined')
  await until('the desk is told', async () => (await w.records(w.desk, 'tickets')).some(c => c.subject === 'Contract C-2 of Nordwind GmbH: not renewed'))
  await runsOut('C-3', 45)
  await contract('C-3', 'quoted')
  assert.equal(Number((await one(w.salesforce, 'Opportunity', 'Renewal_No__c', 'R-C-3')).Amount), 10500)
  assert.equal(post.mails.length, 1)
  assert.equal((await user.tidelock.json('status')).engine.exceptions, 0)
})
