// The spine: what sales, the ERP's clerk and support do on their platforms is seen on the others.
import test from 'node:test'
import assert from 'node:assert/strict'
import { World } from '../world/order_to_cash.mjs'
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

test('a customer on credit hold: the order waits for finance and goes on after a retry', async t => {
  const w = await world(t)
  await w.erp.admin('POST', 'records/BusinessPartners', { PartnerNo: 'A-5', Name: 'Held GmbH', OnHold: true })
  await w.sell({ order: 'SO-5', account: 'A-5' })
  const [parked] = await until('the order parked', async () => { const { exceptions } = await w.tidelock.json('exceptions'); return exceptions.length > 0 && exceptions })
  assert.match(parked.message, /credit hold/)
  assert.equal(parked.flow, 'credit')
  assert.equal(parked.key, 'SO-5')
  assert.equal(parked.steward, 'order-desk')
  await w.sell({ order: 'SO-6', account: 'A-6' })
  await w.orderIs('SO-6', 'new')
  assert.equal(await w.order('SO-5'), undefined)
  await w.erp.admin('PATCH', 'records/BusinessPartners/A-5', { OnHold: false })
  const retried = await w.tidelock.command('exceptions', 'retry', parked.id, '--reason', 'released by finance')
  assert.equal(retried.code, 0, retried.err)
  await w.follow('SO-5', 'A-5', 'new')
  await until('the exception closed', async () => (await w.tidelock.json('exceptions')).exceptions.length === 0)
})

const trim = text => (text.includes('.') ? text.replace(/0+$/, '').replace(/\.$/, '') : text)
