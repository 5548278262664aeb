// Salesforce's capture by the updated list against the look-alike platform, and with the list that restforce recorded.
import { after, before, describe, it } from 'node:test'
import assert from 'node:assert/strict'
import crypto from 'node:crypto'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { launch } from '../../sandbox/test/help.mjs'
import { Connector } from './connector.mjs'
import { cases } from './recordings.mjs'
import { ReplayServer } from './replay_server.mjs'

const scratch = mkdtempSync(join(tmpdir(), 'updated-'))
process.on('exit', () => rmSync(scratch, { recursive: true, force: true }))

const { privateKey, publicKey } = crypto.generateKeyPairSync('rsa', { modulusLength: 2048 })
writeFileSync(join(scratch, 'sf.pem'), publicKey.export({ type: 'spki', format: 'pem' }))

// The platform's clock is set back, so that our own time lies behind the end of every list.
describe('salesforce by the updated list', () => {
  let fresh // a connector that has told nothing yet
  const r = {}
  const by = { by: 'updated', fields: ['Name', 'Product_No__c'] }
  const product = (no, more) => r.platform.admin('POST', 'records/Product2', { Name: no, Product_No__c: no, ...more }).then(x => x.record.id)
  const later = ms => r.platform.admin('POST', 'clock', { advance_ms: ms })
  const names = got => got.events.filter(e => e.payload?.Name).map(e => e.payload.Name).sort()
  const asked = async () => (await r.platform.admin('GET', 'log?path=Product2/updated')).entries.map(e => new URL(e.path, 'http://x').searchParams)
  before(async () => {
    r.platform = await launch('salesforce', ['--public-key', join(scratch, 'sf.pem')])
    const settings = { url: r.platform.base, auth: { kind: 'oauth2_jwt', client_id: 'sandbox-client', key: privateKey.export({ type: 'pkcs8', format: 'pem' }), user: 'integration@sandbox.test' } }
    r.connector = new Connector('salesforce@1', settings)
    fresh = new Connector('salesforce@1', settings)
    for (const c of [r.connector, fresh]) await c.ask({ probe: true }) // logged in by the right time
    await later(-1800000)
  })
  after(async () => {
    await r.connector?.close()
    await fresh?.close()
    await r.platform?.stop()
  })

  it('names what changed, reads it by its ids, and tells what was deleted', async () => {
    await product('U-0')
    await later(1000)
    let got = await r.connector.capture('Product2', by)
    assert.deepEqual([got.events, JSON.parse(got.cursor).updated.length > 0], [[], true])
    await later(70000)
    const [one] = [await product('U-1'), await product('U-2')]
    await later(70000)
    got = await r.connector.capture('Product2', by, { cursor: got.cursor })
    assert.deepEqual(names(got), ['U-1', 'U-2'], JSON.stringify(got))
    assert.equal(got.events[0].version, got.events[0].payload.SystemModstamp)
    const position = JSON.parse(got.cursor).updated
    await later(70000)
    await r.platform.admin('DELETE', `records/Product2/${one}`)
    await r.platform.admin('PATCH', `records/Product2/${(await r.connector.call('find', { object: 'Product2', field: 'Product_No__c', value: 'U-2' })).id}`, { Name: 'U-2 changed' })
    await later(70000)
    got = await r.connector.capture('Product2', by, { cursor: got.cursor })
    assert.deepEqual([names(got), got.events.filter(e => e.deleted).map(e => e.key)], [['U-2 changed'], [one]])
    assert.equal(Date.parse((await asked()).at(-1).get('start')), Date.parse(position), 'from the latestDateCovered of the list before')
  })

  it('keeps to what the platform covers: what commits late is named by the next list', async () => {
    let got = await r.connector.capture('Product2', by)
    await later(200000)
    await r.platform.admin('POST', 'settings', { replication_lag_ms: 150000 })
    got = await r.connector.capture('Product2', by, { cursor: got.cursor })
    const { now } = await r.platform.admin('GET', 'clock')
    assert.ok(Date.parse(JSON.parse(got.cursor).updated) <= Date.parse(now) - 150000, 'held back by transactions under way')
    await r.platform.admin('POST', 'settings', { replication_lag_ms: 0 })
  })

  it('goes on within a long list, and asks for halves of one that is too long', async () => {
    const first = await r.connector.capture('Product2', by)
    const queriesBefore = (await r.platform.admin('GET', 'log?path=query')).entries.filter(e => /Id(\+|%20)IN/.test(e.path)).length
    await later(1000)
    const made = []
    for (let n = 0; n < 230; n++) made.push(`L-${String(n).padStart(3, '0')}`)
    for (const no of made.slice(0, 115)) await product(no)
    await later(400000)
    for (const no of made.slice(115)) await product(no)
    await later(70000)
    await r.platform.admin('POST', 'settings', { updated_limit: 200 })
    await r.platform.admin('POST', 'faults', { fault: '503', match: { path: 'query\\?q=.*IN' }, skip: 1, times: 1 })
    const told = []
    let got = first
    for (let i = 0; i < 12 && told.length < 230; i++) {
      got = await r.connector.capture('Product2', by, { cursor: got.cursor })
      told.push(...names(got))
    }
    await r.platform.admin('POST', 'settings', { updated_limit: 600000 })
    assert.deepEqual(told.sort(), made, 'each once')
    const queries = (await r.platform.admin('GET', 'log?path=query')).entries.filter(e => /Id(\+|%20)IN/.test(e.path)).length - queriesBefore
    assert.equal(queries, 5, 'two slices of each half, one of them asked twice: nothing read is read again')
  })

  it('reads everything with since = "all", and after a gap that says what is known of deletions', async () => {
    await r.platform.admin('POST', 'settings', { page_size: 50 })
    const all = (await r.connector.call('query', { soql: 'SELECT Name FROM Product2' })).document.map(p => p.Name).sort()
    let got = await fresh.capture('Product2', { ...by, since: 'all' })
    assert.deepEqual(names(got), all)
    await later(70000)
    const gone = await product('U-gone'), { id } = await r.connector.call('find', { object: 'Product2', field: 'Product_No__c', value: 'U-0' })
    await r.platform.admin('PATCH', `records/Product2/${id}`, { Name: 'U-0 changed in the gap' })
    await r.platform.admin('DELETE', `records/Product2/${gone}`)
    await later(70000)
    const old = new Date(Date.now() - 40 * 86400000).toISOString()
    const before = Math.floor(Date.now() / 1000) * 1000
    const over = await fresh.capture('Product2', by, { cursor: JSON.stringify({ ...JSON.parse(got.cursor), updated: old, deleted: old }) })
    const gaps = over.events.filter(e => e.gap)
    assert.deepEqual(gaps.map(g => [Date.parse(g.payload.from), g.payload.deletions]), [[Date.parse(old), 'partly']], JSON.stringify(over.events.filter(e => e.failed)))
    assert.ok(Date.parse(gaps[0].payload.to) >= before && Date.parse(gaps[0].payload.to) <= Date.now())
    assert.match(gaps[0].payload.why, /updated list/)
    assert.ok(over.events.some(e => e.deleted && e.key === gone), 'what the recycle bin has')
    const rest = await fresh.capture('Product2', by, { cursor: over.cursor })
    assert.ok(names(rest).includes('U-0 changed in the gap'), 'all is read again')
    await r.platform.admin('POST', 'settings', { page_size: null })
    await later(70000)
    await product('U-last')
    await later(70000)
    const end = await fresh.capture('Product2', by, { cursor: rest.cursor })
    assert.deepEqual([names(end), end.events.filter(e => e.gap || e.failed)], [['U-last'], []])
  })

  it('tells a gap when more was changed at once than is listed, and leaves the delete log where it is', async () => {
    const first = await r.connector.capture('Product2', by)
    await later(70000)
    const gone = await product('O-gone')
    for (const no of ['O-1', 'O-2', 'O-3']) await product(no)
    await r.platform.admin('DELETE', `records/Product2/${gone}`)
    await later(20000)
    await r.platform.admin('POST', 'settings', { updated_limit: 2 })
    const over = await r.connector.capture('Product2', by, { cursor: JSON.stringify({ ...JSON.parse(first.cursor), until: (await r.platform.admin('GET', 'clock')).now }) })
    await r.platform.admin('POST', 'settings', { updated_limit: 600000 })
    assert.deepEqual(over.events.filter(e => e.gap).map(e => [e.payload.deletions, /within two minutes/.test(e.payload.why)]), [['told', true]], JSON.stringify(over.events))
    assert.equal(JSON.parse(over.cursor).deleted, JSON.parse(first.cursor).deleted)
    const rest = await r.connector.capture('Product2', by, { cursor: over.cursor })
    assert.deepEqual(['O-1', 'O-2', 'O-3'].filter(no => !names(rest).includes(no)), [], 'all is read again')
    assert.ok(rest.events.some(e => e.deleted && e.key === gone), 'the log tells what was deleted')
  })

  it('wants a place to begin, and one of two ways', async () => {
    const got = await r.connector.capture('Product2', { ...by, since: 'soon' })
    assert.match(JSON.stringify(got), /since must be now, all or a time/)
    assert.match(JSON.stringify(await r.connector.capture('Product2', { by: 'update' })), /by must be modstamp or updated/)
  })
})

