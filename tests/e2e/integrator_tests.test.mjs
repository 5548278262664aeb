// `tidelock test`: suites of an integrator that pass, fail, wait; their messages, files and exit codes.
import test from 'node:test'
import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { folder } from '../world/folder.mjs'
import { run } from '../world/process.mjs'
import { program, root, tool } from '../world/tidelock.mjs'

// The order-to-cash flow of the design, with two ERPs behind a route.
const acme = {
  'integration.lua': `integration "acme" { steward = "desk" }
steward "desk" { mail = "desk@acme.example", due = "4h" }
system "salesforce" { connector = "odata@1", url = setting "salesforce.url" }
system "erp_de" { kind = "erp", connector = "odata@1", url = setting "erp_de.url", operations = "systems/erp.json" }
system "erp_us" { kind = "erp", connector = "odata@1", url = setting "erp_us.url", operations = "systems/erp.json" }
system "support" { connector = "odata@1", url = setting "support.url" }
route "erp" { by = "company_code", to = { ["1000"] = "erp_de", ["2000"] = "erp_us" }, otherwise = "park" }`,
  'systems/erp.json': JSON.stringify({ operations: {
    credit_status: { summary: 'credit', effect: 'read', method: 'GET', path: 'CreditStatus', result: { document: '' },
      args: { type: 'object', required: ['account_no'], additionalProperties: false, properties: { account_no: { type: 'string', minLength: 1 } } } },
    cancel_order: { summary: 'cancel', effect: 'idempotent', method: 'PUT', path: 'Cancel', body: { no: '{order_no}' }, result: { document: '' },
      args: { type: 'object', required: ['order_no'], properties: { order_no: { type: 'string' } } } },
  } }),
  'entities.lua': `entity "order@1" { contract = "contracts/order.json", steward = "desk", key = "order_no", owner = "salesforce" }
entity "order_status@1" { contract = "contracts/order.json", steward = "desk", key = "order_no", owner = "erp" }
entity "order_context@1" { contract = "contracts/order.json", steward = "desk", key = "order_no", owner = "erp" }`,
  'contracts/order.json': JSON.stringify({ type: 'object', required: ['order_no'], properties: {
    order_no: { type: 'string', minLength: 1 }, total: { type: 'number' }, company_code: { type: 'string' } } }),
  'events.lua': `for _, name in ipairs { "order.won@1", "shipment.sent@1", "order.refused@1", "order.shipped@1" } do
  event(name) { contract = "contracts/order.json", key = "order_no", steward = "desk" }
end`,
  'maps/order.lua': `map "erp.SalesOrders <- order@1" { OrderNo = as.key "order_no", Total = as.decimal("total", { scale = 2 }) }
map "salesforce.Opportunity <- order_status@1" { OrderNo = as.key "order_no", Status = "status" }
map "support.Tickets <- order_context@1" { OrderNo = as.key "order_no" }
map "order@1 <- salesforce.Opportunity" { order_no = as.text("No", { required = true }), total = as.decimal("Amount", { scale = 2, round = "half-even" }) }`,
  'flows/order_to_cash.lua': `flow "order-to-cash" {
  on = "order.won@1", one_per = "order_no", again = "ignore", steward = "desk",
  run = function(ctx, e)
    local order  = e.data
    local credit = ctx.erp:credit_status{ account_no = order.account_no }
    if credit.on_hold then
      local d = ctx:decide{ "release", "reject", about = "credit hold", show = credit, due = "1d" }
      if d.answer == "reject" then return ctx:fail("credit refused by " .. d.by) end
    end

    ctx.erp:put("order@1", order, { undo = function() ctx.erp:cancel_order{ order_no = order.order_no } end })

    local ev = ctx:await{ "shipment.sent@1", "order.refused@1", within = "30d" }
    while not ev do
      ctx:park("not shipped after 30 days", { order_no = order.order_no })
      ev = ctx:await{ "shipment.sent@1", "order.refused@1", within = "30d" }
    end
    if ev.type == "order.refused@1" then return ctx:fail("refused by the ERP", ev.data) end
    ctx:keep()

    ctx:all{
      crm  = function() ctx.salesforce:put("order_status@1", { order_no = order.order_no, status = "shipped" }) end,
      desk = function() ctx.support:put("order_context@1", ev.data) end,
    }
    ctx:emit("order.shipped@1", { order_no = order.order_no })
  end,
}`,
}

