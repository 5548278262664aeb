// Several integrations on one server: each with its revisions, settings, secrets, budgets and stewards; events are shared by type and version.
import test from 'node:test'
import assert from 'node:assert/strict'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { dirname, join } from 'node:path'
import { folder } from '../world/folder.mjs'
import { Tidelock, tool } from '../world/tidelock.mjs'
import { until } from '../world/wait.mjs'

const contract = JSON.stringify({ type: 'object', required: ['order_no'], properties: { order_no: { type: 'string' }, id: { type: 'integer' }, runaway: { type: 'boolean' } } })
const placed = more => `event "order.placed@1" { contract = "contracts/order.json", key = "order_no", steward = "desk"${more} }\n`
const system = 'system "sink" { connector = "webhook@1", url = setting "sink.url", retry = { first = "20ms", cap = "200ms" } }\n'

// Takes orders in and stores them.
const shop = version => ({
  'integration.lua': `
integration "shop" { steward = "desk" }
steward "desk" {}
system "orders" { connector = "webhook@1", scheme = "none", type = "Order", key = "/order_no", dedupe = "/id" }
${system}`,
  'contracts/order.json': contract,
  'events.lua': placed(', from = "orders.Order"'),
  'flows.lua': `
flow "store" { on = "order.placed@1", steward = "desk", run = function(ctx, e)
  ctx.sink:store { path = "shop/" .. e.key, body = { by = "${version}" } }
end }
`,
})

// Does something of its own with the same orders, and has calls of its own.
const support = (version, { run = `ctx.sink:store { path = "support/" .. e.key, body = { by = "${version}" } }`, more = '' } = {}) => ({
  'integration.lua': `
integration "support" { steward = "desk" }
steward "desk" { mail = "support@acme.example" }
system "calls" { connector = "webhook@1", scheme = "hmac", secret = secret "calls.key", type = "Call", key = "/order_no", dedupe = "/id" }
${system}`,
  'contracts/order.json': contract,
  'events.lua': placed('') + 'event "call@1" { contract = "contracts/order.json", key = "order_no", steward = "desk", from = "calls.Call" }\n',
  'flows.lua': `
flow "store" { on = "order.placed@1", steward = "desk", run = function(ctx, e)
  ${run}
end }
${more}`,
})

const waits = `
flow "wait" { on = "order.placed@1", steward = "desk", run = function(ctx, e)
  ctx:await { "call@1" }
  ctx.sink:store { path = "called/" .. e.key, body = { by = "called" } }
end }
`

class World {
  constructor() {
    this.home = folder('several')
    this.numbers = 0
    this.sinks = {}
  }

  // A sink each: path → versions, in the order of their arrival.
  async sink(name) {
    const sink = { got: new Map(), bodies: [] }
    sink.http = createServer(async (request, reply) => {
      let text = ''
      for await (const chunk of request) text += chunk
      if (text) sink.bodies.push(JSON.parse(text))
      if (sink.broken) return reply.writeHead(503).end('{}')
      sink.got.set(request.url, [...sink.got.get(request.url) ?? [], JSON.parse(text || '{}').by]) // a probe sends nothing
      reply.end('{}')
    })
    await new Promise(done => sink.http.listen(0, '127.0.0.1', done))
    sink.url = `http://127.0.0.1:${sink.http.address().port}`
    return this.sinks[name] = sink
  }

  async start() {
    const first = await this.sink('shop')
    await this.sink('support')
    this.tidelock = new Tidelock({ integration: this.write('shop-1', shop('s1')), data: join(this.home, 'data'), args: ['--lanes', '2'], settings: { 'sink.url': first.url } })
    await this.tidelock.start()
    return this
  }

