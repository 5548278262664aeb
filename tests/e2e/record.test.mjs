// `tidelock record`: what a live server accepted becomes fixtures of tests, without a personal value in any file.
import test from 'node:test'
import assert from 'node:assert/strict'
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { folder } from '../world/folder.mjs'
import { World } from '../world/order_to_cash.mjs'
import { run } from '../world/process.mjs'
import { Tidelock, program, root, tool } from '../world/tidelock.mjs'
import { until } from '../world/wait.mjs'

const shop = {
  'integration.lua': `integration "shop" { steward = "desk" }
steward "desk" {}
system "shop" { connector = "webhook@1", scheme = "none", type = "Order", key = "/order_no", dedupe = "/id" }`,
  'entities.lua': 'entity "order@1" { contract = "contracts/order.json", key = "order_no", steward = "desk", owner = "shop" }',
  'contracts/order.json': JSON.stringify({ type: 'object', required: ['order_no', 'mail'], properties: { order_no: { type: 'string' }, mail: { type: 'string', format: 'email' },
    stage: { enum: ['won', 'lost'] }, vat_id: { type: 'string', pattern: '^[A-Z]{2}[0-9]{9}$' }, total: { type: 'number' }, buyer: { type: 'string' } } }),
  'events.lua': `event "order.placed@1" { contract = "contracts/order.json", key = "order_no", steward = "desk", from = "shop.Order", map = "order@1 <- shop.Order",
  when = function(new) return new.test_run ~= true end }
event "order.seen@1" { contract = "contracts/order.json", key = "order_no", steward = "desk" }`,
  'maps.lua': `map "order@1 <- shop.Order" { order_no = "order_no", mail = "customer.email", stage = as.enum("stage", { won = "Closed Won", lost = "Closed Lost" }),
  vat_id = "customer.vat_id", total = as.decimal("total", { scale = 2 }), buyer = "customer.name" }`,
  'flows.lua': 'flow "seen" { on = "order.placed@1", steward = "desk", run = function(ctx, e) ctx:emit("order.seen@1", e.data) end }',
}

const order = (number, more = {}) => ({
  id: `evt-${number}`, order_no: `SO-${number}`, stage: 'Closed Won', total: 12345678901234567.1, ordered_at: '2026-05-17T09:42:31+02:00', quantity: 3, paid: true, nothing: null,
  customer: { name: 'Greta Söderholm', first_name: 'Greta', last_name: 'SÖDERHOLM', email: 'greta.soderholm@harbour-supply.se', phone: '+46 70 765 43 21', mobile: 46707654321,
    vat_id: 'SE556677889', account_no: 'A-1', birthdate: '1979-04-30', tags: ['regular'] },
  billing: { street: 'Kajgatan 8b', city: 'Malmö', postal_code: '21120', country: 'SE', contact: 'Lars Uvebrandt' },
  auth: { token: 'tok_live_9f8e7d6c5b4a', scopes: ['read'], nested: { secret: [{ value: 'hush-hush-4711' }] } },
  lines: [{ sku: 'ROP-12', text: 'Rope for Greta', serial: 'IBAN SE4550000000058398257466 paid' }],
  reference: 'deal of Söderholm, call +46 31 555 01 23 or mail lars.uvebrandt@example.org', note: 'Leave it with Uvebrandt at Kajgatan 8b',
  custom_field: 'blue whale', website: 'https://www.harbour-supply.se/rope?x=1', link: 'https://shop.example/login?first_name=Ingrid&token=f00ba7&page=2', shelf: 'left of the door', ...more,
})
const personal = ['greta', 'derholm', 'harbour-supply', '765 43 21', '46707654321', 'SE556677889', '1979-04-30', 'kajgatan', 'malm', '21120', 'uvebrandt', 'tok_live', '9f8e7d6c5b4a', 'hush', '4711"',
  'SE4550000000058398257466', '555 01 23', 'lars', 'ingrid', 'f00ba7']

function made(files, tests = {}) {
  const dir = join(folder('record'), 'shop')
  for (const [name, text] of Object.entries({ ...files, ...tests })) {
    mkdirSync(dirname(join(dir, name)), { recursive: true })
    writeFileSync(join(dir, name), text)
  }
  return dir
}

const filesBelow = dir => readdirSync(dir).flatMap(name => {
  const path = join(dir, name)
  return statSync(path).isDirectory() ? filesBelow(path) : [path]
})

function nothingPersonal(dir, words) {
  for (const path of filesBelow(join(dir, 'tests'))) {
    const text = readFileSync(path, 'utf8').toLowerCase()
    for (const word of words) assert.ok(!text.includes(word.toLowerCase()), `${path} holds '${word}':\n${text}`)
  }
}

