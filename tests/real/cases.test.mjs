// scripts/case-to-resolution as it is shipped, with Tryton itself and the look-alikes of Zendesk and Salesforce: a defect to its credit note, and
// that nothing is credited twice or on another invoice than its own.
import test from 'node:test'
import assert from 'node:assert/strict'
import { cpSync } from 'node:fs'
import { generateKeyPairSync } from 'node:crypto'
import { join } from 'node:path'
import { Connector } from '../unit/connector_replay/connector.mjs'
import { folder } from '../world/folder.mjs'
import { change } from '../world/order_to_cash.mjs'
import { Platform } from '../world/platform.mjs'
import { WebhookSink } from '../world/sinks.mjs'
import { Tickets } from '../world/tickets.mjs'
import { Tidelock, root } from '../world/tidelock.mjs'
import { until } from '../world/wait.mjs'
import { NotInstalled } from './npm.mjs'
import { Tryton } from './tryton.mjs'

const slow = { timeout: 30000 }
const text = name => ({ name, type: 'string', length: 255, nillable: true })
const hook = `whsec_${Buffer.from('a secret of thirty-two bytes or so').toString('base64')}`

// The shipped folder, looking often at one server of one process.
function impatient() {
  const dir = join(folder('cases'), 'case-to-resolution')
  cpSync(join(root, 'scripts/case-to-resolution'), dir, { recursive: true })
  change(dir, 'maps/erp.lua', lua => lua.replace(/maintenance += \{.*\},/, '').replace('concurrent = 4', 'concurrent = 1').replace('poll   = "30s"', 'poll = "500ms"'))
  return dir
}

async function salesforceKnows(salesforce) {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048, publicKeyEncoding: { type: 'spki', format: 'pem' }, privateKeyEncoding: { type: 'pkcs8', format: 'pem' } })
  await salesforce.admin('POST', 'settings', { public_key: publicKey })
  await salesforce.admin('POST', 'objects/Account/fields', [...['Health__c', 'Last_Claim__c', 'Last_Claim_Outcome__c', 'Last_Credit_Note__c'].map(text),
    { name: 'Credits_12_Months__c', type: 'double', precision: 18, scale: 0, nillable: true }])
  await salesforce.admin('POST', 'records/Account', { Name: 'Nordwind GmbH', Account_No__c: 'A-1' })
  return privateKey
}