function integration(tests = {}, changed = {}) {
  const dir = join(folder('trial'), 'acme')
  for (const [name, text] of Object.entries({ ...acme, ...changed, ...tests })) {
    mkdirSync(dirname(join(dir, name)), { recursive: true })
    writeFileSync(join(dir, name), text)
  }
  return dir
}

const trial = (dir, ...words) => run(program('tidelock'), ['test', dir, ...words])
const suite = text => ({ 'tests/some_test.lua': text })
const won = `w:deliver("order.won@1", { order_no = "SO-1", account_no = "A-1", company_code = "1000", lines = {} })`

async function passes(t, text) {
  const { code, out, err } = await trial(integration(suite(text)))
  assert.equal(code, 0, out + err)
  return out
}

async function fails(text, ...patterns) {
  const { code, out, err } = await trial(integration(suite(text)))
  assert.equal(code, 1, out + err)
  for (const pattern of patterns) assert.match(out, pattern)
  return out
}

test("the design's example runs as written", async t => {
  const out = await passes(t, `
describe("order-to-cash", function()
  it("places one order when the ERP's answer is lost", function(w)
    w.erp:on "credit_status":answers{ on_hold = false }
    w.erp:on "put order@1":commits_and_drops_the_answer()
    w:deliver("order.won@1", { order_no = "SO-1", account_no = "A-1", company_code = "1000", lines = {} })
    w:advance("31d"); w:restart()
    assert.equal(1, w.erp:count "order@1")
  end)
end)
`)
  assert.match(out, /ok +order-to-cash: places one order when the ERP's answer is lost/)
  assert.match(out, /^1 tests: 1 passed, 0 failed, 0 pending/m)
})

test('a world shows what a run did and lets people act', async t => {
  await passes(t, `
describe("order-to-cash", function()
  before_each(function(w) w.erp:on "credit_status":answers{ on_hold = false } end)
  it("ships", function(w)
    ${won}
    assert.equal(1, w.erp_de:count "order@1")
    assert.equal(0, w.erp_us:count "order@1")
    assert.equal("waiting", w:runs()[1].state)
    w:deliver("shipment.sent@1", { order_no = "SO-1" })
    assert.same({ { OrderNo = "SO-1", Status = "shipped" } }, w.salesforce:records "order_status@1")
    assert.equal("SO-1", w:emitted "order.shipped@1"[1].data.order_no)
    assert.equal(0, #w:runs())
  end)
  it("undoes a refused order", function(w)
    ${won}
    w:restart()
    w:deliver("order.refused@1", { order_no = "SO-1" })
    assert.equal(1, w.erp:count "cancel_order")
    assert.equal(0, w.salesforce:count "put")
  end)
  it("asks about a credit hold, across a crash", function(w)
    w.erp:on "credit_status":answers{ on_hold = true }
    ${won}
    w:restart()
    assert.equal(0, w.erp:count "order@1")
    w:decide("release", { by = "ann" })
    assert.equal(1, w.erp:count "order@1")
    assert.equal(1, w.erp:count "credit_status", "the answer was recorded")
  end)
  it("parks on the day it is late, and goes on when retried", function(w)
    ${won}
    w:advance "29d"
    assert.equal(0, #w:exceptions())
    w:advance "2d"
    assert.contains("not shipped after 30 days", w:exceptions()[1].message)
    assert.matches("^2026%-02%-04T09:00:00", w:exceptions()[1].since)
    w:retry()
    w:deliver("shipment.sent@1", { order_no = "SO-1" })
    assert.equal(1, #w:emitted "order.shipped@1")
  end)
  it("waits for an ERP that is down, and is not in a hurry with a slow one", function(w)
    w.erp:is_down "3h"
    ${won}
    w:advance "2h"
    assert.equal(0, #w.erp:calls())
    w:advance "2h"
    assert.equal(1, w.erp:count "order@1")
    w.salesforce:is_slow "20s"
    w:deliver("shipment.sent@1", { order_no = "SO-1" })
    assert.equal(0, #w:emitted "order.shipped@1")
    w:advance "20s"
    assert.equal(1, #w:emitted "order.shipped@1")
  end)
  it("parks what the ERP refuses", function(w)
    w.erp:on "put order@1":fails{ class = "data", message = "no such customer", times = 1 }
    ${won}
    assert.same({ "data", "no such customer" }, { w:exceptions()[1].class, w:exceptions()[1].message })
    w:retry()
    assert.equal(1, w.erp:count "order@1")
  end)
  it("asks again when it crashes while an answer is on its way", function(w)
    w.erp:on "put order@1":is_slow "10s"
    ${won}
    w:restart()
    w:advance "1m"
    assert.equal(2, #w.erp:calls "put order@1")
    assert.equal(1, w.erp:count "SalesOrders")
    assert.equal("waiting", w:runs()[1].state)
  end)
  it("answers by what is asked, also from a coroutine", function(w)
    w.erp:on "credit_status":answers(function(args) return { on_hold = args.account_no ~= "A-1" } end)
    coroutine.wrap(function() ${won} end)()
    assert.equal(1, w.erp:count "order@1")
  end)
  it("knows an event that came again", function(w)
    ${won}
    ${won}
    assert.equal(1, w.erp:count "put order@1")
  end)
  pending "is not written yet"
end)
it("maps", function(w)
  assert.same({ order_no = "7", total = decimal "1.50" }, w:map("order@1 <- salesforce.Opportunity", { No = "7", Amount = decimal "1.495" }))
  assert.has_error(function() w:map("order@1 <- salesforce.Opportunity", {}) end, "No")
end)
`)
})

test('a file of tests requires what the integration and the standard library have', async () => {
  const dir = integration(suite(`local names, text = require "names", require "text"
it("x", function() assert.equal("SO-1", names.order(1)) assert.is_table(text) end)`), { 'lib/names.lua': 'return { order = function(n) return "SO-" .. n end }' })
  const { code, out, err } = await trial(dir)
  assert.equal(code, 0, out + err)
  writeFileSync(join(dir, 'tests/some_test.lua'), 'local x = require "nmes"')
  assert.match((await trial(dir)).err, /tests\/some_test\.lua:1: require "nmes": there is no such file.*did you mean names/)
})

test('a failure names file and line, shows the difference and what happened', async () => {
  const out = await fails(`it("counts", function(w)
  w.erp:on "credit_status":answers{ on_hold = false }
  ${won}
  assert.equal(2, w.erp:count "order@1")
end)
it("compares", function(w)
  assert.same({ a = 1, b = { 1, 2 } }, { a = 1, b = { 1, 3 } })
end)
it("breaks", function(w)
  local x = nil
  x.y = 1
end)`, /tests\/some_test\.lua:4:\n +expected 2, got 1/, /deliver order\.won@1 \{/, /erp_de put order@1 \{"OrderNo":"SO-1"\} -> done/,
  /tests\/some_test\.lua:7:\n +the two differ/, /-     2\n +\+     3/, /tests\/some_test\.lua:11:\n/, /attempt to index a nil value/)
  assert.match(out, /^3 tests: 0 passed, 3 failed/m)
})

test('what a test forgets to say is said to it', async () => {
  await fails(`it("x", function(w) ${won} end)`, /asks erp_de for 'credit_status' \{"account_no":"A-1"\}, and the test does not say/, /w\.erp:on "credit_status":answers/)
  await fails(`it("x", function(w)
    w.erp:on "credit_status":answers(function(args) return args.nothing.there end)
    ${won}
  end)`, /tests\/some_test\.lua:2:\n +attempt to index a nil value \(field 'nothing'\)/)
  await fails(`it("x", function(w) w.epr:count "order@1" end)`, /w\.epr: there is no such system/)
  await fails(`it("x", function(w) w.erp:count "ordr@1" end)`, /there is no entity 'ordr@1'/)
  await fails(`it("x", function(w) w.erp:on "creditstatus" end)`, /erp_de has no operation or object 'creditstatus'/)
  await fails(`it("x", function(w) w:deliver("order.wonn@1", {}) end)`, /there is no event 'order\.wonn@1'; did you mean 'order\.won@1'/)
  await fails(`it("x", function(w) w:deliver("order.won@1", { total = 1 }) end)`, /does not keep the contract of order\.won@1/, /order_no/)
  await fails(`it("x", function(w) w:advance("31 days") end)`, /31 days/)
  await fails(`it("x", function(w) w:decide "release" end)`, /0 decisions are open/)
  await fails(`it("x", function(w) assert.equals_roughly(1, 2) end)`, /there is no assert\.equals_roughly/)
})

test('a mistake in a flow fails a test that does not look', async () => {
  const broken = { 'flows/order_to_cash.lua': `flow "order-to-cash" { on = "order.won@1", steward = "desk",
  run = function(ctx, e)
    local n = nil
    ctx.erp:put("order@1", { order_no = n.x })
  end }` }
  const dir = integration(suite(`it("x", function(w) ${won} end)\nit("y", function(w) ${won} assert.equal(1, #w:exceptions()) end)`), broken)
  const { code, out } = await trial(dir)
  assert.equal(code, 1)
  assert.match(out, /flow order-to-cash ended with an error:.*nil value/)
  assert.match(out, /flows\/order_to_cash\.lua:4/)
  assert.match(out, /1 passed, 1 failed/)
})

test('a test that never ends is stopped, the next one runs', { timeout: 60000 }, async () => {
  const out = await fails(`it("spins", function(w) w.erp:on "credit_status":answers{} ${won} while true do pcall(function() while true do end end) end end)
it("goes on", function(w) w.erp:on "credit_status":answers{} ${won} assert.equal(1, w.erp:count "order@1") end)`,
  /FAIL +spins/, /more than 10 s of CPU time/, /ok +goes on/)
  assert.match(out, /1 passed, 1 failed/)
})

test('fixtures of maps: golden outputs are missing, accepted, differ', async () => {
  const where = 'tests/maps/order@1 from salesforce.Opportunity'
  const dir = integration({
    [`${where}/plain.input.json`]: '{"No": "SO-1", "Amount": 12345678901234567.895, "x": null}',
    [`${where}/no number.input.json`]: '{"Amount": "1"}',
  })
  let got = await trial(dir)
  assert.equal(got.code, 1)
  assert.match(got.out, /there is no golden output yet; --accept writes this one:\n.*\{\n.*\+ {3}"order_no": "SO-1",/)
  assert.match((await trial(dir, '--accept')).out, /2 of 2 cases, golden outputs written/)
  assert.equal(readFileSync(join(dir, where, 'plain.golden.json'), 'utf8'), '{\n  "order_no": "SO-1",\n  "total": 12345678901234567.90\n}\n')
  assert.match(readFileSync(join(dir, where, 'no number.golden.json'), 'utf8'), /"class": "data"/)
  got = await trial(dir)
  assert.equal(got.code, 0, got.out)
  writeFileSync(join(dir, where, 'plain.golden.json'), '{"total": 12345678901234567.9, "order_no": "SO-1"}')
  got = await trial(dir)
  assert.equal(got.code, 1)
  assert.match(got.out, /- {3}"total": 12345678901234567\.9\n *\+ {3}"total": 12345678901234567\.90/)
  assert.match(got.out, /plain\.input\.json/)
  rmSync(join(dir, where, 'plain.input.json'))
  assert.match((await trial(dir)).out, /a golden output without its input/)
})

test('an output that breaks its contract is never accepted', async () => {
  const where = 'tests/maps/order@1 from salesforce.Opportunity'
  const dir = integration({ [`${where}/empty.input.json`]: '{"No": ""}' })
  const { code, out } = await trial(dir, '--accept')
  assert.equal(code, 1, out)
  assert.match(out, /order_no/)
  assert.ok(!existsSync(join(dir, where, 'empty.golden.json')))
})

test('--filter, --junit and --coverage', async () => {
  const dir = integration(suite(`describe("a", function()
  it("one", function(w) w.erp:on "credit_status":answers{} ${won} assert.equal(1, w.erp:count "order@1") end)
  it("two <&>", function() assert.is_true(false) end)
  pending "three"
end)`))
  const one = await trial(dir, '--filter', 'a: one', '--coverage')
  assert.equal(one.code, 0, one.out)
  assert.match(one.out, /^1 tests: 1 passed/m)
  assert.match(one.out, /flows\/order_to_cash\.lua +\d+\/\d+ +\d+% +not run: .*\b7\b/)
  assert.match(one.out, /events\.lua +\d+\/\d+ +100%/)
  const report = join(folder('junit'), 'report.xml')
  assert.equal((await trial(dir, '--junit', report)).code, 1)
  const xml = readFileSync(report, 'utf8')
  assert.match(xml, /<testsuite name="tests\/some_test\.lua" tests="3" failures="1" errors="0" skipped="1"/)
  assert.match(xml, /name="a: two &lt;&amp;&gt;"[^>]*>\n *<failure message="expected true, got false">tests\/some_test\.lua:3/)
  assert.match(xml, /<skipped/)
  const none = await trial(dir, '--filter', 'nothing like it')
  assert.equal(none.code, 65)
  assert.match(none.err, /no test's name holds 'nothing like it'/)
})

test('coverage of fields: by direction, what no value went through', async () => {
  const lens = 'order_status@1 <-> support.Organizations'
  const dir = integration({
    ...suite(`local lens = require "lenses.status"
it("reads and writes", function(w)
  assert.equal("SO-1", w:map("order_status@1 <- support.Organizations", { No = "SO-1", Total = decimal "1.5", Notes = { { Text = "x" } } }).order_no)
  assert.equal("SO-2", w:map("support.Organizations <- order_status@1", { order_no = "SO-2" }).No)
  assert.equal("open", lens.put({ order_no = "SO-2", status = "open" }, { No = "SO-2", Status = "open" }).Status) -- stays as it is
  assert.is_nil(w:map("order@1 <- salesforce.Opportunity", { No = "SO-1" }).total)
end)
describe("through the engine", function()
  it("puts", function(w) w.erp:on "credit_status":answers{ on_hold = false } w:deliver("order.won@1", { order_no = "SO-1", account_no = "A-1", company_code = "1000", total = decimal "2.00" }) end)
end)`),
    'contracts/status.json': JSON.stringify({ type: 'object', properties: { order_no: { type: 'string' }, status: { type: 'string' }, total: { type: 'number' }, kind: { type: 'string' },
      notes: { type: 'array', items: { type: 'object', properties: { text: { type: 'string' }, by: { type: 'string' } } } } } }),
    'lenses/status.lua': `return lens "${lens}" {
  order_no = "No", status = "Status", total = as.decimal("Total", { one_way = "read" }), kind = as.const("x", "Kind"),
  notes = as.list("Notes", { text = "Text", by = "By" }) }`,
  }, { 'entities.lua': acme['entities.lua'].replace('"order_status@1" { contract = "contracts/order.json"', '"order_status@1" { contract = "contracts/status.json"') })
  const report = join(folder('coverage'), 'coverage.json')
  const { code, out, err } = await trial(dir, '--coverage', '--coverage-json', report)
  assert.equal(code, 0, out + err)
  assert.match(out, /coverage of fields/)
  assert.match(out, /order_status@1 <-> support\.Organizations, get +5\/7 +71% +no value: notes\[\]\.by, status$/m)
  assert.match(out, /order_status@1 <-> support\.Organizations, put +2\/6 +33% +no value: notes\[\]\.by, notes\[\]\.text, notes, status$/m)
  assert.match(out, /erp\.SalesOrders <- order@1 +2\/2 +100%$/m)
  assert.match(out, /order@1 <- salesforce\.Opportunity +1\/2 +50% +no value: total$/m)
  const { fields, lines } = JSON.parse(readFileSync(report, 'utf8'))
  const found = fields.find(f => f.map === lens && f.direction === 'put')
  assert.deepEqual(found, { map: lens, direction: 'put', fields: 6, passed: 2, no_value: ['notes[].by', 'notes[].text', 'notes', 'status'] })
  assert.ok(lines.find(f => f.file === 'flows/order_to_cash.lua').not_run.length > 0)
})

test('exit codes of what cannot be tested', async () => {
  assert.equal((await tool(['test'])).code, 64)
  assert.equal((await tool(['test', integration(), '--no-such'])).code, 64)
  const none = await trial(integration())
  assert.equal(none.code, 65)
  assert.match(none.err, /there are no tests in/)
  const broken = await trial(integration(suite(`it("x", function() end)`), { 'flows.lua': 'flow "x" {' }))
  assert.equal(broken.code, 65)
  assert.match(broken.err, /flows\.lua:1: error/)
  const typo = await trial(integration(suite(`it("x", function(`)))
  assert.equal(typo.code, 65)
  assert.match(typo.err, /tests\/some_test\.lua:1/)
})

for (const name of ['starter', 'order-to-cash']) {
  test(`the shipped ${name} passes its own tests`, async () => {
    const { code, out, err } = await trial(join(root, 'scripts', name))
    assert.equal(code, 0, out + err)
    assert.match(out, /[1-9]\d* passed, 0 failed, 0 pending/)
  })
}

test('what tidelock new makes passes its tests under its new name', async () => {
  const dir = join(folder('new'), 'mine')
  assert.equal((await tool(['new', dir])).code, 0)
  const { code, out, err } = await trial(dir)
  assert.equal(code, 0, out + err)
})
