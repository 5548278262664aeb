// The rt connector against Request Tracker itself (tests/real/README.md). RT's own answers are the judge.
import test, { after, before } from 'node:test'
import assert from 'node:assert/strict'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { Connector } from '../unit/connector_replay/connector.mjs'
import { NotInstalled } from './npm.mjs'
import { Proxy } from './proxy.mjs'
import { Recording } from './recording.mjs'
import { Rt } from './rt.mjs'

const rt = new Rt(), proxy = new Proxy()
let connector, recording, missing

const settings = (more = {}) => ({ url: proxy.url, auth: { kind: 'token', token: rt.token }, queue: 'Support', webhook_secret: 'hook-token', ...more })

before(async () => {
  try {
    await rt.start()
  } catch (error) {
    if (!(error instanceof NotInstalled)) throw error
    missing = `Request Tracker cannot be started: ${error.message}`
    console.log(`skipped: ${missing}`)
    return
  }
  await proxy.start(rt.url)
  connector = new Connector('rt@1', settings())
  recording = new Recording('rt', connector, proxy)
})
after(async () => {
  await connector?.close()
  proxy.stop()
  await rt.stop()
})

const withRt = (name, body) => test(name, t => (missing ? t.skip(missing) : body(t)))

const call = (operation, args, more = {}) => connector.call(operation, args, more)
async function done(operation, args, more) {
  const got = await call(operation, args, more)
  assert.equal(got.class, 'done', `${operation}: ${got.class}: ${got.message}`)
  return got
}
const put = (CaseNo, record = {}) => done('put', { object: 'ticket', key: { CaseNo }, record: { Subject: `Case ${CaseNo}`, Requestor: ['jane@customer.example'], ...record } })
const requests = from => proxy.seen.slice(from).map(x => `${x.method} ${x.path.split('?')[0].replace('/REST/2.0/', '')}`)

withRt('a case from its ticket to its resolution, as recorded for the replay', async () => {
  const did = async (operation, args, more = {}) => { const got = await recording.ask({ operation, args, ...more }); assert.equal(got.class, 'done', `${operation}: ${got.message}`); return got }
  await did('server', {})
  const made = await did('create', { object: 'ticket', key: { CaseNo: '500-1' }, record: { Subject: 'Pumpe defekt – Größe 7', Requestor: ['jane@customer.example'], Content: 'It <b>broke</b>', ContentType: 'text/html',
    CustomFields: { OrderNo: 'SO-1', Tier: 'gold', Products: ['PUMP-7', 'SEAL-9'] } } })
  assert.equal(made.created, 'yes')
  const { id } = made
  assert.equal((await did('create', { object: 'ticket', key: { CaseNo: '500-1' }, record: { Subject: 'again' } })).created, 'no')
  await did('put', { object: 'ticket', key: { CaseNo: '500-1' }, record: { Status: 'open', Owner: 'sync', CustomFields: { OrderStatus: 'shipped', Tier: null } } })
  await did('comment', { ticket: id, text: 'sent again' }, { marker: 'note:500-1' })
  await did('reply', { ticket: id, text: 'We are on it', reference: 'reply:500-1' })
  const { version } = await did('get', { object: 'ticket', id })
  await did('update', { object: 'ticket', id, version, record: { Status: 'resolved' } })
  const stale = await recording.ask({ operation: 'update', args: { object: 'ticket', id, version, record: { Subject: 'stale' } } })
  assert.deepEqual([stale.class, stale.status], ['conflict', 412])
  const partial = await recording.ask({ operation: 'put', args: { object: 'ticket', key: { CaseNo: '500-1' }, record: { Subject: 'Pump', CustomFields: { Tier: 'platinum' } } } })
  assert.deepEqual([partial.class, partial.code], ['data', 'partial'])
  const other = await did('put', { object: 'ticket', key: { CaseNo: '500-2' }, record: { Subject: 'Other' } })
  await did('link', { ticket: id, kind: 'RefersTo', to: 'https://erp.acme.example/so/1' })
  await did('link', { ticket: id, kind: 'DependsOn', to: other.id })
  await did('find', { object: 'ticket', key: { CaseNo: '500-1' } })
  await did('message_find', { ticket: id, kind: 'reply', reference: 'reply:500-1' })
  await did('query', { where: "Queue = 'Support' AND Status = 'resolved'" })
  await did('get', { object: 'ticket', id: 4711 })
  recording.write('case')

  const ticket = await rt.ticket(id)
  assert.deepEqual([ticket.Subject, ticket.Status, ticket.Owner.id, ticket.CustomFields], ['Pump', 'resolved', 'sync', { CaseNo: '500-1', OrderNo: 'SO-1', OrderStatus: 'shipped', Products: ['PUMP-7', 'SEAL-9'], Tier: null }])
  assert.deepEqual((await rt.history(id)).filter(type => ['Create', 'Comment', 'Correspond', 'AddLink'].includes(type)), ['Create', 'Comment', 'Correspond', 'AddLink', 'AddLink'])
})

