// The spine: what sales, the ERP's clerk and support do on their platforms is seen on the others.
import test from 'node:test'
import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { change, integration, World } from '../world/order_to_cash.mjs'
import { Platform } from '../world/platform.mjs'
import { run } from '../world/process.mjs'
import { program } from '../world/tidelock.mjs'
import { until } from '../world/wait.mjs'

async function world(t, options) {
  const w = new World(options)
  t.after(() => w.stop())
  return w.start()
}

test('an order goes all the way, on every platform, exact to the last digit', async t => {
  const w = await world(t)
  const lines = [{ product: 'TURBINE', quantity: '100', price: '12345678901.23', total: '1234567890123.45' },
    { product: 'BOLT', text: 'Bolt M8, zinc – 100 Stück', quantity: '0.25', price: '0.07', total: '0.02' }]
  await w.sell({ order: 'SO-1', account: 'A-1', name: 'Bäcker & Söhne', lines, more: { Amount: '1234567890123.47' } })
  await w.follow('SO-1', 'A-1')
  const order = await w.order('SO-1'), deal = await w.deal('SO-1')
  const [turbine, bolt] = order.Items
  assert.deepEqual([turbine.ProductNo, turbine.Quantity, turbine.UnitPrice, turbine.NetAmount].map(String).map(trim), ['TURBINE', '100', '12345678901.23', '1234567890123.45'])
  assert.deepEqual([bolt.Description, bolt.Quantity, bolt.UnitPrice, bolt.NetAmount].map(String).map(trim), ['Bolt M8, zinc – 100 Stück', '0.25', '0.07', '0.02'])
  assert.equal(trim(order.NetAmount), '1234567890123.47')
  assert.equal(trim(deal.Invoice_Total__c), '1234567890123.47')
  const [partner] = await w.records(w.erp, 'BusinessPartners')
  assert.deepEqual([partner.PartnerNo, partner.Name, partner.Country, partner.City], ['A-1', 'Bäcker & Söhne', 'DE', 'Kiel'])
  assert.equal(order.PartnerNo, 'A-1')
  const [delivery] = await w.records(w.erp, 'Deliveries'), [invoice] = await w.records(w.erp, 'Invoices')
  assert.equal(deal.Shipment_No__c, delivery.DeliveryNo)
  assert.equal(deal.Invoice_No__c, invoice.InvoiceNo)
  assert.equal((await w.organization('A-1')).name, 'Bäcker & Söhne')
  assert.equal((await w.records(w.erp, 'SalesOrders')).length, 1)
})

test('trace tells the whole way, and nothing is left over', async t => {
  const w = await world(t)
  await w.sell({ order: 'SO-2', account: 'A-2' })
  await w.follow('SO-2', 'A-2', 'accepted')
  const entries = (await w.tidelock.json('trace', 'order/SO-2')).entries
  const events = entries.filter(e => e.kind === 'event').map(e => e.type)
  for (const type of ['salesforce.Opportunity', 'order.won@1', 'order.prepared@1', 'order.released@1', 'order.placed@1', 'order.accepted@1']) assert.ok(events.includes(type), `${type} in ${events}`)
  const effects = entries.flatMap(e => (e.effects ?? []).map(x => `${e.flow} ${x.system} ${x.operation} ${x.class}`))
  for (const effect of ['customer erp_de put done', 'credit erp_de credit_status done', 'order erp_de put done', 'status-to-salesforce salesforce put done', 'status-to-desk zendesk put done']) {
    assert.ok(effects.includes(effect), `${effect} in ${effects.join(', ')}`)
  }
  const times = entries.map(e => e.time)
  assert.deepEqual(times, [...times].sort(), 'in time order')
  const { out } = await w.tidelock.command('trace', 'order/SO-2')
  assert.match(out, /order\.won@1 +SO-2/)
  assert.match(out, /→ erp_de put/)
  await until('every event has its ending', async () => (await w.tidelock.json('trace', 'order/SO-2')).entries.every(e => e.kind !== 'pending'))
  assert.equal((await w.tidelock.json('status')).engine.exceptions, 0)
})

