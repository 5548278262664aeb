// The odata connector against SAP's own OData V4 server, by the real program (tests/real/README.md).
import test, { after, before } from 'node:test'
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { Tidelock, root } from '../world/tidelock.mjs'
import { until } from '../world/wait.mjs'
import { Cap } from './cap.mjs'
import { NotInstalled } from './npm.mjs'
import { Proxy } from './proxy.mjs'

const cap = new Cap(), proxy = new Proxy()
let tidelock, missing

before(async () => {
  try {
    await cap.start()
  } catch (error) {
    if (!(error instanceof NotInstalled)) throw error
    missing = `SAP's CAP server cannot be installed: ${error.message}`
    console.log(`skipped: ${missing}`)
    return
  }
  await proxy.start(cap.url)
  tidelock = await serve().start()
})
after(async () => {
  await tidelock?.stop()
  proxy.stop()
  await cap.stop()
})

const serve = ({ password = cap.password, ...options } = {}) =>
  new Tidelock({ integration: join(root, 'tests/real/cap/integration'), settings: { 'cap.url': proxy.url + new URL(cap.url).pathname }, secrets: { 'cap.password': password }, ...options })

const withCap = (name, body) => test(name, t => (missing ? t.skip(missing) : body(t)))

// Writes of ours about one record, as they passed.
const writes = name => proxy.seen.filter(x => x.method !== 'GET' && x.method !== 'HEAD' && (decodeURIComponent(x.path).includes(`'${name}'`) || x.body.includes(`"no":"${name}"`)))

let messages = 0
// One message of the shop; `fields` is JSON text without braces, so that numbers keep their digits.
async function tell(type, no, fields, to = tidelock) {
  const reply = await to.post('shop', `{"id":"m-${++messages}","type":"${type}","no":"${no}"${fields ? `,${fields}` : ''}}`)
  assert.equal(reply.status, 202, await reply.text())
}

const orderIs = (no, what, like) => until(`order ${no} ${what}`, async () => { const o = await cap.order(no); return o && like(o) && o })
const uuid = number => `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`
const customerIs = (number, what, like) => until(`customer ${number} ${what}`, async () => { const c = await cap.get(`Customers(${uuid(number)})`); return c && like(c) && c })

const exceptions = async (of = tidelock) => (await of.json('exceptions', 'list')).exceptions
const parked = (key, of) => until(`${key} parked`, async () => (await exceptions(of)).find(x => x.key === key))
async function act(verb, id) {
  const { code, err } = await tidelock.command('exceptions', verb, id, '--reason', 'test')
  assert.equal(code, 0, err)
}

withCap('an order arrives with its lines, exact to the last digit', async () => {
  await tell('Order', 'SO-1', '"note":"Müller & Söhne – 1","total":1234567890123.45,"lines":[{"pos":10,"sku":"TURBINE","qty":1,"price":1234567890123.40},{"pos":20,"sku":"BOLT","qty":0.1000,"price":0.50}]')
  const order = await orderIs('SO-1', 'there', () => true)
  assert.equal(order.total, '1234567890123.45')
  assert.equal(order.note, 'Müller & Söhne – 1')
  assert.deepEqual(order.items.map(i => [i.pos, i.sku, i.qty, i.price]), [[10, 'TURBINE', '1.0000', '1234567890123.40'], [20, 'BOLT', '0.1000', '0.50']])
  const sent = writes('SO-1').at(-1)
  assert.equal(sent.method, 'POST', 'CAP creates by POST alone')
  assert.match(sent.headers['content-type'], /IEEE754Compatible=true/)
  assert.match(sent.body, /"total":"1234567890123\.45"/, 'as text: CAP would read a number as a double')
  assert.match(sent.body, /"qty":"0\.1000"/)
})

withCap('an update replaces the lines and what else it names', async () => {
  await tell('Order', "SO-2'x", '"note":"first","total":1.10,"lines":[{"pos":10,"sku":"A","qty":1,"price":1},{"pos":20,"sku":"B","qty":2,"price":2}]')
  await orderIs("SO-2''x", 'there', o => o.items.length === 2)
  await tell('Order', "SO-2'x", '"total":9999999999999.99,"lines":[{"pos":20,"sku":"B","qty":12345678901.2345,"price":2},{"pos":30,"sku":"C","qty":3,"price":3}]')
  const order = await orderIs("SO-2''x", 'changed', o => o.items[0].sku === 'B')
  assert.deepEqual(order.items.map(i => [i.pos, i.sku, i.qty]), [[20, 'B', '12345678901.2345'], [30, 'C', '3.0000']])
  assert.equal(order.total, '9999999999999.99')
  assert.equal(order.note, 'first', 'what is not named stays')
})

