// Contracts on the command line: validating, comparing, and a breaking change under the same version.
import test from 'node:test'
import assert from 'node:assert/strict'
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { cases } from '../world/cases.mjs'
import { folder } from '../world/folder.mjs'
import { root, tool } from '../world/tidelock.mjs'

const contracts = join(root, 'scripts/order-to-cash/contracts')
const order = {
  order_no: 'SO-1', currency: 'EUR', customer: { account_no: 'A-1', name: 'Acme' },
  lines: [{ line_no: 1, product_no: 'P-1', quantity: 2, unit_price: 19.99 }],
}
const validate = (text, ...words) => tool(['tool', 'validate', '--contract', join(contracts, 'order.v1.json'), ...words], { input: text })

// A copy of the integration with something replaced in one of its files.
function changed(file, from, to) {
  const dir = join(folder('changed'), 'order-to-cash')
  cpSync(join(root, 'scripts/order-to-cash'), dir, { recursive: true })
  const path = join(dir, file), text = readFileSync(path, 'utf8')
  assert.ok(text.includes(from), from)
  writeFileSync(path, text.replace(from, to))
  return dir
}

test('tool validate: exit 0 in silence, exit 1 with every violation, 65 for what is no JSON', async () => {
  const good = await validate(JSON.stringify(order))
  assert.deepEqual([good.code, good.out, good.err], [0, '', ''])
  const bad = await validate(JSON.stringify({ ...order, order_no: '', customer: { account_no: 'A-1' }, curency: 'EUR' }))
  assert.equal(bad.code, 1)
  const lines = bad.out.trim().split('\n')
  assert.match(lines[0], /^\/order_no: must have at least 1 characters, has 0; is "" \(.*order\.v1\.json#\/properties\/order_no\/minLength\)$/)
  assert.match(lines[1], /^\/customer: must have the property 'name'; is \{"account_no":"A-1"\} \(.*customer\.v1\.json#\/required\)$/)
  assert.match(lines[2], /^\/curency: 'curency' is no property of this object; did you mean 'currency'\?; is "EUR"/)
  assert.equal(lines.length, 3)
  const broken = await validate('{"order_no":')
  assert.equal(broken.code, 65)
  assert.match(broken.err, /standard input: line 1, column 13/)
})

test('tool validate --json; numbers beyond doubles; formats as annotations on request', async () => {
  const { code, out } = await validate('{"order_no":9007199254740993}', '--json')
  const answer = JSON.parse(out)
  assert.equal(code, 1)
  assert.equal(answer.valid, false)
  assert.deepEqual([answer.violations[0].pointer, answer.violations[0].keyword, answer.violations[0].value], ['/order_no', 'type', '9007199254740993'])
  assert.deepEqual(JSON.parse((await validate(JSON.stringify(order), '--json')).out), { valid: true, violations: [] })
  const dated = JSON.stringify({ ...order, ordered_on: '2026-02-30' })
  assert.equal((await validate(dated)).code, 1)
  assert.equal((await validate(dated, '--formats', 'annotate')).code, 0)
})

test('tool validate: a contract that is none, or asks what is not supported, is exit 78 with its place', async () => {
  const dir = folder('contract')
  const file = join(dir, 'c.json')
  writeFileSync(file, '{\n  "properties": {"a": {"pattern": "(?=x)"}}\n}')
  const { code, err } = await tool(['tool', 'validate', '--contract', file], { input: '{}' })
  assert.equal(code, 78)
  assert.match(err, /c\.json: line 2, \/properties\/a\/pattern: character 1 of the pattern: lookahead/)
  assert.equal((await tool(['tool', 'validate'], { input: '{}' })).code, 64)
})

test('what a contract asks and nobody checks is refused, by check and by tool validate', async () => {
  const file = join(folder('contract'), 'c.json')
  for (const [schema, why] of [
    ['{"format": "made-up"}', /#?.*\/format: 'made-up' is no format that is checked here; these are: date time date-time/],
    ['{"properties": {"a": {"format": "ibann"}}}', /\/properties\/a\/format: 'ibann' is no format that is checked here/],
    ['{"format": "datetime"}', /'datetime' is no format that is checked here, did you mean 'date-time'\?/],
    ['{"additionalProperites": false}', /\/additionalProperites: 'additionalProperites' is no keyword; did you mean 'additionalProperties'\?/],
    ['{"maxlength": 3}', /'maxlength' is no keyword; did you mean 'maxLength'\?/],
    ['{"enumm": [1]}', /'enumm' is no keyword; did you mean 'enum'\?/],
    ['{"tpye": "string"}', /'tpye' is no keyword; did you mean 'type'\? A word of your own begins with x-/],
  ]) {
    writeFileSync(file, schema)
    const { code, err } = await tool(['tool', 'validate', '--contract', file], { input: '1' })
    assert.equal(code, 78, schema)
    assert.match(err, why)
    const dir = changed('contracts/customer.v1.json', '"minLength": 1, "maxLength": 20', `"minLength": 1, ${schema.slice(1, -1).replace(/^"properties": .*/, '"format": "ibann"')}`)
    const checked = await tool(['check', dir])
    assert.equal(checked.code, 65, checked.out)
    assert.match(checked.out, /^contracts\/customer\.v1\.json:8: error: \/properties\/account_no\//m)
  }
  writeFileSync(file, '{"x-unit": "kg", "$comment": "free", "contentMediaType": "text/html", "currency": "EUR", "type": "integer"}')
  assert.equal((await tool(['tool', 'validate', '--contract', file], { input: '1' })).code, 0)
})

test('tool validate agrees with the published suite', async t => {
  const dir = cases('json-schema')
  if (!dir) return t.skip('the json-schema cases are not here')
  const file = join(folder('suite'), 'schema.json')
  let seen = 0
  for (const group of JSON.parse(readFileSync(join(dir, 'required.json'), 'utf8'))) {
    writeFileSync(file, JSON.stringify(group.schema))
    for (const { data, valid, description } of group.tests) {
      const { code, out } = await tool(['tool', 'validate', '--contract', file], { input: JSON.stringify(data) })
      assert.equal(code, valid ? 0 : 1, `${group.description}, ${description}: ${out}`)
      seen++
    }
  }
  assert.ok(seen >= 18)
})

test('contract diff: compatible is exit 0, otherwise exit 2 and who breaks', async () => {
  const old = join(contracts, 'order_status.v1.json'), file = join(folder('diff'), 'order_status.v2.json')
  const schema = JSON.parse(readFileSync(old, 'utf8'))
  schema.properties.carrier = { type: 'string' }
  writeFileSync(file, JSON.stringify(schema))
  const fine = await tool(['contract', 'diff', old, file])
  assert.equal(fine.code, 0)
  assert.match(fine.out, /^compatible {2}\/carrier: the property is new, and optional/)
  assert.match(fine.out, /v2\.json is compatible with/)
  schema.properties.status.enum.push('returned')
  schema.required.push('carrier')
  writeFileSync(file, JSON.stringify(schema))
  const breaks = await tool(['contract', 'diff', old, file])
  assert.equal(breaks.code, 2)
  assert.match(breaks.out, /^breaks readers {2}\/status: newly allowed: "returned"/m)
  assert.match(breaks.out, /^breaks writers {2}\/carrier: the property is now required/m)
  const { code, out } = await tool(['contract', 'diff', old, file, '--json'])
  assert.equal(code, 2)
  assert.deepEqual(JSON.parse(out).breaks, ['readers', 'writers'])
})

test('contract diff: what was allowed and is refused breaks writers, also in an open object; inside not the directions turn round', async () => {
  const dir = folder('diff'), file = (name, schema) => { writeFileSync(join(dir, name), JSON.stringify(schema)); return join(dir, name) }
  const valid = async (contract, data) => (await tool(['tool', 'validate', '--contract', contract], { input: JSON.stringify(data) })).code === 0
  const a = { properties: { a: { const: 1 } }, required: ['a'] }, ab = { properties: { a: { const: 1 }, b: { type: 'string' } }, required: ['a'] }
  for (const [before, after, data, was, is, who] of [
    [{ not: a }, { not: ab }, { a: 1, b: 5 }, false, true, 'readers'],
    [{ type: 'object', properties: { a: { type: 'string' } } }, { type: 'object', properties: { a: { type: 'string' }, b: { type: 'string' } } }, { a: '1', b: 5 }, true, false, 'writers'],
  ]) {
    const [old, now] = [file('old.json', before), file('new.json', after)]
    assert.deepEqual([await valid(old, data), await valid(now, data)], [was, is])
    const { code, out } = await tool(['contract', 'diff', old, now])
    assert.equal(code, 2, out)
    assert.match(out, new RegExp(`^breaks ${who} {2}/b: the property is new`, 'm'))
  }
})

test('check: a contract with an error is named with file, line and pointer', async () => {
  const dir = changed('contracts/customer.v1.json', '"minLength": 1, "maxLength": 20', '"minLength": "1"')
  const { code, out } = await tool(['check', dir])
  assert.equal(code, 65)
  assert.match(out, /^contracts\/customer\.v1\.json:8: error: \/properties\/account_no\/minLength: must be a whole number, 0 or more$/m)
})

test('check: files and folders that nobody reads are named', async () => {
  const dir = changed('contracts/order.v1.json', '"maxLength": 40', '"maxLength": 40')
  const quiet = await tool(['check', dir])
  assert.doesNotMatch(quiet.out, /read|run:/)
  for (const path of ['flow/a.lua', 'lens/b.lua', 'flow.lua', 'test/t_test.lua', 'tests/customertest.lua', 'contract/c.json', 'more/d.lua', 'docs/e.json', 'tests/helper.lua']) {
    mkdirSync(join(dir, dirname(path)), { recursive: true })
    writeFileSync(join(dir, path), 'xx(')
  }
  const { code, out } = await tool(['check', dir])
  assert.equal(code, quiet.code, out)
  for (const line of ['flow/:1: warning: nothing in this folder is read; did you mean flows/?', 'lens/:1: warning: nothing in this folder is read; did you mean lenses/?',
    'flow.lua:1: warning: this file is not read; did you mean flows.lua?', 'test/:1: warning: nothing in this folder is read; did you mean tests/?',
    'tests/customertest.lua:1: warning: this file is not run: the names of tests end in _test.lua', 'contract/:1: warning: nothing in this folder is read; did you mean contracts/?',
    'more/:1: warning: nothing in this folder is read']) assert.ok(out.split('\n').includes(line), `${line}\n${out}`)
  assert.doesNotMatch(out, /docs|helper/)
})

test('check --against: a breaking change needs a new version', async () => {
  const inUse = join(root, 'scripts/order-to-cash')
  const same = await tool(['check', inUse, '--against', inUse])
  assert.equal(same.code, 0, same.out)
  const narrower = changed('contracts/order.v1.json', '"maxLength": 40', '"maxLength": 30')
  const { code, out } = await tool(['check', narrower, '--against', inUse])
  assert.equal(code, 65)
  assert.match(out, /^entities\.lua:6: error: the contract of entity "order@1" breaks writers of the version in use: \/order_no: now has at most 30 characters/m)
  assert.match(out, /^events\.lua:4: error: the contract of event "order\.won@1" breaks writers/m)
  assert.equal((await tool(['check', narrower])).code, 0)
  const without = changed('events.lua', 'event "order.won@1"', 'event "order.gained@1"')
  assert.match((await tool(['check', without, '--against', inUse])).out, /^integration\.lua:1: warning: event "order\.won@1" is in use and no longer declared/m)
  const wider = changed('contracts/order.v1.json', '"currency": {', '"note": {"type": "string"},\n    "currency": {')
  const added = await tool(['check', wider, '--against', inUse])
  assert.equal(added.code, 0, added.out)
})
