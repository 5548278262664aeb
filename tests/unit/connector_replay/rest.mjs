// The connector `rest`: the billing look-alike through the manifest that the end-to-end tests deploy, and two published
// APIs (Freshdesk, Shopify) by their recorded bodies.
import assert from 'node:assert/strict'
import crypto from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { after, before, describe, it } from 'node:test'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { launch } from '../../sandbox/test/help.mjs'
import { Connector } from './connector.mjs'
import { ReplayServer } from './replay_server.mjs'
import { cases } from './recordings.mjs'

const here = fileURLToPath(new URL('.', import.meta.url))
const manifest = join(here, '../../e2e/billing/systems/billing.json')
const hook = `whsec_${Buffer.from('a secret of the billing hook').toString('base64')}`

/* ---- the look-alike ------------------------------------------------------------------------------------------------------ */

function rig(settings = {}, platformArgs = [], auth = { kind: 'token', token: 'sandbox-key' }) {
  const r = {}
  before(async () => {
    r.platform = await launch('billing', platformArgs)
    r.connector = new Connector('rest@1', { url: r.platform.base, auth, hook, ...settings }, manifest)
    r.person = (object, doc) => r.platform.admin('POST', `records/${object}`, doc)
    r.asked = async (method, path) => (await r.platform.admin('GET', `log?method=${method}&path=${path}`)).entries
  })
  after(async () => {
    await r.connector?.close()
    await r.platform?.stop()
  })
  return r
}

describe('billing: operations', () => {
  const r = rig()

  it('puts, reads, guards by version and removes', async () => {
    const put = (record, more) => r.connector.call('put', { object: 'customers', key: { no: 'C/1' }, record }, more)
    const made = await put({ name: 'Müller', limit: 12345678901234.56 })
    assert.deepEqual([made.class, made.created, made.id, made.version], ['done', 'yes', 'C/1', '"1"'], made.message)
    const again = await put({ name: 'Müller & Co' }, { version: '"1"' })
    assert.deepEqual([again.class, again.created, again.version], ['done', 'no', '"2"'])
    const late = await put({ name: 'Meier' }, { version: '"1"' })
    assert.deepEqual([late.class, late.code], ['conflict', 'changed_meanwhile'])
    assert.match(late.message, /the record is at "2"/)
    const read = await r.connector.call('customer', { no: 'C/1' })
    assert.equal(read.document.name, 'Müller & Co')
    assert.equal((await r.connector.call('close_customer', { no: 'C/1' })).class, 'done')
    const gone = await r.connector.call('close_customer', { no: 'C/1' })
    assert.deepEqual([gone.class, gone.status], ['done', 404])
    assert.equal((await r.connector.call('customer', { no: 'C/1' })).document, undefined)
  })

  it('classes what is refused', async () => {
    const bad = await r.connector.call('put', { object: 'customers', key: { no: 'C-2' }, record: { name: '' } })
    assert.deepEqual([bad.class, bad.code], ['data', 'invalid'])
    assert.match(bad.message, /name must not be empty/)
    const early = await r.connector.call('put', { object: 'invoices', key: { no: 'x' }, record: {} })
    assert.deepEqual([early.class, early.transfers], ['data', 0], 'an object that the manifest does not name')
    for (const [fault, expected] of [[{ fault: 'lock_row' }, 'conflict'], [{ fault: '503', retry_after: 7 }, 'retry'], [{ fault: 'login_page' }, 'retry']]) {
      await r.platform.admin('POST', 'faults', { ...fault, times: 1 })
      const got = await r.connector.call('customer', { no: 'C-2' })
      assert.equal(got.class, expected, JSON.stringify(fault))
      if (fault.retry_after) assert.equal(got.wait_ms, 7000)
    }
  })

  it('writes an invoice once for one key, also when the answer is lost', async () => {
    const invoice = (key, total) => r.connector.call('invoice', { customer: 'C-1', total }, { idempotency_key: key, marker: key })
    await r.platform.admin('POST', 'faults', { fault: 'drop_after_commit', match: { method: 'POST' }, times: 1 })
    const lost = await invoice('k-1', 10.50)
    assert.deepEqual([lost.class, lost.unknown], ['retry', true])
    const found = await r.connector.ask({ lookup: 'invoice', args: { customer: 'C-1', total: 10.50 }, marker: 'k-1' })
    assert.deepEqual([found.class, found.matches, found.id], ['done', 1, '1'], found.message)
    const again = await invoice('k-1', 10.50)
    assert.deepEqual([again.class, again.id], ['done', '1'])
    assert.equal((await invoice('k-1', 99)).class, 'conflict', 'the key of another request')
    assert.equal((await r.platform.admin('GET', 'state?object=invoices')).objects.invoices.length, 1)
    const none = await r.connector.ask({ lookup: 'credit', args: { customer: 'C-1', total: 1 }, marker: 'never' })
    assert.deepEqual([none.class, none.matches], ['done', 0])
  })
})

