// A company whose CRM, ERP and support desk are the Salesforce look-alike, Tryton and Request Tracker, with two Tidelocks between them: one with
// tests/real/integration, one with scripts/case-to-resolution; and what its people do. Each Tidelock reaches Tryton and RT through proxies of
// its own, which see every request.
import { generateKeyPairSync } from 'node:crypto'
import { join } from 'node:path'
import { signed } from '../world/signed.mjs'
import { WebhookSink } from '../world/sinks.mjs'
import { Platform } from '../world/platform.mjs'
import { Tidelock, root } from '../world/tidelock.mjs'
import { until } from '../world/wait.mjs'
import { deskIntegration } from './desk_integration.mjs'
import { freePort } from './port.mjs'
import { Proxy } from './proxy.mjs'
import { Rt } from './rt.mjs'
import { Tryton } from './tryton.mjs'

const integration = join(root, 'tests/real/integration')
const hookToken = 'real-hook-token', hookKey = Buffer.from('a secret of thirty-two bytes or so'), hookSecret = `whsec_${hookKey.toString('base64')}`
const text = (name, more = {}) => ({ name, type: 'string', length: 255, nillable: true, ...more })
// What an administrator of Salesforce adds (scripts/case-to-resolution/README.md).
const health = ['Health__c', 'Last_Claim__c', 'Last_Claim_Outcome__c', 'Last_Credit_Note__c'].map(name => text(name))
  .concat({ name: 'Credits_12_Months__c', type: 'double', precision: 18, scale: 0, nillable: true })

export class Company {
  salesforce = new Platform('salesforce')
  tryton = new Tryton()
  rt = new Rt()
  proxies = { tryton: new Proxy(), rt: new Proxy(), casesTryton: new Proxy(), casesRt: new Proxy() }
  shop = new WebhookSink()
  orders = []
  claims = []

  get tidelocks() { return [this.tidelock, this.cases].filter(Boolean) }

