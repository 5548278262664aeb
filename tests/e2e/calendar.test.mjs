// Schedules, windows and expectations: from the command line, in an integrator's tests, on a server.
import test from 'node:test'
import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { cases } from '../world/cases.mjs'
import { folder } from '../world/folder.mjs'
import { change } from '../world/order_to_cash.mjs'
import { Shop } from '../world/shop.mjs'
import { tool } from '../world/tidelock.mjs'
import { until } from '../world/wait.mjs'

const calendar = (...words) => tool(['tool', 'calendar', ...words])
const instants = async (...words) => JSON.parse((await calendar(...words, '--json')).out).next

test('tool calendar: planned instants in UTC and as the clocks show them, with what daylight saving does', async () => {
  const next = await instants('02:30 Europe/Berlin', '--at', '2026-03-28T12:00:00Z', '--next', '2')
  assert.deepEqual(next, [
    { utc: '2026-03-29T01:00:00Z', local: '2026-03-29T03:00:00+02:00', weekday: 'Sun', note: 'the clocks jump over its time' },
    { utc: '2026-03-30T00:30:00Z', local: '2026-03-30T02:30:00+02:00', weekday: 'Mon', note: null },
  ])
  const utc = async (...words) => (await instants(...words)).map(i => i.utc)
  assert.deepEqual(await utc('30 1-3 * * * Europe/Berlin', '--at', '2026-10-24T23:00:00Z', '--next', '4'),
    ['2026-10-24T23:30:00Z', '2026-10-25T00:30:00Z', '2026-10-25T01:30:00Z', '2026-10-25T02:30:00Z'])
  assert.deepEqual(await utc('last day 18:00 Australia/Lord_Howe', '--at', '2026-03-01T00:00:00Z', '--next', '2'),
    ['2026-03-31T07:00:00Z', '2026-04-30T07:30:00Z'])
  assert.deepEqual(await utc('every 90m', '--at', '2026-03-28T12:00:00Z', '--next', '1'), ['2026-03-28T13:30:00Z'])
  assert.deepEqual(await utc('*/5 * * * *', '--zone', 'UTC', '--at', '2026-03-28T12:01:00Z', '--next', '1'), ['2026-03-28T12:05:00Z'])
  const { code, out } = await calendar('Mon-Fri 08:00 America/New_York', '--at', '2026-11-01')
  assert.equal(code, 0)
  assert.equal(out.trim().split('\n').length, 6)
  assert.match(out, /2026-11-02T13:00:00Z +Mon 2026-11-02T08:00:00-05:00/)
})

test('tool calendar: is a window open, and until when', async () => {
  const window = 'Sun 02:00-06:00 Europe/Berlin'
  const open = JSON.parse((await calendar(window, '--at', '2026-03-29T03:00:00+02:00', '--next', '1', '--json')).out)
  assert.equal(open.open, true)
  assert.equal(open.until.utc, '2026-03-29T04:00:00Z')
  assert.deepEqual([open.next[0].opens.local, open.next[0].closes.local], ['2026-04-05T02:00:00+02:00', '2026-04-05T06:00:00+02:00'])
  const { out } = await calendar(window, '--at', '2026-03-28T12:00:00Z', '--next', '1')
  assert.match(out, /closed until 2026-03-29T01:00:00Z/)
})

test('tool calendar: a wrong expression is exit 65, with its place and one that is right', async () => {
  for (const [text, place, says] of [['0 25 * * * UTC', 3, /hour: "25"/], ['02:00', 6, /time zone is missing/], ['Mon-Fry 08:00 UTC', 1, /did you mean Fri/],
    ['02:00 Europe/Berln', 7, /no time zone/], ['Sun 02:00-26:00 UTC', 5, /24:00/], ['0 0 31 2 * UTC', 1, /never happens/], ['', 1, /empty/]]) {
    const { code, out, err } = await calendar(text)
    assert.equal(code, 65, text)
    assert.equal(out, '')
    assert.match(err, says)
    assert.match(err, new RegExp(`character ${place}\\b`), text)
  }
  assert.equal((await calendar('02:00 UTC', '--at', 'noon')).code, 64)
  assert.equal((await calendar('02:00 UTC', '--next', 'many')).code, 64)
})

