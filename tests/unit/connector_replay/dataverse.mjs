// The exchanges of Microsoft's documentation of Dataverse, through the connector odata: change tracking (first read, delta
// link, what was deleted) and the answers of its service protection.
//
// Not in the documentation, so ours: $metadata (the key of accounts), the body and Retry-After of a 429. Not used by the
// connector: Preference-Applied (the delta link itself says that changes are tracked), @odata.context but for its ending,
// the reason "deleted". The limits' own figures are for people.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Connector } from './connector.mjs'
import { ReplayServer } from './replay_server.mjs'
import { cases } from './recordings.mjs'

const folder = join(cases, 'dataverse-docs')
const skip = existsSync(folder) ? false : `${folder} is absent (TIDELOCK_CASES)`
if (skip) console.log(`skipped: ${skip}`)

const root = '/api/data/v9.0'
const json = { 'content-type': 'application/json', 'OData-Version': '4.0' }
const metadata = `<edmx:Edmx Version="4.0" xmlns:edmx="http://docs.oasis-open.org/odata/ns/edmx"><edmx:DataServices>
<Schema Namespace="mscrm" xmlns="http://docs.oasis-open.org/odata/ns/edm"><EntityType Name="account"><Key><PropertyRef Name="accountid"/></Key>
<Property Name="accountid" Type="Edm.Guid"/><Property Name="name" Type="Edm.String"/></EntityType>
<EntityContainer Name="System"><EntitySet Name="accounts" EntityType="mscrm.account"/></EntityContainer></Schema></edmx:DataServices></edmx:Edmx>`

const documented = name => JSON.parse(readFileSync(join(folder, name), 'utf8'))
const at = (text, url) => text.replaceAll('[Organization URI]', url)

describe('dataverse', { skip }, () => {
  const asked = []
  let server, connector, exchanges

  function aside(got) {
    if (got.url === `${root}/$metadata`) return { status: 200, headers: { 'content-type': 'application/xml' }, reply: metadata }
    asked.push(got)
    return null
  }

  before(async () => {
    server = await new ReplayServer(aside).start()
    connector = new Connector('odata@1', { url: `${server.url}${root}`, auth: { kind: 'none' } })
    exchanges = skip ? [] : documented('change-tracking.json').map(({ request, response }) => ({
      method: request.method, url: at(request.url, server.url), body: '', asks: request.headers,
      status: response.status, headers: { ...json, ...response.headers }, reply: at(JSON.stringify(response.body), server.url),
    }))
  })
  after(async () => {
    await connector?.close()
    await server?.stop()
  })

  const options = { delta: '1m', poll: undefined, select: 'name,accountnumber,telephone1,fax' }
  async function capture(exchange, more, cursor) {
    asked.length = 0
    server.expect([exchange])
    const got = await connector.capture('accounts', { ...options, ...more }, { cursor })
    assert.deepEqual([server.found, server.expected, asked.length], [[], [], 1])
    return got
  }
  const prefers = () => asked[0].headers.prefer.split(',').map(p => p.trim())

  it('reads all there is with change tracking, then what the delta link tells, deletions too', async () => {
    const [first, second] = exchanges, link = JSON.parse(first.reply)['@odata.deltaLink']
    let got = await capture(first, { since: 'all' })
    assert.ok(prefers().includes(first.asks.Prefer), asked[0].headers.prefer)
    assert.equal(asked[0].headers['odata-version'], first.asks['OData-Version'])
    const [account] = JSON.parse(first.reply).value
    assert.deepEqual(got.events.map(e => [e.object, e.key, e.version, e.deleted, e.payload]), [['accounts', account.accountid, 'W/"915244"', false, account]])
    assert.equal(JSON.parse(got.cursor).delta, link)

    const seen = got.events[0].dedupe
    got = await capture(second, { since: 'all' }, got.cursor)
    assert.equal(asked[0].url, link.slice(server.url.length), 'the token is opaque: sent as it came, to the character')
    assert.ok(!prefers().includes('odata.track-changes'))
    assert.deepEqual(got.events.map(e => [e.key, e.deleted, e.gap, e.payload?.name]), [[account.accountid, false, false, 'Monte Orton'], ['2e451703-c686-e711-80e5-00155db19e6d', true, false, undefined]])
    assert.equal(got.events[0].dedupe, seen, 'told again with the ETag it had: no new event')
    assert.equal(JSON.parse(got.cursor).delta, JSON.parse(second.reply)['@odata.deltaLink'])
  })

  it('makes no events of what is there already, unless it is asked to', async () => {
    const got = await capture(exchanges[0])
    assert.deepEqual(got.events, [])
    assert.equal(JSON.parse(got.cursor).delta, JSON.parse(exchanges[0].reply)['@odata.deltaLink'])
  })

  it('waits as long as service protection says, and tells its code', async () => {
    const codes = documented('throttle-codes.json')
    for (const { status, hex, signed, limit } of codes) {
      assert.equal(Number(hex) | 0, signed)
      server.expect([{ status, headers: { ...json, 'Retry-After': '7' }, reply: JSON.stringify({ error: { code: hex, message: limit } }) }], false)
      const got = await connector.call('query', { object: 'accounts' })
      assert.deepEqual([got.class, got.status, got.wait_ms, got.code, got.unknown], ['retry', 429, 7000, hex, false], got.message)
      assert.ok(got.message.includes(limit), got.message)
    }
    assert.equal(codes.length, 2)
  })
})