async function shopServer(t, changed = {}) {
  const dir = made({ ...shop, ...changed }), server = new Tidelock({ integration: dir })
  t.after(() => server.stop())
  await server.start()
  const send = async doc => assert.equal((await server.post('shop', JSON.stringify(doc))).status, 202)
  const finished = () => until('nothing unfinished', async () => (await server.json('status')).engine.flows.every(f => f.unfinished === 0))
  return { dir, server, send, finished }
}

test('a recording holds no personal value, keeps what belongs together, and its tests pass', async t => {
  const { dir, server, send, finished } = await shopServer(t)
  await send(order(1))
  await send(order(2, { customer: { name: 'Greta SÖDERHOLM', email: 'Greta.Soderholm@harbour-supply.se', vat_id: 'SE556677889', account_no: 'A-1' }, total: 5 }))
  await send(order(3, { test_run: true }))
  await finished()
  const { code, out, err } = await server.command('record', dir, '--since', '1h', '--name', 'monday', '--redact', 'custom_field')
  assert.equal(code, 0, out + err)
  nothingPersonal(dir, [...personal, 'blue whale'])
  assert.match(out, /^7 events in tests\/recorded\/monday\.json$/m)
  assert.match(out, /shop\.Order customer\.email +mail +3$/m)
  assert.match(out, /shop\.Order auth\.nested\.secret\[\]\.value +secret +3$/m)
  assert.match(out, /WORDS THAT STAYED AS THEY ARE +VALUES\n(shop\.Order [\w.[\]]+ +3\n)*shop\.Order shelf +3$/m)
  assert.match(out, /What systems answered is not/)

  const recording = JSON.parse(readFileSync(join(dir, 'tests/recorded/monday.json'), 'utf8')).events
  const [one, two] = recording.filter(e => e.type === 'shop.Order').map(e => e.data)
  assert.equal(one.customer.name.toLowerCase(), two.customer.name.toLowerCase(), 'the same person')
  assert.equal(one.customer.name, `${one.customer.first_name} ${one.customer.last_name[0]}${one.customer.last_name.slice(1).toLowerCase()}`, 'the parts make the whole')
  assert.equal(one.customer.email, two.customer.email.toLowerCase())
  assert.match(one.customer.email, /^[a-z]{5}\.[a-z]{9}@[a-z]{7}-[a-z]{6}\.example$/)
  assert.equal(one.website, `https://www.${one.customer.email.split('@')[1]}/rope?x=1`)
  assert.match(one.link, /^https:\/\/shop\.example\/login\?first_name=[A-Z][a-z]{5}&token=[a-z]\d\d[a-z]{2}\d&page=2$/)
  assert.equal(one.customer.vat_id, two.customer.vat_id)
  assert.match(one.customer.vat_id, /^SE\d{9}$/)
  assert.match(one.customer.phone, /^\+\d\d \d\d \d\d\d \d\d \d\d$/)
  assert.equal(String(one.customer.mobile).length, 11)
  assert.ok(one.reference.includes(one.customer.last_name[0] + one.customer.last_name.slice(1).toLowerCase()), 'also inside a text')
  assert.ok(one.note.includes(one.billing.contact.split(' ')[1]))
  for (const field of ['order_no', 'stage', 'ordered_at', 'quantity', 'paid', 'nothing', 'id']) assert.deepEqual(one[field], order(1)[field], field)
  assert.deepEqual([one.customer.account_no, one.customer.tags, one.billing.country, one.lines[0].sku], ['A-1', ['regular'], 'SE', 'ROP-12'])
  assert.match(readFileSync(join(dir, 'tests/recorded/monday.json'), 'utf8'), /"total": 12345678901234567\.1|"total": 12345678901234568/)
  const emitted = recording.find(e => e.type === 'order.seen@1')
  assert.equal(emitted.emitted, true)
  assert.equal(emitted.data.mail, one.customer.email, 'one fake across documents')
  assert.deepEqual(recording[0].outcomes.map(o => [o.flow, o.ending]), [['event:order.placed@1', 'done']])

  const cases = readdirSync(join(dir, 'tests/maps/order@1 from shop.Order'))
  assert.deepEqual(cases, ['monday-1.input.json', 'monday-2.input.json'], 'what the filter dropped is no case')
  writeFileSync(join(dir, 'tests/monday_test.lua'), `it("plays monday", function(w)
  local expected = {}
  for _, event in ipairs(w:play "monday") do
    if event.type == "order.seen@1" then expected[event.key] = event.data end
  end
  local seen = w:emitted "order.seen@1"
  assert.equal(2, #seen)
  for _, event in ipairs(seen) do assert.same(expected[event.key], event.data) end
end)`)
  writeFileSync(join(dir, 'tests/key_test.lua'), `it("has the key that its webhook has", function(w)
  assert.equal("SO-9", w:deliver("shop.Order", { id = "evt-9", order_no = "SO-9", stage = "Closed Won", customer = { email = "a@b.example" } }))
end)`)
  const accepted = await tool(['test', dir, '--accept'])
  assert.equal(accepted.code, 0, accepted.out + accepted.err)
  const again = await tool(['test', dir])
  assert.equal(again.code, 0, again.out + again.err)
  assert.match(again.out, /^4 tests: 4 passed/m)
  nothingPersonal(dir, [...personal, 'blue whale'])

  const more = await server.command('record', dir, '--key', 'SO-2', '--name', 'again')
  assert.equal(more.code, 0, more.err)
  const second = JSON.parse(readFileSync(join(dir, 'tests/recorded/again.json'), 'utf8')).events
  assert.ok(second.every(e => e.key === 'SO-2'))
  assert.notEqual(second[0].data.customer.vat_id, one.customer.vat_id, 'another recording has another key')
})