test('tool calendar: what the published cron cases refuse is refused', async t => {
  const dir = cases('cron')
  if (!dir) return t.skip('the cron cases are not here')
  const { readFileSync } = await import('node:fs')
  const rows = JSON.parse(readFileSync(join(dir, 'cases.json'), 'utf8')).Parse_ThrowsCronFormatException_WhenCronExpressionIsInvalid.rows
  // Every tenth; all of them are read by the unit tests.
  for (const [text] of rows.filter((_, i) => i % 10 === 0)) assert.equal((await calendar(`${text} UTC`)).code, 65, text)
})

const acme = {
  'integration.lua': `integration "acme" { steward = "desk" }
steward "desk" { mail = "desk@acme.example", due = "4h" }
system "erp" { connector = "odata@1", url = setting "erp.url" }`,
  'entities.lua': 'entity "order@1" { contract = "contracts/order.json", steward = "desk", key = "order_no", owner = "erp" }',
  'contracts/order.json': JSON.stringify({ type: 'object', required: ['order_no'], properties: { order_no: { type: 'string' } } }),
  'events.lua': `for _, name in ipairs { "order.won@1", "order.accepted@1" } do
  event(name) { contract = "contracts/order.json", key = "order_no", steward = "desk" }
end`,
  'maps/order.lua': 'map "erp.Orders <- order@1" { OrderNo = as.key "order_no" }',
  'flows.lua': `every "02:00 Europe/Berlin" { name = "nightly", steward = "desk", run = function(ctx, tick)
  ctx.erp:put("order@1", { order_no = tick.data["local"] })
end }
expect "order follows a won deal" { after = "order.won@1", event = "order.accepted@1", within = "15m", steward = "desk" }`,
}

function integration(files) {
  const dir = folder('acme')
  for (const [path, text] of Object.entries({ ...acme, ...files })) {
    mkdirSync(join(dir, path, '..'), { recursive: true })
    writeFileSync(join(dir, path), text)
  }
  return dir
}

test("an integrator's tests: time that passes brings ticks, over both changes of the clocks, and misses what is expected", async () => {
  const dir = integration({ 'tests/calendar_test.lua': `
describe("calendar", function()
  it("has one night a day all year", function(w)
    w:advance "365d"
    assert.equal(365, w.erp:count "put order@1")
    local seen = {}
    for _, record in ipairs(w.erp:records "order@1") do seen[record.OrderNo] = true end
    assert.is_true(seen["2026-03-29T03:00:00+02:00"])   -- 02:00 does not exist
    assert.is_true(seen["2026-10-25T02:00:00+02:00"])   -- 02:00 comes twice: the first
    assert.is_nil(seen["2026-10-25T02:00:00+01:00"])
  end)
  it("goes on after a crash, without a second tick", function(w)
    w:advance "16h"
    w:restart()
    w:advance "1h"
    assert.equal(1, w.erp:count "put order@1")
  end)
  it("says what did not follow, and takes it back when it comes late", function(w)
    w:deliver("order.won@1", { order_no = "SO-1" })
    w:deliver("order.won@1", { order_no = "SO-2" })
    w:deliver("order.accepted@1", { order_no = "SO-2" })
    w:advance "14m"
    assert.equal(0, #w:exceptions())
    w:advance "2m"
    local open = w:exceptions()
    assert.equal(1, #open)
    assert.equal("expected", open[1].class)
    assert.equal("SO-1", open[1].key)
    w:deliver("order.accepted@1", { order_no = "SO-1" })
    assert.equal(0, #w:exceptions())
  end)
end)` })
  const { code, out, err } = await tool(['test', dir])
  assert.equal(code, 0, out + err)
  assert.match(out, /3 passed/)
})

