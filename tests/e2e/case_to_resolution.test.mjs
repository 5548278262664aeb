// scripts/case-to-resolution as a new user takes it: copied, and with another desk and another ERP by the commands of its README.
import test from 'node:test'
import assert from 'node:assert/strict'
import { cpSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { folder } from '../world/folder.mjs'
import { change } from '../world/order_to_cash.mjs'
import { Platform } from '../world/platform.mjs'
import { run } from '../world/process.mjs'
import { Tidelock, program, root } from '../world/tidelock.mjs'
import { until } from '../world/wait.mjs'

const shipped = join(root, 'scripts/case-to-resolution')

// The block of commands below a heading in bold.
function commands(heading) {
  const text = readFileSync(join(shipped, 'README.md'), 'utf8')
  const block = text.slice(text.indexOf(`**${heading}.**`)).match(/\n\n((?: {4}\S.*\n)+)/)
  assert.ok(block, `README.md has no commands below ${heading}`)
  return block[1]
}

const variants = { 'as it is shipped': [], 'with Request Tracker': ['Request Tracker'], 'with an ERP behind OData': ['OData'], 'with both': ['Request Tracker', 'OData'] }

async function copy(headings) {
  const dir = join(folder('cases'), 'cases')
  cpSync(shipped, dir, { recursive: true })
  for (const heading of headings) {
    const { code, err } = await run('/bin/sh', ['-e', '-c', commands(heading)], { cwd: dir })
    assert.equal(code, 0, err)
  }
  return dir
}

for (const [title, headings] of Object.entries(variants)) {
  test(`${title} it checks, keeps its promises, and luacheck has nothing to say`, async () => {
    const dir = await copy(headings)
    const checked = await run(program('tidelock'), ['check', dir])
    assert.equal(checked.code, 0, checked.out + checked.err)
    const tested = await run(program('tidelock'), ['test', dir])
    assert.equal(tested.code, 0, tested.out + tested.err)
    assert.match(tested.out, /[1-9]\d* tests: .* 0 failed, 0 pending/)
    const described = await run(program('tidelock'), ['editor', dir])
    assert.equal(described.code, 0, described.err)
    const judged = await run('luacheck', ['-q', '.'], { cwd: dir }).catch(error => { if (error.code !== 'ENOENT') throw error })
    if (judged) assert.equal(judged.code, 0, judged.out)
  })
}

// The look-alike of the ERP has no returns, so nothing is looked for there.
test('a case at Zendesk is asked for its order, and given its context once, although the answer of the desk is lost', async t => {
  const desk = new Platform('zendesk', ['--webhook-retry-ms', '200']), erp = new Platform('odata')
  await Promise.all([desk.start(), erp.start()])
  t.after(() => Promise.all([desk.stop(), erp.stop()]))
  const { fields } = await desk.admin('GET', 'settings')
  for (const [n, key] of ['kind', 'product_no', 'quantity', 'context_of', 'invoice_no', 'return_no', 'credit_note_no', 'outcome'].entries())
    fields.ticket_fields.push({ id: 380011 + n, key, type: 'text', title: key, active: true })
  await desk.admin('POST', 'settings', { fields })
  await erp.admin('POST', 'records/BusinessPartners', { PartnerNo: 'A-100', Name: 'Nordwind GmbH' })
  await erp.admin('POST', 'records/SalesOrders', { OrderNo: 'SO-1', PartnerNo: 'A-100', Currency: 'EUR', Items: [{ LineNo: 1, ProductNo: 'PUMP-7', Quantity: 2, UnitPrice: 149.9, NetAmount: 299.8 }] })

  const dir = await copy(['OData'])
  change(dir, 'maps/erp.lua', text => text.replace(/ +changes .*\n/, ''))
  const tidelock = new Tidelock({ integration: dir,
    settings: { 'salesforce.url': 'http://127.0.0.1:9', 'salesforce.user': 'nobody', 'erp_de.url': `${erp.url}/odata/v4/erp`, 'zendesk.url': desk.url, 'zendesk.mail': 'agent@sandbox.test',
      'shop.url': 'http://127.0.0.1:9', 'monitor.url': 'http://127.0.0.1:9' },
    secrets: { 'salesforce.client_id': 'x', 'salesforce.key': 'x', 'erp_de.user': 'sync', 'erp_de.password': 'sync-pw', 'zendesk.token': 'sandbox-token', 'zendesk.webhook_secret': 'cases-secret',
      'shop.token': 'x', 'shop.hook': 'x', 'monitor.token': 'x', 'monitor.hook': 'x' } })
  await tidelock.start()
  t.after(() => tidelock.stop())
  await desk.admin('POST', 'webhooks', { url: `${tidelock.url}/in/zendesk`, secret: 'cases-secret', events: ['ticket'] })

  const { record: { doc: { id } } } = await desk.admin('POST', 'records/tickets', { subject: 'Pump is dead', comment: { body: 'It does not start.' } })
  const comments = async () => (await desk.admin('GET', 'records/comments')).records.map(r => r.doc).filter(c => c.ticket_id === id)
  await until('the question', async () => (await comments()).some(c => !c.public && /Which order is this about/.test(c.body)))
  await desk.fault({ fault: 'drop_after_commit', match: { method: 'PUT', path: 'tickets' }, times: 1 })
  await desk.admin('PATCH', `records/tickets/${id}`, { custom_fields: [{ id: 380001, value: 'SO-1' }] })
  const field = (ticket, number) => ticket.custom_fields.find(f => f.id === number)?.value
  const ticket = await until('the context', async () => {
    const found = (await desk.admin('GET', 'records/tickets')).records.map(r => r.doc).find(d => d.id === id)
    return field(found, 380014) === 'SO-1' && found
  }, { timeout: 60000 })
  assert.equal(field(ticket, 380004), 'new')
  await until('every run to end', async () => (await tidelock.json('runs')).runs.length === 0)
  const notes = (await comments()).filter(c => !c.public).map(c => c.body)
  assert.equal(notes.length, 2, notes.join('\n---\n'))
  assert.match(notes[1], /^Order SO-1 of Nordwind GmbH \(A-100\) is new\.\nNothing was shipped yet\.\nThere is no invoice yet\.\n- 2(\.0*)? × PUMP-7: PUMP-7 was not shipped$/)
  assert.deepEqual((await tidelock.json('exceptions', 'list')).exceptions, [])
})