test('a system that is always busy is looked at all the same', async t => {
  const w = await world(t, { integration: integration({ edit: dir => change(dir, 'integration.lua', lua => lua.replace('concurrent = 8', 'concurrent = 1')) }) })
  await w.erp.fault([{ fault: 'slow', ms: 40, times: 100000 }])
  const orders = Array.from({ length: 40 }, (_, n) => `SO-${n + 1}`)
  for (const order of orders) await w.sell({ order, account: 'A-1' })
  await w.dealIs('SO-1', 'new')                                             // what the ERP tells of the first …
  assert.ok((await w.records(w.erp, 'SalesOrders')).length < orders.length) // … while others wait for their turn still
})

test('changes that repeat change nothing: a deal saved again is no second order', async t => {
  const w = await world(t)
  const id = await w.sell({ order: 'SO-3', account: 'A-3' })
  await w.follow('SO-3', 'A-3', 'accepted')
  const before = (await w.erp.admin('GET', 'writes?object=SalesOrders')).records[0].commits
  await w.sales('PATCH', `Opportunity/${id}`, { Name: 'Pumps, second thoughts' })
  await until('the save to be seen', async () => (await w.tidelock.json('trace', `order/${id}`)).entries.some(e => e.kind === 'outcome' && e.ending === 'dropped'))
  assert.equal((await w.erp.admin('GET', 'writes?object=SalesOrders')).records[0].commits, before)
  assert.equal((await w.records(w.erp, 'SalesOrders')).length, 1)
})

test('a case at the desk about an order is shown on the deal; its webhooks may come twice and out of order', async t => {
  const w = await world(t)
  await w.sell({ order: 'SO-4', account: 'A-4' })
  await w.follow('SO-4', 'A-4', 'new')
  await w.desk.fault([{ fault: 'webhook_duplicate', copies: 3 }])
  const { record } = await w.desk.admin('POST', 'records/tickets', { subject: 'Where is it?', comment: { body: 'No pump yet' }, custom_fields: [{ id: 380001, value: 'SO-4' }] })
  const next = async pattern => until(`a note on the deal like ${pattern}`, async () => { const d = await w.deal('SO-4'); return pattern.test(d.NextStep ?? '') && d })
  await next(/Where is it\?.*new/)
  await w.desk.clearFaults()
  await w.desk.fault([{ fault: 'webhook_reorder', match: { path: 'status_changed' }, times: 1, after: 1 }])
  await w.desk.admin('PATCH', `records/tickets/${record.id}`, { status: 'open' })
  await w.desk.admin('PATCH', `records/tickets/${record.id}`, { status: 'solved' })
  await w.desk.admin('POST', 'webhooks/release', {})
  await next(/solved/)
  await until('no webhook under way', async () => (await w.desk.admin('GET', 'webhooks')).pending === 0)
  const settled = async () => (await w.tidelock.json('status')).engine.flows.every(f => f.unfinished === 0)
  await until('everything done', settled)
  assert.match((await w.deal('SO-4')).NextStep, /solved/, 'a late message does not bring the old state back')
})

// The one decision that is open for the order.
const decision = (w, order) => until(`a decision about ${order}`, async () => {
  const { decisions } = await w.tidelock.json('decisions', '--key', order)
  return decisions.length === 1 && decisions[0]
})

async function answer(w, order, word, why) {
  const { code, err } = await w.tidelock.command('decisions', 'answer', (await decision(w, order)).id, word, '--reason', why)
  assert.equal(code, 0, err)
}

test('a customer on credit hold: finance release one order and reject another; others go on', async t => {
  const w = await world(t)
  await w.erp.admin('POST', 'records/BusinessPartners', { PartnerNo: 'A-5', Name: 'Held GmbH', OnHold: true, CreditLimit: '1000.00', CreditUsed: '1200.00' })
  await w.sell({ order: 'SO-5', account: 'A-5' })
  await w.sell({ order: 'SO-5b', account: 'A-5' })
  const asked = await decision(w, 'SO-5')
  assert.deepEqual([asked.about, asked.steward, asked.options], ['credit hold: Customer A-5', 'finance', ['release', 'reject']])
  assert.equal(trim(String(asked.show.credit.used)), '1200')
  await w.dealIs('SO-5', 'on hold')
  await w.sell({ order: 'SO-6', account: 'A-6' })
  await w.orderIs('SO-6', 'new')
  assert.equal(await w.order('SO-5'), undefined)
  await answer(w, 'SO-5', 'release', 'they pay on Friday')
  await w.follow('SO-5', 'A-5', 'new')
  await answer(w, 'SO-5b', 'reject', 'one is enough')
  const refused = await w.dealIs('SO-5b', 'refused')
  assert.match(refused.Order_Note__c, /^credit refused by .*: one is enough$/)
  await w.deskSees('A-5', 'SO-5b', 'refused')
  assert.equal(await w.order('SO-5b'), undefined)
})

