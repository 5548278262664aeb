// Health, metrics, logs, status, trace context, and traces of what never came.
import test from 'node:test'
import assert from 'node:assert/strict'
import { World } from '../world/order_to_cash.mjs'
import { Shop } from '../world/shop.mjs'
import { until } from '../world/wait.mjs'

async function start(t, w) {
  t.after(() => w.stop())
  return w.start()
}

const parent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
const traceId = parent.split('-')[1]
const outgoing = async shop => [...(await shop.erp.admin('GET', 'log?limit=10000')).entries, ...(await shop.desk.admin('GET', 'log?limit=10000')).entries].filter(e => e.committed && e.changes.length)

test('healthz and readyz answer on a port of their own; webhooks are not taken there', async t => {
  const shop = await start(t, new Shop())
  for (const path of ['healthz', 'readyz']) assert.equal((await fetch(`${shop.tidelock.ops}/${path}`)).status, 200, path)
  assert.equal((await fetch(`${shop.tidelock.ops}/in/shop`, { method: 'POST', body: '{}' })).status, 405)
  assert.equal((await fetch(`${shop.tidelock.url}/metrics`)).status, 404)
  assert.match(shop.tidelock.ops, /127\.0\.0\.1/)
})

// The Prometheus text format 0.0.4, read strictly.
function metrics(text) {
  const samples = new Map(), types = new Map(), helps = new Set()
  let last = null
  assert.ok(text.endsWith('\n'))
  for (const line of text.slice(0, -1).split('\n')) {
    let m
    if ((m = /^# HELP ([a-zA-Z_:][a-zA-Z0-9_:]*) (.+)$/.exec(line))) {
      assert.ok(!helps.has(m[1]), `HELP ${m[1]} twice`)
      helps.add(m[1])
    } else if ((m = /^# TYPE ([a-zA-Z_:][a-zA-Z0-9_:]*) (counter|gauge|histogram|summary|untyped)$/.exec(line))) {
      assert.ok(!types.has(m[1]), `TYPE ${m[1]} twice`)
      types.set(m[1], m[2])
      last = m[1]
    } else {
      m = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(\{(?:[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\["\\n])*",?)*\})? (-?\d+(?:\.\d+)?(?:e[+-]?\d+)?|[+-]Inf|NaN)$/.exec(line)
      assert.ok(m, `not a line of the format: ${line}`)
      const base = m[1].replace(/_(bucket|sum|count)$/, '')
      const name = types.has(m[1]) ? m[1] : base
      assert.ok(types.has(name), `${m[1]} without a TYPE`)
      assert.equal(name, last, `${m[1]} is apart from its family`)
      const id = m[1] + (m[2] ?? '')
      assert.ok(!samples.has(id), `${id} twice`)
      samples.set(id, Number(m[3].replace('Inf', 'Infinity')))
      if (types.get(name) === 'counter') assert.ok(m[1].endsWith('_total'), `${m[1]}: a counter ends in _total`)
    }
  }
  for (const [name, type] of types) if (type === 'histogram') histogram(name, samples)
  return samples
}

function histogram(name, samples) {
  const series = new Map()
  for (const [id, value] of samples) {
    if (!id.startsWith(`${name}_bucket{`)) continue
    const le = /le="([^"]+)"/.exec(id)[1], rest = id.replace(/,?le="[^"]+"/, '').replace(/[{},]/g, '')
    const list = series.get(rest) ?? []
    list.push([le === '+Inf' ? Infinity : Number(le), value])
    series.set(rest, list)
  }
  for (const [rest, list] of series) {
    assert.equal(list.at(-1)[0], Infinity, `${rest}: +Inf last`)
    for (let i = 1; i < list.length; i++) assert.ok(list[i][0] > list[i - 1][0] && list[i][1] >= list[i - 1][1], `${rest}: buckets rise`)
  }
}

test('metrics are in the text format and count what happened', async t => {
  const shop = await start(t, new Shop())
  for (let n = 1; n <= 5; n++) await shop.change(`M-${n}`, 1)
  await shop.finished()
  const reply = await fetch(`${shop.tidelock.ops}/metrics`)
  assert.match(reply.headers.get('content-type'), /^text\/plain; version=0\.0\.4/)
  const seen = metrics(await reply.text())
  const sum = pattern => [...seen].filter(([id]) => pattern.test(id)).reduce((n, [, v]) => n + v, 0)
  assert.equal(sum(/^tidelock_webhooks_total\{.*status="202"/), 5)
  assert.equal(sum(/^tidelock_calls_total\{.*system="erp".*class="done"/) + sum(/^tidelock_calls_total\{.*class="done".*system="erp"/), 5)
  assert.equal(sum(/^tidelock_exceptions_open/), 0)
  assert.equal(sum(/^tidelock_units_unfinished/), 0)
  assert.ok(sum(/^tidelock_units_total\{ending="done"/) >= 10)
})

test('status shows systems, breakers, backlog and its age, lanes and exceptions', async t => {
  const shop = await start(t, new Shop({ args: ['--lanes', '3'] }))
  await shop.tidelock.command('pause', 'system', 'erp', '--reason', 'looking')
  for (let n = 1; n <= 4; n++) await shop.change(`B-${n}`, 1)
  await until('four wait', async () => (await shop.flow('erp')).unfinished === 4)
  const { engine } = await shop.status()
  assert.equal(engine.lanes.length, 3)
  const erp = engine.systems.find(s => s.name === 'erp'), flow = engine.flows.find(f => f.name === 'erp')
  assert.deepEqual([erp.breaker, erp.paused.why], ['closed', 'looking'])
  assert.ok(Date.now() - Date.parse(flow.oldest) < 60000, flow.oldest)
  assert.equal(engine.exceptions, 0)
  const { out, code } = await shop.tidelock.command('status')
  assert.equal(code, 0)
  for (const word of ['SYSTEM', 'erp', 'BREAKER', 'WAITING', 'OLDEST', 'LANE', 'exceptions 0']) assert.ok(out.includes(word), word)
})

test('logs as JSON: every line is an object with a time, a level and what happened', async t => {
  const shop = await start(t, new Shop({ args: ['--log', 'json', '--verbose'] }))
  await shop.change('L-1', 1)
  await shop.change('L-2', 1, { more: { amount: 'a lot' } })
  await shop.arrived(shop.erp, 'L-1', 1)
  await until('parked', async () => (await shop.exceptions()).length === 1)
  await shop.tidelock.stop()
  const lines = shop.tidelock.process.output.trim().split('\n')
  assert.ok(lines.length >= 3, shop.tidelock.process.output)
  for (const line of lines) {
    const entry = JSON.parse(line)
    assert.ok(!Number.isNaN(Date.parse(entry.time)), line)
    assert.match(entry.level, /^(debug|info|warn|error)$/, line)
    assert.match(entry.id, /^[a-z]+(\.[a-z_-]+)+$/, line)
    assert.equal(typeof entry.message, 'string', line)
  }
  assert.ok(!shop.tidelock.process.output.includes('sync-pw'))
})

test('trace context: what comes in is stored, and goes out on every call', async t => {
  const shop = await start(t, new Shop())
  await shop.change('T-1', 1, { headers: { traceparent: parent, tracestate: 'vendor=abc' } })
  await shop.change('T-2', 1)
  for (const order of ['T-1', 'T-2']) { await shop.arrived(shop.erp, order, 1); await shop.arrived(shop.desk, order, 1) }
  const calls = await outgoing(shop)
  const spans = calls.map(c => c.headers.traceparent)
  for (const span of spans) assert.match(span, /^00-[0-9a-f]{32}-[0-9a-f]{16}-0[0-3]$/)
  const ours = spans.filter(s => s.includes(traceId))
  assert.equal(ours.length, 2)
  for (const s of ours) assert.notEqual(s.split('-')[2], parent.split('-')[2], 'a span of our own')
  assert.equal(new Set(spans).size, spans.length, 'each call its own span')
  const { entries } = await shop.tidelock.json('trace', 'order/T-1')
  for (const e of entries.filter(e => e.kind === 'event')) assert.ok(e.trace.includes(traceId), JSON.stringify(e))
})

test('trace context survives retries and a restart; broken ones are replaced', async t => {
  const shop = await start(t, new Shop())
  await shop.tidelock.command('pause', 'system', 'erp', '--reason', 'restart')
  await shop.change('R-1', 1, { headers: { traceparent: parent } })
  await shop.change('R-2', 1, { headers: { traceparent: 'nonsense' } })
  await shop.arrived(shop.desk, 'R-2', 1)
  await shop.tidelock.kill()
  await shop.erp.fault([{ fault: '503', match: { method: 'PATCH' }, times: 2 }])
  await shop.tidelock.start()
  await shop.tidelock.command('resume', 'system', 'erp')
  await shop.arrived(shop.erp, 'R-1', 1)
  const calls = (await shop.erp.admin('GET', 'log?method=PATCH&limit=100')).entries
  const ours = calls.filter(c => c.path.includes('R-1')).map(c => c.headers.traceparent)
  assert.ok(ours.length >= 1)
  for (const span of ours) assert.ok(span.includes(traceId), span)
  for (const c of calls.filter(c => c.path.includes('R-2'))) assert.match(c.headers.traceparent, /^00-(?!0{32})[0-9a-f]{32}-/)
})

test('trace of what was never received asks the systems and names the filter line', async t => {
  const w = await start(t, new World())
  await w.offer({ order: 'SO-9', account: 'A-9' })
  await until('the offer seen and left alone', async () => (await w.tidelock.json('status')).engine.captures.every(c => c.last_success))
  const open = await w.tidelock.json('trace', 'order/SO-9')
  assert.deepEqual(open.entries, [])
  const salesforce = open.asked.find(a => a.event === 'order.won@1')
  assert.equal(salesforce.verdict, 'filtered', JSON.stringify(open.asked))
  assert.match(salesforce.text, /events\.lua:\d+/)
  await w.erp.admin('POST', 'records/BusinessPartners', { PartnerNo: 'A-8', Name: 'By hand' })
  await w.tidelock.command('pause', 'capture', 'erp_de/SalesOrders', '--reason', 'so that it is not seen')
  await w.erp.admin('POST', 'records/SalesOrders', { OrderNo: 'SO-8', PartnerNo: 'A-8' })
  const unseen = await w.tidelock.json('trace', 'order/SO-8')
  assert.equal(unseen.asked.find(a => a.event === 'order.placed@1').verdict, 'wanted', JSON.stringify(unseen))
  assert.equal(unseen.asked.find(a => a.event === 'order.accepted@1').verdict, 'filtered')
  const none = await w.tidelock.json('trace', 'order/SO-10')
  assert.equal(none.asked.find(a => a.event === 'order.won@1').verdict, 'absent')
  assert.equal(none.asked.find(a => a.event === 'order.placed@1').verdict, 'absent')
  const { out, code } = await w.tidelock.command('trace', 'order/SO-9')
  assert.equal(code, 0)
  assert.match(out, /nothing was received/)
  assert.match(out, /events\.lua:\d+/)
})

test('one event by its id, with its payload and endings', async t => {
  const shop = await start(t, new Shop())
  const { id } = await shop.change('E-1', 1)
  await shop.finished()
  const { code, out } = await shop.tidelock.command('events', id)
  assert.equal(code, 0)
  assert.match(out, /shop\.Order/)
  const unknown = await shop.tidelock.command('events', 'zzzzz')
  assert.notEqual(unknown.code, 0)
  assert.ok(unknown.err.length > 0)
})
