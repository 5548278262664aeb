// Past events run again: nothing that happened is sent again, what a corrected map changes is, and nothing newer is overwritten.
import test from 'node:test'
import assert from 'node:assert/strict'
import { change } from '../world/order_to_cash.mjs'
import { Shop } from '../world/shop.mjs'
import { until } from '../world/wait.mjs'

async function start(t, options) {
  const shop = new Shop(options)
  t.after(() => shop.stop())
  await shop.start()
  await shop.erp.admin('POST', 'records/BusinessPartners', { PartnerNo: 'P-2', Name: 'Other shop' })
  return shop
}

// The orders' contents on the ERP, each time they were written.
async function written(shop, order) {
  const { records } = await shop.erp.admin('GET', 'writes?object=SalesOrders')
  return records.flatMap(r => r.versions).map(v => v.doc).filter(d => d.OrderNo === order).map(d => `${d.PartnerNo}/${d.Note}`)
}

// All requests that could write, on both platforms.
async function requests(shop) {
  const logs = await Promise.all([shop.erp.log(), shop.desk.log()])
  return logs.map(log => (log.entries ?? log.requests ?? log).filter(r => r.method !== 'GET' && !r.path.includes('_admin')).length)
}

async function corrected(shop) {
  await shop.tidelock.stop()
  change(shop.tidelock.integration, 'maps.lua', text => text.replace('as.const "P-1"', 'as.const "P-2"'))
  await shop.tidelock.start()
}

async function orders(shop, ...names) {
  for (const name of names) await shop.change(name, 1)
  for (const name of names) { await shop.arrived(shop.erp, name, 1); await shop.arrived(shop.desk, name, 1) }
  await shop.finished()
}

const yes = ['--yes', '--reason', 'map of the partner corrected']

test('replay: says what it would do, then sends only what differs', async t => {
  const shop = await start(t)
  await orders(shop, 'R-1', 'R-2')
  const before = await requests(shop)

  const dry = await shop.tidelock.json('replay', '--since', '1h')
  assert.deepEqual([dry.dry_run, dry.replay, dry.counts.runs, dry.counts.listed, dry.counts.effects], [true, null, 6, 0, 4])
  const shown = await shop.tidelock.command('replay', '--since', '1h', '--flow', 'erp')
  assert.equal(shown.code, 0, shown.err)
  assert.match(shown.out, /would run 2 units again/)
  assert.match(shown.out, /nothing was done; --yes does it/)

  const same = await shop.tidelock.json('replay', '--since', '1h', ...yes)
  assert.equal(same.counts.runs, 6)
  await shop.finished()
  assert.deepEqual(await requests(shop), before, 'nothing differs: no request that writes')

  await corrected(shop)
  const done = await shop.tidelock.command('replay', '--since', '1h', ...yes)
  assert.equal(done.code, 0, done.err)
  assert.match(done.out, /replay \S+: 6 units run again, 0 of them by an earlier request/)
  await shop.finished()
  for (const order of ['R-1', 'R-2']) assert.deepEqual(await written(shop, order), ['P-1/1', 'P-2/1'])
  const after = await requests(shop)
  assert.equal(after[1], before[1], 'the desk, whose map is as it was, hears nothing')

  const told = await shop.tidelock.command('trace', 'order/R-1')
  assert.match(told.out, /run\.replay:desk R-1 is \S{13} again/)
  assert.match(told.out, /desk put \S+ {2}not sent/)
  const { entries } = await shop.tidelock.json('trace', 'order/R-1')
  const notes = entries.filter(e => e.kind === 'outcome' && e.flow === 'desk').map(e => e.note)
  assert.match(notes.at(-1), /^replay \S+ of event \S+; .* not sent: the same/)
  const sent = entries.filter(e => e.kind === 'outcome' && e.flow === 'erp').at(-1)
  assert.ok(sent.effects.at(-1).attempts >= 1)
})

