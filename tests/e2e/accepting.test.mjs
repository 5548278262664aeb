// What comes in: durable, once, refused clearly when it is not right; and the runtime goes on.
import test from 'node:test'
import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import net from 'node:net'
import { Shop } from '../world/shop.mjs'
import { change } from '../world/order_to_cash.mjs'
import { until } from '../world/wait.mjs'

let shop
test.before(async () => { shop = await new Shop().start() })
test.after(() => shop.stop())

const json = { 'content-type': 'application/json' }

// Bytes as they are over one connection; what came back until the other side closed or went silent for `quiet` ms.
function raw(chunks, { quiet = 1500, port = Number(new URL(shop.tidelock.url).port) } = {}) {
  return new Promise(done => {
    const socket = net.connect(port, '127.0.0.1')
    let got = '', timer
    const end = () => { clearTimeout(timer); socket.destroy(); done(got) }
    const wait = () => { clearTimeout(timer); timer = setTimeout(end, quiet) }
    socket.on('data', data => { got += data.toString('latin1'); wait() })
    socket.on('close', end)
    socket.on('error', end)
    socket.on('connect', async () => {
      for (const chunk of [].concat(chunks)) if (!socket.destroyed) socket.write(chunk)
      wait()
    })
  })
}

async function problem(reply, status) {
  assert.equal(reply.status, status)
  assert.match(reply.headers.get('content-type'), /^application\/problem\+json/)
  const body = await reply.json()
  assert.equal(body.status, status)
  assert.ok(body.title || body.detail)
  return body
}

// The runtime is unharmed: the next change goes through.
let serial = 0
async function works() {
  const order = `OK-${++serial}`
  await shop.change(order, 1)
  await shop.arrived(shop.erp, order, 1)
}

test('202 with the event id; the same message again gives the same id and no second effect', async () => {
  const first = await shop.change('D-1', 1)
  assert.match(first.id, /^\w+$/)
  assert.equal(first.duplicate, false)
  const again = await shop.change('D-1', 1)
  assert.deepEqual([again.id, again.duplicate], [first.id, true])
  await shop.arrived(shop.erp, 'D-1', 1)
  await shop.arrived(shop.desk, 'D-1', 1)
  await shop.finished()
  assert.equal((await shop.erp.admin('GET', 'writes?object=SalesOrders')).records.find(r => r.versions[0].doc.OrderNo === 'D-1').commits, 1)
})

test('the same key with another body is a new event: deduplication never loses', async () => {
  const first = await shop.change('D-2', 1)
  const other = await shop.change('D-2', 2, { more: { id: 'D-2-1' } })
  assert.equal(other.duplicate, false)
  assert.notEqual(other.id, first.id)
  await shop.arrived(shop.erp, 'D-2', 2)
})

test('changes of one order arrive in order, however fast they come', async () => {
  for (let n = 1; n <= 50; n++) await shop.change('S-1', n)
  await shop.arrived(shop.erp, 'S-1', 50)
  await shop.arrived(shop.desk, 'S-1', 50)
  const all = Array.from({ length: 50 }, (_, i) => i + 1)
  assert.deepEqual(await shop.numbers(shop.erp, 'S-1'), all)
  assert.deepEqual(await shop.numbers(shop.desk, 'S-1'), all)
})

test('wrong paths and methods', async () => {
  await problem(await shop.tidelock.post('nobody', '{}'), 404)
  await problem(await shop.tidelock.post('erp', '{}'), 404)
  const reply = await fetch(`${shop.tidelock.url}/in/shop`)
  await problem(reply, 405)
  assert.match(reply.headers.get('allow') ?? '', /POST/)
  await problem(await fetch(`${shop.tidelock.url}/`), 404)
})

test('a wrong content type is 415', async () => {
  await problem(await shop.tidelock.post('shop', '<order/>', { 'content-type': 'application/xml' }), 415)
  await works()
})

test('a body that is too large is 413, also when its length is not said', async () => {
  await problem(await shop.tidelock.post('shop', `{"id":"big","x":"${'x'.repeat(10 * 1024 * 1024)}"}`), 413)
  const port = new URL(shop.tidelock.url).port
  const answer = await raw([`POST /in/shop HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n`,
    ...Array.from({ length: 160 }, () => `10000\r\n${'x'.repeat(65536)}\r\n`)])
  assert.match(answer, /^HTTP\/1\.1 413 /)
  await works()
})

test('what cannot be read is kept, parked and shown: malformed JSON, invalid UTF-8, 10,000 nested arrays', async () => {
  const bodies = [['malformed', '{"id": "x", '], ['utf-8', Buffer.from('{"id":"b\xff\xfe","order_no":"B"}', 'latin1')], ['nested', '['.repeat(10000) + ']'.repeat(10000)]]
  const before = (await shop.exceptions()).length
  for (const [name, body] of bodies) {
    const reply = await shop.tidelock.post('shop', body)
    assert.equal(reply.status, 202, `${name}: ${await reply.clone().text()}`)
  }
  const parked = await until('three exceptions', async () => { const all = await shop.exceptions(); return all.length === before + 3 && all })
  for (const e of parked.slice(0, 3)) {
    assert.equal(e.type, 'webhook.unreadable')
    assert.ok(e.message.length > 10, e.message)
    assert.equal(e.source, 'shop')
  }
  const { out } = await shop.tidelock.command('exceptions', 'show', parked.find(e => /UTF-8/i.test(e.message))?.id ?? parked[0].id)
  assert.match(out, /message/)
  for (const e of parked) await shop.tidelock.command('exceptions', 'discard', e.id, '--reason', 'a test')
  await works()
})

