// Recorded exchanges of Salesforce, Zendesk and an OData service, replayed through the shipped connectors.
//
// An exchange whose operation the connector has is made again: method, path, query and body must be equal as parsed values.
// The others are answers only: a call gets the recorded answer and must class it rightly.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { readFileSync } from 'node:fs'
import { isDeepStrictEqual } from 'node:util'
import { join } from 'node:path'
import { Connector } from './connector.mjs'
import { ReplayServer } from './replay_server.mjs'
import { absent, cases, recorded } from './recordings.mjs'
import { parse } from '../../sandbox/lib/json.mjs'

const skip = absent()
if (skip) console.log(`skipped: ${skip}`)

const json = { 'content-type': 'application/json' }

const isJson = text => { try { return [JSON.parse(text)].length > 0 } catch { return false } }

// What an answer means, by its status alone: written down here a second time, independent of the manifests. To code that
// accepts `json` alone another form (recorded by somebody who asked for it) is not the platform's answer.
function classOf({ status, reply }, json) {
  if (status < 300) return json && reply && !isJson(reply) ? 'retry' : 'done'
  if (status === 404) return 'missing'
  if (status === 403) return 'config'
  if (status === 405) return 'unsupported'
  if (status === 409 || status === 412) return 'conflict'
  return status >= 500 ? 'retry' : 'data'
}

// `plan(exchanges)` gives steps: {call: [operation, args], takes: n exchanges, outcome} or null for an answer only.
async function replay(r, exchanges, plan, answerOnly) {
  const count = { replayed: 0, answers: 0 }
  for (let at = 0; at < exchanges.length;) {
    const rest = exchanges.slice(at)
    const step = plan(rest)
    const taken = rest.slice(0, step?.takes ?? 1)
    const exchange = taken[0]
    const [operation, args, json] = step?.call ?? answerOnly(exchange)
    r.server.expect([...taken, ...(step?.then ?? [])], !!step)
    const got = await r.connector.call(operation, args)
    const where = `${exchange.file}: ${exchange.method} ${exchange.url}`
    assert.deepEqual(r.server.found, [], where)
    assert.equal(r.server.expected.length, 0, `${where}: ${r.server.expected.length} expected requests were not made (${got.message})`)
    assert.equal(got.class, step?.outcome ?? classOf(taken.at(-1), json), `${where}: ${got.message}`)
    step?.check?.(got, taken)
    count[step ? 'replayed' : 'answers'] += taken.length
    at += taken.length
  }
  return count
}

function report(name, { replayed, answers }) {
  console.log(`${name}: ${replayed} exchanges replayed, ${answers} as answers only`)
}

function rig(name, aside, settings) {
  const r = {}
  before(async () => {
    r.server = await new ReplayServer(aside).start()
    r.connector = new Connector(name, settings(r.server.url))
  })
  after(async () => {
    await r.connector?.close()
    await r.server?.stop()
  })
  return r
}

/* ---- Salesforce ---------------------------------------------------------------------------------------------------------- */

const salesforce = url => ({ url, auth: { kind: 'token', token: 'recorded' } })

function salesforcePlan([exchange]) {
  const url = new URL(exchange.url.replace(/<[a-z_]+>/g, 'x'))
  const m = /^\/services\/data\/[^/]+\/?(.*?)\/?$/.exec(url.pathname)
  if (!m) return null
  const way = m[1].split('/').filter(Boolean).map(decodeURIComponent), { method } = exchange
  const body = exchange.body ? parse(exchange.body) : undefined
  const step = (operation, args, more) => ({ call: [operation, args], ...more })
  const idOf = got => assert.equal(got.id, JSON.parse(exchange.reply || '{}').id ?? got.id)
  if (method === 'GET' && way.length === 0) return step('resources', {})
  if (method === 'GET' && way[0] === 'query' && way.length === 1) return step('query', { soql: url.searchParams.get('q') }, { check: got => assert.deepEqual(got.document, JSON.parse(exchange.reply).records) })
  if (method === 'GET' && way.join('/') === 'limits/recordCount') return step('record_count', { objects: url.searchParams.get('sObjects') })
  if (way[0] !== 'sobjects') return null
  if (method === 'GET' && way.length === 1) return step('objects', {})
  if (method === 'GET' && way[2] === 'describe') return step('describe', { object: way[1] })
  if (method === 'GET' && way.length === 3) return step('get', { object: way[1], id: way[2] })
  if (method === 'POST' && way.length === 2) return step('create', { object: way[1], record: body }, { check: idOf })
  if (method === 'PATCH' && way.length === 3) return step('put', { object: way[1], key: { Id: way[2] }, record: body }, { check: got => assert.equal(got.created, 'no') })
  if (method === 'PATCH' && way.length === 4) { // the key field is in the record, and must not be in the body
    return step('put', { object: way[1], key: { [way[2]]: way[3] }, record: { ...body, [way[2]]: way[3] } }, { check: got => { idOf(got); assert.equal(got.created, exchange.status === 201 ? 'yes' : 'no') } })
  }
  if (method === 'DELETE' && way.length === 3) return step('delete', { object: way[1], id: way[2] })
  return null
}