test('a defect to its credit note; one pump is credited once, and what was shipped later on its own invoice', async t => {
  const tryton = new Tryton(), zendesk = new Platform('zendesk', ['--webhook-retry-ms', '200']), salesforce = new Platform('salesforce'), shop = new WebhookSink()
  t.after(() => Promise.all([tryton, zendesk, salesforce, shop].map(each => each.stop())))
  try { await tryton.start() } catch (error) {
    if (!(error instanceof NotInstalled)) throw error
    return t.skip(`Tryton cannot be started: ${error.message}`)
  }
  await Promise.all([zendesk.start(), salesforce.start(), shop.start()])
  const privateKey = await salesforceKnows(salesforce), desk = new Tickets(zendesk)
  await desk.addFields()

  const clerk = new Connector('tryton@1', { url: tryton.url, auth: { kind: 'session', user: tryton.user, password: tryton.password }, payment_term: 'At once' })
  t.after(() => clerk.close())
  const act = async (operation, args) => { const got = await clerk.call(operation, args); assert.equal(got.class, 'done', `${operation}: ${got.message}`); return got.document }
  const sell = async (reference, products, more = {}) => {
    await act('sale_create', { sale: { reference, party: { code: 'A-1' }, lines: products.map(code => ({ product: { code }, quantity: 1 })), ...more } })
    await act('sale_quote', { reference })
    return act('sale_confirm', { reference })
  }
  await act('put', { object: 'party.party', key: { code: 'A-1' }, record: { code: 'A-1', name: 'Nordwind GmbH', addresses: [{ street: 'Hafen 1', city: 'Kiel' }] } })
  const one = await sell('SO-1', ['PUMP-7'])
  await act('ship', { shipment: one.shipments[0].id })
  await act('invoice_post', { invoice: one.invoices[0].id })
  const two = await sell('SO-2', ['PUMP-7', 'VALVE-2'], { invoice_method: 'shipment' })
  await act('ship', { shipment: two.shipments[0].id, lines: [{ product: 'PUMP-7', quantity: 1 }] })
  for (const { id, state } of (await act('sale_status', { reference: 'SO-2' })).shipments) if (state !== 'done') await act('ship', { shipment: id })
  const { invoices } = await act('sale_status', { reference: 'SO-2' })
  for (const { id } of invoices) await act('invoice_post', { invoice: id })
  assert.equal(invoices.length, 2)

  const tidelock = new Tidelock({ integration: impatient(),
    settings: { 'salesforce.url': salesforce.url, 'salesforce.user': 'integration@sandbox.test', 'tryton.url': tryton.url, 'zendesk.url': zendesk.url, 'zendesk.mail': 'agent@sandbox.test',
      'shop.url': shop.url, 'monitor.url': shop.url },
    secrets: { 'salesforce.client_id': 'sandbox-client', 'salesforce.key': privateKey, 'tryton.user': tryton.user, 'tryton.password': tryton.password, 'zendesk.token': 'sandbox-token',
      'zendesk.webhook_secret': 'cases', 'shop.token': 'x', 'shop.hook': hook, 'monitor.token': 'x', 'monitor.hook': hook } })
  t.after(() => tidelock.stop())
  await tidelock.start()
  await zendesk.admin('POST', 'webhooks', { url: `${tidelock.url}/in/zendesk`, secret: 'cases', events: ['ticket'] })
  await until('the first look at Tryton', async () => (await tidelock.json('status')).engine.captures.every(c => c.last_success), slow)

  const claim = (order_no, product_no) => desk.open(`${product_no} is dead`, 'It does not start.', { kind: 'defect', product_no, order_no })
  const received = ticket => until(`RA-${ticket} at the warehouse`, async () => {
    const [found] = await tryton.records('stock.shipment.out.return', [['reference', '=', `RA-${ticket}`]], ['state'])
    if (found?.state === 'draft') await tryton.rpc('model.stock.shipment.out.return.receive', [found.id])
    return found && found.state !== 'draft'
  }, slow)
  const notes = () => tryton.records('account.invoice', [['reference', 'like', 'RA-%']], ['number', 'reference', 'state', 'lines.origin'])
  const told = (ticket, words) => until(`${words} on ticket ${ticket}`, async () => (await desk.notes(ticket)).some(note => words.test(note)), slow)

  const first = await claim('SO-1', 'PUMP-7')
  await until('what the customer is to do', async () => (await desk.answers(first)).includes(`Please send 1 × PUMP-7 back under the number RA-${first}.`), slow)
  const second = await claim('SO-1', 'PUMP-7')
  await told(second, new RegExp(`order SO-1 has 1.* of PUMP-7, of which 1.* went back or is about to: RA-${first}`))
  await received(first)
  assert.equal((await desk.has(first, 'outcome', 'credited', slow)).status, 'solved')
  await told(await claim('SO-1', 'PUMP-7'), new RegExp(`went back or is about to: RA-${first}`))
  const [credit, ...others] = await notes()
  assert.deepEqual([others, credit.reference, credit.state], [[], `RA-${first}`, 'posted'])
  assert.ok((await desk.answers(first)).at(-1).endsWith(`credit note ${credit.number}.`))
  await until('the health of the account', async () => {
    const [{ doc }] = (await salesforce.admin('GET', 'records/Account')).records
    return doc.Health__c === 'Watch' && Number(doc.Credits_12_Months__c) === 1 && doc.Last_Credit_Note__c === credit.number
  }, slow)

  const later = await claim('SO-2', 'VALVE-2')
  await received(later)
  await desk.has(later, 'outcome', 'credited', slow)
  const [origin] = (await notes()).find(note => note.reference === `RA-${later}`)['lines.'].map(line => Number(line.origin.split(',')[1]))
  const [line] = await tryton.records('account.invoice.line', [['id', '=', origin]], ['invoice', 'product.code'])
  assert.deepEqual([line['product.'].code, line.invoice !== invoices[0].id, invoices.some(i => i.id === line.invoice)], ['VALVE-2', true, true])
  assert.equal((await notes()).length, 2)
  assert.deepEqual((await tidelock.json('exceptions')).exceptions, [])
})
