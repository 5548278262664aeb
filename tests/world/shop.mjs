// The smallest world with two platforms: tests/crash/integration. Changes of orders come in by webhook (/in/shop) and go to an
// ERP and a support desk. `edit` gets a copy of the integration's folder before Tidelock starts.
import { cpSync } from 'node:fs'
import { join } from 'node:path'
import { folder } from './folder.mjs'
import { Platform } from './platform.mjs'
import { Tidelock, root } from './tidelock.mjs'
import { until } from './wait.mjs'

export function shopIntegration(edit) {
  const dir = join(folder('shop'), 'integration')
  cpSync(join(root, 'tests/crash/integration'), dir, { recursive: true })
  edit?.(dir)
  return dir
}

export class Shop {
  constructor({ edit, ...options } = {}) {
    this.erp = new Platform('odata')
    this.desk = new Platform('zendesk', ['--export-delay', '0'])
    this.edit = edit
    this.options = options
  }

  async start({ ready = true } = {}) {
    await Promise.all([this.erp.start(), this.desk.start()])
    await this.erp.admin('POST', 'records/BusinessPartners', { PartnerNo: 'P-1', Name: 'Shop' })
    this.tidelock = new Tidelock({ integration: shopIntegration(this.edit), ...this.options,
      settings: { 'erp.url': `${this.erp.url}/odata/v4/erp`, 'desk.url': this.desk.url, ...this.options.settings },
      secrets: { 'erp.password': 'sync-pw', 'desk.token': 'sandbox-token', ...this.options.secrets } })
    await this.tidelock.start({ ready })
    return this
  }

  async stop() {
    const ended = this.tidelock?.stop()
    await Promise.allSettled([ended, this.erp.stop(), this.desk.stop()])
    await ended
  }

  body(order, number, more = {}) {
    return JSON.stringify({ id: `${order}-${number}`, order_no: order, number, amount: `${number}.10`, lines: [], ...more })
  }

  // Sends one change; gives what Tidelock answered, which must be 202.
  async change(order, number, { more, headers } = {}) {
    const reply = await this.tidelock.post('shop', this.body(order, number, more), headers)
    if (reply.status !== 202) throw new Error(`${order} ${number}: ${reply.status} ${await reply.text()}`)
    return reply.json()
  }

  // The numbers that an order had on a platform, in the order in which they were committed.
  async numbers(platform, order) {
    const erp = platform === this.erp
    const { records } = await platform.admin('GET', `writes?object=${erp ? 'SalesOrders' : 'organizations'}`)
    return records.flatMap(r => r.versions).map(v => v.doc).filter(d => (erp ? d.OrderNo : d.external_id) === order).map(d => Number(erp ? d.Note : d.notes))
  }

  arrived(platform, order, number, options) {
    return until(`${order} ${number} at ${platform.name}`, async () => (await this.numbers(platform, order)).at(-1) === number, options)
  }

  status() { return this.tidelock.json('status') }
  async system(name) { return (await this.status()).engine.systems.find(s => s.name === name) }
  async flow(name) { return (await this.status()).engine.flows.find(f => f.name === name) }
  async exceptions(...words) { return (await this.tidelock.json('exceptions', 'list', ...words)).exceptions }

  finished(options) {
    return until('nothing unfinished', async () => (await this.status()).engine.flows.every(f => f.unfinished === 0), options)
  }
}
