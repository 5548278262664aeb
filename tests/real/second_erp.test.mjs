// scripts/order-to-cash with its variant: company 1000 is served by the OData ERP, company 2000 by a real Tryton. The variant is deployed
// into the running server, as the README says.
import test from 'node:test'
import assert from 'node:assert/strict'
import { cpSync } from 'node:fs'
import { join } from 'node:path'
import { chance } from '../crash/chance.mjs'
import { Connector } from '../unit/connector_replay/connector.mjs'
import { change, integration, World } from '../world/order_to_cash.mjs'
import { run } from '../world/process.mjs'
import { program } from '../world/tidelock.mjs'
import { until } from '../world/wait.mjs'
import { quick } from './desk_integration.mjs'
import { NotInstalled } from './npm.mjs'
import { Proxy } from './proxy.mjs'
import { Tryton } from './tryton.mjs'

const pause = ms => new Promise(done => setTimeout(done, ms))

// The shipped folder with its variant copied over it, for the company of these tests. `more`: keys of the system.
function withVariant(more = '') {
  return integration({ edit(dir) {
    cpSync(join(dir, 'variants/tryton'), dir, { recursive: true })
    change(dir, 'events/erp_us.lua', text => text.replace('"30 days"', '"At once"').replace('concurrent = 4', 'concurrent = 1').replaceAll('poll = "10s"', 'poll = "300ms"')
      .replace(/(connector += "tryton@1",)/, `$1 ${more}`))
  } })
}

