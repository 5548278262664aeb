// Lenses on the command line: laws, pages, lineage; and `check`, which tries the laws as well.
import test from 'node:test'
import assert from 'node:assert/strict'
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { folder } from '../world/folder.mjs'
import { root, tool } from '../world/tidelock.mjs'

const shipped = join(root, 'scripts/order-to-cash')
const lens = 'lenses/business_partner.lua'

// A copy of the integration with other text in some of its files.
function changed(files) {
  const dir = join(folder('lenses'), 'order-to-cash')
  cpSync(shipped, dir, { recursive: true })
  for (const [file, change] of Object.entries(files)) {
    const path = join(dir, file), text = typeof change === 'string' ? change : change(readFileSync(path, 'utf8'))
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, text)
  }
  return dir
}
const replaced = (from, to) => text => {
  assert.ok(text.includes(from), from)
  return text.replace(from, to)
}

test('lens laws: a sound lens passes, its sample too', async () => {
  const { code, out, err } = await tool(['lens', 'laws', shipped, '--count', '300'])
  assert.equal(code, 0, out + err)
  assert.equal(out, '1 lenses, 300 made values, 1 samples, 0 laws broken\n')
})

test('lens laws: planted defects are found with field, line and a counterexample; exit 2', async () => {
  const lossy = changed({
    [lens]: replaced('"Country"', 'as.enum("Country", { DE = "DE", AT = "AT" }, { default = "DE" })'),
    'contracts/customer.v1.json': replaced('"pattern": "^[A-Z]{2}$"', '"enum": ["DE", "AT", "CH", null]'),
  })
  const float = changed({
    [lens]: replaced('name         = "Name",', `name         = "Name",
  credit_limit = as.pair("CreditLimit", function(v) return decimal(v):tofloat() end, function(v) return v end),`),
    'contracts/customer.v1.json': replaced('"vat_id":', '"credit_limit": {"type": "number"},\n    "vat_id":'),
  })
  const swapped = changed({ [lens]: text => text.replace('"City"', '"Swap"').replace('"Street"', '"City"').replace('"Swap"', '"Street"') })
  for (const [dir, law, line] of [[lossy, 'put-get', 10], [float, 'exact', 5], [swapped, 'sample', 8]]) {
    const { code, out } = await tool(['lens', 'laws', dir])
    assert.equal(code, 2, out)
    assert.match(out, new RegExp(`^lenses/business_partner\\.lua:${line}: law ${law}: lens "customer@1 <-> erp\\.BusinessPartners", `, 'm'))
    assert.match(out, /^1 lenses, \d+ made values, 1 samples, [1-9]\d* laws broken$/m)
  }
  const { code, out } = await tool(['lens', 'laws', float, '--json'])
  assert.equal(code, 2)
  const found = JSON.parse(out).broken.find(b => b.law === 'exact')
  assert.deepEqual([found.field, found.file, found.line], ['credit_limit', lens, 5])
  assert.match(found.shown, /^get {3}\{.*"CreditLimit":/)
})

test('check tries the laws: a broken one is an error', async () => {
  const dir = changed({ [lens]: replaced('vat_id       = "VatId"', 'vat_id       = as.pair("VatId", function(v) return v:upper() end, function(v) return v end)') })
  const { code, out } = await tool(['check', dir])
  assert.equal(code, 65)
  assert.match(out, /^lenses\/business_partner\.lua:5: law put-get: lens "customer@1 <-> erp\.BusinessPartners", vat_id: "\S+" comes back as "\S+"$/m)
  assert.match(out, /^ {4}put {3}\{/m)
  assert.match(out, /, 1 error, /)
  assert.equal(JSON.parse((await tool(['check', dir, '--json'])).out).laws[0].field, 'vat_id')
  assert.equal((await tool(['check', shipped])).code, 0)
})

test('a lens that cannot work is refused with file, line and the nearest word', async () => {
  const dir = changed({ [lens]: replaced('  street ', '  stret ') })
  const { code, out } = await tool(['check', dir])
  assert.equal(code, 65)
  assert.match(out, /^lenses\/business_partner\.lua:7: error: .*stret: the contract has no field 'stret'; did you mean 'street'\?$/m)
  const laws = await tool(['lens', 'laws', dir])
  assert.equal(laws.code, 65)
  assert.match(laws.err, /business_partner\.lua:7: .*tidelock check lists them/)
})

test('lens doc and lineage come from the same text', async () => {
  const doc = await tool(['lens', 'doc', shipped])
  assert.equal(doc.code, 0)
  assert.match(doc.out, /^# customer@1 ↔ erp\.BusinessPartners\n/)
  assert.match(doc.out, /^\| `account_no` \| ↔ \| `PartnerNo` \| as it is \|  \|$/m)
  const [line] = JSON.parse((await tool(['lens', 'lineage', shipped, '--json'])).out)
  assert.equal(line.lens, 'customer@1 <-> erp.BusinessPartners')
  assert.deepEqual([line.file, line.line], [lens, 2])
  assert.deepEqual(line.put.find(p => p.to === 'City'), { to: 'City', from: ['city'], how: 'as it is' })
  assert.deepEqual(line.fields.platform, ['City', 'CompanyCode', 'Country', 'Name', 'PartnerNo', 'PostalCode', 'Street', 'VatId'])
})

test('a lens is named by title or file; what is wrong is said', async () => {
  assert.equal((await tool(['lens', 'laws', shipped, '--lens', 'business_partner'])).code, 0)
  const none = await tool(['lens', 'laws', shipped, '--lens', 'customer@1 <-> erp.BusinesPartners'])
  assert.equal(none.code, 1)
  assert.match(none.err, /there is no lens "customer@1 <-> erp\.BusinesPartners"; did you mean "customer@1 <-> erp\.BusinessPartners"\?/)
  for (const words of [['--count', '0'], ['--count', 'x'], ['--seed', '-1']])
    assert.equal((await tool(['lens', 'laws', shipped, ...words])).code, 64)
})
