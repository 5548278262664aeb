// Durable runs and decisions from the command line: seen, answered, cancelled, skipped, retried, moved.
import test from 'node:test'
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Shop } from '../world/shop.mjs'
import { until } from '../world/wait.mjs'

const flow = body => `flow "erp" { on = "order.changed@1", steward = "nobody", run = function(ctx, e)\n${body}\nend }\n`
const deciding = flow(`
  local d = ctx:decide{ "release", "reject", about = "credit hold", show = { number = e.data.number }, due = "1d" }
  if d.answer == "reject" then return ctx:fail("refused by " .. d.by) end
  ctx.erp:put("change@1", e.data)`)
const waiting = flow(`
  ctx.desk:put("change@1", e.data)
  ctx:await{ "probe.changed@1", within = "30d" }
  ctx.erp:put("change@1", e.data)`)

async function start(t, text) {
  const shop = new Shop({ edit(dir) { shop.dir = dir; writeFileSync(join(dir, 'flows.lua'), text) } })
  t.after(() => shop.stop())
  shop.runs = async (...words) => (await shop.tidelock.json('runs', ...words)).runs
  shop.decisions = async (...words) => (await shop.tidelock.json('decisions', ...words)).decisions
  shop.ended = order => until(`the run of ${order} ended`, async () => (await shop.runs('--key', order)).length === 0)
  shop.outcome = async order => (await shop.tidelock.json('trace', `order/${order}`)).entries.filter(e => e.kind === 'outcome' && e.flow === 'erp').at(-1)
  return shop.start()
}

// The run of each order, as soon as it waits.
async function waitingRuns(shop, ...orders) {
  for (const order of orders) await shop.change(order, 1)
  return Promise.all(orders.map(order => until(`${order} waits`, async () => (await shop.runs('--key', order, '--state', 'waiting'))[0])))
}

async function said(shop, code, pattern, ...words) {
  const done = await shop.tidelock.command(...words)
  assert.equal(done.code, code, `${words.join(' ')}: ${done.out}${done.err}`)
  assert.match(done.out + done.err, pattern)
}

test('decisions: listed, answered with one of the answers, by name and reason', async t => {
  const shop = await start(t, deciding)
  await waitingRuns(shop, 'A', 'B')
  const [a, b] = await Promise.all(['A', 'B'].map(async key => (await shop.decisions('--key', key))[0]))
  assert.deepEqual([a.about, a.options, a.show, a.steward, a.flow], ['credit hold', ['release', 'reject'], { number: 1 }, 'nobody', 'erp'])
  assert.ok(Date.parse(a.due) > Date.now())
  assert.equal((await shop.decisions('--steward', 'nobody')).length, 2)
  assert.equal((await shop.decisions('--limit', '1')).length, 1)
  assert.equal((await shop.tidelock.json('decisions', '--limit', '1')).next === null, false, 'there is another page')
  await said(shop, 65, /release.*reject/, 'decisions', 'answer', a.id, 'maybe', '--reason', 'x')
  await said(shop, 65, /release.*reject/, 'decisions', 'answer', a.id, 'maybe', '--dry-run')
  await said(shop, 0, /would answer/, 'decisions', 'answer', a.id, 'release', '--dry-run')
  await said(shop, 1, /no open decision/, 'decisions', 'answer', '0000000000000-9', 'release', '--reason', 'x')
  await said(shop, 64, /usage/, 'decisions', 'answer', a.id)
  assert.equal((await shop.decisions()).length, 2)
  await said(shop, 0, /./, 'decisions', 'answer', a.id, 'release', '--reason', 'called the customer')
  await shop.arrived(shop.erp, 'A', 1)
  await said(shop, 0, /./, 'decisions', 'answer', b.id, 'reject', '--reason', 'no cover')
  await shop.ended('B')
  assert.match((await shop.outcome('B')).note, /refused by /)
  assert.deepEqual(await shop.numbers(shop.erp, 'B'), [])
  await said(shop, 1, /no open decision|answered/, 'decisions', 'answer', a.id, 'release', '--reason', 'again')
  assert.equal((await shop.decisions()).length, 0)
})

