// scripts/order-to-cash with its variant: company 1000 is served by the OData ERP, company 2000 by a real Tryton. The variant is deployed
// into the running server, as the README says.
import test from 'node:test'
import assert from 'node:assert/strict'
import { cpSync } from 'node:fs'
import { join } from 'node:path'
import { Connector } from '../unit/connector_replay/connector.mjs'
import { change, integration, World } from '../world/order_to_cash.mjs'
import { run } from '../world/process.mjs'
import { program } from '../world/tidelock.mjs'
import { until } from '../world/wait.mjs'
import { NotInstalled } from './npm.mjs'
import { Tryton } from './tryton.mjs'

// The shipped folder with its variant copied over it, for the company of these tests.
function withVariant() {
  return integration({ edit(dir) {
    cpSync(join(dir, 'variants/tryton'), dir, { recursive: true })
    change(dir, 'events/erp_us.lua', text => text.replace('"30 days"', '"At once"').replace('concurrent = 4', 'concurrent = 1').replaceAll('poll   = "10s"', 'poll = "300ms"'))
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
    return captures.filter(c => c.system === 'erp_us' && c.last_success).length === 2
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

  await w.sales('PATCH', `Opportunity/${withdrawn}`, { StageName: 'Closed Lost' })
  const [parked] = await until('a person is asked', async () => { const { exceptions } = await w.tidelock.json('exceptions'); return exceptions.length === 1 && exceptions })
  assert.deepEqual([parked.flow, parked.key], ['cancellation', 'SO-3'])
  assert.match(parked.message, /order SO-3 was withdrawn, but the ERP has it as processing/)

  const quotation = { sale: { reference: 'SO-4', party: { code: 'A-2' }, lines: [{ product: { code: 'PUMP-7' }, quantity: 1 }] } }
  await act('sale_create', quotation)
  const early = await w.offer({ order: 'SO-4', account: 'A-2', lines, more: { Company_Code__c: '2000', Order_Status__c: 'accepted' } })
  await w.sales('PATCH', `Opportunity/${early}`, { StageName: 'Closed Lost' })
  await w.dealIs('SO-4', 'cancelled', { timeout: 20000 })
  assert.deepEqual(await tryton.records('sale.sale', [['reference', '=', 'SO-4']], ['state']).then(found => found.map(s => s.state)), ['cancelled'])
})
