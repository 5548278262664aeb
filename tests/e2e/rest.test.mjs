// A JSON API is connected by a file alone: tests/e2e/billing with the billing look-alike.
import test from 'node:test'
import assert from 'node:assert/strict'
import { cpSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { folder } from '../world/folder.mjs'
import { change } from '../world/order_to_cash.mjs'
import { Platform } from '../world/platform.mjs'
import { WebhookSink } from '../world/sinks.mjs'
import { Tidelock, root, tool } from '../world/tidelock.mjs'
import { until } from '../world/wait.mjs'

const secret = `whsec_${Buffer.from('a secret of the billing hook').toString('base64')}`

function copy(edit) {
  const dir = join(folder('billing'), 'integration')
  cpSync(join(root, 'tests/e2e/billing'), dir, { recursive: true })
  edit?.(dir)
  return dir
}

async function start(t, args = [], edit, faults = []) {
  const w = { billing: new Platform('billing', args), ear: new WebhookSink() }
  t.after(async () => { await w.tidelock?.stop(); await w.billing.stop(); w.ear.stop() })
  await Promise.all([w.billing.start(), w.ear.start()])
  if (faults.length) await w.billing.fault(faults)
  w.tidelock = new Tidelock({ integration: copy(edit), settings: { 'billing.url': w.billing.url, 'ear.url': w.ear.url }, secrets: { 'billing.key': 'sandbox-key', 'billing.hook': secret } })
  await w.tidelock.start()
  w.order = async (order_no, no, more = {}) => {
    const reply = await w.tidelock.post('shop', JSON.stringify({ order_no, total: '10.50', customer: { no, name: `Customer ${no}` }, ...more }))
    assert.equal(reply.status, 202, await reply.text())
  }
  w.records = async object => (await w.billing.admin('GET', `records/${object}`)).records.map(r => r.doc)
  w.heard = () => w.ear.requests.map(r => JSON.parse(r.body))
  w.finished = () => until('nothing unfinished', async () => (await w.tidelock.json('status')).engine.flows.every(f => f.unfinished === 0))
  return w
}

test('orders are billed once each, whatever happens to the answers', async t => {
  const w = await start(t)
  await w.billing.fault([
    { fault: 'drop_after_commit', match: { method: 'POST', path: '/v1/invoices' }, every: 3 },
    { fault: 'drop_after_commit', match: { method: 'POST', path: '/v1/credits' }, times: 2 },
    { fault: 'truncate', match: { method: 'PUT' }, every: 4 },
    { fault: '503', match: { method: 'POST' }, times: 2 }])
  for (let n = 1; n <= 12; n++) await w.order(`O-${n}`, `C-${n % 5}`, n % 4 === 0 ? { back: '1.00' } : {})
  await w.finished()
  assert.equal((await w.tidelock.json('exceptions')).exceptions.length, 0)
  assert.deepEqual((await w.records('invoices')).map(i => i.text).sort(), Array.from({ length: 12 }, (_, n) => `O-${n + 1}`).sort())
  assert.equal((await w.records('credits')).length, 3)
  assert.deepEqual((await w.records('customers')).map(c => c.no).sort(), ['C-0', 'C-1', 'C-2', 'C-3', 'C-4'])
})

test('what the API refuses is parked with its own words, and everything else goes on', async t => {
  const w = await start(t)
  await w.billing.fault({ fault: 'status', code: 422, match: { method: 'POST', body: 'O-1' }, headers: { 'content-type': 'application/json' }, body: '{"error":{"code":"blocked","message":"the customer is blocked"}}' })
  await w.order('O-1', 'C-1')
  await w.order('O-2', 'C-2')
  const [parked] = await until('an exception', async () => { const { exceptions } = await w.tidelock.json('exceptions'); return exceptions.length && exceptions })
  assert.match(JSON.stringify(parked), /the customer is blocked/)
  await until('the other one', async () => (await w.records('invoices')).some(i => i.text === 'O-2'))
})

test('changes come by webhook and by poll, as one event each', async t => {
  const w = await start(t)
  await w.billing.admin('POST', 'settings', { webhook_url: `${w.tidelock.url}/in/billing`, webhook_secret: secret })
  for (let n = 1; n <= 5; n++) await w.billing.admin('POST', 'records/customers', { no: `P-${n}`, name: `n${n}` }) // three pages of two
  await until('all of them', () => new Set(w.heard().map(c => c.no)).size === 5)
  await w.billing.admin('PATCH', 'records/customers/P-3', { name: 'other' })
  await until('the change', () => w.heard().some(c => c.no === 'P-3' && c.name === 'other'))
  await w.finished()
  const polls = (await w.billing.admin('GET', 'log?path=updated_since')).entries.length
  await until('two more polls', async () => (await w.billing.admin('GET', 'log?path=updated_since')).entries.length > polls + 4)
  await w.finished()
  assert.equal(w.heard().length, 6, JSON.stringify(w.heard()))
  await w.billing.admin('POST', 'settings', { webhook_url: null })
  await w.billing.admin('POST', 'records/customers', { no: 'P-6', name: 'without a hook' })
  await until('the poll', () => w.heard().some(c => c.no === 'P-6'))
})

test('a capture that the platform gives nothing to begin with stops, and says so once, also over a restart', async t => {
  const w = await start(t, [], undefined, [{ fault: 'status', code: 410, match: { path: 'updated_since' } }])
  const captures = async () => (await w.tidelock.json('status')).engine.captures
  const gaps = async () => (await w.tidelock.json('exceptions')).exceptions
  const [parked] = await until('the gap', async () => { const all = await gaps(); return all.length && all })
  assert.deepEqual([parked.class, parked.key, (await captures())[0].state], ['gap', 'customers', 'stopped'])
  assert.match(parked.message, /between the first look and now, for it has stopped is not known: 410 Gone/)
  await w.tidelock.stop()
  await w.tidelock.start()
  await until('it stopped again', async () => (await captures())[0].state === 'stopped')
  await w.finished()
  assert.equal((await gaps()).length, 1)
})

test('an allowance that is used up is waited for, not run into', async t => {
  const w = await start(t, ['--rate-limit', '6', '--rate-window', '2'], dir => change(dir, 'integration.lua', text =>
    text.replace('poll = "200ms"', 'poll = "10m"').replace('page_size  = 2,', 'page_size = 2, limits = { concurrent = 1 },')))
  for (let n = 1; n <= 8; n++) await w.order(`O-${n}`, `C-${n}`)
  await until('all invoices', async () => (await w.records('invoices')).length === 8, { timeout: 60000 })
  const { entries } = await w.billing.admin('GET', 'log?limit=10000')
  assert.ok(entries.length >= 16)
  assert.deepEqual(entries.filter(e => e.status === 429), [])
})

test('a mistake in the file is told with file, pointer and the nearest word', async () => {
  const broken = change => copy(dir => {
    const file = join(dir, 'systems/billing.json'), text = readFileSync(file, 'utf8')
    writeFileSync(file, change(text))
    assert.notEqual(readFileSync(file, 'utf8'), text)
  })
  const said = async change => { const { code, out, err } = await tool(['check', broken(change)]); assert.notEqual(code, 0); return out + err }
  assert.match(await said(text => text.replace('"keyed"', '"keyd"')), /systems\/billing\.json: \/operations\/invoice\/effect: "keyd" must be one of .*did you mean "keyed"/)
  assert.match(await said(text => text.replace('"customers/{no}", "missing": true', '"customers/{noo}", "missing": true')), /\/operations\/customer\/path: .*nothing called noo; did you mean "no"/)
  assert.match(await said(text => text.replace('"paging": {"items": "/entries"', '"pagin": {"items": "/entries"')), /\/operations\/entries: there is no key "pagin" here; did you mean "paging"/)
  assert.match(await said(text => text.replace('"secret": "hook"', '"secret": "hok"')), /\/webhook\/secret: there is no config field "hok"; did you mean "hook"/)
})