describe('billing: lists', () => {
  const r = rig({ page_size: 3 }, ['--page-size', '3'])

  it('follows pages by number, offset, link and cursor to the end', async () => {
    for (let n = 1; n <= 7; n++) {
      await r.person('customers', { no: `C-${n}`, name: 'x' })
      await r.person('payments', { id: `P-${n}` })
      if (n <= 6) await r.person('invoices', { number: `I-${n}`, customer: 'C' }) // two full pages: the third is empty
      await r.person('entries', { id: `E-${n}` })
    }
    const counts = { customers: [7, 3], invoices: [6, 3], payments: [7, 3], entries: [7, 3] }
    for (const [operation, [items, requests]] of Object.entries(counts)) {
      const got = await r.connector.call(operation, {})
      assert.deepEqual([got.class, got.document?.length, got.transfers], ['done', items, requests], `${operation}: ${got.message}`)
      assert.equal(new Set(got.document.map(d => JSON.stringify(d))).size, items)
    }
    const asked = (await r.asked('GET', '/v1/customers')).map(e => e.path)
    assert.deepEqual(asked, ['/v1/customers?per_page=3', '/v1/customers?per_page=3&page=2', '/v1/customers?per_page=3&page=3'])
  })
})

describe('billing: limits', () => {
  const r = rig({}, ['--rate-limit', '2', '--rate-window', '3600'])

  it('waits as long as the limit says', async () => {
    const first = await r.connector.call('customer', { no: 'C-1' })
    const [quota] = first.quotas
    assert.deepEqual([quota.name, quota.limit, quota.remaining], ['requests', 2, 1])
    await r.connector.call('customer', { no: 'C-1' })
    const refused = await r.connector.call('customer', { no: 'C-1' })
    assert.deepEqual([refused.class, refused.code], ['retry', 'rate_limited'])
    const left = 3600000 - Date.now() % 3600000
    assert.ok(Math.abs(refused.wait_ms - left) < 30000, `${refused.wait_ms} ms, ${left} are left`)
    assert.ok(Math.abs(refused.quotas[0].reset_ms - left) < 30000)
  })
})

describe('billing: sessions', () => {
  const r = rig({}, [], { kind: 'oauth2_client_credentials', client_id: 'sandbox-client', client_secret: 'sandbox-secret' })

  it('gets a token, and another one when it has expired', async () => {
    assert.equal((await r.connector.ask({ probe: true })).class, 'done')
    await r.platform.admin('POST', 'faults', { fault: 'expired_session', times: 1 })
    const got = await r.connector.call('whoami', {})
    assert.deepEqual([got.class, got.transfers], ['done', 2], got.message)
    assert.equal((await r.asked('POST', '/oauth/token')).length, 2)
  })
})