const recording = join(cases, 'sf-restforce-fixtures/sobject/get_updated_success_response.json')
describe('the updated list as restforce recorded it', { skip: existsSync(recording) ? false : `${recording} is absent (TIDELOCK_CASES)` }, () => {
  it('reads every id of it once, and goes on from its latestDateCovered', async () => {
    const server = await new ReplayServer(() => null).start()
    const connector = new Connector('salesforce@1', { url: server.url, auth: { kind: 'token', token: 'recorded' } })
    const reply = readFileSync(recording, 'utf8'), { ids, latestDateCovered } = JSON.parse(reply)
    const headers = { 'content-type': 'application/json' }
    const soql = `SELECT Id, SystemModstamp, Name FROM Contact WHERE Id IN (${[...ids].sort().map(id => `'${id}'`).join(',')}) ORDER BY Id`
    const records = ids.map(Id => ({ Id, SystemModstamp: '2015-08-19T08:16:00.000+0000', Name: Id }))
    const [updated, until] = ['2015-08-18T08:17:00.000Z', '2015-08-19T08:18:00.000Z']
    server.expect([
      { method: 'GET', url: `http://x/services/data/v62.0/sobjects/Contact/updated?start=${updated}&end=${until}`, status: 200, headers, reply },
      { method: 'GET', url: `http://x/services/data/v62.0/query?q=${encodeURIComponent(soql)}`, status: 200, headers, reply: JSON.stringify({ totalSize: ids.length, done: true, records }) },
    ])
    const got = await connector.capture('Contact', { by: 'updated', fields: ['Name'], deleted: false }, { cursor: JSON.stringify({ updated, until }) })
    await connector.close()
    await server.stop()
    assert.deepEqual([server.found, got.events.map(e => e.key)], [[], ids])
    assert.deepEqual(JSON.parse(got.cursor), { updated: latestDateCovered })
  })
})
