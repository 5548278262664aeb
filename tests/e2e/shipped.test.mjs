// Every shipped integration as a new user meets it: copied, checked, tested, given settings, run, changed and deployed, following only
// its README. What each of them does meanwhile is seen on the platforms.
import test from 'node:test'
import assert from 'node:assert/strict'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { Newcomer } from '../world/newcomer.mjs'
import { World } from '../world/order_to_cash.mjs'
import { run } from '../world/process.mjs'
import { signed } from '../world/signed.mjs'
import { mailServer, WebhookSink } from '../world/sinks.mjs'
import { Tickets } from '../world/tickets.mjs'
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
async function arrive(t, name, { variants = [], settings = {}, secrets = {}, edit = () => {} } = {}) {
  const w = new World(), user = new Newcomer(name)
  t.after(async () => { await user.stop(); await w.stop() })
  const given = await w.startPlatforms()
  await user.does('new')
  for (const variant of variants) await user.lays(variant)
  edit(user)
  user.fillIn({ settings: { ...given.settings, ...settings }, secrets: { ...given.secrets, ...secrets } })
  w.tidelock = await user.serve()
  return { w, user }
}

const looksOften = (user, file = 'integration.lua') => user.edit(file, text => text.replaceAll(/poll(\s*)= "\w+"/g, 'poll$1= "200ms"'))

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
  const { w, user } = await arrive(t, 'order-to-cash', { edit: looksOften })
  await w.sell({ order: 'SO-1', account: 'A-1' })
  await w.follow('SO-1', 'A-1', 'accepted')
  await redeploy(user, 'maps/order.lua', text => text.replace('CustomerReference = "reference"', 'CustomerReference = function(order) return "CRM: " .. (order.reference or "") end'), '--accept')
  await w.clerk('Ship', 'SO-1')
  await w.dealIs('SO-1', 'shipped')
  await w.sell({ order: 'SO-2', account: 'A-1' })
  assert.match((await w.orderIs('SO-2', 'new')).CustomerReference, /^CRM: /)
})