  // NotInstalled when packages cannot be had.
  async start() {
    const listen = `127.0.0.1:${await freePort()}`, hook = { url: `http://${listen}/in/rt`, token: hookToken }
    await Promise.all([this.tryton.start(), this.rt.start({ hook })])
    const { proxies } = this
    await Promise.all([this.salesforce.start(), this.shop.start(), proxies.tryton.start(this.tryton.url), proxies.rt.start(this.rt.url),
      proxies.casesTryton.start(this.tryton.url), proxies.casesRt.start(this.rt.url)])
    const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048, publicKeyEncoding: { type: 'spki', format: 'pem' }, privateKeyEncoding: { type: 'pkcs8', format: 'pem' } })
    await this.salesforce.admin('POST', 'settings', { public_key: publicKey })
    await this.salesforce.admin('POST', 'objects/Account/fields', health)
    this.tidelock = new Tidelock({ integration,
      settings: { 'salesforce.url': this.salesforce.url, 'tryton.url': `${proxies.tryton.url}/erp`, 'rt.url': proxies.rt.url },
      secrets: { 'salesforce.key': privateKey, 'tryton.password': this.tryton.password, 'rt.token': this.rt.token } })
    this.cases = new Tidelock({ integration: deskIntegration(), listen,
      settings: { 'salesforce.url': this.salesforce.url, 'salesforce.user': 'integration@sandbox.test', 'tryton.url': `${proxies.casesTryton.url}/erp`, 'rt.url': proxies.casesRt.url,
        'shop.url': this.shop.url, 'monitor.url': this.shop.url },
      secrets: { 'salesforce.client_id': 'sandbox-client', 'salesforce.key': privateKey, 'tryton.user': this.tryton.user, 'tryton.password': this.tryton.password, 'rt.token': this.rt.token,
        'rt.webhook_secret': hookToken, 'shop.token': 'shop', 'shop.hook': hookSecret, 'monitor.token': 'monitor', 'monitor.hook': hookSecret } })
    await Promise.all([this.tidelock.start(), this.cases.start()])
    for (const server of this.tidelocks) await until('the first look of every capture', async () => {
      const { captures } = (await server.json('status')).engine
      return captures.length > 0 && captures.every(c => c.last_success)
    }, { timeout: 60000 })
    return this
  }

  async stop() {
    const ended = Promise.all(this.tidelocks.map(server => server.stop()))
    await Promise.allSettled([ended, this.salesforce.stop(), this.tryton.stop(), this.rt.stop()])
    for (const proxy of Object.values(this.proxies)) proxy.stop()
    if (this.shop.server) this.shop.stop()
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

  // A customer writes to the desk and does not say which order it is about; an agent adds that when they are asked to. Gives the ticket's id.
  async complain(order, account, product) {
    const subject = `${product} of ${account} is broken, case ${this.claims.length + 1}`
    const ticket = await until(`the ticket "${subject}"`, async () => {
      const [made] = await this.rt.tickets(`Subject = '${subject}'`)
      return made?.id ?? (await this.rt.write('POST', 'ticket', { Queue: 'Cases', Subject: subject, Requestor: ['jane@customer.example'], Content: 'It does not start.', CustomFields: { CaseKind: 'defect', ProductNo: product } })).id
    }, { timeout: 60000, every: 500 })
    this.claims.push({ no: `RA-${ticket}`, ticket, order, account, product, notes: 2, answers: 2 }) // asked and told; where to send it, the credit
    await until(`ticket ${ticket} asked about its order`, async () => (await this.rt.history(ticket)).includes('Comment'), { timeout: 120000, every: 250 })
    await until(`ticket ${ticket} with its order`, async () => { await this.rt.write('PUT', `ticket/${ticket}`, { CustomFields: { OrderNo: order } }); return true }, { timeout: 60000, every: 500 })
    return ticket
  }

  // The shop and the monitoring tell something (Standard Webhooks), as often as it takes until it is accepted.
  async tell(system, message) {
    const body = JSON.stringify(message), headers = signed(hookKey, `msg-${system}-${this.claims.length}`, body)
    await until(`a message of ${system} accepted`, async () => (await this.cases.post(system, body, headers)).status === 202, { timeout: 60000, every: 250 })
  }

  // A return that a customer asks for in the shop, without a case. Gives our number of it.
  async sendBack(order, account, product) {
    const asked = `${this.claims.length + 1}`, no = `RA-S${asked}`
    this.claims.push({ no, order, account, product, notes: 2, answers: 0 })
    await this.tell('shop', { return_id: asked, order_no: order, sku: product, quantity: 1, reason: 'too loud', asked_at: new Date().toISOString() })
    return no
  }

  // A month in which a service, paid by that order, was worse than promised.
  async disappoint(order, account) {
    this.claims.push({ no: `SC-${order}-2026-01`, order, account, notes: 0, answers: 0 })
    await this.tell('monitor', { contract_no: order, month: '2026-01', level: 'silver', availability: '99.1' })
  }

  // The ticket that stands for a claim is resolved; a ticket of a claim without a case is ours and has its number.
  resolved(claim) {
    return until(`the ticket of ${claim.no} resolved`, async () => {
      await nothingParked(this.cases)
      claim.ticket ??= (await this.rt.tickets(`'CF.{CaseNo}' = '${claim.no}'`))[0]?.id
      return claim.ticket && (await this.rt.ticket(claim.ticket)).Status === 'resolved'
    }, { timeout: 240000, every: 500 })
  }

  // The warehouse gets what a return announced; Tryton warns that nothing is known about where it came from.
  async receive(returnNo) {
    const model = 'model.stock.shipment.out.return'
    await until(`the goods of ${returnNo}`, async () => {
      const [shipment] = await this.tryton.records('stock.shipment.out.return', [['reference', '=', returnNo]], ['state'])
      if (shipment?.state !== 'draft') return shipment?.state === 'received'
      await this.tryton.rpc(`${model}.receive`, [shipment.id]).catch(async error => {
        const [, name] = /"UserWarning",\["([^"]+)"/.exec(error.message) ?? []
        if (!name) throw error
        await this.tryton.rpc('model.res.user.warning.create', [{ user: await this.tryton.userId(), name, always: true }])
      })
      return false
    }, { timeout: 240000, every: 250 })
  }

  // Tryton may be down for a moment.
  invoiced(order) {
    return until(`an invoice of ${order}`, async () => {
      await nothingParked(this.tidelock)
      const [sale] = await this.tryton.records('sale.sale', [['reference', '=', order]], ['invoices.state'])
      return ['posted', 'paid'].includes(sale?.['invoices.'][0]?.state)
    }, { timeout: 240000, every: 250 })
  }

  // ---- what the platforms hold -------------------------------------------------------------------------------------------

  async salesforceRecords(object) { return (await this.salesforce.admin('GET', `records/${object}`)).records.map(r => r.doc) }

  // Every run has come to its end, and nothing is parked. What is parked ends the waiting.
  async settled({ timeout = 300000 } = {}) {
    await until('every run to end', async () => (await Promise.all(this.tidelocks.map(idle))).every(Boolean), { timeout, every: 250 })
  }
}

async function nothingParked(server) {
  const { exceptions } = await server.json('exceptions', 'list')
  if (exceptions.length) throw Object.assign(new Error(`parked: ${exceptions.map(x => `${x.flow} ${x.key}: ${x.class}: ${x.message}`).join('; ')}`), { stop: true })
}

async function idle(server) {
  await nothingParked(server)
  const { flows } = (await server.json('status')).engine
  return flows.every(f => f.unfinished === 0) && (await server.json('runs')).runs.length === 0
}
