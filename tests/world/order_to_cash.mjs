// Three platforms and Tidelock with scripts/order-to-cash between them, and what people do on the platforms.
import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { cpSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { folder } from './folder.mjs'
import { Platform } from './platform.mjs'
import { Tidelock, root } from './tidelock.mjs'
import { until } from './wait.mjs'

// The integration as it is shipped, but looking for changes every `poll`. `edit` gets the folder before anything starts.
export function integration({ poll = '200ms', dir = join(folder('o2c'), 'order-to-cash'), edit } = {}) {
  cpSync(join(root, 'scripts/order-to-cash'), dir, { recursive: true })
  change(dir, 'integration.lua', text => text.replaceAll(/poll(\s*)= "\w+"/g, `poll$1= "${poll}"`))
  edit?.(dir)
  return dir
}

export function change(dir, file, how) {
  const path = join(dir, file), before = readFileSync(path, 'utf8'), after = how(before)
  if (after === before) throw new Error(`${file}: the edit changed nothing`)
  writeFileSync(path, after)
}

const webhookSecret = 'order-to-cash-webhook-secret'

export class World {
  // options: those of Tidelock, and erp: more words for the ERP's command line.
  constructor({ erp = [], ...options } = {}) {
    this.salesforce = new Platform('salesforce')
    this.erp = new Platform('odata', erp)
    this.desk = new Platform('zendesk', ['--export-delay', '0', '--webhook-retry-ms', '200'])
    this.options = options
  }

  get platforms() { return [this.salesforce, this.erp, this.desk] }

  // The platforms alone; gives the settings and secrets with which they are reached.
  async startPlatforms() {
    const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048, publicKeyEncoding: { type: 'spki', format: 'pem' }, privateKeyEncoding: { type: 'pkcs8', format: 'pem' } })
    await Promise.all(this.platforms.map(p => p.start()))
    await this.salesforce.admin('POST', 'settings', { public_key: publicKey })
    await this.deskFields()
    return {
      settings: { 'salesforce.url': this.salesforce.url, 'salesforce.user': 'integration@sandbox.test', 'erp_de.url': `${this.erp.url}/odata/v4/erp`,
        'zendesk.url': this.desk.url, 'zendesk.mail': 'agent@sandbox.test' },
      secrets: { 'salesforce.client_id': 'sandbox-client', 'salesforce.key': privateKey, 'erp_de.user': 'sync', 'erp_de.password': 'sync-pw',
        'zendesk.token': 'sandbox-token', 'zendesk.webhook_secret': webhookSecret },
    }
  }

  async start() {
    const { settings, secrets } = await this.startPlatforms()
    this.tidelock = new Tidelock({
      integration: this.options.integration ?? integration(),
      ...this.options, settings: { ...settings, ...this.options.settings }, secrets: { ...secrets, ...this.options.secrets },
    })
    await this.startTidelock()
    return this
  }

  // Also after a stop or a kill: on the same data, and the desk's webhooks follow to the new address. Returns when every
  // capture has looked once, so that what happens from now on is seen as a change.
  async startTidelock() {
    await this.tidelock.start()
    await this.desk.admin('DELETE', 'webhooks')
    await this.desk.admin('POST', 'webhooks', { url: `${this.tidelock.url}/in/zendesk`, secret: webhookSecret, events: ['ticket'] })
    await until('the first look of every capture', async () => {
      const { captures } = (await this.tidelock.json('status')).engine
      return captures.length > 0 && captures.every(c => c.last_success || c.paused)
    })
    return this
  }

  // The two fields that an administrator adds to organizations (scripts/order-to-cash/README.md).
  async deskFields() {
    const { fields } = await this.desk.admin('GET', 'settings')
    const text = (id, key, title) => ({ id, key, type: 'text', title, active: true })
    fields.organization_fields.push(text(360011, 'last_order', 'Last order'), text(360012, 'last_order_status', 'Status of the last order'))
    await this.desk.admin('POST', 'settings', { fields })
  }

  async stop() {
    const ended = this.tidelock?.stop()
    await Promise.allSettled([ended, ...this.platforms.map(p => p.stop())])
    await ended
  }

  // ---- people ----------------------------------------------------------------------------------------------------------

  async sales(method, path, body) { return (await this.salesforce.admin(method, `records/${path}`, body)).record }

  // An account, an open opportunity and its lines. Returns the opportunity's Id.
  async offer({ order = 'SO-1001', account = 'A-100', name = `Customer ${account}`, lines = [{ product: 'PUMP-7', text: 'Feed pump', quantity: 3, price: '149.90' }], more = {} } = {}) {
    const known = (await this.records(this.salesforce, 'Account')).find(a => a.Account_No__c === account)
    const owner = known?.Id ?? (await this.sales('POST', 'Account', { Name: name, Account_No__c: account, Vat_Id__c: 'DE811907980', Company_Code__c: '1000',
      BillingStreet: 'Hafenstraße 12', BillingCity: 'Kiel', BillingPostalCode: '24103', BillingCountry: 'Germany' })).id
    const id = (await this.sales('POST', 'Opportunity', { Name: `${name} ${order}`, AccountId: owner, StageName: 'Negotiation/Review', CloseDate: '2026-11-30',
      Order_No__c: order, Company_Code__c: '1000', Currency__c: 'EUR', ...more })).id
    for (const [i, line] of lines.entries()) {
      await this.rawRecord('OpportunityLineItem', `{"OpportunityId":"${id}","ProductCode":${JSON.stringify(line.product)},"Description":${JSON.stringify(line.text ?? line.product)},` +
        `"Quantity":${line.quantity},"UnitPrice":${line.price},"TotalPrice":${line.total ?? line.price},"SortOrder":${i + 1}}`)
    }
    return id
  }

  // A body whose numbers JavaScript would round.
  async rawRecord(object, json) {
    const reply = await fetch(`${this.salesforce.url}/_admin/records/${object}`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: json })
    if (!reply.ok) throw new Error(`${object}: ${reply.status} ${await reply.text()}`)
    return reply.json()
  }

  win(id) { return this.sales('PATCH', `Opportunity/${id}`, { StageName: 'Closed Won' }) }

  async sell(options) { const id = await this.offer(options); await this.win(id); return id }

  clerk(action, order, body = {}) { return this.erp.admin('POST', `actions/${action}/${order}`, body) }

  // ---- what the platforms hold --------------------------------------------------------------------------------------------

  async records(platform, object) {
    return (await platform.admin('GET', `records/${object}`)).records.map(r => r.doc)
  }

  async order(order) { return (await this.records(this.erp, 'SalesOrders')).find(o => o.OrderNo === order) }
  async deal(order) { return (await this.records(this.salesforce, 'Opportunity')).find(o => o.Order_No__c === order) }
  async organization(account) { return (await this.records(this.desk, 'organizations')).find(o => o.external_id === account) }

  orderIs(order, status, options) { return until(`order ${order} ${status} in the ERP`, async () => { const o = await this.order(order); return o?.Status === status && o }, options) }
  dealIs(order, status, options) { return until(`order ${order} ${status} in Salesforce`, async () => { const d = await this.deal(order); return d?.Order_Status__c === status && d }, options) }
  deskSees(account, order, status, options) {
    return until(`order ${order} ${status} at the desk`, async () => {
      const o = await this.organization(account)
      return o?.organization_fields.last_order === order && o.organization_fields.last_order_status === status && o
    }, options)
  }

  // Every capture has looked again and nothing is left to do, and the order has this status still: the last one, not one that was passed.
  async stays(order, account, status, options) {
    const looks = async () => (await this.tidelock.json('status')).engine.captures.map(c => c.last_success)
    for (let round = 0; round < 2; round++) {                            // what a look finds may change what the next one finds
      const before = await looks()
      await until('another look of every capture', async () => (await looks()).every((time, i) => time > before[i]), options)
      await until('nothing left to do', async () => (await this.tidelock.json('status')).engine.flows.every(f => f.unfinished === 0), options)
    }
    const deal = await this.deal(order), { last_order: last, last_order_status: shown } = (await this.organization(account)).organization_fields
    assert.deepEqual([deal.Order_Status__c, last, shown], [status, order, status])
    return deal
  }

  // Every status an order takes, as far as `last`, each seen on all platforms.
  async follow(order, account, last = 'invoiced', options) {
    const way = [['new'], ['accepted', 'Accept'], ['shipped', 'Ship', { Carrier: 'DHL', TrackingNo: 'JD0146' }], ['invoiced', 'Invoice']]
    for (const [status, action, body] of way) {
      if (action) await this.clerk(action, order, body)
      else await this.orderIs(order, 'new', options)
      await Promise.all([this.dealIs(order, status, options), this.deskSees(account, order, status, options)])
      if (status === last) break
    }
  }

  // Requests of ours that a platform logged.
  async requests(platform, query = '') { return (await platform.admin('GET', `log?${query}`)).entries }
}