withCap('a change meant for a version that is gone is a conflict, and is parked', async () => {
  await tell('Order', 'SO-3', '"note":"seen"')
  const seen = await orderIs('SO-3', 'there', () => true), version = JSON.stringify(seen['@odata.etag'])
  await tell('Amendment', 'SO-3', `"version":${version},"note":"amended"`)
  await orderIs('SO-3', 'amended', o => o.note === 'amended')
  await tell('Amendment', 'SO-3', `"version":${version},"note":"amended by one who had not seen it"`)
  const exception = await parked('SO-3')
  assert.equal(exception.class, 'conflict')
  assert.match(exception.message, /Precondition Failed/)
  assert.equal((await cap.order('SO-3')).note, 'amended')
  await act('discard', exception.id)
  await tell('Amendment', 'SO-3', '"note":"whatever the version"')
  await orderIs('SO-3', 'amended', o => o.note === 'whatever the version')
  await tell('Amendment', 'SO-none', '"note":"nobody"')
  const absent = await parked('SO-none')
  assert.equal(absent.class, 'missing')
  await act('discard', absent.id)
})

withCap('a write that wants the version gets it: read first, then changed as it was read', async () => {
  await tell('Order', 'SO-5', '"note":"first"')
  const { '@odata.etag': etag } = await orderIs('SO-5', 'there', () => true)
  await tell('Order', 'SO-5', '"note":"second"')
  await orderIs('SO-5', 'changed', o => o.note === 'second')
  assert.deepEqual(writes('SO-5').map(x => [x.method, x.status, x.headers['if-match']]),
    [['PATCH', 428, undefined], ['POST', 204, undefined], ['PATCH', 428, undefined], ['PATCH', 204, etag]])
})

withCap('an answer that is lost after CAP has committed: the order is there once, and nobody is asked', async () => {
  proxy.loseAnswer()
  await tell('Order', 'SO-6', '"note":"created","lines":[{"pos":10,"sku":"A","qty":1,"price":1}]')
  await until('the answer lost and the order settled', () => writes('SO-6').at(-1)?.status === 204 && !writes('SO-6').at(-1).lost)
  assert.deepEqual(writes('SO-6').filter(x => x.status < 300).map(x => [x.method, !!x.lost]), [['POST', true], ['PATCH', false]])
  assert.equal((await cap.order('SO-6')).items.length, 1)
  proxy.loseAnswer()
  await tell('Removal', 'SO-6')
  await until('the order gone', async () => await cap.order('SO-6') === undefined && writes('SO-6').at(-1).status === 404)
  assert.equal((await exceptions()).length, 0)
})

withCap('reads: one, none, by a property, over pages, their number, what a navigation leads to', async () => {
  await tell('Customer', uuid(60), '"name":"O\'Neill & Söhne","account_no":"R-0"')
  await customerIs(60, 'there', () => true)
  for (let n = 1; n <= 7; n++) await tell('Order', `R-${n}`, `"customer":"${uuid(60)}","note":"it's ${n} + ${n} = 100 %","total":0.10,"lines":[{"pos":1,"sku":"A","qty":0.0001,"price":0.01}]`)
  for (let n = 1; n <= 7; n++) await orderIs(`R-${n}`, 'there', () => true)
  await tell('Question', 'R-7', '"like":"R-"')
  const { id, message } = await parked('R-7')
  assert.match(message, /seen/)
  const { data } = await tidelock.json('exceptions', 'show', id)
  assert.equal(data.order.total, '0.10')
  assert.equal(data.order.items[0].qty, '0.0001')
  assert.deepEqual([data.missing, data.named, data.count, data.buyer.name], [true, 1, 7, "O'Neill & Söhne"])
  assert.deepEqual(data.all.map(o => o.no), ['R-1', 'R-2', 'R-3', 'R-4', 'R-5', 'R-6', 'R-7'])
  await act('discard', id)
})

