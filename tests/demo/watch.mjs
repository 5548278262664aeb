// Tells every change on the platforms as it happens. All of it comes from the platforms' own records of what was committed
// and of the requests they got; who sent a request and why comes from its trace context and Tidelock's timeline.
import { decimal } from './decimal.mjs'

const own = { salesforce: 'Salesforce', odata: 'ERP', zendesk: 'Support desk' }
const businessKey = doc => doc.Order_No__c ?? doc.OrderNo ?? doc.organization_fields?.last_order ?? doc.Account_No__c ?? doc.PartnerNo ?? doc.external_id ?? ''
const noise = /^(Id|ID|id|attributes|IsDeleted|IsClosed|IsWon|.*Date|.*At|.*ById|OwnerId|.*Modstamp|.*_at|url|[A-Z]\w+Id|Created\w*|Modified\w*|Billing\w+|Street|PostalCode|City|Country|Company\w+|SortOrder|CustomerReference|account_no|Description|TotalPrice)$/

export class Watch {
  constructor(world, { say, every = 60 }) {
    Object.assign(this, { world, say, every, seen: new Map(), sources: new Map(), deals: new Map() })
  }

  async start() {
    await this.look(() => {})
    this.running = true
    this.done = this.run()
  }

  // Everything that is committed by now has been told when this returns.
  flush() {
    this.turn = (this.turn ?? Promise.resolve()).then(() => this.look(hop => this.say(hop)))
    return this.turn
  }

  async run() {
    while (this.running) {
      await this.flush()
      await new Promise(done => setTimeout(done, this.every))
    }
  }

  async stop() { this.running = false; await this.done; await this.flush() }

  async look(tell) {
    const hops = (await Promise.all(this.world.platforms.map(p => this.fresh(p)))).flat()
    for (const hop of hops.sort((a, b) => (a.time < b.time ? -1 : 1))) tell(await this.explain(hop))
  }

  // The versions that this platform has committed since the last look.
  async fresh(platform) {
    const { records } = await platform.admin('GET', 'writes')
    const out = []
    for (const record of records) {
      const id = `${platform.name}/${record.object}/${record.id}`, from = this.seen.get(id) ?? 0
      for (let i = from; i < record.versions.length; i++) {
        const version = record.versions[i]
        if (version.doc.Order_No__c) this.deals.set(version.doc.Id, version.doc.Order_No__c)
        out.push({ platform, object: record.object, time: version.time, n: version.n, doc: version.doc, fields: version.fields, before: record.versions[i - 1]?.doc, op: version.op })
      }
      this.seen.set(id, record.versions.length)
    }
    return out
  }

  async explain({ platform, object, time, n, doc, fields, before, op }) {
    return { time: new Date(time).toISOString().slice(11, 23), from: n ? await this.origin(platform, n) : 'a person', to: own[platform.name], key: String(businessKey(doc) || this.deals.get(doc.OpportunityId) || ''), what: `${object} ${op}d: ${differences(doc, before, fields)}` }
  }

  // Which platform's change a request of ours answers: its trace is that of the change.
  async origin(platform, n) {
    const { entries } = await platform.admin('GET', `log?since=${n - 1}&limit=1`)
    const trace = entries[0]?.headers.traceparent?.split('-')[1]
    return this.sources.get(trace) ?? this.learn(trace)
  }

  async learn(trace) {
    if (!trace) return 'another program'
    for (const key of this.world.keys ?? []) {
      const { entries } = await this.world.tidelock.json('trace', `order/${key}`).catch(() => ({ entries: [] }))
      for (const e of entries.filter(e => e.kind === 'event' && e.trace)) {
        const name = { salesforce: own.salesforce, erp_de: own.odata, zendesk: own.zendesk }[e.source]
        if (name) this.sources.set(e.trace.includes('-') ? e.trace.split('-')[1] : e.trace, name)
      }
    }
    return this.sources.get(trace) ?? 'Tidelock'
  }
}

function differences(doc, before, fields) {
  const names = (before ? fields : Object.keys(doc)).filter(name => !noise.test(name) && told(doc[name]) !== '')
  return names.map(name => difference(name, doc[name], before?.[name])).join(', ')
}

function difference(name, now, before) {
  if (plain(now) && plain(before)) return Object.keys(now).filter(k => told(now[k]) !== told(before[k])).map(k => difference(k, now[k], before[k])).join(', ')
  return told(before) ? `${name} ${told(before)} → ${told(now)}` : `${name} ${told(now)}`
}

const plain = value => value !== null && typeof value === 'object' && !Array.isArray(value)

function told(value) {
  if (value === null || value === undefined || value === '' || value === false) return ''
  if (Array.isArray(value)) return value.map(v => (v.UnitPrice ? `${decimal(v.Quantity)} × ${v.ProductNo} at ${decimal(v.UnitPrice)}` : v.ProductNo)).join(' and ')
  if (plain(value)) return Object.entries(value).filter(([, v]) => told(v)).map(([k, v]) => `${k} ${told(v)}`).join(', ')
  return String(value)
}