describe('billing: what comes in', () => {
  const r = rig({ page_size: 2 }, ['--page-size', '2'])
  const keys = events => events.map(e => `${e.key}${e.deleted ? ' deleted' : ''}`)
  const failed = got => got.events.at(-1)?.failed

  it('captures in sweeps of pages; the cursor moves behind the last one', async () => {
    for (let n = 1; n <= 5; n++) await r.person('customers', { no: `C-${n}`, name: `n${n}` })
    const all = await r.connector.capture('customers', {})
    assert.deepEqual(keys(all.events).sort(), ['C-1', 'C-2', 'C-3', 'C-4', 'C-5'], failed(all)?.message)
    assert.equal(all.events[0].version, all.events[0].payload.updated_at)
    const newest = all.events.map(e => e.version).sort().at(-1)
    assert.equal(all.cursor, newest)
    await r.platform.admin('POST', 'clock', { advance_ms: 60000 })
    await r.platform.admin('PATCH', 'records/customers/C-3', { name: 'other' })
    await r.platform.admin('DELETE', 'records/customers/C-4')
    const later = await r.connector.capture('customers', {}, { cursor: all.cursor })
    const fresh = later.events.filter(e => e.version > newest)
    assert.deepEqual(keys(fresh), ['C-3', 'C-4 deleted'])
    const since = new URL((await r.asked('GET', '/v1/customers\\?updated_since')).at(-1).path, 'http://x').searchParams.get('updated_since')
    assert.ok(Date.parse(all.cursor) - Date.parse(since) === 2000, `asked from ${since}, which is not two seconds before ${all.cursor}`)
  })

  it('loses nothing when a page fails in the middle of a sweep', async () => {
    const path = 'updated_since=1970.*&page=2'
    await r.platform.admin('POST', 'faults', { fault: '503', match: { path }, times: 1 })
    const broken = await r.connector.capture('customers', {})
    assert.equal(failed(broken)?.class, 'retry')
    assert.equal(broken.events.slice(0, -1).length, 2, 'the first page was stored …')
    assert.ok(!broken.cursor, '… and the cursor stayed')
    const whole = await r.connector.capture('customers', {})
    assert.equal(new Set(whole.events.map(e => e.key)).size, 5)
  })

  it('captures a feed by cursor, and says when the cursor is too old', async () => {
    for (let n = 1; n <= 5; n++) await r.person('entries', { id: `E-${n}` })
    const all = await r.connector.capture('entries', {})
    assert.deepEqual(keys(all.events), ['E-1', 'E-2', 'E-3', 'E-4', 'E-5'])
    const none = await r.connector.capture('entries', {}, { cursor: all.cursor })
    assert.equal(none.events.length, 0)
    const expired = await r.connector.capture('entries', {}, { cursor: 'bm9uZQ' })
    assert.deepEqual(expired.events.map(e => [e.gap, e.key]), [[true, 'entries'], ...all.events.map(e => [false, e.key])])
    assert.match(expired.events[0].payload.why, /start again/)
  })

  it('takes signed messages, several in one, with the versions that the capture sees', async () => {
    const messages = [{ type: 'customer.changed', data: { no: 'C-1', updated_at: 't1' } }, { type: 'test.ping' }, { type: 'customer.deleted', data: { no: 'C-2', updated_at: 't2' } }]
    const body = JSON.stringify({ messages }), stamp = String(Math.floor(Date.now() / 1000))
    const sign = text => crypto.createHmac('sha256', Buffer.from(hook.slice(6), 'base64')).update(`m-1.${stamp}.${text}`).digest('base64')
    const headers = { 'content-type': 'application/json', 'webhook-id': 'm-1', 'webhook-timestamp': stamp }
    const got = await r.connector.ask({ webhook: body, headers: { ...headers, 'webhook-signature': `v1,${sign(body)}` } })
    assert.deepEqual(got.events.map(e => `${e.object} ${e.dedupe}`), ['customers customers:C-1:t1', 'customers customers:C-2:t2:deleted'], got.why)
    const forged = await r.connector.ask({ webhook: body, headers: { ...headers, 'webhook-signature': `v1,${sign('other')}` } })
    assert.equal(forged.status, 401)
    const read = await r.connector.ask({ hint: 'customers', key: 'C-1' })
    assert.equal(read.event?.payload?.name ?? read.events?.[0]?.payload?.name, 'n1')
  })
})

/* ---- published APIs ------------------------------------------------------------------------------------------------------ */

const skip = existsSync(cases) ? false : `${cases} is absent (TIDELOCK_CASES)`
const json = { 'content-type': 'application/json' }

function replayed(file, settings) {
  const r = {}
  before(async () => {
    r.server = await new ReplayServer(() => null).start()
    r.connector = new Connector('rest@1', { url: r.server.url, ...settings }, join(here, file))
    r.expect = exchanges => r.server.expect(exchanges.map(e => ({ status: 200, headers: json, body: '', ...e, url: `http://x${e.url}` })))
    r.made = async (ask, exchanges) => {
      r.expect(exchanges)
      const got = await ask()
      assert.deepEqual([r.server.found, r.server.expected.length], [[], 0], got.message)
      return got
    }
  })
  after(async () => {
    await r.connector?.close()
    await r.server?.stop()
  })
  return r
}

