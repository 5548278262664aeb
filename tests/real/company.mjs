// A company whose CRM, ERP and support desk are the Salesforce look-alike, Tryton and Request Tracker, with Tidelock and
// tests/real/integration between them; and what its people do. Tidelock reaches Tryton and RT through proxies, which see every request.
import { generateKeyPairSync } from 'node:crypto'
import { join } from 'node:path'
import { Platform } from '../world/platform.mjs'
import { Tidelock, root } from '../world/tidelock.mjs'
import { until } from '../world/wait.mjs'
import { freePort } from './port.mjs'
import { Proxy } from './proxy.mjs'
import { Rt } from './rt.mjs'
import { Tryton } from './tryton.mjs'

const integration = join(root, 'tests/real/integration')
const hookToken = 'real-hook-token'
const text = (name, more = {}) => ({ name, type: 'string', length: 255, nillable: true, ...more })
const caseObject = { name: 'Case', prefix: '500', fields: [text('Case_No__c', { externalId: true, unique: true, idLookup: true }), text('Subject'), text('Status'),
  text('Order_No__c'), text('Product__c'), text('Mail__c'), text('Credit_Note__c')] }

export class Company {
  salesforce = new Platform('salesforce')
  tryton = new Tryton()
  rt = new Rt()
  proxies = { tryton: new Proxy(), rt: new Proxy() }
  orders = []
  cases = []

  // NotInstalled when packages cannot be had.
  async start() {
    const listen = `127.0.0.1:${await freePort()}`, hook = { url: `http://${listen}/in/rt`, token: hookToken }
    await Promise.all([this.tryton.start(), this.rt.start({ hook })])
    await Promise.all([this.salesforce.start(), this.proxies.tryton.start(this.tryton.url), this.proxies.rt.start(this.rt.url)])
    const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048, publicKeyEncoding: { type: 'spki', format: 'pem' }, privateKeyEncoding: { type: 'pkcs8', format: 'pem' } })
    await this.salesforce.admin('POST', 'settings', { public_key: publicKey })
    await this.salesforce.admin('POST', 'objects', caseObject)
    this.tidelock = new Tidelock({ integration, listen,
      settings: { 'salesforce.url': this.salesforce.url, 'tryton.url': `${this.proxies.tryton.url}/erp`, 'rt.url': this.proxies.rt.url },
      secrets: { 'salesforce.key': privateKey, 'tryton.password': this.tryton.password, 'rt.token': this.rt.token, 'rt.webhook_secret': hookToken } })
    await this.tidelock.start()
    await until('the first look of every capture', async () => {
      const { captures } = (await this.tidelock.json('status')).engine
      return captures.length > 0 && captures.every(c => c.last_success)
    }, { timeout: 60000 })
    return this
  }

  async stop() {
    const ended = this.tidelock?.stop()
    await Promise.allSettled([ended, this.salesforce.stop(), this.tryton.stop(), this.rt.stop()])
    for (const proxy of Object.values(this.proxies)) proxy.stop()
    await ended
  }

  // ---- people ----------------------------------------------------------------------------------------------------------

  async record(object, body) { return (await this.salesforce.admin('POST', `records/${object}`, body)).record.id }

  // Sales win a deal. `lines`: product, quantity, price as text, so that no digit is lost.
  async sell(order, account, lines) {
    const known = (await this.salesforceRecords('Account')).find(a => a.Account_No__c === account)
    const owner = known?.Id ?? await this.record('Account', { Name: `Customer ${account}`, Account_No__c: account, BillingStreet: 'Hafenstraße 12', BillingCity: 'Kiel', BillingPostalCode: '24103' })
    const id = await this.record('Opportunity', { Name: `Pumps for ${account}`, AccountId: owner, StageName: 'Negotiation/Review', CloseDate: '2026-01-05', Order_No__c: order })
    for (const [i, [product, quantity, price]] of lines.entries())
      await this.record('OpportunityLineItem', { OpportunityId: id, ProductCode: product, Quantity: quantity, UnitPrice: price, SortOrder: i + 1 })
    await this.salesforce.admin('PATCH', `records/Opportunity/${id}`, { StageName: 'Closed Won' })
    this.orders.push({ order, account, lines })
  }

  async complain(no, order, product) {
    await this.record('Case', { Case_No__c: no, Subject: `${product} of ${order} is broken`, Status: 'New', Order_No__c: order, Product__c: product, Mail__c: 'jane@customer.example' })
    this.cases.push({ no, order, product })
  }

  // Somebody at the desk resolves the ticket of a case, as soon as it is there.
  async resolve(no) {
    const ticket = await until(`a ticket of case ${no}`, async () => { await this.nothingParked(); return (await this.rt.tickets(`'CF.{CaseNo}' = '${no}'`))[0] }, { timeout: 240000, every: 500 })
    await until(`ticket of case ${no} resolved`, async () => { await this.rt.write('PUT', `ticket/${ticket.id}`, { Status: 'resolved' }); return true }, { timeout: 60000, every: 500 })
  }

  // What is parked ends all waiting: nobody repairs anything here.
  async nothingParked() {
    const { exceptions } = await this.tidelock.json('exceptions', 'list')
    if (exceptions.length) throw Object.assign(new Error(`parked: ${exceptions.map(x => `${x.flow} ${x.key}: ${x.class}: ${x.message}`).join('; ')}`), { stop: true })
  }

  // Tryton may be down for a moment.
  invoiced(order) {
    return until(`an invoice of ${order}`, async () => {
      await this.nothingParked()
      const [sale] = await this.tryton.records('sale.sale', [['reference', '=', order]], ['invoices.state'])
      return ['posted', 'paid'].includes(sale?.['invoices.'][0]?.state)
    }, { timeout: 240000, every: 250 })
  }

  // ---- what the platforms hold -------------------------------------------------------------------------------------------

  async salesforceRecords(object) { return (await this.salesforce.admin('GET', `records/${object}`)).records.map(r => r.doc) }

  // Every run has come to its end.
  async settled({ timeout = 300000 } = {}) {
    await until('every run to end', async () => {
      await this.nothingParked()
      const { flows } = (await this.tidelock.json('status')).engine
      return flows.every(f => f.unfinished === 0) && (await this.tidelock.json('runs')).runs.length === 0
    }, { timeout, every: 250 })
  }
}