withRt('a ticket reads as a plain record: people and queue by name, fields by name, no times that are none', async () => {
  const { document } = await put('B-1', { CustomFields: { OrderNo: 'SO-1', Products: ['A', 'B'] } })
  const { Subject, Status, Queue, Owner, Requestor, CustomFields, Due, version } = document
  assert.deepEqual({ Subject, Status, Queue, Owner, Requestor, CustomFields, Due }, { Subject: 'Case B-1', Status: 'new', Queue: 'Support', Owner: 'Nobody', Requestor: ['jane@customer.example'],
    CustomFields: { CaseNo: 'B-1', OrderNo: 'SO-1', OrderStatus: null, Products: ['A', 'B'], Tier: null }, Due: null })
  assert.match(version, /^\d+$/)
  assert.equal(Object.keys(document).some(name => name.startsWith('_')), false)
})

withRt('keys with every odd character are found again, and several with one key are refused', async () => {
  for (const key of ["it's a \\ \"b\" {c}", '50 % [x]', 'Größe – 7 a/b?c&d=e+f']) {
    const made = await put(key)
    assert.equal(made.created, 'yes', key)
    const again = await put(key, { Status: 'open' })
    assert.deepEqual([again.created, again.id], ['no', made.id], key)
  }
  for (const n of [1, 2]) await rt.write('POST', 'ticket', { Queue: 'Support', Subject: `twin ${n}`, CustomFields: { CaseNo: 'C-2' } })
  const got = await call('put', { object: 'ticket', key: { CaseNo: 'C-2' }, record: { Status: 'open' } })
  assert.deepEqual([got.class, /several tickets have this key; nothing was written/.test(got.message)], ['data', true])
  assert.deepEqual((await rt.tickets("'CF.{CaseNo}' = 'C-2'")).map(t => t.Status), ['new', 'new'])
})