// restforce's fixtures have no requests and no statuses: these are the ones its tests give them.
const fixtures = {
  'expired_session_response.json': [401, 'auth'], 'services_data_success_response.json': [200, 'done'],
  'sobject/create_success_response.json': [201, 'done'], 'sobject/delete_error_response.json': [404, 'missing'],
  'sobject/describe_sobjects_success_response.json': [200, 'done'], 'sobject/get_deleted_success_response.json': [200, 'done'],
  'sobject/get_updated_success_response.json': [200, 'done'], 'sobject/list_sobjects_success_response.json': [200, 'done'],
  'sobject/list_view_results_success_response.json': [200, 'done'], 'sobject/org_query_response.json': [200, 'done'],
  'sobject/query_aggregate_success_response.json': [200, 'done'], 'sobject/query_empty_response.json': [200, 'done'],
  'sobject/query_error_response.json': [400, 'data'], 'sobject/query_paginated_last_page_response.json': [200, 'done'],
  'sobject/query_success_response.json': [200, 'done'], 'sobject/recent_success_response.json': [200, 'done'],
  'sobject/search_error_response.json': [400, 'data'], 'sobject/search_success_response.json': [200, 'done'],
  'sobject/sobject_describe_error_response.json': [404, 'missing'], 'sobject/sobject_describe_success_response.json': [200, 'done'],
  'sobject/sobject_find_error_response.json': [404, 'missing'], 'sobject/sobject_find_success_response.json': [200, 'done'],
  'sobject/sobject_select_success_response.json': [200, 'done'], 'sobject/upsert_created_success_response.json': [201, 'done'],
  'sobject/upsert_error_response.json': [404, 'missing'], 'sobject/upsert_multiple_error_response.json': [300, 'data'],
  'sobject/upsert_updated_success_response.json': [204, 'done'], 'sobject/write_error_response.json': [400, 'data'],
}

describe('salesforce', { skip: skip ?? false }, () => {
  const r = rig('salesforce@1', () => null, salesforce)
  const answerOnly = () => ['delete', { object: 'X', id: '000000000000000' }] // takes answers of any form

  it('makes the exchanges of restforce-db again', async () => {
    const count = await replay(r, recorded('sf-restforcedb'), salesforcePlan, answerOnly)
    report('sf-restforcedb', count)
    assert.deepEqual(count, { replayed: 112, answers: 29 })
  })

  it('makes the exchanges of CumulusCI again', async () => {
    const count = await replay(r, recorded('sf-cumulusci'), salesforcePlan, answerOnly)
    report('sf-cumulusci', count)
    assert.deepEqual(count, { replayed: 28, answers: 37 })
  })

  it('classes the bodies of restforce', async () => {
    for (const [name, [status, expected]] of Object.entries(fixtures)) {
      r.server.expect([{ status, headers: json, reply: readFileSync(join(cases, 'sf-restforce-fixtures', name), 'utf8') }], false)
      const got = await r.connector.call('resources', {})
      assert.equal(got.class, expected, `${name}: ${got.message}`)
      if (expected !== 'done') assert.ok(got.message.length > 5, name)
    }
    report('sf-restforce-fixtures', { replayed: 0, answers: Object.keys(fixtures).length })
  })

  it('pages as restforce recorded it', async () => {
    const page = name => ({ method: 'GET', status: 200, headers: json, body: '', reply: readFileSync(join(cases, `sf-restforce-fixtures/sobject/query_paginated_${name}_page_response.json`), 'utf8') })
    r.server.expect([{ ...page('first'), url: 'http://x/services/data/v26.0/query?q=SELECT+Id+FROM+Whizbang' }, { ...page('last'), url: 'http://x/services/data/v26.0/query/01gD' }])
    const got = await r.connector.call('query', { soql: 'SELECT Id FROM Whizbang' })
    assert.deepEqual([r.server.found, got.class, got.document.length], [[], 'done', 2])
  })

  it('reads every Sforce-Limit-Info', async () => {
    let seen = 0
    for (const exchange of recorded('sf-restforcedb')) {
      const info = exchange.headers['Sforce-Limit-Info']
      if (!info) continue
      r.server.expect([exchange], false)
      const { quotas } = await r.connector.call('resources', {})
      const [, used, limit] = /api-usage=(\d+)\/(\d+)/.exec(info)
      assert.deepEqual([quotas[0].used, quotas[0].limit], [Number(used), Number(limit)])
      seen++
    }
    assert.equal(seen, 112)
  })
})

