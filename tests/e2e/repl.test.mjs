// `tidelock repl`, scripted on a pipe: what becomes of a document, where each value came from, what is refused and where.
import test from 'node:test'
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { folder } from '../world/folder.mjs'
import { program, tool } from '../world/tidelock.mjs'

const crm = {
  'integration.lua': `integration "crm" { steward = "desk" }
steward "desk" {}
system "crm" { connector = "webhook@1", scheme = "none", type = "Deal", key = "/No", dedupe = "/Id" }`,
  'entities.lua': 'entity "order@1" { contract = "contracts/order.json", key = "order_no", steward = "desk", owner = "crm" }',
  'contracts/order.json': JSON.stringify({ type: 'object', required: ['order_no'], properties: { order_no: { type: 'string' }, total: { type: 'number' }, who: { type: 'string' }, region: { type: 'string' },
    currency: { type: 'string' }, country: { enum: ['DE', 'AT'] }, city: { type: ['string', 'null'] },
    lines: { type: 'array', items: { type: 'object', properties: { sku: { type: 'string' }, price: { type: 'number' }, mark: { type: 'string' } } } } } }),
  'lib/regions.lua': 'return { of = function(country) return "region of " .. country end }',
  'maps/deal.lua': `local regions = require "regions"
return map "order@1 <- crm.Deal" {
  order_no = as.text("No", { required = true }), total = as.decimal("Amount", { scale = 2, round = "half-even" }), currency = as.const "EUR", city = "Account.Site.City",
  who = function(deal) return deal.Account.First .. " " .. deal.Account.Last end,
  region = function(deal) return regions.of(deal.Account.Country) end,
  lines = as.list("Lines.records", { sku = "Code", price = as.decimal("Price", { scale = 2 }), mark = function(line) return line.Code:upper() end }),
}`,
  'lenses/order.lua': `return lens "order@1 <-> crm.Order" {
  order_no = "OrderNo", total = as.decimal("Total", { scale = 2 }), country = as.enum("Country", { DE = "Germany", AT = "Austria" }),
  lines = as.list("Items", { sku = "Sku", price = as.decimal("Price", { scale = 2 }) }),
}`,
}

function integration(changed = {}) {
  const dir = join(folder('repl'), 'crm')
  for (const [name, text] of Object.entries({ ...crm, ...changed })) {
    mkdirSync(dirname(join(dir, name)), { recursive: true })
    writeFileSync(join(dir, name), text)
  }
  return dir
}

// Sends the lines; with a function among them, calls it once everything before it was answered.
async function repl(dir, ...lines) {
  const child = spawn(program('tidelock'), ['repl', dir])
  let out = '', err = '', seen
  child.stdout.on('data', data => { out += data; seen?.() })
  child.stderr.on('data', data => { err += data })
  const ended = new Promise(resolve => child.on('close', resolve))
  for (const [i, line] of lines.entries()) {
    if (typeof line === 'string') child.stdin.write(`${line}\n`)
    else {
      child.stdin.write(`"mark ${i}"\n`)
      while (!out.includes(`"mark ${i}"`)) await new Promise(resolve => { seen = resolve })
      line()
    }
  }
  child.stdin.end()
  return { code: await ended, out, err }
}

const deal = { No: 'SO-1', Amount: 12.345, Account: { First: 'Ann', Last: 'Lee', Country: 'DE', Site: { City: null } }, Lines: { records: [{ Code: 'a-1', Price: 1 }, { Code: 'b', Price: 2.5 }] } }
const use = ':use "order@1 <- crm.Deal"'

test('a pasted document is mapped, and every value says where it came from', async () => {
  const { code, out, err } = await repl(integration(), use, ...JSON.stringify(deal, null, 2).split('\n'), 'result.total + 1, doc.Account.First', 'require("lenses.order").get { OrderNo = "SO-9" }.order_no')
  assert.equal(code, 0, out + err)
  assert.match(out, /^ {2}"who": "Ann Lee"$/m)
  for (const line of [/^ {2}order_no +"SO-1" +<- {2}No = "SO-1"$/m, /^ {2}total +12\.3[45] +<- {2}Amount = 12\.345$/m, /^ {2}currency +"EUR" +<- {2}always the same$/m, /^ {2}city +null +<- {2}Account\.Site\.City = null$/m,
    /^ {2}who +"Ann Lee" +<- {2}Account\.First = "Ann", Account\.Last = "Lee" {2}\(function\)$/m, /^ {2}region +"region of DE" +<- {2}Account\.Country = "DE" {2}\(function\)$/m,
    /^ {2}lines\[2\]\.price +2\.50? +<- {2}Lines\.records\[2\]\.Price = 2\.5$/m, /^ {2}lines\[1\]\.mark +"A-1" +<- {2}Lines\.records\[1\]\.Code = "a-1" {2}\(function\)$/m]) assert.match(out, line)
  assert.match(out, /^13\.3[45]$/m)
  assert.match(out, /^"Ann"$/m)
  assert.match(out, /^"SO-9"$/m)
})