test('an order that lacks goods says so and is paid in the end', async t => {
  const w = await world(t)
  await w.sell({ order: 'SO-7', account: 'A-7' })
  await w.follow('SO-7', 'A-7', 'new')
  await w.clerk('Backorder', 'SO-7', { Reason: 'castings are late', ExpectedOn: '2027-01-15' })
  const deal = await w.dealIs('SO-7', 'backordered')
  assert.deepEqual([deal.Order_Note__c, deal.Expected_On__c], ['castings are late', '2027-01-15'])
  for (const [action, status] of [['Ship', 'shipped'], ['Invoice', 'invoiced'], ['Pay', 'paid']]) {
    await w.clerk(action, 'SO-7')
    await Promise.all([w.dealIs('SO-7', status), w.deskSees('A-7', 'SO-7', status)])
  }
  await w.stays('SO-7', 'A-7', 'paid')
  const second = time => Math.floor(Date.parse(time) / 1000)            // Salesforce keeps no parts of it
  assert.equal(second((await w.deal('SO-7')).Paid_At__c), second((await w.records(w.erp, 'Invoices'))[0].PaidAt))
})

test('a deal that is lost after it was won: cancelled once although the answer is lost; shipped, a person decides', async t => {
  const w = await world(t)
  const [open, sent] = [await w.sell({ order: 'SO-8', account: 'A-8' }), await w.sell({ order: 'SO-9', account: 'A-9' })]
  await w.follow('SO-8', 'A-8', 'accepted')
  await w.dealIs('SO-9', 'new')
  await w.clerk('Accept', 'SO-9')
  await w.clerk('Ship', 'SO-9')
  await w.dealIs('SO-9', 'shipped')
  await w.erp.fault([{ fault: 'drop_after_commit', match: { path: 'Erp.Cancel' }, times: 1 }])
  await w.sales('PATCH', `Opportunity/${open}`, { StageName: 'Closed Lost' })
  assert.match((await w.orderIs('SO-8', 'cancelled')).StatusReason, /withdrawn by sales/)
  await Promise.all([w.dealIs('SO-8', 'cancelled'), w.deskSees('A-8', 'SO-8', 'cancelled')])
  await w.sales('PATCH', `Opportunity/${sent}`, { StageName: 'Closed Lost' })
  const asked = await decision(w, 'SO-9')
  assert.deepEqual([asked.flow, asked.steward, asked.options], ['cancellation', 'order-desk', ['taken back', 'leave it']])
  assert.match(asked.about, /order SO-9 was withdrawn, but the ERP has it as shipped/)
  await answer(w, 'SO-9', 'leave it', 'the customer keeps it')
  assert.equal((await w.dealIs('SO-9', 'shipped')).Order_Status__c, 'shipped')
  await until('sales read it', async () => (await w.deal('SO-9')).Order_Note__c === 'withdrawn too late: the order stands')
  await w.clerk('Invoice', 'SO-9')
  await w.dealIs('SO-9', 'invoiced')
  await w.stays('SO-9', 'A-9', 'invoiced')
  assert.deepEqual((await w.tidelock.json('decisions')).decisions, [])
})