  write(name, files) {
    const dir = join(this.home, name)
    rmSync(dir, { recursive: true, force: true })
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(join(dir, dirname(path)), { recursive: true })
      writeFileSync(join(dir, path), text)
    }
    return dir
  }

  async stop() {
    await this.tidelock?.stop()
    for (const sink of Object.values(this.sinks)) await new Promise(done => sink.http.close(done))
  }

  async said(code, ...words) {
    const { code: got, out, err } = await this.tidelock.command(...words)
    assert.equal(got, code, `${words.join(' ')}\n${out}${err}`)
    return out + err
  }

  // The second one with its values.
  async values() {
    await this.said(0, 'settings', 'set', 'sink.url', this.sinks.support.url, '--integration', 'support', '--reason', 'a test')
    const { code, err } = await tool(['secrets', 'set', 'calls.key@support', '--data', this.tidelock.data], { input: 'whsec' })
    assert.equal(code, 0, err)
  }

  deploy(name, files, code = 0) { return this.said(code, 'deploy', this.write(name, files), '--reason', 'a test') }

  async both(options) {
    await this.values()
    await this.deploy('support-1', support('c1', options))
  }

  async order(no, more = {}) {
    const reply = await this.tidelock.post('orders', JSON.stringify({ id: ++this.numbers, order_no: no, ...more }))
    assert.equal(reply.status, 202)
  }

  got(sink, path) { return until(`${sink} ${path}`, () => this.sinks[sink].got.get(path)) }
  status() { return this.tidelock.json('status') }
  async flow(name) { return (await this.status()).engine.flows.find(f => f.name === name) }
  async names() { return (await this.status()).integrations.map(i => i.name) }
  async live() { return Object.fromEntries((await this.status()).integrations.map(i => [i.name, i.revision])) }
}

async function start(t) {
  const world = new World()
  t.after(() => world.stop())
  return world.start()
}

test('another integration joins beside the first, with its own names, settings and secrets, and takes the first one\'s events', async t => {
  const w = await start(t)
  const refused = await w.deploy('support-1', support('c1'), 65)
  assert.match(refused, /refused at settings: /)
  assert.match(refused, /tidelock secrets set calls\.key@support < FILE/)
  assert.match(await w.said(2, 'plan', join(w.home, 'support-1')), /! setting sink\.url@support has no value .*: tidelock settings set sink\.url@support VALUE/)
  assert.deepEqual(await w.names(), ['shop'])
  await w.values()
  assert.match(await w.deploy('support-1', support('c1')), /support \w+ is live, the first of its integration, beside 1 other;/)
  assert.deepEqual(await w.names(), ['shop', 'support'])
  await w.order('A-1')
  assert.deepEqual(await w.got('shop', '/shop/A-1'), ['s1'])
  assert.deepEqual(await w.got('support', '/support/A-1'), ['c1'])
  assert.equal(w.sinks.shop.got.has('/support/A-1'), false) // each "sink" is its own
  const { engine } = await w.status()
  assert.ok(engine.systems.some(s => s.name === 'sink@support') && engine.systems.some(s => s.name === 'sink'))
  assert.ok(engine.flows.some(f => f.name === 'store@support'))
  const settings = await w.said(0, 'settings')
  assert.match(settings, /^sink\.url@support .*integration\.lua/m)
  assert.match(settings, /^sink\.url .*integration\.lua/m)
  assert.match(await w.said(0, 'trace', 'order/A-1'), /store@support/)
  assert.match(await w.said(0, 'doctor'), /sink@support/)
  // Its own setting takes effect, and the other one's stays.
  const other = await w.sink('other')
  await w.said(0, 'settings', 'set', 'sink.url@support', other.url, '--reason', 'moved')
  await w.order('A-2')
  await w.got('shop', '/shop/A-2')
  await w.got('other', '/support/A-2')
  // Its webhook has a path of its own, verified with its own secret.
  assert.equal((await w.tidelock.post('calls', '{}')).status, 404)
  assert.equal((await w.tidelock.post('calls@support', JSON.stringify({ id: 1, order_no: 'A-1' }))).status, 401)
})