test('replay: does not overwrite what is newer, unless the newer is in the selection too', async t => {
  const shop = await start(t)
  await orders(shop, 'N-1', 'N-2')
  const accepted = Date.now()
  await until('the next millisecond', () => Date.now() > accepted, { every: 1 })
  const end = new Date().toISOString()
  await shop.change('N-1', 2)
  await shop.arrived(shop.erp, 'N-1', 2)
  await shop.arrived(shop.desk, 'N-1', 2)
  await shop.finished()
  await corrected(shop)

  const dry = await shop.tidelock.json('replay', '--since', '1h', '--until', end, '--flow', 'erp')
  assert.deepEqual([dry.counts.runs, dry.counts.newer], [2, 1])
  await shop.tidelock.json('replay', '--since', '1h', '--until', end, '--flow', 'erp', ...yes)
  await shop.finished()
  assert.deepEqual(await written(shop, 'N-1'), ['P-1/1', 'P-1/2'])
  assert.deepEqual(await written(shop, 'N-2'), ['P-1/1', 'P-2/1'])

  const all = await shop.tidelock.json('replay', '--since', '1h', '--until', end, '--flow', 'erp', '--to-latest', ...yes)
  assert.equal(all.counts.runs, 3)
  await shop.finished()
  assert.deepEqual(await written(shop, 'N-1'), ['P-1/1', 'P-1/2', 'P-2/1', 'P-2/2'])
  assert.deepEqual(await written(shop, 'N-2'), ['P-1/1', 'P-2/1'])
})

test('replay: forced effects need --yes; the same replay again adds nothing, also after a kill', async t => {
  const shop = await start(t)
  await orders(shop, 'F-1')
  const before = await requests(shop)
  const words = ['replay', '--key', 'F-1', '--flow', 'desk', '--force-effects', '--id', 'again-1']
  const preview = await shop.tidelock.command(...words)
  assert.equal(preview.code, 0, preview.err)
  assert.match(preview.out, /all their idempotent effects are sent again, 1 were sent then/)
  assert.deepEqual(await requests(shop), before)

  const first = await shop.tidelock.json(...words, '--yes', '--reason', 'deleted by mistake')
  assert.deepEqual([first.replay, first.counts.runs, first.counts.again], ['again-1', 1, 0])
  await shop.finished()
  const once = await requests(shop)
  assert.ok(once[1] > before[1], 'sent though nothing differs')
  await shop.tidelock.kill()
  await shop.tidelock.start()
  const second = await shop.tidelock.json(...words, '--yes', '--reason', 'deleted by mistake')
  assert.equal(second.counts.again, 1)
  await shop.finished()
  assert.deepEqual(await requests(shop), once)
})

test('replay: killed in the middle it goes on, and every record has what it would have had', async t => {
  const few = text => text.replace('system "erp" {', 'system "erp" {\n  limits = { concurrent = 2 },')
  const shop = await start(t, { edit: dir => change(dir, 'integration.lua', few) })
  const names = Array.from({ length: 60 }, (_, i) => `K-${i}`)
  await orders(shop, ...names)
  await corrected(shop)
  await shop.erp.fault({ fault: 'slow', ms: 100 })
  await shop.tidelock.json('replay', '--since', '1h', '--flow', 'erp', ...yes)
  const changed = async () => (await shop.erp.admin('GET', 'writes?object=SalesOrders')).records.filter(r => r.versions.length > 1).length
  const some = await until('some of them sent', async () => { const n = await changed(); return n > 0 && n })
  await shop.tidelock.kill()
  await shop.erp.clearFaults()
  assert.ok(some < names.length, 'killed in the middle')
  await shop.tidelock.start()
  await shop.finished()
  for (const name of names) assert.deepEqual(await written(shop, name), ['P-1/1', 'P-2/1'], name)
})

test('replay: parked units are listed; mistakes are told', async t => {
  const shop = await start(t)
  await shop.change('P-1', 1, { more: { amount: 'a lot' } })
  await shop.arrived(shop.desk, 'P-1', 1)
  await shop.finished()
  const done = await shop.tidelock.command('replay', '--key', 'P-1', '--flow', 'erp', ...yes)
  assert.equal(done.code, 2, done.out)
  assert.match(done.out, /exceptions retry/)
  assert.equal((await shop.exceptions()).length, 1)
  for (const [words, code, text] of [
    [['replay'], 64, /--since TIME/],
    [['replay', '--since', 'yesterday'], 64, /how long ago/],
    [['replay', '--since', '1h', '--yes'], 64, /--reason/],
    [['replay', '--since', '1h', '--flow', 'erpp'], 1, /erpp/],
    [['replay', '--since', '1h', '--until', '2h'], 65, /ends before it begins/],
    [['replay', '--since', '1h', '--limit', '0'], 64, /whole number from 1/],
    [['replay', '--since', '1h', '--id', 'a/b'], 65, /letters, digits/]]) {
    const told = await shop.tidelock.command(...words)
    assert.equal(told.code, code, `${words.join(' ')}: ${told.err}`)
    assert.match(told.err, text)
  }
})
