// A capture that cannot see what happened says so: an event with its interval, parked for the steward, seen in status and trace;
// and it goes on.
import test from 'node:test'
import assert from 'node:assert/strict'
import { change } from '../world/order_to_cash.mjs'
import { Shop } from '../world/shop.mjs'
import { until } from '../world/wait.mjs'

const capture = 'url       = setting "erp.url", changes = { Products = { delta = "100ms" } },'
async function start(t) {
  const shop = new Shop({ edit(dir) { change(dir, 'integration.lua', text => text.replace('url       = setting "erp.url",', capture)) } })
  t.after(() => shop.stop())
  await shop.start()
  shop.products = async () => (await shop.status()).captures.find(c => c.object === 'Products')
  shop.status = async () => (await shop.tidelock.json('status')).engine
  shop.looked = async times => {
    const asked = async () => (await shop.erp.admin('GET', 'log?path=Products')).last
    for (let i = 0; i < times; i++) { const was = await asked(); await until('another look', async () => (await asked()) > was) }
  }
  await until('a first look', async () => (await shop.products())?.last_success)
  return shop
}

test('an expired delta link: a gap with its interval, once, and what is there is read again', async t => {
  const shop = await start(t)
  const person = (no, name) => shop.erp.admin('POST', 'records/Products', { ProductNo: no, Name: name })
  await person('P-1', 'one')
  await until('the change seen', async () => (await shop.tidelock.json('trace', 'P-1')).entries.length > 0)
  assert.equal((await shop.products()).gap, null)
  await shop.erp.fault({ fault: '503', match: { path: 'Products' } }) // a while without a look
  await until('the ERP failing', async () => (await shop.products()).state !== 'idle')
  await person('P-2', 'meanwhile')
  await shop.erp.admin('DELETE', 'records/Products/P-1')
  await shop.erp.admin('POST', 'expire_deltas')
  await shop.erp.clearFaults()
  const [parked] = await until('the gap', async () => { const all = await shop.exceptions(); return all.length && all })
  assert.deepEqual([parked.class, parked.key, parked.steward, parked.system], ['gap', 'Products', 'nobody', 'erp'])
  assert.match(parked.message, /^what changed in Products of erp between 20\S+Z and 20\S+Z is not known: the delta link has expired.*; the deletions in it are not told$/)
  await until('what is there', async () => (await shop.tidelock.json('trace', 'P-2')).entries.length > 0)
  const { gap, state } = await until('all well again', async () => { const c = await shop.products(); return c.state === 'idle' && c })
  assert.ok(Date.parse(gap.from) <= Date.parse(gap.to), JSON.stringify(gap))
  assert.equal(gap.deletions, 'unknown')
  assert.equal(state, 'idle')
  const { entries } = await shop.tidelock.json('trace', 'Products')
  assert.deepEqual(entries.filter(e => e.kind === 'event').map(e => [e.type, e.payload?.object ?? 'Products']), [['capture.gap', 'Products']])
  await shop.looked(3)
  assert.equal((await shop.exceptions()).length, 1)
  // after a restart it is told still; and seen to by a person it is done
  await shop.tidelock.stop()
  await shop.tidelock.start()
  assert.deepEqual((await shop.products()).gap, gap)
  const done = await shop.tidelock.command('exceptions', 'retry', parked.id, '--reason', 'compared by hand')
  assert.equal(done.code, 0, done.err)
  await until('it is closed', async () => (await shop.exceptions()).length === 0)
})

test('an export that refuses its cursor: a gap with both ends, that says what of the deletions is told', async t => {
  const shop = new Shop({ edit(dir) { change(dir, 'integration.lua', text => text.replace('url       = setting "desk.url",', 'url       = setting "desk.url", changes = { tickets = { poll = "200ms" } },')) } })
  t.after(() => shop.stop())
  await shop.start()
  const tickets = async () => (await shop.tidelock.json('status')).engine.captures.find(c => c.object === 'tickets')
  await until('a first look', async () => (await tickets())?.last_success)
  await shop.desk.admin('POST', 'expire_cursors')
  const { gap } = await until('the gap', async () => { const c = await tickets(); return c.gap && c })
  assert.equal(gap.deletions, 'partly')
  assert.ok(Date.parse(gap.from) <= Date.parse(gap.to) && Date.parse(gap.to) <= Date.now(), JSON.stringify(gap))
  const [parked] = await until('a person told', async () => { const all = await shop.exceptions(); return all.length && all })
  assert.match(parked.message, /^what changed in tickets of desk between 20\S+Z and 20\S+Z is not known: .*; only the deletions in it that were still known are told$/)
})