test('an order that was billed and is taken back: credited by one credit note, although answers are lost, above the limit when finance say so', async t => {
  const w = await world(t)
  const id = await w.sell({ order: 'SO-13', account: 'A-13', lines: [{ product: 'PUMP-7', quantity: 3, price: '149.90', total: '449.70' }] })
  await w.follow('SO-13', 'A-13', 'invoiced')
  await w.sales('PATCH', `Opportunity/${id}`, { StageName: 'Closed Lost' })
  await answer(w, 'SO-13', 'taken back', 'the pumps are here')
  const asked = await until('finance are asked', async () => (await w.tidelock.json('decisions', '--steward', 'finance')).decisions[0])
  assert.match(asked.about, /^order SO-13 is cancelled: .* EUR to credit is above the limit of 250\.00$/)
  await w.erp.fault([{ fault: 'drop_after_commit', match: { method: 'PATCH', path: 'CreditMemos' }, times: 1 }, { fault: 'drop_after_commit', match: { method: 'POST', path: 'Erp.Post' }, times: 1 }])
  await answer(w, 'SO-13', 'credit', 'agreed')
  await w.dealIs('SO-13', 'cancelled')
  const [memo, ...others] = await w.records(w.erp, 'CreditMemos'), [invoice] = await w.records(w.erp, 'Invoices')
  assert.deepEqual([memo.InvoiceNo, trim(String(memo.TotalAmount)), others.length], [invoice.InvoiceNo, trim(String(invoice.NetAmount)), 0])
  assert.match((await w.stays('SO-13', 'A-13', 'cancelled')).Order_Note__c, new RegExp(`credited: ${memo.DocumentNo} `))
})

test('a deal that is corrected: finance see the new figures, the ERP gets the new order, and once it is shipped a person decides', async t => {
  const w = await world(t)
  await w.erp.admin('POST', 'records/BusinessPartners', { PartnerNo: 'A-14', Name: 'Held GmbH', OnHold: true, CreditLimit: '1000.00', CreditUsed: '1200.00' })
  const id = await w.sell({ order: 'SO-14', account: 'A-14', more: { Amount: '900.00' } })
  await w.dealIs('SO-14', 'on hold')
  const [line] = await w.records(w.salesforce, 'OpportunityLineItem')
  const correct = async (quantity, amount) => {
    await w.sales('PATCH', `OpportunityLineItem/${line.Id}`, { Quantity: quantity })
    await w.sales('PATCH', `Opportunity/${id}`, { Amount: amount })
  }
  await correct('50', '7495.00')
  await until('finance see it', async () => { const { decisions } = await w.tidelock.json('decisions', '--key', 'SO-14'); return decisions.length === 1 && trim(String(decisions[0].show.total)) === '7495' })
  await answer(w, 'SO-14', 'release', 'they pay on Friday')
  const ordered = async () => trim(String((await w.order('SO-14')).Items[0].Quantity))
  await w.orderIs('SO-14', 'new')
  assert.equal(await ordered(), '50')
  await w.erp.admin('PATCH', 'records/BusinessPartners/A-14', { OnHold: false })
  await w.dealIs('SO-14', 'new')
  await correct('40', '5996.00')
  await until('the ERP has it', async () => (await ordered()) === '40')
  for (const [action, status] of [['Accept', 'accepted'], ['Ship', 'shipped']]) { await w.clerk(action, 'SO-14'); await w.dealIs('SO-14', status) }
  await correct('30', '4497.00')
  assert.match((await decision(w, 'SO-14')).about, /order SO-14 was corrected, but the ERP has it as shipped and changes it no more/)
  await answer(w, 'SO-14', 'leave it', 'too late')
  await until('sales read it', async () => (await w.deal('SO-14')).Order_Note__c === 'corrected too late: the order stands as it was')
  await w.stays('SO-14', 'A-14', 'shipped')
  assert.equal(await ordered(), '40')
})