test('each has its own history and goes back alone; a restart, clean or killed, brings all back', async t => {
  const w = await start(t)
  await w.both()
  const one = await w.live()
  for (const words of [[], ['--to', 'abc']]) assert.match(await w.said(words.length ? 65 : 1, 'rollback', '--integration', 'support', '--reason', 'a test', ...words),
    new RegExp(`nothing was changed, ${one.support.slice(0, 12)} stays live`))
  await w.deploy('shop-2', shop('s2'))
  await w.deploy('support-2', support('c2'))
  const two = await w.live()
  await w.order('B-1')
  assert.deepEqual([await w.got('shop', '/shop/B-1'), await w.got('support', '/support/B-1')], [['s2'], ['c2']])
  assert.match(await w.said(65, 'rollback', '--reason', 'which?'), /several integrations are live.*; nothing was changed, what is live stays live/)
  await w.said(0, 'rollback', '--integration', 'support', '--reason', 'a test')
  assert.deepEqual(await w.live(), { shop: two.shop, support: one.support })
  const { revisions } = await w.tidelock.json('revisions', '--integration', 'support')
  assert.deepEqual(revisions.map(r => [r.act, r.outcome, r.live]), [['rollback', 'live', true], ['deploy', 'live', false],
    ['rollback', 'refused', false], ['rollback', 'refused', false], ['deploy', 'live', false]])
  assert.deepEqual((await w.tidelock.json('revisions')).revisions.filter(r => r.live).map(r => r.integration).sort(), ['shop', 'support'])
  const plan = await w.said(2, 'plan', w.write('support-3', support('c2')))
  assert.match(plan, /^~ file flows\.lua$/m)
  w.tidelock.integration = null
  await w.tidelock.kill()
  await w.tidelock.start()
  assert.deepEqual(await w.live(), { shop: two.shop, support: one.support })
  await w.order('B-2')
  assert.deepEqual([await w.got('shop', '/shop/B-2'), await w.got('support', '/support/B-2')], [['s2'], ['c1']])
  // A folder that is named takes the place of its own integration; the other goes on.
  await w.tidelock.stop()
  w.tidelock.integration = join(w.home, 'support-2')
  await w.tidelock.start()
  assert.deepEqual(await w.live(), two)
  await w.order('B-3')
  assert.deepEqual([await w.got('shop', '/shop/B-3'), await w.got('support', '/support/B-3')], [['s2'], ['c2']])
})

test('deploys of two take turns; neither loses the other', async t => {
  const w = await start(t)
  await w.both()
  await Promise.all([w.deploy('shop-2', shop('s2')), w.deploy('support-2', support('c2')), w.deploy('support-3', support('c3'))])
  await w.order('P-1')
  assert.deepEqual(await w.got('shop', '/shop/P-1'), ['s2'])
  assert.match((await w.got('support', '/support/P-1'))[0], /^c[23]$/)
  assert.deepEqual(await w.names(), ['shop', 'support'])
  // One that fails leaves both as they were.
  const before = await w.live()
  assert.match(await w.deploy('support-bad', { ...support('c4'), 'flows.lua': 'flow "store" {' }, 65), /refused at check: .*stays live/)
  assert.deepEqual(await w.live(), before)
})

test('a runaway in one is stopped by its own budget and parked with its steward; the other works on', async t => {
  const w = await start(t)
  await w.both({ run: `if e.data.runaway and e.key == "C-1" then local t = {} for i = 1, 1e9 do t[i] = { i } end end
  if e.data.runaway then while true do end end
  ctx.sink:store { path = "support/" .. e.key, body = { by = "c1" } }` })
  await w.order('C-1', { runaway: true }) // memory
  await w.order('C-2', { runaway: true }) // time
  for (let i = 0; i < 20; i++) await w.order(`D-${i}`)
  assert.deepEqual(await w.got('shop', '/shop/C-1'), ['s1'])
  for (let i = 0; i < 20; i++) assert.deepEqual(await w.got('shop', `/shop/D-${i}`), ['s1'])
  const parked = await until('parked', async () => { const e = (await w.tidelock.json('exceptions')).exceptions; return e.length === 2 && e })
  assert.deepEqual(parked.map(e => [e.key, e.flow, e.steward]).sort(), [['C-1', 'store@support', 'desk@support'], ['C-2', 'store@support', 'desk@support']])
  for (let i = 0; i < 20; i++) assert.deepEqual(await w.got('support', `/support/D-${i}`), ['c1'])
})

