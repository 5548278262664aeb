// What operators do: exceptions, pauses, maintenance windows; every act with its who and why, and kept over restarts.
import test from 'node:test'
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { folder } from '../world/folder.mjs'
import { change } from '../world/order_to_cash.mjs'
import { Shop } from '../world/shop.mjs'
import { until } from '../world/wait.mjs'

async function start(t, options) {
  const shop = new Shop(options)
  t.after(() => shop.stop())
  return shop.start()
}

// A change that cannot be mapped: its amount is no number.
const broken = { more: { amount: 'a lot' } }
async function parked(shop, order) {
  return until(`${order} parked`, async () => (await shop.exceptions()).find(e => e.key === order))
}

test('exceptions: listed, shown, edited, retried', async t => {
  const shop = await start(t)
  await shop.change('X-1', 1, broken)
  await shop.change('X-1', 2)
  await shop.change('X-2', 1)
  const e = await parked(shop, 'X-1')
  assert.deepEqual([e.flow, e.class, e.steward, e.status ?? 0], ['erp', 'data', 'nobody', 0])
  assert.match(e.message, /amount|a lot/)
  for (const [option, value, count] of [['--key', 'X-1', 1], ['--key', 'X-2', 0], ['--flow', 'erp', 1], ['--flow', 'desk', 0]])
    assert.equal((await shop.tidelock.json('exceptions', 'list', option, value)).exceptions.length, count, `${option} ${value}`)
  await shop.arrived(shop.erp, 'X-2', 1)
  await until('the later change held', async () => (await parked(shop, 'X-1')).held === 1)
  const shown = await shop.tidelock.json('exceptions', 'show', e.id)
  assert.equal(JSON.parse(shown.payload).amount, 'a lot')
  assert.match(shown.place ?? '', /flows\.lua:\d+|maps\.lua:\d+/)

  const dry = await shop.tidelock.command('exceptions', 'retry', e.id, '--dry-run')
  assert.equal(dry.code, 0, dry.err)
  const same = await shop.tidelock.command('exceptions', 'retry', e.id, '--reason', 'try again')
  assert.equal(same.code, 0, same.err)
  await until('parked again', async () => { const x = await parked(shop, 'X-1'); return !x.retrying && x.attempts > (e.attempts ?? 0) && x })
  assert.deepEqual(await shop.numbers(shop.erp, 'X-1'), [])

  const file = join(folder('payload'), 'fixed.json')
  writeFileSync(file, shop.body('X-1', 1, { amount: '12.50' }))
  const edited = await shop.tidelock.command('exceptions', 'edit', e.id, '--payload', file, '--reason', 'the amount was text')
  assert.equal(edited.code, 0, edited.err)
  assert.equal((await shop.tidelock.json('exceptions', 'show', e.id)).edited, true)
  const retried = await shop.tidelock.command('exceptions', 'retry', e.id, '--reason', 'corrected')
  assert.equal(retried.code, 0, retried.err)
  await shop.arrived(shop.erp, 'X-1', 2)
  assert.deepEqual(await shop.numbers(shop.erp, 'X-1'), [1, 2], 'the repaired one first, then what waited behind it')
  assert.equal((await shop.exceptions()).length, 0)
})

test('exceptions: discarded with a reason, which is asked for; what waited behind goes on', async t => {
  const shop = await start(t)
  await shop.change('Y-1', 1, broken)
  await shop.change('Y-1', 2)
  const e = await parked(shop, 'Y-1')
  const without = await shop.tidelock.command('exceptions', 'discard', e.id)
  assert.notEqual(without.code, 0)
  assert.match(without.err, /reason/)
  const done = await shop.tidelock.command('exceptions', 'discard', e.id, '--reason', 'a test order')
  assert.equal(done.code, 0, done.err)
  await shop.arrived(shop.erp, 'Y-1', 2)
  assert.deepEqual(await shop.numbers(shop.erp, 'Y-1'), [2])
  const { entries } = await shop.tidelock.json('trace', 'order/Y-1')
  const ending = entries.find(x => x.kind === 'outcome' && x.ending === 'discarded')
  assert.match(ending.note, /a test order/)
  const gone = await shop.tidelock.command('exceptions', 'show', e.id)
  assert.equal(gone.code, 1)
  const unknown = await shop.tidelock.command('exceptions', 'retry', '999')
  assert.equal(unknown.code, 1)
  assert.match(unknown.err, /999/)
})

test('pauses of a system, a flow and a capture survive a restart and say who and why', async t => {
  const shop = await start(t)
  const act = async (...words) => { const done = await shop.tidelock.command(...words); assert.equal(done.code, 0, done.err) }
  await act('pause', 'system', 'erp', '--reason', 'month end')
  await act('pause', 'flow', 'desk', '--reason', 'wrong notes')
  await shop.change('P-1', 1)
  await shop.change('P-2', 1)
  const check = async () => {
    const { paused, gate } = await shop.system('erp')
    assert.notEqual(gate, 'open')
    assert.match(paused.why, /month end/)
    assert.ok(paused.who.length > 0)
    const flow = await shop.flow('desk')
    assert.match(flow.paused.why, /wrong notes/)
    assert.equal(flow.unfinished, 2)
    assert.equal((await shop.flow('erp')).unfinished, 2)
  }
  await until('everything waits', async () => (await shop.flow('erp')).unfinished === 2 && (await shop.flow('desk')).unfinished === 2)
  await check()
  const { out } = await shop.tidelock.command('status')
  assert.match(out, /month end/)
  await shop.tidelock.stop()
  await shop.tidelock.start()
  await until('taken up again', async () => (await shop.flow('erp')).unfinished === 2 && (await shop.flow('desk')).unfinished === 2)
  await check()
  assert.deepEqual(await shop.numbers(shop.erp, 'P-1'), [])
  assert.deepEqual(await shop.numbers(shop.desk, 'P-1'), [])
  await act('resume', 'system', 'erp', '--reason', 'closed')
  await act('resume', 'flow', 'desk')
  for (const order of ['P-1', 'P-2']) { await shop.arrived(shop.erp, order, 1); await shop.arrived(shop.desk, order, 1) }
  const unknown = await shop.tidelock.command('pause', 'system', 'erpp', '--reason', 'x')
  assert.equal(unknown.code, 1)
  assert.match(unknown.err, /erp/)
})

test('inside its maintenance window a system is left alone, and the work waits', async t => {
  // A window that holds all of today and tomorrow, whatever the time is.
  const day = offset => ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'][new Date(Date.now() + offset * 86400000).getUTCDay()]
  const shop = await start(t, { edit: dir => change(dir, 'integration.lua', text => text.replace('connector = "odata@1",', `connector = "odata@1", maintenance = { "${day(-1)} 00:00-24:00 UTC", "${day(0)} 00:00-24:00 UTC", "${day(1)} 00:00-24:00 UTC" },`)) })
  await shop.change('M-1', 1)
  await shop.arrived(shop.desk, 'M-1', 1)
  const system = await shop.system('erp')
  assert.notEqual(system.gate, 'open')
  assert.match(JSON.stringify(system), /maintenance|window/)
  assert.ok(system.until, 'says until when')
  assert.deepEqual(await shop.numbers(shop.erp, 'M-1'), [])
  assert.equal((await shop.erp.admin('GET', 'log?method=PATCH')).entries.length, 0)
  assert.equal((await shop.exceptions()).length, 0)
  const { code } = await fetch(`${shop.tidelock.ops}/readyz`).then(r => ({ code: r.status }))
  assert.equal(code, 200, 'a closed system does not make the runtime unready')
})
