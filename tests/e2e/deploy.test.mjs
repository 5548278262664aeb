// Deploys into a server that works on: what is wrong is refused and changes nothing, what is right is live at once, nothing is
// lost or done twice meanwhile, and the history says what is live, also after a kill.
import test from 'node:test'
import assert from 'node:assert/strict'
import { cpSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { dirname, join } from 'node:path'
import { folder } from '../world/folder.mjs'
import { Tidelock, build, tool } from '../world/tidelock.mjs'
import { until } from '../world/wait.mjs'

// An order goes to the sink with the version that wrote it; one with `waits` begins, waits for its shipment, and ends then.
const files = version => ({
  'integration.lua': `
integration "deploys" { steward = "nobody" }
steward "nobody" {}
system "shop" { connector = "webhook@1", scheme = "none", type = "Order", key = "/order_no", dedupe = "/id" }
system "ship" { connector = "webhook@1", scheme = "none", type = "Shipment", key = "/order_no", dedupe = "/id" }
system "sink" { connector = "webhook@1", url = setting "sink.url", retry = { first = "20ms", cap = "200ms" } }
`,
  'contracts/order.json': JSON.stringify({ type: 'object', required: ['order_no'], properties: { order_no: { type: 'string' }, waits: { type: 'boolean' }, n: { type: 'integer' } } }),
  'contracts/any.json': '{"type":"object"}',
  'entities.lua': `
entity "party@1" { contract = "contracts/party.json", steward = "nobody", key = "no", owner = "shop" }
`,
  'contracts/party.json': JSON.stringify({ type: 'object', required: ['no', 'name'], additionalProperties: false, properties: { no: { type: 'string' }, name: { type: 'string' } } }),
  'lenses/party.lua': 'return lens "party@1 <-> shop.Party" {\n  no = "No",\n  name = "Name",\n}\n',
  'lib/words.lua': `return { version = "${version}" }\n`,
  'events.lua': `
event "order.placed@1"  { contract = "contracts/order.json", key = "order_no", steward = "nobody", from = "shop.Order" }
event "order.shipped@1" { contract = "contracts/any.json", key = "order_no", steward = "nobody", from = "ship.Shipment" }
`,
  'flows.lua': `
local words = require "words"
flow "deliver" { on = "order.placed@1", steward = "nobody", run = function(ctx, e)
  if e.data.waits then
    ctx.sink:store { path = "begun/" .. e.key, body = { by = words.version } }
    ctx:await { "order.shipped@1" }
  end
  ctx.sink:store { path = "done/" .. e.key, body = { by = words.version } }
end }
`,
  'tests/deliver_test.lua': `
describe("deliver", function()
  it("stores an order", function(w)
    w:deliver("order.placed@1", { order_no = "A-1" })
    assert.equal(1, w.sink:count "store")
  end)
end)
`,
})

const endless = seconds => `
describe("deliver", function()
  for i = 1, ${seconds} do it("ends some day " .. i, function(w) local n = 0 while true do n = n + 1 end end) end
end)
`

class World {
  constructor() {
    this.got = new Map() // path → versions, in the order of their arrival
    this.http = createServer(async (request, reply) => {
      let text = ''
      for await (const chunk of request) text += chunk
      this.got.set(request.url, [...this.got.get(request.url) ?? [], JSON.parse(text).by])
      reply.end('{}')
    })
    this.home = folder('deploy')
    this.numbers = 0
  }

  async start({ args = [] } = {}) {
    await new Promise(done => this.http.listen(0, '127.0.0.1', done))
    this.tidelock = new Tidelock({ integration: this.write('v1'), data: join(this.home, 'data'), args: ['--lanes', '2', ...args],
      settings: { 'sink.url': `http://127.0.0.1:${this.http.address().port}` } })
    await this.tidelock.start()
    return this
  }

  // A folder of its own for each version; `changed` replaces files (null: without it).
  write(version, changed = {}) {
    const dir = join(this.home, version)
    rmSync(dir, { recursive: true, force: true })
    for (const [path, text] of Object.entries({ ...files(version), ...changed })) {
      if (text === null) continue
      mkdirSync(join(dir, dirname(path)), { recursive: true })
      writeFileSync(join(dir, path), text)
    }
    return dir
  }

  async stop() {
    await this.tidelock?.stop()
    await new Promise(done => this.http.close(done))
  }

  async send(order, more = {}) {
    const reply = await this.tidelock.post('shop', JSON.stringify({ id: ++this.numbers, order_no: order, ...more }))
    assert.equal(reply.status, 202)
  }

  async ship(order) {
    const reply = await this.tidelock.post('ship', JSON.stringify({ id: ++this.numbers, order_no: order }))
    assert.equal(reply.status, 202)
  }

  done(order) { return until(`${order} done`, () => this.got.get(`/done/${order}`)) }
  async live() { return (await this.tidelock.json('status')).revision }
  deploy(dir, ...more) { return this.tidelock.command('deploy', dir, '--reason', 'a test', ...more) }
  async revisions() { return (await this.tidelock.json('revisions')).revisions }

  async deployed(version, changed) {
    const { code, out, err } = await this.deploy(this.write(version, changed), '--json')
    assert.equal(code, 0, out + err)
    return JSON.parse(out)
  }

  // It is refused where and why it should be, and what was live stays so and works.
  async refused(dir, { code = 65, stage, why, words = [] }) {
    const before = await this.live(), order = `R-${++this.numbers}`
    const { code: got, out, err } = await this.deploy(dir, ...words)
    assert.equal(got, code, out + err)
    assert.match(err, new RegExp(`refused at ${stage}: `))
    assert.match(out + err, why)
    assert.match(err, new RegExp(`${before.slice(0, 12)} stays live`))
    assert.equal(await this.live(), before)
    const [newest] = await this.revisions()
    assert.deepEqual([newest.act, newest.outcome, newest.stage, newest.live], ['deploy', 'refused', stage, false])
    await this.send(order)
    await this.done(order)
    return out
  }
}

async function start(t, options) {
  const world = new World()
  t.after(() => world.stop())
  return world.start(options)
}

test('a deploy while events flow: nothing is lost or done twice, and what comes after it is done by the new revision', async t => {
  const world = await start(t)
  await world.send('W-1', { waits: true })
  await until('it waits', () => world.got.has('/begun/W-1'))
  const sent = []
  let on = true
  const flowing = (async () => {
    for (let n = 0; on || n % 50; n++) {
      sent.push(`F-${n}`)
      await world.send(`F-${n}`)
    }
  })()
  const versions = []
  for (const version of ['v2', 'v3', 'v4']) {
    const answer = await world.deployed(version)
    assert.deepEqual([answer.outcome, answer.live, answer.tests.passed, answer.laws.lenses], ['live', answer.revision, 1, 1])
    assert.ok(answer.ms.pause > 0 && answer.ms.pause < 1000, `work stood still for ${answer.ms.pause} ms`)
    await world.send(`after-${version}`)
    assert.deepEqual(await world.done(`after-${version}`), [version])
    versions.push(answer)
  }
  on = false
  await flowing
  for (const order of sent) assert.equal((await world.done(order)).length, 1, order)
  const by = sent.map(order => world.got.get(`/done/${order}`)[0])
  assert.ok(by.every(v => /^v[1-4]$/.test(v)))
  assert.deepEqual(versions.map(v => v.before).slice(1), versions.map(v => v.revision).slice(0, -1))
  await world.ship('W-1')
  assert.deepEqual(await world.done('W-1'), ['v1'], 'a run that waited ends as it began')
  assert.equal((await world.tidelock.json('exceptions', 'list')).exceptions.length, 0)
  const { code, out } = await world.deploy(world.write('v4'))
  assert.equal(code, 0)
  assert.match(out, /is live already; nothing was done/)
})

test('what is wrong is refused with its stage, file and line; what was live stays and works', async t => {
  const world = await start(t)
  const bad = (name, changed) => world.write(name, changed)
  await world.refused(bad('syntax', { 'flows.lua': 'flow "deliver" {\n  on = \n}' }), { stage: 'check', why: /^flows\.lua:3: error: /m })
  await world.refused(bad('raises', { 'lib/words.lua': 'error("not today")' }), { stage: 'check', why: /lib\/words\.lua:1: .*not today/ })
  await world.refused(bad('endless', { 'lib/words.lua': 'while true do end' }), { stage: 'check', why: /lib\/words\.lua:1: error: loading this file takes too much time/ })
  await world.refused(bad('hungry', { 'lib/words.lua': 'local t = {} for i = 1, 1e9 do t[i] = { i } end return t' }), { stage: 'check', why: /memory/ })
  await world.refused(bad('connector', { 'integration.lua': files('x')['integration.lua'].replace('connector = "webhook@1", url', 'connector = "webhok@1", url') }),
    { stage: 'check', why: /integration\.lua:6: error: .*webhok/ })
  await world.refused(bad('contract', { 'contracts/order.json': JSON.stringify({ type: 'object', required: ['order_no', 'n'], properties: { order_no: { type: 'string' }, n: { type: 'integer' } } }) }),
    { stage: 'contracts', why: /order\.placed@1.*breaks writers/ })
  await world.refused(bad('secret', { 'integration.lua': `${files('x')['integration.lua']}\nsystem "far" { connector = "webhook@1", url = setting "sink.url", secret = secret "far.secret" }\n` }),
    { stage: 'settings', why: /tidelock secrets set far\.secret/ })
  await world.refused(bad('law', { 'lenses/party.lua': 'return lens "party@1 <-> shop.Party" {\n  no = "No",\n  name = as.pair("Name", function(v) return v:upper() end, function(v) return v end),\n}\n' }),
    { stage: 'laws', why: /^lenses\/party\.lua:3: law put-get: lens "party@1 <-> shop\.Party", name: /m })
  const failing = { 'tests/more_test.lua': 'describe("more", function()\n  it("is two", function(w) assert.equal(2, 1) end)\nend)\n' }
  const out = await world.refused(bad('tests', failing), { stage: 'tests', why: /1 of 2 tests failed/ })
  assert.match(out, /FAIL +more: is two[\s\S]*tests\/more_test\.lua:2:[\s\S]*expected 2, got 1/)
  await world.refused(bad('no tests', { 'tests/more_test.lua': 'describe("more", function() it(' }), { stage: 'tests', why: /tests\/more_test\.lua:1/ })
  await world.refused(bad('big test', { 'tests/more_test.lua': 'describe("more", function() it("grows", function(w) local t = {} for i = 1, 1e9 do t[i] = { i } end end) end)\n' }),
    { stage: 'tests', why: /memory/ })
  assert.deepEqual(readdirSync(world.tidelock.data).includes('staging') ? readdirSync(join(world.tidelock.data, 'staging')) : [], [], 'nothing is left behind')

  const skipped = await world.deploy(world.write('skipped', failing), '--skip-tests')
  assert.equal(skipped.code, 0, skipped.err)
  assert.match(skipped.out, /no tests were run/)
})

test('tests that never end are killed when their time is over; the server answers meanwhile', async t => {
  const world = await start(t, { args: ['--trial', '4s'] })
  const before = await world.live()
  const deploying = world.deploy(world.write('endless', { 'tests/deliver_test.lua': endless(30) }))
  await until('it is on its way', async () => (await world.tidelock.json('revisions')).doing === 'deploy')
  for (let n = 0; n < 5; n++) {
    await world.send(`M-${n}`)
    assert.deepEqual(await world.done(`M-${n}`), ['v1'])
    assert.equal((await world.tidelock.json('status')).revision, before)
  }
  const set = await world.tidelock.command('settings', 'set', 'sink.url', `http://localhost:${world.http.address().port}`, '--reason', 'does not wait for tests')
  assert.match(set.out, /set and in use/)
  assert.equal((await world.tidelock.json('revisions')).doing, 'deploy')
  const { code, err } = await deploying
  assert.equal(code, 1)
  assert.match(err, /refused at tests: running the tests: it was killed/)
  assert.equal(await world.live(), before)
})

test('two at once take turns, and each is told what is live', async t => {
  const world = await start(t)
  const first = await world.live()
  const answers = await Promise.all(['v2', 'v3', 'v4'].map(v => world.deploy(world.write(v), '--json')))
  for (const { code, err } of answers) assert.equal(code, 0, err)
  const done = answers.map(a => JSON.parse(a.out))
  for (const answer of done) assert.equal(answer.live, answer.revision)
  const after = hash => done.find(a => a.before === hash)
  const order = [after(first), after(after(first).live), after(after(after(first).live).live)]
  assert.equal(new Set(order.map(a => a.revision)).size, 3, 'each began with what the one before it made live')
  assert.equal(await world.live(), order[2].revision)

  // The second is judged by what is live when its turn comes: the first gave its contract another version.
  const party = type => ({ 'contracts/party.json': JSON.stringify({ type: 'object', required: ['no', 'name'], additionalProperties: false, properties: { no: { type: 'string' }, name: { type: 'string' }, m: { type } } }) })
  const wide = party('string'), narrow = party('integer')
  const [one, two] = await Promise.all([world.deploy(world.write('wide', wide)), world.deploy(world.write('narrow', narrow))])
  assert.deepEqual([one.code, two.code].sort(), [0, 65], one.err + two.err)
  assert.match(one.err + two.err, /refused at contracts: .*m/)
})

test('rollback goes back in one step, and further with the next; the history tells all', async t => {
  const world = await start(t)
  const v1 = await world.live()
  await world.send('W-1', { waits: true })
  await until('it waits', async () => (await world.tidelock.json('runs', 'list')).runs.length === 1)
  const v2 = (await world.deployed('v2')).live, v3 = (await world.deployed('v3')).live
  await world.refused(world.write('bad', { 'flows.lua': '(' }), { stage: 'check', why: /flows\.lua/ })

  const dry = await world.tidelock.command('rollback', '--dry-run')
  assert.equal(dry.code, 2, dry.err)
  assert.match(dry.out, /~ library lib\/words\.lua/)
  assert.equal(await world.live(), v3)
  assert.equal((await world.tidelock.command('rollback')).code, 64, 'it needs a reason')
  const back = async (...words) => {
    const { code, out, err } = await world.tidelock.command('rollback', '--reason', 'orders are wrong', '--json', ...words)
    return code === 0 ? JSON.parse(out).live : { code, err }
  }
  assert.equal(await back(), v2)
  await world.send('B-1')
  assert.deepEqual(await world.done('B-1'), ['v2'])
  assert.equal(await back(), v1)
  const none = await back()
  assert.equal(none.code, 1)
  assert.match(none.err, new RegExp(`no earlier revision.*; nothing was changed, ${v1.slice(0, 12)} stays live`))
  assert.match((await back('--to', 'abc')).err, new RegExp(`too short for a revision.*; nothing was changed, ${v1.slice(0, 12)} stays live`))
  assert.equal(await back('--to', v3.slice(0, 12)), v3)
  assert.match((await back('--to', 'abcdef')).err, /no revision kept here begins with 'abcdef'/)

  const all = await world.revisions()
  assert.deepEqual(all.filter(r => r.outcome === 'live').map(r => [r.act, r.revision, r.before, r.live]), [
    ['rollback', v3, v1, true], ['rollback', v1, v2, false], ['rollback', v2, v3, false], ['deploy', v3, v2, false], ['deploy', v2, v1, false], ['start', v1, '', false]])
  assert.ok(all.every(r => r.act === 'start' || (/uid \d+/.test(r.who) && r.reason.length > 0 && !Number.isNaN(Date.parse(r.time)))))
  assert.equal(all.find(r => r.revision === v1).runs, 1)
  assert.ok(all.filter(r => r.outcome === 'live').every(r => r.kept))
  const { out } = await world.tidelock.command('revisions')
  assert.match(out, new RegExp(`^\\* .* ${v3.slice(0, 12)}  deploys +rollback  LIVE .*: orders are wrong$`, 'm'))
  assert.match(out, /refused .*: a test\n +at check: flows\.lua:1/)
  assert.match(out, /\[1 open runs\]/)
  await world.ship('W-1')
  assert.deepEqual(await world.done('W-1'), ['v1'])
})

test('plan says what a deploy would change, and changes nothing', async t => {
  const world = await start(t)
  const before = await world.live()
  const plan = async (dir, ...words) => { const { code, out, err } = await world.tidelock.command('plan', dir, ...words); return { code, out, err } }
  const same = await plan(world.write('v1'))
  assert.equal(same.code, 0, same.err)
  assert.match(same.out, /0 differences/)
  await world.send('W-1', { waits: true })
  await until('it waits', async () => (await world.tidelock.json('runs', 'list')).runs.length === 1)

  const base = files('v1')
  const dir = world.write('much', {
    ...base,
    'integration.lua': base['integration.lua'].replace('retry = { first = "20ms", cap = "200ms" }', 'retry = { first = "30ms" }, limits = { concurrent = 2 }')
      + 'system "far" { connector = "webhook@1", url = setting "far.url", secret = secret "far.secret" }\n',
    'contracts/order.json': JSON.stringify({ type: 'object', required: ['order_no'], properties: { order_no: { type: 'string' }, waits: { type: 'boolean' }, n: { type: 'integer' }, note: { title: 'A note' } } }),
    'contracts/party.json': JSON.stringify({ type: 'object', required: ['no'], additionalProperties: false, properties: { no: { type: 'string' }, name: { type: 'string' } } }),
    'lookups/words.csv': 'key,word\na,b\n',
    'lenses/party.lua': 'return lens "party@1 <-> shop.Party" {\n  no = "No",\n  name = "FullName",\n}\n',
    'flows.lua': base['flows.lua'].replace('flow "deliver" {', 'flow "carry" { priority = "bulk",'),
  })
  const { code, out, err } = await plan(dir)
  assert.equal(code, 65, 'a contract breaks')
  assert.match(err, /a deploy would be refused: 1 error/)
  for (const line of ['+ system far', '~ system sink: limits, retry', '~ entity party@1: the contract breaks readers', '~ event order.placed@1: the contract is compatible',
    '+ flow carry', '- flow deliver', '~ contract contracts/order.json', '+ lookup lookups/words.csv', '~ lens lenses/party.lua', '~ file flows.lua',
    '! setting far.url has no value (integration.lua:7): tidelock settings set far.url VALUE', '! secret far.secret has no value (integration.lua:7): tidelock secrets set far.secret < FILE',
    '= 1 open runs of flow deliver stay on the revision they began with, which is gone']) assert.ok(out.split('\n').includes(line), `${line}\n${out}`)
  const fine = await plan(world.write('v2'), '--json')
  assert.equal(fine.code, 2, fine.err)
  assert.deepEqual(JSON.parse(fine.out).changes, [{ kind: 'library', name: 'lib/words.lua', change: 'changed', text: '' }])
  assert.equal((await world.tidelock.command('deploy', world.write('v2'), '--dry-run')).code, 2)
  assert.equal((await world.tidelock.command('plan', join(world.home, 'nowhere'))).code, 65)
  assert.equal(await world.live(), before)
  assert.equal((await world.revisions()).length, 1)
})

test('a contract that was dropped is still the one of its version: who brings it back may not break it', async t => {
  const world = await start(t)
  const paid = type => ({ 'contracts/paid.json': JSON.stringify({ type: 'object', required: ['order_no', 'credit'], properties: { order_no: { type: 'string' }, credit: { type } } }),
    'events.lua': files('v1')['events.lua'] + 'event "order.paid@1" { contract = "contracts/paid.json", key = "order_no", steward = "nobody" }\n',
    'entities.lua': files('v1')['entities.lua'] + 'entity "paid@1" { contract = "contracts/paid.json", steward = "nobody", key = "order_no", owner = "shop" }\n' })
  const { revision: first } = await world.deployed('p1', paid('number'))
  await world.deployed('p2')
  await world.deployed('p2b')
  const broken = world.write('p3', paid('string'))
  const why = /events\.lua:4: error: the contract of event "order\.paid@1" breaks readers and writers of revision [0-9a-f]{12}, which declared it last: \/credit: .*give it a new version, "order\.paid@N"/
  await world.refused(broken, { stage: 'contracts', why })
  await world.refused(broken, { stage: 'contracts', why: /the contract of entity "paid@1" breaks readers and writers of revision/ })
  const planned = await world.tidelock.command('plan', broken)
  assert.match(planned.out, why)
  await world.tidelock.stop()
  world.tidelock.integration = null
  const old = Date.now() / 1000 - 31 * 24 * 3600
  utimesSync(join(world.tidelock.data, 'revisions', first), old, old)
  await world.tidelock.start() // it is remembered, not only known to the process
  await world.refused(broken, { stage: 'contracts', why })
  await world.deployed('p4', paid('number'))
  const [revision] = (await world.revisions()).filter(r => r.live)
  await world.deployed('p5')
  await world.tidelock.stop()
  rmSync(join(world.tidelock.data, 'revisions', revision.revision), { recursive: true })
  await world.tidelock.start()
  await world.refused(broken, { stage: 'contracts', why: /cannot be read, so this one cannot be judged: .*give it a new version/ })
})

test('no text from outside steers a terminal or begins a line of the history', async t => {
  const world = await start(t), before = await world.live(), control = /[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e]/
  for (const reason of ['a\n* 2026-01-01T00:00:00 0123456789ab', 'a\x1b[31m', 'a\u009b31m', 'a\u202eb']) {
    for (const command of [['deploy', world.write('v2')], ['rollback'], ['pause', 'flow', 'deliver'], ['settings', 'set', 'sink.url', 'http://127.0.0.1:1']]) {
      const { code, err } = await world.tidelock.command(...command, '--reason', reason)
      assert.equal(code, 65, `${command}: ${err}`)
      assert.match(err, /the reason holds a control character \(U\+[0-9A-F]{4}\)/)
      assert.doesNotMatch(err, control)
    }
  }
  assert.equal(await world.live(), before)
  const raises = await world.deploy(world.write('raises', { 'flows.lua': 'error("one\\n* two\\27[31m three\u009bm")' }))
  assert.equal(raises.code, 65)
  assert.doesNotMatch(raises.out + raises.err, control)
  const key = 'K\n* \x1b[31m\u202e'
  await world.send(key, { waits: true })
  await until('it waits', async () => (await world.tidelock.json('runs', 'list')).runs.length === 1)
  for (const words of [['revisions'], ['runs', 'list'], ['trace', key]]) {
    const { code, out, err } = await world.tidelock.command(...words)
    assert.equal(code, 0, err)
    assert.doesNotMatch(out, control, words[0])
    assert.doesNotMatch(out, /^\* (two|$)/m, words[0])
    assert.match(out, words[0] === 'revisions' ? /one\\n\* two\\u001b\[31m three\\u009bm/ : /K\\n\* \\u001b\[31m\\u202e/, words[0])
  }
})

test('a flow that goes with work pending is refused, or its work is parked', async t => {
  const world = await start(t)
  await world.tidelock.command('pause', 'flow', 'deliver', '--reason', 'a test')
  await world.send('P-1')
  await until('pending', async () => (await world.tidelock.json('status')).engine.flows.find(f => f.name === 'deliver').unfinished === 1)
  const gone = world.write('gone', { 'flows.lua': files('v2')['flows.lua'].replace('"deliver"', '"carry"'), 'tests/deliver_test.lua': null })
  const before = await world.live()
  assert.match((await world.tidelock.command('plan', gone)).out, /! flow deliver goes and has 1 units pending/)
  const refused = await world.deploy(gone)
  assert.equal(refused.code, 2, refused.err)
  assert.match(refused.err, /refused at switch: .*deliver/)
  assert.equal(await world.live(), before)
  assert.equal((await world.deploy(gone, '--park-removed')).code, 65, 'it needs --yes')
  const parked = await world.deploy(gone, '--park-removed', '--yes')
  assert.equal(parked.code, 0, parked.err)
  await until('parked', async () => (await world.tidelock.json('exceptions', 'list')).exceptions.some(e => e.key === 'P-1'))
})

test('an event that goes and that open runs wait for is named by plan and refused, or they are left waiting', async t => {
  const world = await start(t), before = await world.live()
  await world.send('W-1', { waits: true })
  await until('it waits', async () => (await world.tidelock.json('runs', 'list')).runs.some(r => r.state === 'waiting'))
  const gone = world.write('gone', { 'events.lua': files('v2')['events.lua'].replace(/^event "order.shipped@1".*\n/m, ''), 'tests/deliver_test.lua': null,
    'flows.lua': 'flow "deliver" { on = "order.placed@1", steward = "nobody", run = function(ctx, e) ctx:log("nothing") end }\n' })
  const planned = await world.tidelock.command('plan', gone)
  assert.equal(planned.code, 2, planned.err)
  assert.match(planned.out, /^! 1 open runs of flow deliver wait for order\.shipped@1, which is not declared any more and cannot come/m)
  const refused = await world.deploy(gone)
  assert.equal(refused.code, 2, refused.out + refused.err)
  assert.match(refused.err, /refused at switch: events would not be declared any more that open runs wait for: "order\.shipped@1" by "deliver" \(1\)/)
  assert.equal(await world.live(), before)
  assert.equal((await world.deploy(gone, '--park-removed', '--yes')).code, 0)
  assert.equal((await world.tidelock.json('runs', 'list')).runs.length, 1, 'it still waits')
  assert.equal((await world.tidelock.command('rollback', '--reason', 'the event is needed')).code, 0)
  await world.ship('W-1')
  assert.deepEqual(await world.done('W-1'), ['v1'])
})

test('a system that goes and that open runs use is refused, or the runs are parked when they want it', async t => {
  const world = await start(t)
  await world.send('W-1', { waits: true })
  await until('it waits', async () => (await world.tidelock.json('runs', 'list')).runs.length === 1)
  const gone = world.write('gone', { 'integration.lua': files('v2')['integration.lua'].replace(/^system "sink".*\n/m, ''), 'tests/deliver_test.lua': null,
    'flows.lua': 'flow "deliver" { on = "order.placed@1", steward = "nobody", run = function(ctx, e) ctx:log("nothing") end }\n' })
  assert.match((await world.tidelock.command('plan', gone)).out, /^! 1 open runs of flow deliver stay .*; systems they may use go: \["sink"\]$/m)
  const before = await world.live()
  const refused = await world.deploy(gone)
  assert.equal(refused.code, 2, refused.err)
  assert.match(refused.err, /refused at switch: .*"sink" by "deliver" \(1\)/)
  assert.equal(await world.live(), before)
  const parked = await tool(['deploy', gone, '--reason', 'a test', '--park-removed', '--yes', '--target', join(world.tidelock.data, 'control.sock')])
  assert.equal(parked.code, 0, parked.err)
  await world.ship('W-1')
  const { id } = await until('parked', async () => (await world.tidelock.json('exceptions', 'list')).exceptions.find(e => e.key === 'W-1'))
  assert.equal((await world.tidelock.command('rollback', '--reason', 'the sink is needed')).code, 0)
  assert.equal((await world.tidelock.command('exceptions', 'retry', id, '--reason', 'it is back')).code, 0)
  assert.deepEqual(await world.done('W-1'), ['v1'])
})

test('plan names one of several systems of a kind that goes, as the deploy refuses it', async t => {
  const world = await start(t)
  const system = name => `system "${name}" { kind = "out", connector = "webhook@1", url = setting "sink.url" }\n`
  const folder = (name, systems) => world.write(name, { 'tests/deliver_test.lua': null,
    'integration.lua': files('v2')['integration.lua'].replace(/^system "sink".*\n/m, `${systems.map(system).join('')}route "out" { by = "order_no", to = { ["0"] = "sink" }, otherwise = "sink" }\n`),
    'flows.lua': files('v2')['flows.lua'].replaceAll('ctx.sink:', 'ctx.out:') })
  assert.equal((await world.deploy(folder('two', ['sink', 'spare']))).code, 0)
  await world.send('W-1', { waits: true })
  await until('it waits', async () => (await world.tidelock.json('runs', 'list')).runs.length === 1)
  const one = folder('one', ['sink'])
  assert.match((await world.tidelock.command('plan', one)).out, /^! 1 open runs of flow deliver stay .*; systems they may use go: \["spare"\]$/m)
  assert.match((await world.deploy(one)).err, /refused at switch: .*"spare" by "deliver" \(1\)/)
})

test('a start without a folder goes on with what was live last; one with a folder takes that', async t => {
  const world = await start(t)
  const v1 = await world.live(), v2 = (await world.deployed('v2')).live
  await world.tidelock.stop()
  const { integration } = world.tidelock
  world.tidelock.integration = null
  await world.tidelock.start()
  assert.equal(await world.live(), v2)
  await world.send('A-1')
  assert.deepEqual(await world.done('A-1'), ['v2'])
  await world.tidelock.stop()
  world.tidelock.integration = integration
  await world.tidelock.start()
  assert.equal(await world.live(), v1)
  const [newest] = await world.revisions()
  assert.deepEqual([newest.act, newest.who, newest.revision, newest.before, newest.live], ['start', 'server start', v1, v2, true])
  const { code, out } = await world.tidelock.command('rollback', '--reason', 'it was meant', '--json')
  assert.equal(code, 0)
  assert.equal(JSON.parse(out).live, v2)
  const empty = new Tidelock({ integration: null })
  await assert.rejects(empty.start(), /no revision was ever live .* name a folder/)
})

test('killed at any moment of a deploy: one of the two is live, and the history says which', async t => {
  const world = await start(t)
  world.tidelock.integration = null
  const known = new Map([[await world.live(), 'v1']])
  for (let round = 0; round < 8; round++) {
    const version = `k${round}`, before = await world.live()
    const order = `K-${round}`
    await world.send(order)
    const deploying = world.deploy(world.write(version), '--json')
    await new Promise(done => setTimeout(done, round * 45)) // another moment each time; whichever it is, the same must hold
    await world.tidelock.kill()
    const { code, out } = await deploying
    await world.tidelock.start()
    const live = await world.live(), history = await world.revisions()
    assert.equal(history.find(r => r.live).revision, live)
    if (code === 0) assert.equal(live, JSON.parse(out).live, 'who was told that it is live was told the truth')
    const expected = live === before ? known.get(before) : version
    if (live !== before) known.set(live, version)
    await world.send(`${order}-after`)
    assert.deepEqual(await world.done(`${order}-after`), [expected])
    assert.ok([...new Set(await world.done(order))].every(v => v === known.get(before) || v === version))
  }
})

test('a server that stops does not wait for a deploy, and says so', async t => {
  const world = await start(t)
  const deploying = world.deploy(world.write('slow', { 'tests/deliver_test.lua': endless(10) })), waiting = world.deploy(world.write('v2'))
  await until('one is on its way, one in line', async () => (await world.tidelock.json('revisions')).waiting === 1)
  const begun = Date.now()
  await world.tidelock.stop()
  assert.ok(Date.now() - begun < 8000)
  for (const { code, err } of await Promise.all([deploying, waiting])) {
    assert.equal(code, 1)
    assert.match(err, /server is stopping/)
  }
})

test('a setting is in use without a deploy, and a deploy does not lose it', async t => {
  const world = await start(t)
  const other = new World()
  await new Promise(done => other.http.listen(0, '127.0.0.1', done))
  t.after(() => new Promise(done => other.http.close(done)))
  const set = port => world.tidelock.command('settings', 'set', 'sink.url', `http://127.0.0.1:${port}`, '--reason', 'moved')
  const [changed, deployed] = await Promise.all([set(other.http.address().port), world.deploy(world.write('v2'))])
  assert.equal(changed.code, 0, changed.err)
  assert.match(changed.out, /set and in use/)
  assert.equal(deployed.code, 0, deployed.err)
  await world.send('S-1')
  assert.deepEqual(await other.done('S-1'), ['v2'])
  assert.equal(world.got.has('/done/S-1'), false)
  assert.equal((await set(world.http.address().port)).code, 0)
  await world.send('S-2')
  assert.deepEqual(await world.done('S-2'), ['v2'])
})

test('a repaired address is tried at once, whatever the breaker has still to wait', async t => {
  const world = await start(t)
  await world.deployed('slow', { 'integration.lua': files('slow')['integration.lua'].replace('retry = {', 'breaker = { failures = 1, probe_after = "5m" }, retry = {') })
  const set = url => world.tidelock.command('settings', 'set', 'sink.url', url, '--reason', 'a test')
  assert.equal((await set('http://127.0.0.1:1')).code, 0)
  await world.send('B-1')
  const gate = async () => (await world.tidelock.json('status')).engine.systems.find(s => s.name === 'sink')
  await until('the breaker is open', async () => (await gate()).gate === 'breaker')
  const { code, out } = await set(`http://127.0.0.1:${world.http.address().port}`)
  assert.equal(code, 0)
  assert.match(out, /set and in use/)
  assert.deepEqual(await world.done('B-1'), ['slow'])
  assert.equal((await gate()).gate, 'open')
})

test('a byte order mark before Lua is no part of it; a limit is a number', async t => {
  const world = await start(t)
  await world.deployed('marked', { 'flows.lua': '\ufeff' + files('marked')['flows.lua'], 'tests/deliver_test.lua': '\ufeff' + files('marked')['tests/deliver_test.lua'] })
  await world.send('M-1')
  assert.deepEqual(await world.done('M-1'), ['marked'])
  world.tidelock.integration = null
  await world.tidelock.stop()
  await world.tidelock.start() // it was kept whole
  for (const words of [['revisions'], ['runs', 'list'], ['exceptions', 'list'], ['decisions', 'list']])
    for (const limit of ['abc', '-5', '0', '1.5', '']) {
      const { code, err } = await world.tidelock.command(...words, '--limit', limit)
      assert.equal(code, 64, words.join(' '))
      assert.match(err, /--limit takes a whole number from 1, not/)
    }
  assert.equal((await world.tidelock.command('revisions', '--limit', '1')).code, 0)
})

test('a setting that no system can be made with is refused, and the value before stays', async t => {
  const world = await start(t)
  const { code, err } = await world.tidelock.command('settings', 'set', 'sink.url', 'no address', '--reason', 'a mistake')
  assert.equal(code, 65, err)
  assert.match(err, /sink\.url: .*; the value before stays/)
  assert.equal((await world.tidelock.json('settings')).settings.find(s => s.name === 'sink.url').value, world.tidelock.settings['sink.url'])
  await world.send('A-1')
  assert.deepEqual(await world.done('A-1'), ['v1'])
  await world.tidelock.stop()
  await world.tidelock.start()
})

test('tests and laws end within limits', async t => {
  const world = new World(), dir = world.write('burn', { 'tests/deliver_test.lua': endless(5) })
  const burnt = await tool(['test', dir, '--limits', '1s'])
  assert.equal(burnt.signal, 'SIGXCPU', burnt.out + burnt.err)
  assert.equal((await tool(['test', world.write('v1'), '--limits', '10s'])).code, 0)
  assert.equal((await tool(['lens', 'laws', world.write('v1'), '--limits', '10s'])).code, 0)
  assert.equal((await tool(['test', dir, '--limits', 'soon'])).code, 65)
})

test('a server that waits for a setting runs what needs none', async t => {
  const world = await start(t)
  await world.tidelock.stop()
  world.tidelock.integration = world.write('far', { 'integration.lua': files('far')['integration.lua'].replace('setting "sink.url"', 'setting "far.url"') })
  await world.tidelock.start({ ready: false })
  await until('it waits', async () => (await world.tidelock.json('status')).state === 'waiting')
  const answer = await world.deployed('v2')
  assert.equal(answer.outcome, 'live')
  const status = await world.tidelock.json('status')
  assert.deepEqual([status.state, status.revision], ['running', answer.live])
  world.tidelock.readAddresses()
  await world.send('A-1')
  assert.deepEqual(await world.done('A-1'), ['v2'])
})

test('plan says when another version of a connector is installed than is loaded', async t => {
  const plugins = join(folder('plugins'), 'plugins'), file = join(plugins, 'webhook.so')
  cpSync(join(build, 'lib/tidelock/plugins'), plugins, { recursive: true })
  const world = await start(t, { args: ['--plugins', plugins] })
  const bytes = readFileSync(file), at = bytes.indexOf('"1.0.0"')
  assert.ok(at > 0)
  bytes.write('"1.0.1"', at)
  writeFileSync(`${file}.new`, bytes, { mode: 0o755 })
  renameSync(`${file}.new`, file)
  const { code, out } = await world.tidelock.command('plan', world.write('v1'))
  assert.equal(code, 0)
  assert.match(out, /^! connector webhook@1: 1\.0\.0 is loaded, 1\.0\.1 is installed/m)
})

test('what comes over the socket is not believed', async t => {
  const world = await start(t)
  const { request } = await import('node:http')
  const post = (path, body) => new Promise((done, fail) => {
    const r = request({ socketPath: join(world.tidelock.data, 'control.sock'), path, method: 'POST', headers: { 'content-type': 'application/json' } }, async reply => {
      let text = ''
      for await (const chunk of reply) text += chunk
      done({ status: reply.statusCode, ...JSON.parse(text) })
    })
    r.on('error', fail)
    r.end(typeof body === 'string' ? body : JSON.stringify(body))
  })
  const good = Object.entries(files('v2')).map(([path, text]) => ({ path, text }))
  for (const [body, why] of [
    ['{"files":', /line 1/], [{ reason: 'x'.repeat(5000), files: good }, /reason is longer/], [{ reason: 'x' }, /"files" must be a list/], [{ files: good }, /say why/],
    [{ reason: 'x', files: [...good, { path: '../out.lua', text: '' }] }, /no path below/],
    [{ reason: 'x', files: [...good, { path: '/etc/x.lua', text: '' }] }, /no path below/],
    [{ reason: 'x', files: [...good, { path: 'lib/.x.lua', text: '' }] }, /no path below/],
    [{ reason: 'x', files: [...good, { path: 'lib/x\u0000.lua', text: '' }] }, /no path below/],
    [{ reason: 'x', files: [...good, { path: 'settings.json', text: '{}' }] }, /no file of an integration/],
    [{ reason: 'x', files: [...good, good[0]] }, /comes twice/],
    [{ reason: 'x', files: [...good, { path: 'lib/a.lua', text: '' }, { path: 'lib/a.lua/b.lua', text: '' }] }, /a file and a folder/],
    [{ reason: 'x', files: [...good, { path: 'lib/a.lua' }] }, /needs one of/],
    [{ reason: 'x', files: [...good, { path: 'lib/a.lua', base64: '@' }] }, /lib\/a\.lua/],
    [{ reason: 'x', files: good.slice(1) }, /no integration\.lua/],
  ]) {
    const answer = await post('/v1/deploy', body)
    assert.equal(answer.status, 422, JSON.stringify([body, answer]).slice(-400))
    assert.match(answer.detail, why)
  }
  assert.equal((await post('/v1/deploy', { reason: 'x', files: [...good, { path: 'lib/odd.lua', base64: Buffer.from('return "\xff"', 'latin1').toString('base64') }] })).outcome, 'live')
  cpSync(world.write('v2'), join(world.home, 'odd'), { recursive: true })
  writeFileSync(join(world.home, 'odd/lib/odd.lua'), Buffer.from('return "\xff"', 'latin1'))
  assert.match((await world.deploy(join(world.home, 'odd'))).out, /live already/, 'the same bytes come from the command')
})