test('its names are accepted by pause, resume, runs and exceptions', async t => {
  const w = await start(t)
  await w.both({ more: waits })
  await w.said(0, 'pause', 'flow', 'store@support', '--reason', 'a test')
  await w.order('E-1')
  await w.got('shop', '/shop/E-1')
  assert.equal((await w.flow('store@support')).paused.why, 'a test')
  assert.equal(w.sinks.support.got.has('/support/E-1'), false)
  await w.said(0, 'resume', 'flow', 'store@support')
  await w.got('support', '/support/E-1')
  const { runs } = await until('the run waits', async () => { const r = await w.tidelock.json('runs', '--flow', 'wait@support'); return r.runs.length && r })
  assert.equal(runs[0].flow, 'wait@support')
  // Again, with another way to write it.
  await w.deploy('support-2', support('c2', { more: waits }))
  assert.match(await w.said(0, 'replay', '--flow', 'store@support', '--since', '1h', '--reason', 'a test', '--yes'), /1/)
  await until('written again', () => w.sinks.support.got.get('/support/E-1').at(-1) === 'c2')
})

test('what is overdue of the second is told to its steward', async t => {
  const w = await start(t)
  const hook = await w.sink('hook')
  await w.values()
  await w.said(0, 'settings', 'set', 'escalation.webhook', hook.url, '--reason', 'a test')
  const files = support('c1', { run: 'error("broken")' })
  files['integration.lua'] = files['integration.lua'].replace('mail = "support@acme.example"', 'mail = "support@acme.example", due = "1s", escalate = "boss"') + 'steward "boss" { mail = "boss@acme.example" }\n'
  await w.deploy('support-1', files)
  await w.order('O-1')
  const [{ data }] = await until('told', () => hook.bodies.length && hook.bodies, { timeout: 40000 })
  assert.deepEqual([data.integration, data.steward, data.mail, data.exceptions], ['support', 'boss@support', 'boss@acme.example', 1])
  assert.deepEqual(data.groups.map(g => [g.steward, g.flow]), [['desk@support', 'store@support']])
})

test('retire takes one away: refused while work is pending, and it comes back with its values', async t => {
  const w = await start(t)
  await w.both()
  w.sinks.support.broken = true
  await w.order('F-1')
  await w.got('shop', '/shop/F-1')
  await until('it waits', async () => (await w.flow('store@support')).unfinished === 1)
  const told = await w.said(0, 'retire', 'support', '--dry-run')
  assert.match(told, /! flow store@support goes and has 1 units pending/)
  assert.match(told, /^live \w{12} would not be live any more$/m)
  assert.match(await w.said(2, 'retire', 'support', '--reason', 'a test'), /refused at switch: .*store@support/s)
  assert.deepEqual(await w.names(), ['shop', 'support'])
  assert.match(await w.said(65, 'retire', 'shop', '--reason', 'a test'), /the first integration of this server/)
  assert.match(await w.said(1, 'retire', 'nobody', '--reason', 'a test'), /no integration "nobody" is live/)
  w.sinks.support.broken = false
  await w.got('support', '/support/F-1')
  await until('done', async () => (await w.flow('store@support')).unfinished === 0)
  assert.match(await w.said(0, 'retire', 'support', '--reason', 'a test'), /support \w+ is not live any more/)
  assert.deepEqual(await w.names(), ['shop'])
  assert.equal((await w.tidelock.post('calls@support', '{}')).status, 404)
  await w.order('F-2')
  await w.got('shop', '/shop/F-2')
  w.tidelock.integration = null
  await w.tidelock.stop()
  await w.tidelock.start()
  assert.deepEqual(await w.names(), ['shop'])
  await w.deploy('support-1', support('c1'))
  await w.order('F-3')
  await w.got('support', '/support/F-3')
  assert.equal(w.sinks.support.got.has('/support/F-2'), false)
})