test('keep, filters, limits and what cannot be recorded', async t => {
  const lens = { 'maps.lua': '', 'lenses/order.lua': `return lens "order@1 <-> shop.Order" { order_no = "order_no", mail = "customer.email", buyer = "customer.name" }`,
    'events.lua': shop['events.lua'].replace('"order@1 <- shop.Order"', '"order@1 <-> shop.Order"') }
  const { dir, server, send, finished } = await shopServer(t, lens)
  for (let n = 1; n <= 4; n++) await send(order(n))
  await finished()
  const kept = await server.json('record', dir, '--event', 'shop.Order', '--limit', '2', '--name', 'kept', '--keep', 'customer.name', '--keep', 'city')
  assert.deepEqual([kept.events, kept.recording, kept.left_out], [2, 'tests/recorded/kept.json', 0])
  assert.deepEqual(kept.fixtures, [1, 2].map(n => `tests/maps/order@1 from shop.Order/kept-${n}.input.json`))
  assert.ok(!kept.redacted.some(r => r.field === 'shop.Order customer.name'))
  const [first] = JSON.parse(readFileSync(join(dir, kept.recording), 'utf8')).events
  assert.deepEqual([first.key, first.data.customer.name, first.data.billing.city], ['SO-1', 'Greta Söderholm', 'Malmö'])
  assert.match((await server.command('record', dir, '--event', 'shop.Order', '--limit', '2', '--name', 'more')).out, /There are more such events: --limit/)
  const refusals = [[['--name', 'x'], 64, /say which events: --key/], [['--since', 'monday'], 64, /--since takes a time/], [['--since', '1h', '--limit', '0'], 64, /--limit takes a whole number from 1/],
    [['--since', '1h', '--name', 'kept'], 65, /kept\.json is there already/], [['--since', '1h', '--name', '../up'], 65, /cannot name a recording/],
    [['--key', 'nobody', '--name', 'none'], 65, /there is nothing to record/], [['--system', 'none', '--name', 'none'], 65, /there is nothing to record/]]
  for (const [words, code, text] of refusals) {
    const got = await server.command('record', dir, ...words)
    assert.equal(got.code, code, got.out + got.err)
    assert.match(got.err, text)
  }
  assert.ok(!existsSync(join(dir, 'tests/recorded/none.json')))
  await server.stop()
  assert.equal((await server.command('record', dir, '--since', '1h')).code, 69)
})

test('the shipped order-to-cash, recorded while it works', async t => {
  const w = new World()
  t.after(() => w.stop())
  await w.start()
  await w.sell({ order: 'SO-7', account: 'A-7', name: 'Wiebke Ohlendorf Schiffsbedarf' })
  await w.follow('SO-7', 'A-7', 'accepted')
  const dir = join(folder('recorded'), 'order-to-cash')
  cpSync(join(root, 'scripts/order-to-cash'), dir, { recursive: true })
  const { code, out, err } = await w.tidelock.command('record', dir, '--since', '1h', '--name', 'live')
  assert.equal(code, 0, out + err)
  const live = JSON.parse(readFileSync(join(dir, 'tests/recorded/live.json'), 'utf8')).events
  assert.ok(live.some(e => e.type === 'salesforce.Opportunity' && e.data.StageName === 'Closed Won'))
  assert.ok(live.some(e => e.outcomes.some(o => o.effects.some(x => x.system === 'erp_de' && x.operation === 'put'))))
  nothingPersonal(dir, ['wiebke', 'ohlendorf'])
  const { code: accepted, out: first } = await run(program('tidelock'), ['test', dir, '--accept'])
  assert.equal(accepted, 0, first)
  const { code: passed, out: second } = await run(program('tidelock'), ['test', dir])
  assert.equal(passed, 0, second)
})