test('a second ERP of another vendor: each company has its own, from the order to its payment and its cancellation', async t => {
  const tryton = new Tryton(), w = new World()
  t.after(async () => { await w.stop(); await tryton.stop() })
  try { await tryton.start() } catch (error) {
    if (!(error instanceof NotInstalled)) throw error
    return t.skip(`Tryton cannot be started: ${error.message}`)
  }
  const clerk = new Connector('tryton@1', { url: tryton.url, auth: { kind: 'session', user: tryton.user, password: tryton.password } })
  t.after(() => clerk.close())
  const act = async (operation, args) => { const got = await clerk.call(operation, args); assert.equal(got.class, 'done', `${operation}: ${got.message}`); return got.document }
  await w.start()
  await w.sell({ order: 'SO-1', account: 'A-1' })
  await w.dealIs('SO-1', 'new')

  const command = async (...words) => { const { code, out, err } = await w.tidelock.command(...words); assert.equal(code, 0, out + err) }
  await command('settings', 'set', 'erp_us.url', tryton.url, '--reason', 'company 2000')
  for (const [name, value] of [['erp_us.user', tryton.user], ['erp_us.password', tryton.password]]) {
    const { code, err } = await run('bash', ['-c', `printf %s "$VALUE" | ${program('tidelock')} secrets set ${name} --reason x --data ${w.tidelock.data}`], { env: { ...process.env, VALUE: value } })
    assert.equal(code, 0, err)
  }
  await command('deploy', withVariant(), '--reason', 'company 2000')
  await until('the first look at Tryton', async () => {
    const { captures } = (await w.tidelock.json('status')).engine
    return captures.filter(c => c.system === 'erp_us' && c.last_success).length === 3
  })

  const lines = [{ product: 'PUMP-7', quantity: 2, price: '149.90' }]
  await w.sell({ order: 'SO-2', account: 'A-2', lines, more: { Company_Code__c: '2000' } })
  await w.dealIs('SO-2', 'accepted', { timeout: 20000 })
  const withdrawn = await w.sell({ order: 'SO-3', account: 'A-2', lines, more: { Company_Code__c: '2000' } })
  await w.dealIs('SO-3', 'accepted', { timeout: 20000 })
  const sales = await tryton.records('sale.sale', [], ['reference', 'state'])
  assert.deepEqual(sales.map(s => s.reference), ['SO-2', 'SO-3'])
  assert.equal(await w.order('SO-2'), undefined)
  assert.match((await w.tidelock.command('trace', 'order/SO-2')).out, /→ erp_us sale_create/)

  const { shipments, invoices } = await act('sale_status', { reference: 'SO-2' })
  for (const shipment of shipments) await act('ship', { shipment: shipment.id })
  await w.dealIs('SO-2', 'shipped', { timeout: 20000 })
  await act('invoice_post', { invoice: invoices[0].id })
  await w.dealIs('SO-2', 'invoiced', { timeout: 20000 })
  await act('invoice_pay', { invoice: invoices[0].id, method: 'Bank', reference: 'bank' })
  const paid = await w.dealIs('SO-2', 'paid', { timeout: 20000 })
  assert.ok(paid.Invoice_No__c && Number(paid.Invoice_Total__c) > 299)
  await w.deskSees('A-2', 'SO-2', 'paid')
  await until('the sale is done', async () => (await tryton.records('sale.sale', [['reference', '=', 'SO-2']], ['state']))[0].state === 'done')
  await w.stays('SO-2', 'A-2', 'paid', { timeout: 20000 })

  // Two products, of which one leaves: the rest is a backorder, until that has left too.
  const both = [{ product: 'PUMP-7', quantity: 2, price: '149.90' }, { product: 'VALVE-2', quantity: 1, price: '12.50' }]
  await w.sell({ order: 'SO-5', account: 'A-2', lines: both, more: { Company_Code__c: '2000' } })
  await w.dealIs('SO-5', 'accepted', { timeout: 20000 })
  const [part] = (await act('sale_status', { reference: 'SO-5' })).shipments
  await act('ship', { shipment: part.id, lines: [{ product: 'PUMP-7', quantity: 1 }] })
  assert.match((await w.dealIs('SO-5', 'backordered', { timeout: 20000 })).Order_Note__c, /^sent in part: 1 of 2 shipments$/)
  for (const shipment of (await act('sale_status', { reference: 'SO-5' })).shipments) await act('ship', { shipment: shipment.id })
  const sent = await w.dealIs('SO-5', 'shipped', { timeout: 20000 })
  assert.equal(sent.Shipment_No__c.split(', ').length, 2)

  const decision = (key, steward) => until(`a decision about ${key}`, async () => (await w.tidelock.json('decisions', '--key', key, '--steward', steward)).decisions[0], { timeout: 20000 })
  const answer = async (open, word) => command('decisions', 'answer', open.id, word, '--reason', 'x')

  // Tryton processes it already: a person decides; what was billed is credited, and posted.
  const [bill] = (await act('sale_status', { reference: 'SO-3' })).invoices
  await act('invoice_post', { invoice: bill.id })
  await w.sales('PATCH', `Opportunity/${withdrawn}`, { StageName: 'Closed Lost' })
  const asked = await decision('SO-3', 'order-desk')
  assert.match(asked.about, /^order SO-3 was withdrawn, but the ERP has it as processing and does not cancel it/)
  await answer(asked, 'taken back')
  await answer(await decision('SO-3', 'finance'), 'credit')
  await w.dealIs('SO-3', 'cancelled', { timeout: 60000 })
  const notes = await tryton.records('account.invoice', [['reference', 'like', 'CN-%']], ['number', 'state'])
  assert.deepEqual(notes.map(n => n.state), ['posted'])
  assert.match((await w.deal('SO-3')).Order_Note__c, new RegExp(`credited: ${notes[0].number} `))

  // A sale that is no more than a quotation is corrected in its place: one sale, with what the deal says.
  const draft = reference => ({ sale: { reference, party: { code: 'A-2' }, lines: [{ product: { code: 'PUMP-7' }, quantity: 1 }] } })
  await act('sale_create', draft('SO-6'))
  await act('sale_quote', { reference: 'SO-6' })
  await w.sell({ order: 'SO-6', account: 'A-2', lines: [{ product: 'PUMP-7', quantity: 5, price: '149.90' }], more: { Company_Code__c: '2000' } })
  await w.dealIs('SO-6', 'accepted', { timeout: 20000 })
  const corrected = await tryton.records('sale.sale', [['reference', '=', 'SO-6']], ['id', 'state', 'lines.quantity'])
  assert.deepEqual(corrected.map(s => [s.state, s['lines.']?.map(l => l.quantity) ?? s.lines]), [['processing', [5]]])

  // One of Tryton's own: no deal, no exception.
  await act('sale_create', draft('SC-1'))
  await act('sale_quote', { reference: 'SC-1' })
  await act('sale_confirm', { reference: 'SC-1' })
  await w.deskSees('A-2', 'SC-1', 'accepted', { timeout: 20000 })
  assert.equal(await w.deal('SC-1'), undefined)

  await act('sale_create', draft('SO-4'))
  const early = await w.offer({ order: 'SO-4', account: 'A-2', lines, more: { Company_Code__c: '2000', Order_Status__c: 'accepted' } })
  await w.sales('PATCH', `Opportunity/${early}`, { StageName: 'Closed Lost' })
  await w.dealIs('SO-4', 'cancelled', { timeout: 20000 })
  assert.deepEqual(await tryton.records('sale.sale', [['reference', '=', 'SO-4']], ['state']).then(found => found.map(s => s.state)), ['cancelled'])
  assert.equal((await w.tidelock.json('status')).engine.exceptions, 0)
})

