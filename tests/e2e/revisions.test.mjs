// Runs stay on the revision they began with, also when the integration's folder was replaced meanwhile and the process was
// killed; new ones take the new one.
import test from 'node:test'
import assert from 'node:assert/strict'
import { appendFileSync, cpSync, mkdirSync, readdirSync, renameSync, utimesSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { folder } from '../world/folder.mjs'
import { Tidelock, root } from '../world/tidelock.mjs'
import { until } from '../world/wait.mjs'

// An order is begun at the sink, waits for its shipment, and is then written by what the revision says in four places: the
// flow, the integration's library, its lookups, and the standard library.
const files = version => ({
  'integration.lua': `
integration "revisions" { steward = "nobody" }
steward "nobody" {}
system "shop" { connector = "webhook@1", scheme = "none", type = "Order", key = "/order_no", dedupe = "/id" }
system "ship" { connector = "webhook@1", scheme = "none", type = "Shipment", key = "/order_no", dedupe = "/id" }
system "sink" { connector = "webhook@1", url = setting "sink.url", retry = { first = "20ms", cap = "200ms" } }
`,
  'contracts/any.json': '{"type":"object"}',
  'lookups/words.csv': `key,word\nversion,${version}\n`,
  'lib/words.lua': `return { version = "${version}" }\n`,
  'events.lua': `
event "order.placed@1"  { contract = "contracts/any.json", key = "order_no", steward = "nobody", from = "shop.Order" }
event "order.shipped@1" { contract = "contracts/any.json", key = "order_no", steward = "nobody", from = "ship.Shipment" }
`,
  'flows.lua': `
local words, stamp, lookups = require "words", require "stamp", require "lookups"
flow "deliver" { on = "order.placed@1", steward = "nobody", run = function(ctx, e)
  ctx.sink:store { path = "begun/" .. e.key, body = { by = "${version}" } }
  ctx:await { "order.shipped@1" }
  ctx.sink:store({ path = "done/" .. e.key, body = { flow = "${version}", lib = words.version, standard = stamp.version,
    lookup = lookups.get("words", "version", "word") } }, { undo = function() end }) -- refused for what only reads
end }
`,
})

// The same without the sink: what had begun cannot go on.
const withoutSink = version => ({
  ...files(version),
  'integration.lua': files(version)['integration.lua'].replace(/^system "sink".*\n/m, ''),
  'flows.lua': 'flow "deliver" { on = "order.placed@1", steward = "nobody", run = function(ctx, e) ctx:log("nothing") end }\n',
})

const by = version => ({ flow: version, lib: version, standard: version, lookup: version })

class World {
  constructor() {
    this.got = new Map() // path → bodies, in the order of their arrival
    this.http = createServer(async (request, reply) => {
      let text = ''
      for await (const chunk of request) text += chunk
      this.got.set(request.url, [...this.got.get(request.url) ?? [], JSON.parse(text)])
      reply.end('{}')
    })
    this.home = folder('revisions')
    this.library = join(this.home, 'lib')
    this.numbers = 0
  }

  async start(version, { data = 'data' } = {}) {
    await new Promise(done => this.http.listen(0, '127.0.0.1', done))
    this.write(version)
    this.tidelock = new Tidelock({ integration: join(this.home, 'integration'), data: join(this.home, data), args: ['--lib', this.library, '--lanes', '3'],
      settings: { 'sink.url': `http://127.0.0.1:${this.http.address().port}` } })
    await this.tidelock.start()
    this.hashes = { [version]: (await this.tidelock.json('status')).revision }
  }

  write(version, texts = files) {
    for (const [path, text] of Object.entries(texts(version))) {
      mkdirSync(join(this.home, 'integration', path, '..'), { recursive: true })
      writeFileSync(join(this.home, 'integration', path), text)
    }
    cpSync(join(root, 'scripts/lib'), this.library, { recursive: true })
    writeFileSync(join(this.library, 'stamp.lua'), `return { version = "${version}" }\n`)
  }

  async replace(version, { kill = false, meanwhile, texts } = {}) {
    await (kill ? this.tidelock.kill() : this.tidelock.stop())
    this.write(version, texts)
    await meanwhile?.()
    await this.tidelock.start()
    this.hashes[version] = (await this.tidelock.json('status')).revision
  }

  async stop() {
    await this.tidelock?.stop()
    await new Promise(done => this.http.close(done))
  }

  async send(system, order) {
    const reply = await this.tidelock.post(system, JSON.stringify({ id: ++this.numbers, order_no: order }))
    assert.equal(reply.status, 202)
  }

  // Sends orders and returns when all of them wait for their shipment.
  async begin(...orders) {
    for (const order of orders) await this.send('shop', order)
    await until('all wait', async () => orders.every(order => this.got.has(`/begun/${order}`)) && (await this.flow()).unfinished === 0)
  }

  async ship(...orders) { for (const order of orders) await this.send('ship', order) }
  done(order) { return until(`${order} done`, () => this.got.get(`/done/${order}`)) }
  async flow() { return (await this.tidelock.json('status')).engine.flows.find(f => f.name === 'deliver') }
  kept(version) { return join(this.tidelock.data, 'revisions', this.hashes[version]) }
  parked(order) { return until(`${order} parked`, async () => (await this.tidelock.json('exceptions', 'list')).exceptions.find(e => e.key === order)) }

  async retry(id) {
    const { code, err } = await this.tidelock.command('exceptions', 'retry', id, '--reason', 'it can go on')
    assert.equal(code, 0, err)
  }
}

async function start(t, options) {
  const world = new World()
  t.after(() => world.stop())
  await world.start('v1', options)
  return world
}

for (const kill of [false, true]) test(`after a ${kill ? 'kill' : 'stop'} and a start with another folder, what had begun ends as it began`, async t => {
  const world = await start(t)
  const old = Array.from({ length: 12 }, (_, i) => `A-${i}`)
  await world.begin(...old)
  await world.replace('v2', { kill })
  await world.begin('B-1')
  const { revision, earlier_runs } = await world.tidelock.json('status')
  assert.equal(revision, world.hashes.v2)
  assert.deepEqual(earlier_runs, { runs: 12, revisions: [{ revision: world.hashes.v1, runs: 12 }], not_kept: 0 })
  const { out } = await world.tidelock.command('status')
  assert.ok(out.includes(`open runs on earlier revisions: 12 (${world.hashes.v1.slice(0, 12)}: 12)`), out)
  await world.replace('v3', { kill })
  assert.equal(new Set(Object.values(world.hashes)).size, 3)
  await world.begin('C-1')
  await world.ship(...old, 'B-1', 'C-1')
  for (const order of old) assert.deepEqual(await world.done(order), [by('v1')])
  assert.deepEqual(await world.done('B-1'), [by('v2')])
  assert.deepEqual(await world.done('C-1'), [by('v3')])
  for (const order of [...old, 'B-1', 'C-1']) assert.equal(world.got.get(`/begun/${order}`).length, 1, `${order} was begun once`)
  await until('no open runs', async () => (await world.tidelock.json('status')).earlier_runs.runs === 0)
  assert.equal((await world.tidelock.json('exceptions', 'list')).exceptions.length, 0)
})

test('an engine that starts anew for a setting goes on with earlier revisions too', async t => {
  const world = await start(t)
  await world.begin('A-1', 'A-2')
  await world.replace('v2')
  await world.ship('A-1')
  assert.deepEqual(await world.done('A-1'), [by('v1')])
  const { code, err } = await world.tidelock.command('settings', 'set', 'sink.url', `http://localhost:${world.http.address().port}`)
  assert.equal(code, 0, err)
  await until('ready', async () => (await fetch(`${world.tidelock.ops}/readyz`)).ok)
  world.tidelock.readAddresses()
  await world.ship('A-2')
  assert.deepEqual(await world.done('A-2'), [by('v1')])
})

test('without the kept folder the run is parked and says what to do; with the folder back it goes on as it began', async t => {
  const world = await start(t)
  await world.begin('A-1')
  const folder = world.kept('v1')
  await world.replace('v2', { meanwhile: () => renameSync(folder, `${folder}.away`) })
  assert.deepEqual((await world.tidelock.json('status')).earlier_runs, { runs: 1, revisions: [], not_kept: 1 })
  await world.ship('A-1')
  const { id, class: cls, message } = await world.parked('A-1')
  assert.equal(cls, 'revision')
  assert.match(message, new RegExp(`began under revision ${world.hashes.v1.slice(0, 12)}`))
  assert.ok(message.includes(folder), message)
  assert.match(message, /bring that folder back.*tidelock runs move/)
  await world.begin('B-1')
  await world.ship('B-1')
  assert.deepEqual(await world.done('B-1'), [by('v2')], 'other work goes on')

  await world.retry(id)
  await until('parked again', async () => { const x = await world.parked('A-1'); return !x.retrying && x.attempts > 0 && x })
  assert.equal(world.got.has('/done/A-1'), false)
  renameSync(`${folder}.away`, folder)
  await world.retry((await world.parked('A-1')).id)
  assert.deepEqual(await world.done('A-1'), [by('v1')])
  assert.equal(world.got.get('/begun/A-1').length, 1)
})

test('without the kept folder, runs move takes the run to the live revision', async t => {
  const world = await start(t)
  await world.begin('A-1', 'A-2')
  await world.replace('v2', { meanwhile: () => renameSync(world.kept('v1'), `${world.kept('v1')}.away`) })
  await world.ship('A-1')
  const { id } = await world.parked('A-1')
  const { runs } = await world.tidelock.json('runs', 'list')
  assert.deepEqual(runs.map(r => [r.key, r.state, r.revision]).sort(), [['A-1', 'parked', world.hashes.v1], ['A-2', 'waiting', world.hashes.v1]])
  for (const run of runs) { // parked, and before it is woken
    const { code, err } = await world.tidelock.command('runs', 'move', run.id, '--yes', '--reason', 'the folder is lost')
    assert.equal(code, 0, err)
  }
  await world.ship('A-2')
  await world.retry(id)
  for (const order of ['A-1', 'A-2']) {
    assert.deepEqual(await world.done(order), [by('v2')])
    assert.equal(world.got.get(`/begun/${order}`).length, 1, 'what was done is not done again')
  }
})

test('a damaged copy is not believed', async t => {
  const world = await start(t)
  await world.begin('A-1')
  await world.replace('v2', { kill: true, meanwhile: () => appendFileSync(join(world.kept('v1'), 'integration/lib/words.lua'), '\n') })
  await world.ship('A-1')
  const { class: cls, message } = await world.parked('A-1')
  assert.equal(cls, 'revision')
  assert.match(message, /damaged/)
  assert.equal(world.got.has('/done/A-1'), false)
  await world.replace('v1') // whole again: the folder as it was is started once more
  await world.retry((await world.parked('A-1')).id)
  assert.deepEqual(await world.done('A-1'), [by('v1')])
})

test('systems are those of today: one that is gone parks the run, one that is back lets it go on', async t => {
  const world = await start(t)
  await world.begin('A-1')
  await world.replace('v2', { texts: withoutSink })
  await world.ship('A-1')
  const { id, message } = await world.parked('A-1')
  assert.match(message, /sink/)
  await world.replace('v3')
  await world.retry(id)
  assert.deepEqual(await world.done('A-1'), [by('v1')])
  assert.equal(world.got.get('/begun/A-1').length, 1)
})

test('a data folder inside the integration is no part of its revision', async t => {
  const world = await start(t, { data: 'integration/data' })
  const kept = () => readdirSync(join(world.tidelock.data, 'revisions'))
  assert.deepEqual(kept(), [world.hashes.v1])
  await world.replace('v1')
  assert.deepEqual(kept(), [world.hashes.v1])
  await world.begin('A-1')
  await world.replace('v2')
  await world.ship('A-1')
  assert.deepEqual(await world.done('A-1'), [by('v1')])
})

test('a start removes revisions that nobody needs, after 30 days', async t => {
  const world = await start(t)
  await world.begin('A-1')
  await world.replace('v2')
  await world.replace('v3')
  const days = n => new Date(Date.now() - n * 86400000)
  await world.replace('v4', { meanwhile: () => { for (const v of ['v1', 'v2']) utimesSync(world.kept(v), days(31), days(31)) } })
  assert.deepEqual(readdirSync(join(world.tidelock.data, 'revisions')).sort(), ['v1', 'v3', 'v4'].map(v => world.hashes[v]).sort())
  await world.ship('A-1')
  assert.deepEqual(await world.done('A-1'), [by('v1')])
})