test('a lens goes both ways', async () => {
  const { code, out, err } = await repl(integration(), ':use "order@1 <-> crm.Order"', '{"OrderNo":"SO-1","Country":"Germany","Items":[{"Sku":"x"}]}', ':put', '{"order_no":"SO-2","country":"AT","lines":[{"price":1}]}', ':get', '{"OrderNo":"SO-3"}')
  assert.equal(code, 0, out + err)
  assert.match(out, /^order@1 <- crm\.Order/m)
  assert.match(out, /^ {2}country +"DE" +<- {2}Country = "Germany"$/m)
  assert.match(out, /^ {2}lines\[1\]\.sku +"x" +<- {2}Items\[1\]\.Sku = "x"$/m)
  assert.match(out, /^crm\.Order <- order@1/m)
  assert.match(out, /^ {2}Country +"Austria" +<- {2}country = "AT"$/m)
  assert.match(out, /^ {2}Items\[1\]\.Price +1\.?0* +<- {2}lines\[1\]\.price = 1$/m)
  assert.match(out, /^ {2}order_no +"SO-3" +<- {2}OrderNo = "SO-3"$/m)
})

test('what is refused is shown with its place; the exit status tells', async () => {
  const { code, out } = await repl(integration(), use, '{"Account":{}}', JSON.stringify({ ...deal, Lines: { records: [{ Code: 'a', Price: '1,5' }] } }), '{"No": }', JSON.stringify({ ...deal, Account: {} }),
    ':use "order@1 <- crm.Order"', '{"OrderNo":"SO-1","Country":"Narnia"}', '{"OrderNo":7}', ':lst', ':use "order@1 <- crm.Del"', 'x.y', 'doc.OrderNo = 8', 'os.exit()')
  assert.equal(code, 1)
  for (const text of [/^error: order_no: there is no value at No$/m, /^ {2}at \/No: nothing$/m, /^error: lines\[\]\.price: '1,5' is not/m, /^ {2}at \/Lines\/records\/0\/Price: "1,5"$/m,
    /^error: the document is no JSON: line 1, column 8/m, /^error: lib\/regions\.lua:1: .*nil value/m, /^error: country: 'Narnia' is not/m, /^ {2}at \/Country: "Narnia"$/m,
    /^error: does not keep the contract of order@1: .*\/order_no is 7/m, /^error: there is no :lst; did you mean :list\?/m, /^there is no map or lens 'order@1 <- crm\.Del'; there are:$/m,
    /^error: line:1: .*unknown global 'x'/m, /^error: line:1: /m, /^error: line:1: .*scripts have no os/m]) assert.match(out, text)
})

test('files are read again; one with errors leaves the old ones in use', async () => {
  const dir = integration()
  const text = crm['maps/deal.lua']
  const change = to => () => writeFileSync(join(dir, 'maps/deal.lua'), to)
  const { code, out } = await repl(dir, use, '{"No":"one","Account":{"First":"A","Last":"B","Country":"DE"}}', change(text.replace('as.const "EUR"', 'as.const "USD"')), ':reload',
    '{"No":"two","Account":{"First":"A","Last":"B","Country":"DE"}}', change(text.replace('as.text(', 'as.txt(')), ':reload', '{"No":"three","Account":{"First":"A","Last":"B","Country":"DE"}}')
  assert.equal(code, 1, 'one line failed')
  const parts = out.split('was read again')
  assert.match(parts[0], /"currency": "EUR"/)
  assert.match(parts[1], /"currency": "USD"[^]*error: maps\/deal\.lua:\d[^]*stay in use[^]*"currency": "USD"[^]*"order_no": "three"/)
})

test('documents from files, and what ends', async () => {
  const dir = integration(), file = join(folder('doc'), 'deal.json')
  writeFileSync(file, JSON.stringify(deal))
  const loaded = await repl(dir, ':list', use, `:load ${file}`, ':quit', '{"never":')
  assert.equal(loaded.code, 0, loaded.out + loaded.err)
  assert.match(loaded.out, /^order@1 <- crm\.Deal\norder@1 <-> crm\.Order$/m)
  assert.match(loaded.out, /order_no +"SO-1"/)
  assert.match((await repl(dir, use, ':load nowhere.json')).out, /error: cannot read nowhere\.json/)
  const open = await repl(dir, use, '{"No": [')
  assert.equal(open.code, 65)
  assert.match(open.err, /the input ended inside of a document/)
  assert.equal((await tool(['repl', join(dir, 'nowhere')])).code, 65)
  const broken = await repl(integration({ 'flows.lua': 'flow "x" {' }))
  assert.equal(broken.code, 65)
  assert.match(broken.err, /flows\.lua:1/)
})
