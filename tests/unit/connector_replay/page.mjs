// Something in between (a proxy, a login, a maintenance notice) answers 200 with a page of HTML in the platform's place:
// nothing passes for done, of writes it is not known what became of them.
import { after, before, beforeEach, describe, it } from 'node:test'
import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { once } from 'node:events'
import { Connector } from './connector.mjs'

const PAGE = '\ufeff\n<!DOCTYPE HTML><html><body>We will be back soon</body></html>'
const token = JSON.stringify({ access_token: 't', token_type: 'Bearer' })

describe('a page of HTML in the place of the platform', () => {
  const connectors = []
  let server, url, answer, status

  before(async () => {
    server = createServer((request, response) => request.resume().on('end', () => {
      const login = request.url.startsWith('/services/oauth2/')
      response.writeHead(login ? 200 : status, { 'content-type': login ? 'application/json' : 'text/html' }).end(login ? token : answer)
    })).listen(0, '127.0.0.1')
    await once(server, 'listening')
    url = `http://127.0.0.1:${server.address().port}`
  })
  beforeEach(() => { status = 200 })
  after(async () => {
    for (const connector of connectors) await connector.close()
    server.close()
  })

  const connect = (name, settings) => {
    const connector = new Connector(name, { url, ...settings })
    connectors.push(connector)
    return connector
  }
  const basic = { auth: { kind: 'basic', user: 'u', password: 'p' } }
  const client = { auth: { kind: 'oauth2_client_credentials', client_id: 'c', client_secret: 's' } }
  const record = { Name: 'x' }
  const writes = [
    ['salesforce@1', client, 'put', { object: 'Account', key: { No__c: '1' }, record }],
    ['salesforce@1', client, 'create', { object: 'Account', record }],
    ['odata@1', basic, 'put', { object: 'Orders', key: { No: '1' }, record }],
    ['odata@1', basic, 'delete', { object: 'Orders', key: { No: '1' } }],
    ['zendesk@1', basic, 'put', { object: 'organizations', key: { external_id: '1' }, record: { name: 'x' } }],
    ['zendesk@1', basic, 'comment', { ticket: '1', text: 'hello' }],
    ['rt@1', { auth: { kind: 'token', token: 't' } }, 'comment', { ticket: '1', text: 'hello' }],
    ['webhook@1', {}, 'store', { path: 'orders/1', body: record }],
    ['webhook@1', {}, 'send', { body: record }],
    ['webhook@1', {}, 'remove', { path: 'orders/1' }],
  ]
  it('a page is known by its beginning, or by its type', async () => {
    for (const page of ['<!-- proxy 3 --><p>closed</p>', '<?xml version="1.0"?><!DOCTYPE html><html/>', '<HTML lang="de">']) {
      answer = page
      assert.equal((await connect('webhook@1', {}).call('send', { body: record })).class, 'retry', page)
    }
  })

  for (const [name, settings, operation, args] of writes)
    it(`${name} ${operation}: nobody knows whether it was done`, async () => {
      answer = PAGE
      const got = await connect(name, settings).call(operation, args)
      assert.deepEqual([got.class, got.unknown], ['retry', true], got.message)
      assert.match(got.message, /page of HTML: a proxy or a login page in between/)
    })

  it('what reads tries again, and nothing is captured', async () => {
    answer = PAGE
    const odata = connect('odata@1', basic)
    const got = await odata.call('get', { object: 'Orders', key: { No: '1' } })
    assert.deepEqual([got.class, got.unknown], ['retry', false], got.message)
    const captured = await odata.capture('Orders', { key: ['No'] })
    assert.deepEqual(captured.events.map(e => e.failed?.class), ['retry'], JSON.stringify(captured))
  })

  it('an answer to another question does not say that nothing was found', async () => {
    answer = '{"status":"maintenance"}'
    const finds = [
      ['salesforce@1', client, { object: 'Account', field: 'No__c', value: '1' }],
      ['odata@1', basic, { object: 'Orders', field: 'No', value: '1' }],
      ['zendesk@1', basic, { object: 'tickets', external_id: '1' }],
      ['rt@1', { auth: { kind: 'token', token: 't' } }, { object: 'ticket', key: { OrderNo: '1' } }],
    ]
    for (const [name, settings, args] of finds) {
      const got = await connect(name, settings).call('find', args)
      assert.equal(got.class, 'retry', `${name}: ${JSON.stringify(got)}`)
    }
  })

  it('404 in a page does not say that the record is gone; 404 as JSON does', async () => {
    status = 404
    answer = PAGE
    const webhook = connect('webhook@1', {})
    for (const operation of ['remove', 'get']) {
      const got = await webhook.call(operation, { path: 'orders/1' })
      assert.deepEqual([got.class, got.unknown], ['retry', operation === 'remove'], got.message)
    }
    for (const [name, settings, operation, args] of [
      ['odata@1', basic, 'get', { object: 'Orders', key: { No: '1' } }],
      ['zendesk@1', basic, 'get', { object: 'tickets', id: '1' }],
      ['rt@1', { auth: { kind: 'token', token: 't' } }, 'get', { object: 'ticket', id: '1' }],
    ]) {
      const got = await connect(name, settings).call(operation, args)
      assert.equal(got.class, 'retry', `${name} ${operation}: ${JSON.stringify(got)}`)
    }
    answer = '{"detail":"no such order"}'
    for (const operation of ['remove', 'get']) assert.equal((await webhook.call(operation, { path: 'orders/1' })).class, 'done')
  })

  it('a receiver that answers with pages is let in by accept = "*/*"; a word is an answer too', async () => {
    answer = PAGE
    const open = connect('webhook@1', { accept: '*/*' })
    assert.equal((await open.call('send', { body: record })).class, 'done')
    answer = 'ok'
    assert.equal((await connect('webhook@1', {}).call('send', { body: record })).class, 'done')
  })

  it('a write whose answer holds the record takes no word for it', async () => {
    answer = 'upstream is being restarted'
    for (const name of ['zendesk@1', 'odata@1']) {
      const got = await connect(name, basic).call('put', { object: 'organizations', key: { external_id: '1' }, record: { name: 'x' } })
      assert.deepEqual([got.class, got.unknown], ['retry', true], `${name}: ${got.message}`)
    }
  })
})