test('a deal that is lost and won again keeps its order; one whose order the ERP has cancelled needs a new number', async t => {
  const w = await world(t)
  const id = await w.offer({ order: 'SO-15', account: 'A-15' })
  await w.sales('PATCH', `Opportunity/${id}`, { StageName: 'Closed Lost' })
  await until('the cancellation waits', async () => (await w.tidelock.json('trace', 'order/SO-15')).entries.some(e => e.type === 'order.withdrawn@1'))
  await w.win(id)
  await w.dealIs('SO-15', 'new')
  assert.equal((await w.stays('SO-15', 'A-15', 'new')).StageName, 'Closed Won')
  await w.sales('PATCH', `Opportunity/${id}`, { StageName: 'Closed Lost' })
  await w.dealIs('SO-15', 'cancelled')
  await w.sales('PATCH', `Opportunity/${id}`, { StageName: 'Closed Won', Order_Status__c: null })
  await until('sales read it', async () => /is cancelled: give the deal a new order number/.test((await w.deal('SO-15')).Order_Note__c))
  const deal = await w.stays('SO-15', 'A-15', 'cancelled')
  assert.match(deal.Order_Note__c, /give the deal a new order number/, 'the ERP, which was not changed, does not tell it once more')
  await w.sales('PATCH', `Opportunity/${id}`, { Order_No__c: 'SO-15b', Order_Status__c: null })
  await w.orderIs('SO-15b', 'new')
  assert.equal((await w.tidelock.json('status')).engine.exceptions, 0)
})

test('an order that did not come from Salesforce is told to the desk, is no exception and becomes no deal', async t => {
  const w = await world(t)
  await w.erp.admin('POST', 'records/BusinessPartners', { PartnerNo: 'B-1', Name: 'Walk-in' })
  await w.erp.admin('POST', 'records/SalesOrders', { OrderNo: 'ERP-77', PartnerNo: 'B-1', Currency: 'EUR', Items: [{ ProductNo: 'P', Quantity: 1, UnitPrice: '5.00' }] })
  await w.deskSees('B-1', 'ERP-77', 'new')
  await until('nothing left to do', async () => (await w.tidelock.json('status')).engine.flows.every(f => f.unfinished === 0))
  assert.equal((await w.tidelock.json('status')).engine.exceptions, 0)
  assert.deepEqual(await w.records(w.salesforce, 'Opportunity'), [])
})

test('a second ERP is configuration: deployed into the running server, each company has its own, and trace says which', async t => {
  const w = await world(t), us = new Platform('odata')
  t.after(() => us.stop())
  await us.start()
  await w.sell({ order: 'SO-10', account: 'A-10' })
  await w.dealIs('SO-10', 'new')
  const dir = integration({ edit: d => { mkdirSync(join(d, 'events')); writeFileSync(join(d, 'events/erp_us.lua'), `system "erp_us" {
  kind = "erp", connector = "odata@1", url = setting "erp_us.url", operations = "systems/erp_de.json",
  auth = { kind = "basic", user = secret "erp_us.user", password = secret "erp_us.password" },
  changes = { SalesOrders = { poll = "200ms", modified = "ModifiedAt", expand = "Customer,Deliveries,Invoices", since = "all" } },
}
route "erp" { by = "company_code", to = { ["1000"] = "erp_de", ["2000"] = "erp_us" }, otherwise = "park" }
`) } })
  const set = async (kind, name, value) => { const { code, err } = await run('bash', ['-c', `printf %s '${value}' | ${program('tidelock')} ${kind} set ${name} ${kind === 'settings' ? value : ''} --reason x --data ${w.tidelock.data}`]); assert.equal(code, 0, err) }
  await set('settings', 'erp_us.url', `${us.url}/odata/v4/erp`)
  await set('secrets', 'erp_us.user', 'sync')
  await set('secrets', 'erp_us.password', 'sync-pw')
  const deployed = await w.tidelock.command('deploy', dir, '--reason', 'company 2000')
  assert.equal(deployed.code, 0, deployed.out + deployed.err)
  await w.sell({ order: 'SO-11', account: 'A-11', more: { Company_Code__c: '2000' } })
  await w.dealIs('SO-11', 'new')
  await w.sell({ order: 'SO-12', account: 'A-12' })
  await w.dealIs('SO-12', 'new')
  assert.deepEqual((await w.records(us, 'SalesOrders')).map(o => o.OrderNo), ['SO-11'])
  assert.deepEqual((await w.records(w.erp, 'SalesOrders')).map(o => o.OrderNo).sort(), ['SO-10', 'SO-12'])
  assert.match((await w.tidelock.command('trace', 'order/SO-11')).out, /→ erp_us put/)
  assert.match((await w.tidelock.command('trace', 'order/SO-12')).out, /→ erp_de put/)
})

const trim = text => (text.includes('.') ? text.replace(/0+$/, '').replace(/\.$/, '') : text)