describe('Freshdesk by its manifest', { skip }, () => {
  const body = name => readFileSync(join(cases, 'freshdesk-v2/v2', `${name}.json`), 'utf8')
  const r = replayed('freshdesk.json', { auth: { kind: 'basic', token: 'key' } })

  it('ends a list at the page that is not full', async () => {
    const first = JSON.parse(body('contacts')), page = (n, reply) => ({ method: 'GET', url: `/api/v2/contacts?per_page=2${n > 1 ? `&page=${n}` : ''}`, reply })
    assert.equal(first.length, 2, 'the recorded page is full')
    const got = await r.made(() => r.connector.call('contacts', {}), [page(1, body('contacts')), page(2, '[]')])
    assert.deepEqual(got.document, first)
  })

  it('reads records, searches and changes', async () => {
    const ticket = await r.made(() => r.connector.call('ticket', { id: 1 }), [{ method: 'GET', url: '/api/v2/tickets/1', reply: body('ticket_1'), headers: { ...json, 'X-RateLimit-Total': '3000', 'X-RateLimit-Remaining': '2999' } }])
    assert.deepEqual([ticket.document, ticket.id, ticket.version], [JSON.parse(body('ticket_1')), '1', JSON.parse(body('ticket_1')).updated_at])
    assert.deepEqual([ticket.quotas[0].limit, ticket.quotas[0].remaining], [3000, 2999])
    const found = await r.made(() => r.connector.call('search', { query: 'status:3' }), [{ method: 'GET', url: '/api/v2/search/tickets?query=%22status:3%22', reply: body('search_tickets') }])
    assert.equal(found.document.length, 2)
    const company = await r.made(() => r.connector.call('change_company', { id: 1, company: { name: 'Updated' } }), [{ method: 'PUT', url: '/api/v2/companies/1', body: '{"name":"Updated"}', reply: body('company_updated') }])
    assert.deepEqual([company.id, company.created], ['1', 'no'])
  })

  it('captures contacts since the last change, with their offsets', async () => {
    const all = await r.made(() => r.connector.capture('contacts', {}), [
      { method: 'GET', url: '/api/v2/contacts?_updated_since=1970-01-01T00:00:00Z', reply: body('contacts'), headers: { ...json, link: '<https://domain.freshdesk.com/api/v2/contacts?page=2>; rel="next"' } },
      { method: 'GET', url: '/api/v2/contacts?page=2', reply: '[]' }])
    assert.deepEqual(all.events.map(e => [e.key, e.version]), JSON.parse(body('contacts')).map(c => [String(c.id), c.updated_at]))
  })
})

describe('Shopify by its manifest', { skip }, () => {
  const body = name => readFileSync(join(cases, 'shopify-python', `${name}.json`), 'utf8')
  const r = replayed('shopify.json', { auth: { kind: 'token', token: 'shpat' }, hook: 'hush' })

  it('follows links, keeps money and ids to the last digit, and reads the bucket', async () => {
    const { order } = JSON.parse(body('order')), next = '/admin/api/2024-01/orders.json?page_info=abc'
    const orders = await r.made(() => r.connector.call('orders', {}), [
      { method: 'GET', url: '/admin/api/2024-01/orders.json?status=any', reply: body('orders'), headers: { ...json, link: `<https://shop.myshopify.com${next}>; rel="next"`, 'X-Shopify-Shop-Api-Call-Limit': '32/40' } },
      { method: 'GET', url: next, reply: JSON.stringify({ orders: [order] }), headers: { ...json, link: '<https://shop.myshopify.com/x>; rel="previous"' } }])
    assert.deepEqual(orders.document, [...JSON.parse(body('orders')).orders, order])
    assert.deepEqual([orders.quotas[0].used, orders.quotas[0].limit], [32, 40])
    const one = await r.made(() => r.connector.call('order', { id: order.id }), [{ method: 'GET', url: `/admin/api/2024-01/orders/${order.id}.json`, reply: body('order') }])
    assert.deepEqual([one.document.total_price, one.id, one.version], [order.total_price, String(order.id), order.updated_at])
    assert.equal(typeof one.document.total_price, 'string')
  })

  it('refuses with the platform’s words', async () => {
    const got = await r.made(() => r.connector.call('set_metafield', { id: 7, value: 'x' }), [{ method: 'PUT', url: '/admin/api/2024-01/metafields/7.json', body: '{"metafield":{"id":7,"value":"x","type":"single_line_text_field"}}', status: 422, reply: '{"errors":{"value":["is invalid"]}}' }])
    assert.equal(got.class, 'data')
    assert.match(got.message, /is invalid/)
  })

  it('checks the signature of a webhook', async () => {
    const text = JSON.stringify(JSON.parse(body('order')).order), mac = crypto.createHmac('sha256', 'hush').update(text).digest('base64')
    const got = await r.connector.ask({ webhook: text, headers: { ...json, 'X-Shopify-Hmac-Sha256': mac } })
    assert.deepEqual([got.events?.length, got.events?.[0].object], [1, 'orders'], JSON.stringify(got))
  })
})
