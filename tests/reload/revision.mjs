// The integration that is deployed again and again: every revision writes its own number wherever a revision could show,
// in the flow, in a library and in a lookup, and every Lua state of it holds `megabytes` of tables.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

export const faults = ['syntax', 'test', 'load', 'contract', 'law']

const order = { type: 'object', required: ['order_no', 'number'], properties: { order_no: { type: 'string' }, number: { type: 'integer' } } }

const files = (number, megabytes) => ({
  'integration.lua': `
integration "reload" { steward = "nobody" }
steward "nobody" {}
system "shop" { connector = "webhook@1", scheme = "none", type = "Order", key = "/order_no", dedupe = "/id" }
system "sink" { connector = "webhook@1", url = setting "sink.url", retry = { first = "20ms", cap = "200ms" } }
`,
  'contracts/order.v1.json': JSON.stringify(order),
  'lookups/words.csv': `key,word\nrevision,${number}\n`,
  'lib/ballast.lua': `
local rows = {}
for i = 1, ${megabytes} * 1000 do rows[i] = ("%08d"):format(i):rep(120) end
return rows
`,
  'lib/revision.lua': `return { number = ${number}, rows = #require "ballast" }\n`,
  'entities.lua': `
entity "order@1" { contract = "contracts/order.v1.json", steward = "nobody", key = "order_no", owner = "shop" }
`,
  'lenses/order.lua': 'return lens "order@1 <-> sink.Order" { order_no = "OrderNo", number = "Number" }\n',
  'events.lua': 'event "order.changed@1" { contract = "contracts/order.v1.json", key = "order_no", steward = "nobody", from = "shop.Order" }\n',
  'flows/store.lua': `
local revision, lookups = require "revision", require "lookups"
flow "store" { on = "order.changed@1", steward = "nobody", run = function(ctx, e)
  ctx.sink:store { path = "store/" .. e.key, body = { number = e.data.number, flow = ${number}, lib = revision.number,
    lookup = tonumber(lookups.get("words", "revision", "word")) } }
end }
`,
  // A run in two stretches: it ends as it began, however many revisions went live while it slept.
  'flows/follow.lua': `
local revision = require "revision"
flow "follow" { on = "order.changed@1", order = { "follow", "/order_no" }, steward = "nobody", run = function(ctx, e)
  if e.data.number % 10 ~= 0 then return end
  ctx.sink:store { path = "begun/" .. e.key, body = { number = e.data.number, flow = ${number}, lib = revision.number } }
  ctx:sleep("700ms")
  ctx.sink:store { path = "ended/" .. e.key, body = { number = e.data.number, flow = ${number}, lib = revision.number } }
end }
`,
  'tests/store_test.lua': `
describe("store", function()
  it("writes the order with its revision", function(w)
    w:deliver("order.changed@1", { order_no = "SO-1", number = 1 })
    assert.equal(1, w.sink:count "store")
    assert.equal(${number}, require("revision").number)
  end)
end)
`,
})

const spoil = {
  syntax: texts => { texts['flows/store.lua'] += 'flow "half" {\n' },
  test: texts => { texts['tests/store_test.lua'] = texts['tests/store_test.lua'].replace('assert.equal(1,', 'assert.equal(2,') },
  load: texts => { texts['lib/revision.lua'] = `local nothing = nil\n${texts['lib/revision.lua'].replace('#require', 'nothing.at_all + #require')}` },
  contract: texts => {
    texts['contracts/order.v1.json'] = JSON.stringify({ ...order, properties: { ...order.properties, number: { type: 'integer', maximum: 1e9 } } })
  },
  law: texts => {
    texts['lenses/order.lua'] = 'return lens "order@1 <-> sink.Order" { order_no = "OrderNo", number = as.pair("Number", function(n) return n end, function(n) return n // 2 end) }\n'
  },
}

// Writes revision `number` to `dir`, whole or with one of the faults.
export function writeRevision(dir, number, { megabytes = 20, fault } = {}) {
  const texts = files(number, megabytes)
  if (fault) spoil[fault](texts)
  rmSync(dir, { recursive: true, force: true })
  for (const [path, text] of Object.entries(texts)) {
    mkdirSync(dirname(join(dir, path)), { recursive: true })
    writeFileSync(join(dir, path), text)
  }
}