test('onboarding, served and changed while finance think about a customer', async t => {
  const { w, user } = await arrive(t, 'onboarding', { edit: looksOften })
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

test('onboarding: a partner whom the ERP has had before is as they were, refused or cancelled', async t => {
  const { w, user } = await arrive(t, 'onboarding', { edit: looksOften })
  const customer = (name, more) => w.sales('POST', 'Account', { Name: name, Type: 'Prospect', Credit_Limit__c: '50000.00', BillingCity: 'Kiel', BillingCountry: 'Germany', ...more })
  const won = account => w.sales('PATCH', `Account/${account.id}`, { Type: 'Customer' })
  const known = (account, no) => w.erp.admin('POST', 'records/BusinessPartners', { PartnerNo: no, ExternalId: account.id, Name: no, City: 'Bremen', Currency: 'EUR', CreditLimit: '20000.00', OnHold: false })
  const partner = async ({ id }) => {
    const p = (await w.records(w.erp, 'BusinessPartners')).find(p => p.ExternalId === id)
    return [p.PartnerNo, p.Name, p.City, p.Country ?? null, String(p.CreditLimit), p.OnHold]
  }
  const status = (account, is) => until(`account ${is}`, async () => (await w.records(w.salesforce, 'Account')).find(a => a.Id === account.id).Onboarding_Status__c === is)

  const refused = await customer('Nordwind GmbH')
  await known(refused, 'BP-7')
  await won(refused)
  await until('the decision', async () => (await user.tidelock.json('decisions', '--key', refused.id)).decisions[0])
  assert.deepEqual(await partner(refused), ['BP-7', 'BP-7', 'Bremen', null, '20000.00', false])
  await answered(user, refused.id, 'refuse', 'insolvent')
  await status(refused, 'refused')
  assert.deepEqual(await partner(refused), ['BP-7', 'BP-7', 'Bremen', null, '20000.00', false])

  // Granted; then the desk has one of that name, a clerk moves them, and somebody cancels.
  const cancelled = await customer('Südwind AG')
  await known(cancelled, 'BP-8')
  await w.desk.admin('POST', 'records/organizations', { name: 'Südwind AG' })
  await won(cancelled)
  await answered(user, cancelled.id, 'grant', 'known for years')
  await until('the exception', async () => (await user.tidelock.json('exceptions')).exceptions[0])
  assert.deepEqual(await partner(cancelled), ['BP-8', 'Südwind AG', 'Kiel', 'DE', '50000.00', false])
  await w.erp.admin('PATCH', `records/BusinessPartners/BP-8`, { City: 'Lübeck' })
  const [open] = (await user.tidelock.json('runs')).runs
  const { code, err } = await user.tidelock.command('runs', 'cancel', open.id, '--yes', '--reason', 'not ours')
  assert.equal(code, 0, err)
  await status(cancelled, 'refused')
  assert.deepEqual(await partner(cancelled), ['BP-8', 'BP-8', 'Lübeck', null, '20000.00', false])
})

test('renewals, served and changed while contracts run out', async t => {
  const post = await mailServer()
  if (!post) return t.skip('smtp-server and mailparser are not installed in tests/sandbox')
  t.after(() => post.stop())
  const { w, user } = await arrive(t, 'renewals', { settings: { 'mail.server': post.url }, secrets: { 'mail.user': 'x', 'mail.password': 'x' }, edit(user) {
    looksOften(user)
    user.edit('integration.lua', text => text.replace(/ {2}auth += \{ kind = "basic", user = secret "mail\.user".*\n/, '  tls       = "never",\n'))
  } })
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
  await until('support as long', async () => (await one(w.salesforce, 'Entitlement', 'Entitlement_No__c', 'E-A-1'))?.EndDate === following.EndDate)

  await w.sales('PATCH', `Opportunity/${(await one(w.salesforce, 'Opportunity', 'Renewal_No__c', 'R-C-2')).Id}`, { StageName: 'Closed Lost' })
  assert.equal((await contract('C-2', 'closed')).Renewal_Note__c, 'the customer declined')
  await until('the desk is told', async () => (await w.records(w.desk, 'tickets')).some(c => c.subject === 'Contract C-2 of Nordwind GmbH: not renewed'))
  await w.sales('PATCH', `Opportunity/${(await one(w.salesforce, 'Opportunity', 'Renewal_No__c', 'R-C-2')).Id}`, { StageName: 'Closed Won', Amount: '9000.00' })
  await answered(user, 'C-2', 'renew', 'they have changed their mind')
  const { Renewed_By__c: late } = await contract('C-2', 'renewed')
  assert.equal(Number((await one(w.erp, 'Contracts', 'ContractNo', late)).YearlyValue), 9000)
  await until('support as long as the longer one', async () => (await one(w.salesforce, 'Entitlement', 'Entitlement_No__c', 'E-A-1')).EndDate === (await one(w.salesforce, 'Contract', 'Contract_No__c', late)).EndDate)

  // Numbers of four digits, the longer one first; and one that ended long ago.
  await runsOut('C-1900', -400)
  for (const [no, days] of [['CT-1001', 55], ['CT-1002', 40]]) {
    await runsOut(no, days)
    await contract(no, 'quoted')
    await w.sales('PATCH', `Opportunity/${(await one(w.salesforce, 'Opportunity', 'Renewal_No__c', `R-${no}`)).Id}`, { StageName: 'Closed Won' })
    assert.equal((await contract(no, 'renewed')).Renewed_By__c, `${no}-${day(days + 1).slice(0, 4)}`)
  }
  assert.equal((await w.records(w.erp, 'RevenueSchedules')).length, 4)
  await idle(user)
  assert.equal((await one(w.salesforce, 'Entitlement', 'Entitlement_No__c', 'E-A-1')).EndDate, (await one(w.erp, 'Contracts', 'PreviousNo', 'CT-1001')).EndDate)
  assert.equal(await one(w.salesforce, 'Opportunity', 'Contract_No__c', 'C-1900'), undefined)

  await runsOut('C-3', 45)
  await contract('C-3', 'quoted')
  assert.equal(Number((await one(w.salesforce, 'Opportunity', 'Renewal_No__c', 'R-C-3')).Amount), 10500)
  assert.equal(post.mails.length, 1)
  assert.equal((await user.tidelock.json('status')).engine.exceptions, 0)
})

// The look-alike of an ERP speaks OData; `./dev real` has Tryton and Request Tracker.
test('case-to-resolution, served and changed while the goods of a case are on their way back', async t => {
  const shop = await new WebhookSink().start(), key = Buffer.from('a secret of thirty-two bytes or so'), hook = `whsec_${key.toString('base64')}`
  t.after(() => shop.stop())
  const { w, user } = await arrive(t, 'case-to-resolution', { variants: ['OData'], settings: { 'shop.url': shop.url, 'monitor.url': shop.url },
    secrets: { 'shop.token': 'x', 'shop.hook': hook, 'monitor.token': 'x', 'monitor.hook': hook }, edit: user => looksOften(user, 'maps/erp.lua') })
  const desk = new Tickets(w.desk), { 'zendesk.webhook_secret': secret } = user.given.secrets
  await desk.addFields()
  await w.desk.admin('POST', 'webhooks', { url: `${w.tidelock.url}/in/zendesk`, secret, events: ['ticket'] })
  const tell = async (system, message) => {
    const body = JSON.stringify(message)
    assert.equal((await w.tidelock.post(system, body, signed(key, `msg-${system}`, body))).status, 202)
  }
  const text = name => ({ name, type: 'string', length: 255, nillable: true })
  await w.salesforce.admin('POST', 'objects/Account/fields', [...['Health__c', 'Last_Claim__c', 'Last_Claim_Outcome__c', 'Last_Credit_Note__c'].map(text),
    { name: 'Credits_12_Months__c', type: 'double', precision: 18, scale: 0, nillable: true }])
  await w.sales('POST', 'Account', { Name: 'Nordwind GmbH', Account_No__c: 'A-1' })
  const account = (claim, health, credits) => until(`${health} after ${claim}`, async () => {
    const [a] = await w.records(w.salesforce, 'Account')
    return a.Last_Claim__c === claim && a.Health__c === health && Number(a.Credits_12_Months__c) === credits && a
  })
  await w.erp.admin('POST', 'records/BusinessPartners', { PartnerNo: 'A-1', Name: 'Nordwind GmbH' })
  await w.erp.admin('POST', 'records/SalesOrders', { OrderNo: 'SO-1', PartnerNo: 'A-1', Currency: 'EUR', Items: [{ LineNo: 1, ProductNo: 'PUMP-7', Quantity: 3, UnitPrice: '199.90' }, { LineNo: 2, ProductNo: 'SEAL-9', Quantity: 10, UnitPrice: '3.50' }] })
  for (const action of ['Accept', 'Ship', 'Invoice']) await w.clerk(action, 'SO-1')
  const expected = no => until(`return ${no}`, async () => (await w.records(w.erp, 'ReturnOrders')).find(r => r.ReturnNo === no)?.Status === 'announced')
  const memo = async no => (await w.records(w.erp, 'CreditMemos')).find(m => m.CreditNo === no)

  // A case that names its order late, and whose pump is credited, although answers are lost.
  const first = await desk.open('The pump is dead', 'It does not start.', { kind: 'defect', product_no: 'PUMP-7' })
  await until('the question', async () => (await desk.notes(first)).includes('Which order is this about? Please fill in its number.'))
  await desk.fill(first, { order_no: 'SO-1' })
  await expected(`RA-${first}`)
  await until('what the customer is to do', async () => (await desk.answers(first)).includes(`Please send 1 × PUMP-7 back under the number RA-${first}.`))
  await w.erp.fault([{ fault: 'drop_after_commit', match: { method: 'PATCH', path: 'CreditMemos' }, times: 1 }, { fault: 'drop_after_commit', match: { method: 'POST', path: 'Erp.Post' }, times: 1 }])

  await redeploy(user, 'lookups/limits.json', text => text.replace('"250.00"', '"160.00"'))
  await w.clerk('Receive', `RA-${first}`)
  assert.equal((await desk.has(first, 'outcome', 'credited')).status, 'solved')
  const credited = await memo(`RA-${first}`)
  assert.deepEqual([credited.PartnerNo, String(credited.TotalAmount), (await w.records(w.erp, 'CreditMemos')).length], ['A-1', '199.90', 1])
  assert.equal((await desk.answers(first)).at(-1), `Thank you, your return RA-${first} has arrived. We have credited 199.90 EUR to you: credit note ${credited.DocumentNo}.`)
  assert.equal((await account(`RA-${first}`, 'Watch', 1)).Last_Credit_Note__c, credited.DocumentNo)

  // The next one is above what is now the limit.
  const second = await desk.open('Another one is dead', 'It does not start either.', { kind: 'defect', product_no: 'PUMP-7', order_no: 'SO-1' })
  const { decisions: [open] } = await until('a decision', async () => { const found = await user.tidelock.json('decisions'); return found.decisions.length === 1 && found })
  assert.equal(open.about, '199.90 EUR is above the limit of 160.00')
  await answered(user, open.key, 'refuse', 'it was dropped')
  assert.equal((await desk.has(second, 'outcome', 'refused')).status, 'solved')
  assert.equal((await desk.answers(second)).at(-1), 'We are sorry: PUMP-7 of order SO-1 cannot be taken back.')
  await account(`RA-${second}`, 'At risk', 1)

  // Nothing goes back twice.
  const third = await desk.open('All three', 'None of them starts.', { kind: 'defect', product_no: 'PUMP-7', order_no: 'SO-1', quantity: '3' })
  await until('the note', async () => (await desk.notes(third)).some(n => /order SO-1 has 3.* of PUMP-7, of which 1.* went back or is about to: RA-/.test(n)))
  await desk.fill(third, { kind: 'question' })

  // What was delivered and billed later goes back on its own invoice.
  const lines = [['PUMP-7', '199.90'], ['VALVE-2', '12.50']].map(([ProductNo, UnitPrice], i) => ({ LineNo: i + 1, ProductNo, Quantity: 1, UnitPrice }))
  await w.erp.admin('POST', 'records/SalesOrders', { OrderNo: 'SO-2', PartnerNo: 'A-1', Currency: 'EUR', Items: lines })
  for (const { LineNo, ProductNo } of lines) {
    const Items = [{ LineNo: 1, ProductNo, Quantity: 1 }], part = { OrderNo: 'SO-2', PartnerNo: 'A-1', Items }
    await w.erp.admin('POST', 'records/Deliveries', { DeliveryNo: `D-2-${LineNo}`, ShippedAt: new Date().toISOString(), ...part })
    await w.erp.admin('POST', 'records/Invoices', { InvoiceNo: `I-2-${LineNo}`, Currency: 'EUR', Status: 'open', TotalAmount: '20.00', ...part })
  }
  const later = await desk.open('The valve leaks', 'It leaks.', { kind: 'defect', product_no: 'VALVE-2', order_no: 'SO-2' })
  await expected(`RA-${later}`)
  await w.clerk('Receive', `RA-${later}`)
  await desk.has(later, 'outcome', 'credited')
  await desk.has(later, 'invoice_no', 'I-2-1, I-2-2')          // the context is told by a flow of its own
  assert.equal((await memo(`RA-${later}`)).InvoiceNo, 'I-2-2')
  await account(`RA-${later}`, 'Watch', 2)

  // What begins in the shop and at the monitoring ends the same way.
  await tell('shop', { return_id: '7', order_no: 'SO-1', sku: 'SEAL-9', quantity: 2, reason: 'too many', asked_at: new Date().toISOString() })
  await expected('RA-S7')
  await w.clerk('Receive', 'RA-S7')
  await account('RA-S7', 'At risk', 3)
  assert.deepEqual(shop.requests.map(r => JSON.parse(r.body).status), ['authorised', 'credited'])
  assert.equal(String((await memo('RA-S7')).TotalAmount), '7.00')
  await tell('monitor', { contract_no: 'SO-1', month: '2026-01', level: 'silver', availability: '99.1' })
  await account('SC-SO-1-2026-01', 'At risk', 4)
  assert.equal(String((await memo('SC-SO-1-2026-01')).TotalAmount), '31.74')
  assert.deepEqual((await desk.all()).filter(ticket => ticket.id !== third).map(ticket => ticket.status), Array(5).fill('solved'))
  await idle(user)
})