describe('salesforce logins as restforce recorded them', { skip: skip ?? false }, () => {
  let reply = { status: 400, headers: json, reply: '{}' }
  const r = rig('salesforce@1', got => (got.url.startsWith('/services/oauth2/token') ? reply : null),
    url => ({ url, auth: { kind: 'oauth2_client_credentials', client_id: 'a', client_secret: 'b' } }))

  for (const name of ['auth_error_response.json', 'refresh_error_response.json']) {
    it(`is refused for good by ${name}`, async () => {
      reply = { status: 400, headers: json, reply: readFileSync(join(cases, 'sf-restforce-fixtures', name), 'utf8') }
      r.server.expect([], false)
      const got = await r.connector.call('resources', {})
      assert.equal(got.class, 'auth')
      assert.match(got.message, /invalid_grant|authentication failure|expired access/)
    })
  }
})

/* ---- Zendesk ------------------------------------------------------------------------------------------------------------- */

const wrappers = { tickets: 'ticket', users: 'user', organizations: 'organization', groups: 'group', views: 'view', user_fields: 'user_field' }
const desk = url => ({ url, auth: { kind: 'token', token: 'recorded' } })

// The same address, however its query is encoded.
function same(one, two) {
  const [a, b] = [new URL(one), new URL(two)]
  return a.pathname === b.pathname && isDeepStrictEqual([...a.searchParams].sort(), [...b.searchParams].sort())
}

// The chain of pages that follows a first one, as far as it was recorded; what would come after is an empty page.
function pages(exchanges, object) {
  const taken = [exchanges[0]]
  for (;;) {
    const page = JSON.parse(taken.at(-1).reply)
    const next = page.meta ? page.meta.has_more && page.links.next : page.next_page
    if (!next) return { taken, then: [] }
    const following = exchanges[taken.length]
    if (following && same(following.url, next)) taken.push(following)
    else return { taken, then: [{ method: 'GET', url: next, body: '', status: 200, headers: json, reply: JSON.stringify({ [object]: [], meta: { has_more: false }, next_page: null }) }] }
  }
}