withCap('an action of the platform is an operation that the integration describes', async () => {
  await tell('Order', 'SO-4', '"total":1')
  await tell('Release', 'SO-4')
  await orderIs('SO-4', 'confirmed', o => o.status === 'confirmed')
  await tell('Release', 'SO-4')
  await tell('Order', 'SO-4', '"note":"after the second release"')
  await orderIs('SO-4', 'noted', o => o.note === 'after the second release')
  assert.equal((await exceptions()).length, 0)
})

withCap('what people do on the platform is seen, page by page, each version once', async () => {
  const numbers = Array.from({ length: 7 }, (_, i) => i + 1)
  for (const n of numbers) await tell('Customer', uuid(n), `"name":"Customer ${n}","account_no":"A-${n}","credit_limit":1234567890123.45,"rate":0.1000`)
  for (const n of numbers) {
    const customer = await customerIs(n, 'there', () => true)
    assert.deepEqual([customer.creditLimit, customer.rate], ['1234567890123.45', '0.1000'])
  }
  await Promise.all(numbers.map(n => cap.write('POST', 'Orders', { no: `P-${n}`, customer_ID: uuid(n), status: 'confirmed', total: `123456789012${n}.40`,
    items: [{ pos: 1, sku: 'A', qty: '0.0001', price: '0.01' }, { pos: 2, sku: 'B', qty: '1', price: '1' }] })))
  for (const n of numbers) await customerIs(n, 'has its turnover', c => c.lastOrder === `P-${n}` && c.lastTotal === `123456789012${n}.40`)
  await cap.write('PATCH', "Orders('P-3')", { total: '0.30' })
  await customerIs(3, 'has the new total', c => c.lastTotal === '0.30')
  const { entries } = await tidelock.json('trace', 'order/P-3')
  const versions = entries.filter(e => e.kind === 'event' && e.type === 'cap.Orders').map(e => e.version)
  assert.equal(versions.length, 2, `one event for each version: ${versions}`)
})

withCap('a duplicate is the fault of its record: parked, and everything else goes on', async () => {
  await tell('Customer', uuid(20), '"name":"First","account_no":"K-1"')
  await customerIs(20, 'there', () => true)
  await tell('Customer', uuid(21), '"name":"Second","account_no":"K-1"')
  const exception = await parked(uuid(21))
  assert.equal(exception.class, 'data')
  assert.match(exception.message, /UNIQUE constraint failed/)
  await tell('Customer', uuid(22), '"name":"Third","account_no":"K-3"')
  await customerIs(22, 'there', () => true)
  await cap.write('PATCH', `Customers(${uuid(20)})`, { accountNo: 'K-0' }, {})
  await act('retry', exception.id)
  await customerIs(21, 'there after the repair', c => c.accountNo === 'K-1')
})

withCap('what the platform refuses is parked in its own words', async () => {
  for (const [no, fields, words] of [['SO-70', '"total":1.234', /not a valid Decimal\(15,2\)/], ['SO-71', `"customer":"${uuid(999)}"`, /Target with this key doesn't exist/],
    ['SO-72', '"note":12', /note|not a valid/i]]) {
    await tell('Order', no, fields)
    const exception = await parked(no)
    assert.equal(exception.class, 'data', no)
    assert.match(exception.message, words)
    assert.equal(await cap.order(no), undefined)
    await act('discard', exception.id)
  }
})

withCap('a wrong password holds the system back, not the record; the right one lets everything through', async t => {
  const other = serve({ password: 'wrong' })
  t.after(() => other.stop())
  await other.start({ ready: false })
  await tell('Order', 'SO-80', '"note":"waited"', other)
  await until('the system held back', async () => { const s = (await other.json('status')).engine.systems.find(x => x.name === 'cap'); return s.gate === 'breaker' && /^auth: .*401/.test(s.cause) })
  assert.equal((await exceptions(other)).length, 0, 'no record is blamed')
  assert.equal(await cap.order('SO-80'), undefined)
  const { code, out } = await other.command('doctor')
  assert.equal(code, 2)
  assert.match(out, /system cap: auth: .*401/)
  await other.stop()
  other.secrets['cap.password'] = cap.password
  await other.start({ ready: false })
  await orderIs('SO-80', 'there', o => o.note === 'waited')
})

withCap('doctor finds nothing wrong', async () => {
  const { code, out, err } = await tidelock.command('doctor')
  assert.equal(code, 0, out + err)
  assert.match(out, /system cap: answers and accepts the credentials/)
})