test('ambiguous framing is 400 and the connection ends', async () => {
  const port = new URL(shop.tidelock.url).port, head = `POST /in/shop HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nContent-Type: application/json\r\n`
  const smuggled = 'GET /x HTTP/1.1\r\nHost: a\r\n\r\n'
  for (const [what, text] of [
    ['both lengths', `${head}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${smuggled}`],
    ['two lengths', `${head}Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}x`],
    ['a signed length', `${head}Content-Length: +2\r\n\r\n{}`],
    ['an odd chunk size', `${head}Transfer-Encoding: chunked\r\n\r\n0x2\r\n{}\r\n0\r\n\r\n`],
    ['a chunk that overruns', `${head}Transfer-Encoding: chunked\r\n\r\n2\r\n{}x\r\n0\r\n\r\n`],
    ['another coding', `${head}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n`],
    ['chunked twice', `${head}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`],
    ['a bare LF', `POST /in/shop HTTP/1.1\nHost: a\n\n`],
    ['a bare CR', `${head}X: a\rb\r\nContent-Length: 2\r\n\r\n{}`],
    ['obsolete folding', `${head}X: a\r\n b\r\nContent-Length: 2\r\n\r\n{}`],
    ['a space before the colon', `${head}Content-Length : 2\r\n\r\n{}`],
    ['no host', `POST /in/shop HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}`],
    ['two hosts', `POST /in/shop HTTP/1.1\r\nHost: a\r\nHost: b\r\nContent-Length: 2\r\n\r\n{}`],
    ['no HTTP at all', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n'],
  ]) {
    const answer = await raw(text)
    assert.match(answer, /^HTTP\/1\.1 (400|501) /, what)
    assert.equal((answer.match(/HTTP\/1\.1 /g) ?? []).length, 1, `${what}: one answer only\n${answer}`)
  }
  await works()
})

test('headers that are too large are 431', async () => {
  const answer = await raw(`POST /in/shop HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(200000)}\r\n\r\n`)
  assert.match(answer, /^HTTP\/1\.1 431 /)
  await works()
})

test('a slow sender is closed and holds up nobody', async () => {
  const port = Number(new URL(shop.tidelock.url).port)
  const slow = Array.from({ length: 20 }, () => {
    const socket = net.connect(port, '127.0.0.1')
    socket.on('error', () => {})
    socket.write('POST /in/shop HTTP/1.1\r\nHost: a\r\nContent-Le')
    return socket
  })
  await works()
  for (const socket of slow) socket.destroy()
  const half = net.connect(port, '127.0.0.1')
  half.on('error', () => {})
  half.write('POST /in/shop HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"id":')
  await works()
  half.destroy()
  await works()
})

test('keep-alive and pipelining: every request has its answer, in order', async () => {
  const port = new URL(shop.tidelock.url).port
  const request = n => { const body = shop.body('P-1', n); return `POST /in/shop HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}` }
  const answer = await raw([1, 2, 3].map(request).join(''))
  assert.equal((answer.match(/HTTP\/1\.1 202 /g) ?? []).length, 3)
  await shop.arrived(shop.erp, 'P-1', 3)
  assert.deepEqual(await shop.numbers(shop.erp, 'P-1'), [1, 2, 3])
})

test('signed webhooks: a wrong signature, a missing one and an old one are 401; the right one is 202', async t => {
  const secret = 'a-webhook-secret'
  const signed = await new Shop({ secrets: { 'hook': secret }, edit: editWebhook }).start()
  t.after(() => signed.stop())
  const body = signed.body('W-1', 1)
  const headers = (key, text) => ({ ...json, 'x-hub-signature-256': `sha256=${createHmac('sha256', key).update(text).digest('hex')}` })
  await problem(await signed.tidelock.post('shop', body, headers('another', body)), 401)
  await problem(await signed.tidelock.post('shop', body), 401)
  await problem(await signed.tidelock.post('shop', `${body} `, headers(secret, body)), 401)
  assert.equal((await signed.tidelock.post('shop', body, headers(secret, body))).status, 202)
  await signed.arrived(signed.erp, 'W-1', 1)
  const text = '{"broken'
  assert.equal((await signed.tidelock.post('shop', text, headers(secret, text))).status, 202, 'signed and unreadable: kept')
  await until('parked', async () => (await signed.exceptions()).length === 1)
})

function editWebhook(dir) {
  change(dir, 'integration.lua', text => text.replace('scheme = "none"', 'scheme = "github", secret = secret "hook"'))
}