function deskPlan(exchanges) {
  const [exchange] = exchanges, url = new URL(exchange.url), { method } = exchange
  const way = url.pathname.replace(/^\/api\/v2\//, '').replace(/\.json$/, '').split('/')
  const [object, id] = way, one = wrappers[object]
  if (!one || way.length > 2) return null
  const record = exchange.body && method !== 'DELETE' ? parse(exchange.body)[one] : undefined
  const asRecorded = got => assert.deepEqual(got.document, JSON.parse(exchange.reply)[one])
  if (method === 'GET' && id === undefined && !url.searchParams.has('page[after]')) {
    const size = Number(url.searchParams.get('page[size]') ?? 0), { taken, then } = pages(exchanges, object)
    return { call: ['list', { object, page_size: size }], takes: taken.length, then, check: got => assert.deepEqual(got.document, taken.flatMap(e => JSON.parse(e.reply)[object])) }
  }
  if (method === 'GET' && id === 'show_many') return { call: ['show_many', { object, ids: url.searchParams.get('ids') }], check: got => assert.deepEqual(got.document, JSON.parse(exchange.reply)[object]) }
  if (!/^\d+$/.test(id ?? '0')) return null
  if (method === 'GET' && id) return { call: ['get', { object, id }], check: asRecorded }
  if (method === 'POST' && id === undefined && record) return { call: ['create', { object, record }], check: asRecorded }
  if (method === 'PUT' && id && record) return { call: ['update', { object, id, record }], check: exchange.status === 200 ? asRecorded : undefined }
  if (method === 'DELETE' && id) return { call: ['delete', { object, id }], outcome: 'done' } // 404: gone already
  return null
}

describe('zendesk', { skip: skip ?? false }, () => {
  const r = rig('zendesk@1', () => null, desk)
  const answerOnly = () => ['update', { object: 'tickets', id: '1', record: {} }]

  it('makes the exchanges of zenpy again', async () => {
    const count = await replay(r, recorded('zd-zenpy'), deskPlan, answerOnly)
    report('zd-zenpy', count)
    assert.deepEqual(count, { replayed: 138, answers: 118 })
  })

  it('surfaces every X-Zendesk-API-Warn, and reads the rate in every spelling', async () => {
    let warned = 0, told = 0
    for (const exchange of recorded('zd-zenpy')) {
      const names = Object.keys(exchange.headers).map(n => n.toLowerCase())
      const rate = names.some(n => /^(x-rate-limit|ratelimit-limit|rate-limit)$/.test(n))
      const warn = names.includes('x-zendesk-api-warn')
      if (!rate && !warn) continue
      r.server.expect([exchange], false)
      const got = await r.connector.call(...answerOnly())
      if (warn) { warned++; assert.equal(got.warnings.length, 1, exchange.url) }
      if (rate) { told++; assert.ok(got.quotas.length > 0 && got.quotas.every(q => q.limit > 0), exchange.url) }
    }
    console.log(`zd-zenpy: ${warned} warnings surfaced, ${told} answers with rate headers`)
    assert.ok(warned > 0 && told > 200)
  })
})

/* ---- OData --------------------------------------------------------------------------------------------------------------- */

function odataPlan([exchange]) {
  const url = new URL(exchange.url), { method } = exchange
  const way = decodeURIComponent(url.pathname).replace(/^\/V4\/OData\/OData\.svc\/?/, '').split('/').filter(Boolean)
  const options = Object.fromEntries([...url.searchParams].map(([name, value]) => [name.replace(/^\$/, ''), value]))
  const known = [...url.searchParams.keys()].every(name => /^\$(filter|select|expand|orderby|top|skip)$/.test(name))
  // Writes and some reads were recorded in Atom, which this connector does not speak.
  if (method !== 'GET' || !known || way.length === 0 || (exchange.status === 200 && /^</.test(exchange.reply))) return null
  for (const name of ['top', 'skip']) if (name in options) options[name] = Number(options[name])
  const one = /^(\w+)\((\d+)\)$/.exec(way[0])
  const reply = () => JSON.parse(exchange.reply)
  if (one && way.length === 1) return { call: ['get', { object: one[1], key: Number(one[2]), ...options }], outcome: 'done', check: got => assert.deepEqual(got.document, exchange.status === 404 ? undefined : reply()) }
  if (one && way.length === 2) return { call: ['related', { object: one[1], key: Number(one[2]), property: way[1], ...options }], check: got => assert.deepEqual(got.document, exchange.status === 204 ? null : reply()) }
  if (way.length === 1 && /^\w+$/.test(way[0])) return { call: ['query', { object: way[0], ...options }], check: got => assert.deepEqual(got.document, reply().value) }
  if (way.length === 2 && way[1] === '$count') return { call: ['count', { object: way[0], ...options }], check: got => assert.equal(got.document, Number(exchange.reply)) }
  return null
}

describe('odata', { skip: skip ?? false }, () => {
  const noToken = got => (got.method === 'HEAD' ? { status: 200, headers: {}, reply: '' } : null)
  const r = rig('odata@1', noToken, url => ({ url: `${url}/V4/OData/OData.svc`, auth: { kind: 'none' } }))
  const model = exchange => /\$metadata$/.test(exchange.url)

  it('makes the exchanges of the reference service again', async () => {
    const all = recorded('odata-v4-frodata')
    const count = await replay(r, all.filter(e => !model(e)), odataPlan, () => ['delete', { object: 'X', key: 0 }, true])
    report('odata-v4-frodata', count)
    assert.deepEqual(count, { replayed: 59, answers: 19 })
  })

  it('asks for the metadata as recorded, and takes keys and types from it', async () => {
    const all = recorded('odata-v4-frodata'), metadata = all.filter(model)
    for (const exchange of metadata) {
      const fresh = new Connector('odata@1', { url: `${r.server.url}/V4/OData/OData.svc`, auth: { kind: 'none' } })
      const product = all.find(e => /\/Products\(1\)$/.test(e.url) && e.reply.startsWith('{'))
      r.server.expect([exchange, { ...product, url: `${product.url}` }])
      const got = await fresh.call('get', { object: 'Products', key: { ID: 1 } })
      assert.deepEqual([r.server.found, got.class, got.id], [[], 'done', '1'], got.message)
      await fresh.close()
    }
    report('odata-v4-frodata $metadata', { replayed: metadata.length, answers: 0 })
    assert.equal(metadata.length, 13)
  })

  it('reads the message of an error in XML', async () => {
    const exchange = recorded('odata-v4-frodata').find(e => e.status === 403)
    r.server.expect([exchange], false)
    const got = await r.connector.call('related', { object: 'X', key: 0, property: 'Y' })
    assert.deepEqual([got.class, got.status], ['config', 403])
    assert.match(got.message, /read-only data session/)
  })
})