test('check: what is wrong with a schedule or an expectation is said at its line', async () => {
  const run = 'run = function() end'
  for (const [text, line, says] of [
    [`every "02:00 Europe/Berln" { name = "n", steward = "desk", ${run} }`, 1, /character 7: there is no time zone/],
    [`every "02:00 UTC" { steward = "desk", ${run} }`, 1, /'name' is missing/],
    [`every "02:00 UTC" {\n name = "a b", steward = "desk", ${run} }`, 2, /letters, digits/],
    [`every "02:00 UTC" { name = "n",\n steward = "desk",\n missed = "twice", ${run} }`, 3, /'missed' cannot be "twice"/],
    [`every "02:00 UTC" { name = "n", steward = "nobody", ${run} }`, 1, /no steward "nobody"/],
    [`every "02:00 UTC" { name = "n", steward = "desk", ${run} }\nevery "03:00 UTC" { name = "n", steward = "desk", ${run} }`, 2, /declared twice/],
    [`flow "n" { on = "order.won@1", steward = "desk", ${run} }\nevery "03:00 UTC" { name = "n", steward = "desk", ${run} }`, 2, /name of a flow too/],
    ['expect "x" { after = "order.wn@1", event = "order.accepted@1", within = "15m", steward = "desk" }', 1, /did you mean "order.won@1"/],
    ['expect "x" { after = "order.won@1", event = { "order.acepted@1" }, within = "15m", steward = "desk" }', 1, /did you mean "order.accepted@1"/],
    ['expect "x" { after = "order.won@1", event = "order.accepted@1",\n within = "15", steward = "desk" }', 2, /not a duration/],
    ['expect "x" { after = "order.won@1", event = "order.accepted@1", within = "15m" }', 1, /'steward' is missing/],
  ]) {
    const { code, out, err } = await tool(['check', integration({ 'flows.lua': text })])
    assert.equal(code, 65, text + out + err)
    assert.match(out + err, new RegExp(`flows\\.lua:${line}: `), text)
    assert.match(out + err, says)
  }
  assert.equal((await tool(['check', integration({})])).code, 0)
})

async function start(t, text) {
  const shop = new Shop({ edit(dir) { shop.dir = dir; writeFileSync(join(dir, 'flows.lua'), text) } })
  t.after(() => shop.stop())
  return shop.start()
}

test('a server: a schedule ticks, once an instant, also over a kill; what stood still follows the policy', async t => {
  const shop = await start(t, `every "every 1s" { name = "beat", steward = "nobody", missed = "all", run = function(ctx, tick)
  ctx.desk:put("change@1", { id = tick.id, order_no = tick.data.planned, number = 1, amount = "1.00", lines = array() })
end }`)
  const written = async () => (await shop.desk.admin('GET', 'writes?object=organizations')).records.flatMap(r => r.versions).map(v => v.doc.external_id)
  await until('three beats', async () => (await written()).length >= 3)
  await shop.tidelock.kill()
  await shop.tidelock.start()
  const before = (await written()).length
  await until('more beats', async () => (await written()).length >= before + 3)
  const at = [...new Set(await written())].map(Date.parse).sort()
  for (let i = 1; i < at.length; i++) assert.equal(at[i] - at[i - 1], 1000, 'no instant is left out')
  const [schedule] = (await shop.status()).engine.schedules
  assert.equal(schedule.name, 'beat')
  assert.ok(schedule.ticks >= at.length)
  assert.ok(Date.parse(schedule.next) > Date.parse(schedule.previous))
  const { out } = await shop.tidelock.command('status')
  assert.match(out, /SCHEDULE +WHEN +NEXT[\s\S]*beat +every 1s/)
})

