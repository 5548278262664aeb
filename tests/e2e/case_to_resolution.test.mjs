// scripts/case-to-resolution as a new user takes it: copied, and with another desk and another ERP by the commands of its README.
import test from 'node:test'
import assert from 'node:assert/strict'
import { Newcomer } from '../world/newcomer.mjs'
import { Platform } from '../world/platform.mjs'
import { run } from '../world/process.mjs'
import { Tickets } from '../world/tickets.mjs'
import { Tidelock, program } from '../world/tidelock.mjs'
import { until } from '../world/wait.mjs'

const variants = { 'as it is shipped': [], 'with Request Tracker': ['Request Tracker'], 'with an ERP behind OData': ['OData'], 'with both': ['Request Tracker', 'OData'] }

async function copy(laid) {
  const user = new Newcomer('case-to-resolution')
  await user.does('new')
  for (const variant of laid) await user.lays(variant)
  return user
}

for (const [title, laid] of Object.entries(variants)) {
  test(`${title} it checks, keeps its promises, and luacheck has nothing to say`, async () => {
    const user = await copy(laid)
    assert.match(await user.does('check'), /^acme: .* 0 errors/m)
    assert.match(await user.does('test'), /[1-9]\d* tests: .* 0 failed, 0 pending/)
    const described = await run(program('tidelock'), ['editor', user.dir])
    assert.equal(described.code, 0, described.err)
    const judged = await run('luacheck', ['-q', '.'], { cwd: user.dir }).catch(error => { if (error.code !== 'ENOENT') throw error })
    if (judged) assert.equal(judged.code, 0, judged.out)
  })
}

// Without the arrivals of returns, which shipped.test.mjs plays.
test('a case at Zendesk is asked for its order, and given its context once, although the answer of the desk is lost', async t => {
  const desk = new Platform('zendesk', ['--webhook-retry-ms', '200']), erp = new Platform('odata'), tickets = new Tickets(desk)
  await Promise.all([desk.start(), erp.start()])
  t.after(() => Promise.all([desk.stop(), erp.stop()]))
  await tickets.addFields()
  await erp.admin('POST', 'records/BusinessPartners', { PartnerNo: 'A-100', Name: 'Nordwind GmbH' })
  await erp.admin('POST', 'records/SalesOrders', { OrderNo: 'SO-1', PartnerNo: 'A-100', Currency: 'EUR', Items: [{ LineNo: 1, ProductNo: 'PUMP-7', Quantity: 2, UnitPrice: 149.9, NetAmount: 299.8 }] })

  const user = await copy(['OData'])
  user.edit('maps/erp.lua', text => text.replace(/ +changes .*\n/, ''))
  const tidelock = new Tidelock({ integration: user.dir,
    settings: { 'salesforce.url': 'http://127.0.0.1:9', 'salesforce.user': 'nobody', 'erp_de.url': `${erp.url}/odata/v4/erp`, 'zendesk.url': desk.url, 'zendesk.mail': 'agent@sandbox.test',
      'shop.url': 'http://127.0.0.1:9', 'monitor.url': 'http://127.0.0.1:9' },
    secrets: { 'salesforce.client_id': 'x', 'salesforce.key': 'x', 'erp_de.user': 'sync', 'erp_de.password': 'sync-pw', 'zendesk.token': 'sandbox-token', 'zendesk.webhook_secret': 'cases-secret',
      'shop.token': 'x', 'shop.hook': 'x', 'monitor.token': 'x', 'monitor.hook': 'x' } })
  await tidelock.start()
  t.after(() => tidelock.stop())
  await desk.admin('POST', 'webhooks', { url: `${tidelock.url}/in/zendesk`, secret: 'cases-secret', events: ['ticket'] })

  const id = await tickets.open('Pump is dead', 'It does not start.')
  await until('the question', async () => (await tickets.notes(id)).some(text => /Which order is this about/.test(text)))
  await desk.fault({ fault: 'drop_after_commit', match: { method: 'PUT', path: 'tickets' }, times: 1 })
  await tickets.fill(id, { order_no: 'SO-1' })
  const ticket = await tickets.has(id, 'context_of', 'SO-1', { timeout: 60000 })
  assert.equal(tickets.field(ticket, 'order_status'), 'new')
  await until('every run to end', async () => (await tidelock.json('runs')).runs.length === 0)
  const notes = await tickets.notes(id)
  assert.equal(notes.length, 2, notes.join('\n---\n'))
  assert.match(notes[1], /^Order SO-1 of Nordwind GmbH \(A-100\) is new\.\nNothing was shipped yet\.\nThere is no invoice yet\.\n- 2(\.0*)? × PUMP-7: PUMP-7 was not shipped$/)
  assert.deepEqual((await tidelock.json('exceptions', 'list')).exceptions, [])
})