withRt('what RT takes only in part is a data failure in its own words', async () => {
  const { id } = await put('D-1', { CustomFields: { Tier: 'gold' } })
  const refused = async (record, words) => {
    const got = await call('put', { object: 'ticket', key: { CaseNo: 'D-1' }, record })
    assert.deepEqual([got.class, got.code], ['data', 'partial'])
    assert.match(got.message, words)
  }
  await refused({ Status: 'nope' }, /ticket \d+ was changed, but RT did not take Status: .*isn't a valid status/)
  await refused({ Owner: 'nobody-at-all' }, /did not take Owner: .*That user does not exist/)
  await refused({ CustomFields: { Tier: 'platinum', OrderNo: 'SO-9' } }, /did not take custom field Tier: .*Invalid value for custom field/)
  await refused({ CustomFields: { Nothing: 'x' } }, /did not take custom field Nothing/)
  assert.deepEqual((await rt.ticket(id)).CustomFields.OrderNo, 'SO-9', 'the rest was taken')
  const unkept = await call('put', { object: 'ticket', key: { Nothing: 'D-2' }, record: { Subject: 'x' } })
  assert.deepEqual([unkept.class, /tickets of the queue Support have no custom field Nothing/.test(unkept.message)], ['data', true])
  const elsewhere = await call('put', { object: 'ticket', key: { CaseNo: 'D-3' }, record: { Subject: 'x', Queue: 'Moon' } })
  assert.deepEqual([elsewhere.class, elsewhere.message], ['data', 'there is no queue Moon'])
  const wrong = await call('put', { object: 'ticket', key: { CaseNo: 'D-4' }, record: { Subject: 'x', CustomFields: { Tier: 'platinum' } } })
  assert.deepEqual([wrong.class, /ticket \d+ was made, but RT did not take custom field Tier/.test(wrong.message)], ['data', true])
  const again = await call('put', { object: 'ticket', key: { CaseNo: 'D-4' }, record: { Subject: 'x', CustomFields: { Tier: 'silver' } } })
  assert.deepEqual([again.class, again.created], ['done', 'no'], 'the mended record finds the ticket that was made')
})

withRt('a change meant for a version that is gone is a conflict', async () => {
  const { id, version } = await put('E-1')
  await rt.write('PUT', `ticket/${id}`, { Subject: 'changed by a person' })
  for (const how of [{ version }, {}]) {
    const got = await call('update', { object: 'ticket', id, record: { Subject: 'late' }, ...how }, how.version ? {} : { version })
    assert.deepEqual([got.class, got.status], ['conflict', 412])
  }
  const { version: now } = await done('get', { object: 'ticket', id })
  await done('update', { object: 'ticket', id, version: now, record: { Subject: 'in time' } })
  assert.equal((await rt.ticket(id)).Subject, 'in time')
})

withRt('lost answers: what was made is found again, what was not is not', async () => {
  const args = { object: 'ticket', key: { CaseNo: 'F-1' }, record: { Subject: 'x' } }
  proxy.loseAnswer()
  const lost = await call('create', args)
  assert.deepEqual([lost.class, lost.unknown], ['retry', true])
  assert.equal((await connector.ask({ lookup: 'create', args })).matches, 1)
  assert.equal((await connector.ask({ lookup: 'create', args: { ...args, key: { CaseNo: 'F-2' } } })).matches, 0)
  const { id } = await done('create', args)
  assert.equal((await rt.tickets("'CF.{CaseNo}' = 'F-1'")).length, 1)

  for (const operation of ['comment', 'reply']) {
    proxy.loseAnswer()
    const marker = `${operation}:F-1`
    assert.equal((await call(operation, { ticket: id, text: 'once' }, { marker })).unknown, true)
    const look = more => connector.ask({ lookup: operation, args: { ticket: id, text: 'once' }, marker, ...more })
    assert.equal((await look({})).matches, 1)
    assert.equal((await look({ marker: `${marker}0` })).matches, 0, 'a longer name is another')
    assert.equal((await look({ marker: marker.slice(0, -1) })).matches, 0, 'a shorter one too')
    await done(operation, { ticket: id, text: 'with [brackets]', reference: "it's [1]" })
    assert.equal((await done('message_find', { ticket: id, kind: operation, reference: "it's [1]" })).matches, 1)
  }
  assert.deepEqual((await rt.history(id)).filter(type => ['Comment', 'Correspond'].includes(type)), ['Comment', 'Comment', 'Correspond', 'Correspond'])

  proxy.loseAnswer()
  const put = await call('put', { object: 'ticket', key: { CaseNo: 'F-3' }, record: { Subject: 'x' } })
  assert.deepEqual([put.class, put.unknown], ['retry', true])
})

withRt('whatever happens to tickets is a hint, each once, a burst is one', async () => {
  const keys = changes => changes.events.map(e => e.key)
  // By the names that the journal knows them by: the connector itself may forget one and tell it again.
  const told = new Set(), news = changes => changes.events.filter(e => !told.has(e.dedupe) && told.add(e.dedupe))
  const now = await connector.capture('ticket', {})
  assert.deepEqual(now.events, [])
  const one = await put('G-1'), two = await put('G-2')
  await rt.write('PUT', `ticket/${one.id}`, { Status: 'open', Subject: 'burst' })
  const seen = await connector.capture('ticket', {}, { cursor: now.cursor, rounds: 3 })
  assert.deepEqual(news(seen).map(e => [e.key, e.hint]), [[one.id, true], [two.id, true]])
  await rt.write('POST', `ticket/${two.id}/comment`, { Content: 'x', ContentType: 'text/plain' })
  const more = await connector.capture('ticket', {}, { cursor: seen.cursor, rounds: 2 })
  assert.deepEqual(news(more).map(e => e.key), [two.id])
  // After a restart the last minute is told again, under the same names, which the journal knows.
  const restarted = new Connector('rt@1', settings()), fresh = new Connector('rt@1', settings())
  try {
    const again = await restarted.capture('ticket', {}, { cursor: seen.cursor })
    assert.equal(new Set(again.events.map(e => e.dedupe).filter(d => told.has(d))).size, 2, 'each ticket under its last name')
    const all = await fresh.capture('ticket', { since: 'all', overlap: '1ms' }, { rounds: 2 })
    assert.equal(new Set(keys(all)).size, (await rt.tickets('id > 0')).length)
    assert.equal((await fresh.capture('ticket', { since: 'yesterday' })).events[0].failed.class, 'config')
    assert.equal((await fresh.capture('ticket', {}, { cursor: '{}' })).events[0].failed.class, 'gap')
  } finally {
    await restarted.close()
    await fresh.close()
  }
  const { event } = await connector.ask({ hint: 'ticket', key: two.id })
  assert.deepEqual([event.key, event.payload.Subject], [two.id, 'Case G-2'])
  assert.match(event.dedupe, new RegExp(`^ticket:${two.id}:\\d+$`))
})

withRt('a webhook names the ticket and nothing more, and needs the token', async () => {
  const webhook = JSON.stringify({ ticket: 7, transaction: 44 }), type = { 'Content-Type': 'application/json' }
  const got = await connector.ask({ webhook, headers: { ...type, 'X-Tidelock-Token': 'hook-token' } })
  assert.deepEqual(got.events.map(e => [e.object, e.key, e.hint]), [['ticket', '7', true]])
  for (const headers of [type, { ...type, 'X-Tidelock-Token': 'guess' }]) {
    const refused = await connector.ask({ webhook, headers })
    assert.deepEqual([refused.refused, refused.status, refused.events.length], [true, 401, 0])
  }
})

withRt('a ticket that a webhook announces before RT has committed is waited for', async () => {
  const next = String(Math.max(...(await rt.tickets('id > 0')).map(t => t.id)) + 1), from = proxy.seen.length
  const read = connector.ask({ hint: 'ticket', key: next })
  proxy.first(x => x.path.includes(`ticket/${next}`), () => {}) // the first look finds nothing
  await new Promise(done => { const timer = setInterval(() => { if (proxy.seen.length > from) { clearInterval(timer); done() } }, 10) })
  await rt.write('POST', 'ticket', { Queue: 'Support', Subject: 'just now' })
  const { event } = await read
  assert.deepEqual([event.deleted, event.payload.Subject], [false, 'just now'])
  assert.equal(requests(from).filter(r => r === `GET ticket/${next}`).length >= 2, true)
})

withRt('a wrong token is an auth failure, a missing ticket a missing one', async () => {
  const other = new Connector('rt@1', settings({ auth: { kind: 'token', token: '1-2-guess' } }))
  const got = await other.ask({ probe: true })
  await other.close()
  assert.equal(got.class, 'auth')
  assert.equal((await call('comment', { ticket: 4711, text: 'x' })).class, 'missing')
  assert.equal((await call('update', { object: 'ticket', id: 4711, record: { Subject: 'x' } })).class, 'missing')
  assert.equal((await done('get', { object: 'ticket', id: 4711 })).document, undefined)
  assert.equal((await done('message_find', { ticket: '1 OR id > 0', kind: 'comment', reference: 'x' })).matches, 0)
  assert.deepEqual([(await call('query', { where: 'garbage ==' })).class], ['data'])
})

withRt('mail and compiled pages of this server are in its own folder, so anybody may run it', async () => {
  const { id } = await put('Z-1')
  await done('reply', { ticket: id, text: 'We are on it', reference: 'reply:Z-1' })
  assert.equal(readdirSync(rt.dir).some(name => name.endsWith('.mbox')), true, 'the mail')
  assert.equal(existsSync(join(rt.dir, 'mason/obj')), true, 'the pages')
})