test('a server: what did not follow is an exception of its steward, and closes itself when it comes', async t => {
  const shop = await start(t, `expect "a probe follows" { after = "order.changed@1", event = "probe.changed@1", within = "1s", steward = "nobody" }
flow "erp" { on = "order.changed@1", steward = "nobody", run = function(ctx, e) ctx.erp:put("change@1", e.data) end }`)
  const probe = async order => assert.equal((await shop.tidelock.post('probe', shop.body(order, 9))).status, 202)
  await shop.change('A', 1)
  await shop.change('B', 1)
  await probe('B')
  const [exception] = await until('A is missed', async () => { const open = await shop.exceptions(); return open.length > 0 && open })
  assert.deepEqual([exception.class, exception.key, exception.steward, exception.flow], ['expected', 'A', 'nobody', 'expect:a probe follows'])
  assert.match(exception.message, /probe\.changed@1 did not follow order\.changed@1 within 1s/)
  const shown = await shop.tidelock.json('exceptions', 'show', exception.id)
  assert.deepEqual(shown.data.missing, ['probe.changed@1'])
  await shop.tidelock.kill()
  await shop.tidelock.start()
  assert.equal((await shop.exceptions()).length, 1)
  await probe('A')
  await until('it closed itself', async () => (await shop.exceptions()).length === 0)
  const notes = (await shop.tidelock.json('trace', 'order/A')).entries.filter(e => e.kind === 'outcome' && e.flow === 'expect:a probe follows').map(e => e.note)
  assert.match(notes.at(-1), /^late: probe\.changed@1 came at /)
})

test('a server: a deploy changes schedules; plan names them', async t => {
  const night = (at, name) => `every "${at}" { name = "${name}", steward = "nobody", run = function(ctx, tick) end }\n`
  const shop = await start(t, night('02:00 Europe/Berlin', 'nightly') + night('every 6h', 'often'))
  const schedules = async () => Object.fromEntries((await shop.status()).engine.schedules.map(s => [s.name, s.expression]))
  await until('both are planned', async () => Object.keys(await schedules()).length === 2)
  writeFileSync(join(shop.dir, 'flows.lua'), night('03:00 Europe/Berlin', 'nightly')
    + 'expect "a probe follows" { after = "order.changed@1", event = "probe.changed@1", within = "1s", steward = "nobody" }')
  const plan = await shop.tidelock.command('plan', shop.dir)
  assert.equal(plan.code, 2, plan.err)
  for (const line of ['~ schedule nightly: every', '- schedule often', '- flow often', '+ expectation a probe follows'])
    assert.ok(plan.out.split('\n').some(l => l.startsWith(line)), `${line}\n${plan.out}`)
  const deployed = await shop.tidelock.command('deploy', shop.dir, '--yes', '--reason', 'an hour later')
  assert.equal(deployed.code, 0, deployed.out + deployed.err)
  await until('the new one is planned', async () => JSON.stringify(await schedules()) === '{"nightly":"03:00 Europe/Berlin"}')
  await shop.change('A', 1)
  await until('A is missed', async () => (await shop.exceptions()).some(e => e.class === 'expected' && e.key === 'A'))
})

test('a server: an expectation that is gone and waits still keeps no system', async t => {
  const shop = new Shop({ edit(dir) {
    shop.dir = dir
    change(dir, 'integration.lua', text => `${text}\nsystem "spare" { connector = "webhook@1", url = setting "desk.url" }\n`)
    writeFileSync(join(dir, 'flows.lua'), 'expect "a probe follows" { after = "order.changed@1", event = "probe.changed@1", within = "1h", steward = "nobody" }')
  } })
  t.after(() => shop.stop())
  await shop.start()
  await shop.change('A', 1)
  await until('it waits', async () => (await shop.tidelock.json('runs')).runs.length === 1)
  const deploy = async () => {
    const { code, out, err } = await shop.tidelock.command('deploy', shop.dir, '--yes', '--reason', 'less')
    assert.equal(code, 0, out + err)
  }
  writeFileSync(join(shop.dir, 'flows.lua'), '')
  await deploy()
  change(shop.dir, 'integration.lua', text => text.replace(/system "spare".*\n/, ''))
  await deploy()
  assert.equal((await shop.tidelock.json('runs')).runs.length, 1)
})