test('retire --park-removed parks what is pending, for a person', async t => {
  const w = await start(t)
  await w.both()
  w.sinks.support.broken = true
  await w.order('G-1')
  await until('it waits', async () => (await w.flow('store@support')).unfinished === 1)
  await w.said(0, 'retire', 'support', '--reason', 'a test', '--park-removed', '--yes')
  const { exceptions } = await until('parked', async () => { const e = await w.tidelock.json('exceptions'); return e.exceptions.length && e })
  assert.equal(exceptions[0].flow, 'store@support')
  await w.got('shop', '/shop/G-1')
})

test('a server that runs one alone takes no other, and no other is live after its start', async t => {
  const w = await start(t)
  await w.both()
  await w.tidelock.stop()
  w.tidelock.args.push('--alone')
  w.tidelock.integration = join(w.home, 'shop-1')
  await w.tidelock.start()
  assert.deepEqual(await w.names(), ['shop'])
  assert.match(await w.deploy('support-1', support('c1'), 65), /refused at check: this server runs "shop" alone, and this is "support"/)
  w.tidelock.args.pop()
  await w.tidelock.stop()
  await w.tidelock.start()
  assert.deepEqual(await w.names(), ['shop', 'support'])
})

test('what both write is said by plan and check', async t => {
  const w = await start(t)
  await w.values()
  const writes = (name, flow) => ({
    'integration.lua': `integration "${name}" { steward = "desk" }\nsteward "desk" {}\n${name === 'shop' ? 'system "orders" { connector = "webhook@1", scheme = "none", type = "Order", key = "/order_no", dedupe = "/id" }\n' : ''}${system}`,
    'contracts/order.json': contract,
    'events.lua': placed(''),
    'entities.lua': 'entity "order@1" { contract = "contracts/order.json", key = "order_no", steward = "desk", owner = "sink" }\n',
    'maps/order.lua': 'map "sink.Order <- order@1" { No = as.key("order_no") }\n',
    'flows.lua': `flow "${flow}" { on = "order.placed@1", steward = "desk", run = function(ctx, e) ctx.sink:put("order@1", e.data) end }\n`,
  })
  await w.deploy('shop-2', writes('shop', 'one'))
  const said = /flows\.lua:1: warning: flow "two" writes sink\.Order, and so does flow "one" of integration "shop" \(flows\.lua:1\)/
  assert.match(await w.said(2, 'plan', w.write('support-2', writes('support', 'two'))), said)
  assert.match((await tool(['check', join(w.home, 'support-2'), '--with', join(w.home, 'shop-2')])).out, said)
  assert.match(await w.deploy('support-2', writes('support', 'two')), /, 2 warnings \('tidelock check' and 'plan' have them\)/)
})

test('contracts that disagree are refused, with both places; nothing changes', async t => {
  const w = await start(t)
  await w.both()
  const before = await w.live()
  const files = support('c2')
  files['contracts/order.json'] = JSON.stringify({ type: 'object', required: ['order_no', 'vat_id'], properties: { order_no: { type: 'string' }, vat_id: { type: 'string' } } })
  const said = await w.deploy('support-odd', files, 65)
  assert.match(said, /refused at contracts: /)
  assert.match(said, /events\.lua:1: error: the contract of event "order\.placed@1" is not the one of integration "shop" \(events\.lua:1\)/)
  assert.deepEqual(await w.live(), before)
  // A start with that folder is refused too.
  await w.tidelock.stop()
  const started = await tool(['serve', join(w.home, 'support-odd'), '--data', w.tidelock.data])
  assert.equal(started.code, 78)
  assert.match(started.err, /is not the one of integration "shop"/)
  // The same of two folders, without a server.
  const { code, out } = await tool(['check', join(w.home, 'support-odd'), '--with', join(w.home, 'shop-1')])
  assert.equal(code, 65)
  assert.match(out, /is not the one of integration "shop"/)
  assert.equal((await tool(['check', join(w.home, 'support-1'), '--with', join(w.home, 'shop-1')])).code, 0)
})