test('runs: shown with their steps, cancelled, a step skipped, retried from a step', async t => {
  const shop = await start(t, waiting)
  const [a, b, c] = await waitingRuns(shop, 'A', 'B', 'C')
  assert.deepEqual(a.waits.map(w => [w.step, w.kind, w.for]), [['await#1', 'await', ['probe.changed@1']]])
  assert.equal((await shop.runs('--flow', 'erp')).length, 3)
  assert.equal((await shop.runs('--state', 'parked')).length, 0)
  const shown = await shop.tidelock.json('runs', 'show', a.id)
  assert.deepEqual(shown.timeline.map(s => [s.kind, s.state, s.system ?? '']), [['call', 'done', 'desk'], ['await', 'waiting', '']])
  await said(shop, 0, /desk put, status 20\d, 1 call\(s\)[\s\S]*await#1 +await +waiting +at flows\.lua:\d+/, 'runs', 'show', a.id)
  await said(shop, 1, /no open run/, 'runs', 'show', '0000000000000')

  await said(shop, 64, /--reason/, 'runs', 'cancel', a.id)
  await said(shop, 0, /would be cancelled/, 'runs', 'cancel', a.id, '--dry-run', '--reason', 'x')
  assert.equal((await shop.runs('--key', 'A')).length, 1)
  await said(shop, 0, /cancelled/, 'runs', 'cancel', a.id, '--reason', 'ordered twice')
  await shop.ended('A')
  assert.match((await shop.outcome('A')).note, /ordered twice/)

  await said(shop, 64, /--step/, 'runs', 'skip', b.id, '--reason', 'x')
  await said(shop, 65, /JSON/, 'runs', 'skip', b.id, '--step', 'await#1', '--result', 'oops', '--reason', 'x')
  await said(shop, 1, /no step/, 'runs', 'skip', b.id, '--step', 'await#7', '--reason', 'x')
  await said(shop, 0, /skipped/, 'runs', 'skip', b.id, '--step', 'await#1', '--result', '{"type":"probe.changed@1","data":{}}', '--reason', 'told by phone')
  await shop.arrived(shop.erp, 'B', 1)
  assert.deepEqual(await shop.numbers(shop.erp, 'A'), [])

  await said(shop, 64, /runs retry/, 'runs', 'cancel', c.id, '--from', 'await#1', '--reason', 'x')
  await said(shop, 0, /would be forgotten/, 'runs', 'retry', c.id, '--reason', 'x')
  assert.equal((await shop.tidelock.json('runs', 'show', c.id)).timeline.length, 2)
  await said(shop, 0, /forgotten/, 'runs', 'retry', c.id, '--yes', '--reason', 'once more')
  await until('it waits again', async () => (await shop.tidelock.json('runs', 'show', c.id)).timeline.map(s => s.state).join() === 'dropped,dropped,done,waiting')
})

test('a waiting run moves to the live revision only when its journal fits', async t => {
  const shop = await start(t, waiting)
  const [a] = await waitingRuns(shop, 'A')
  const restart = async text => { await shop.tidelock.stop(); writeFileSync(join(shop.dir, 'flows.lua'), text); await shop.tidelock.start() }
  await restart(waiting.replace('ctx.desk:put', 'ctx.erp:put'))
  await said(shop, 2, /does not fit.*desk:put#1.*erp:put#1/, 'runs', 'move', a.id, '--reason', 'x')
  await said(shop, 2, /does not fit/, 'runs', 'move', a.id, '--yes', '--reason', 'x')
  assert.equal((await shop.runs())[0].revision, a.revision)
  await restart(waiting.replace('ctx.erp:put', 'ctx:log("moved")\n  ctx.erp:put'))
  await said(shop, 0, /would move/, 'runs', 'move', a.id, '--reason', 'x')
  assert.equal((await shop.runs())[0].revision, a.revision)
  await said(shop, 0, /moves/, 'runs', 'move', a.id, '--yes', '--reason', 'better log')
  const { revision } = await shop.status()
  assert.equal((await shop.runs('--revision', revision)).length, 1)
  await said(shop, 0, /skipped/, 'runs', 'skip', a.id, '--step', 'await#1', '--reason', 'told by phone')
  await shop.arrived(shop.erp, 'A', 1)
})