// ---- killed in the middle ------------------------------------------------------------------------------------------------

// The n-th write that Tidelock sends to Tryton, for the n that chance chooses of [least, most].
function write(random, least, most) {
  let left = least + Math.floor(random() * (most - least + 1))
  return entry => /\.(create|write|quote|confirm|draft)"/.test(entry.body) && --left === 0
}

async function strike(target, back, random) {
  await pause(random() * 150)
  await target.kill()
  await pause(200 + random() * 800)
  await back()
}

test('Tryton and Tidelock are killed in the middle of writes: every order is there once, paid, and told', { timeout: 300000 }, async t => {
  const seed = Date.now() % 1000000, random = chance(seed), tryton = new Tryton(), proxy = new Proxy()
  t.diagnostic(`seed ${seed}`)
  try { await tryton.start() } catch (error) {
    if (!(error instanceof NotInstalled)) throw error
    return t.skip(`Tryton cannot be started: ${error.message}`)
  }
  await proxy.start(tryton.url)
  const w = new World({ integration: withVariant(quick), settings: { 'erp_us.url': `${proxy.url}/erp` }, secrets: { 'erp_us.user': tryton.user, 'erp_us.password': tryton.password } })
  t.after(async () => { await w.stop(); await tryton.stop(); proxy.stop() })
  await w.start()
  const clerk = new Connector('tryton@1', { url: tryton.url, auth: { kind: 'session', user: tryton.user, password: tryton.password } })
  t.after(() => clerk.close())
  // A person does it again until it is done: the server may be down for a moment.
  const act = (operation, args) => until(`${operation} ${JSON.stringify(args)}`, async () => { const got = await clerk.call(operation, args); return got.class === 'done' && got.document }, { timeout: 60000, every: 250 })
  const slow = { timeout: 90000 }

  const orders = [['SO-1', 'A-1'], ['SO-2', 'A-2'], ['SO-3', 'A-1'], ['SO-4', 'A-2']]
  const struck = Promise.all([[tryton, () => tryton.resume(), write(random, 2, 8)], [w.tidelock, () => w.startTidelock(), write(random, 2, 8)]].map(([target, back, fits]) =>
    new Promise((done, failed) => proxy.first(fits, () => { strike(target, back, random).then(done, failed) })))) // the request goes on meanwhile
  struck.catch(() => {})
  for (const [order, account] of orders) await w.sell({ order, account, lines: [{ product: 'PUMP-7', quantity: 2, price: '149.90' }], more: { Company_Code__c: '2000' } })
  await Promise.all(orders.map(async ([order, account]) => {
    await w.dealIs(order, 'accepted', slow)
    // Tryton processes what is confirmed in a transaction of its own; what it was killed before, somebody has to process.
    const { shipments, invoices } = await act('sale_process', { reference: order })
    for (const { id } of shipments) await act('ship', { shipment: id })
    await act('invoice_post', { invoice: invoices[0].id })
    await act('invoice_pay', { invoice: invoices[0].id, method: 'Bank', reference: `bank of ${order}` })
    await w.dealIs(order, 'paid', slow)
  }))
  await struck

  await until('every run to end', async () => (await w.tidelock.json('status')).engine.flows.every(f => f.unfinished === 0), slow)
  const sales = await tryton.records('sale.sale', [], ['reference', 'state', 'shipments.state', 'invoices.state', 'lines.quantity'])
  assert.deepEqual(sales.map(s => [s.reference, s.state, s['shipments.'].map(x => x.state), s['invoices.'].map(x => x.state), s['lines.'].map(l => l.quantity)]).sort(),
    orders.map(([order]) => [order, 'done', ['done'], ['paid'], [2]]))
  const count = async (model, domain = []) => (await tryton.records(model, domain, ['id'])).length
  assert.deepEqual([await count('party.party', [['code', 'like', 'A-%']]), await count('stock.shipment.out'), await count('account.invoice'), await count('account.move', [['description', 'like', 'bank of %']])],
    [2, 4, 4, 4])
  const deals = await w.records(w.salesforce, 'Opportunity')
  assert.deepEqual(deals.map(d => [d.Order_No__c, d.Order_Status__c]).sort(), orders.map(([order]) => [order, 'paid']))
  for (const [, account] of orders.slice(0, 2)) assert.equal((await w.organization(account)).organization_fields.last_order_status, 'paid')
  assert.equal((await w.tidelock.json('status')).engine.exceptions, 0)
})
