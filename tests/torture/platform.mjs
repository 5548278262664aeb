// The platforms of the torture run, in this process: JSON over HTTP with an append-only log of what was committed, and with
// faults. They drop answers after committing, fail before it, answer late, commit late, and show what they have late.
//
// One log for all of them, in the order of the commits; it is all that the checker reads of them:
//   { at, time, sys, what: commit | refused | clash, op, run, node, key, number, hash, doc, marker, answer }
import { createHash } from 'node:crypto'
import http from 'node:http'

// Longest time until a sent request is visible to a lookup, as the operations say it; what happens here stays below it.
export const settle_ms = 700
const late_commit_ms = 150, lookup_lag_ms = 150
// How long `beta` keeps an idempotency key, as its operation says it. It keeps it a little longer, as platforms do.
export const short_ttl_ms = 1500
const long_ttl_ms = 600000, ttl_margin_ms = 1000

const faults = {
  alpha: { busy: 0.02, reset: 0.01, silent: 0.002, dropped: 0.06, gateway: 0.01, slow: 0.05, late: 0.03 },
  beta: { busy: 0.03, reset: 0.02, silent: 0.002, dropped: 0.04, gateway: 0.02, slow: 0.08, late: 0.03 },
  sink: { busy: 0.01, reset: 0, silent: 0, dropped: 0.03, gateway: 0, slow: 0.02, late: 0 },
}

const stable = value => Array.isArray(value) ? `[${value.map(stable).join()}]`
  : value && typeof value === 'object' ? `{${Object.keys(value).sort().map(k => `${JSON.stringify(k)}:${stable(value[k])}`).join()}}` : JSON.stringify(value)
export const hashOf = value => createHash('sha256').update(stable(value)).digest('hex').slice(0, 16)

export class Platforms {
  // random: () => [0, 1). onCommit(entry)
  constructor({ random, onCommit = () => {} }) {
    Object.assign(this, { random, onCommit, log: [], reads: 0, counts: {}, calm: false })
  }

  async start() {
    this.all = Object.fromEntries(Object.keys(faults).map(name => [name, new Server(this, name)]))
    await Promise.all(Object.values(this.all).map(s => s.start()))
    return this
  }

  get settings() { return Object.fromEntries(Object.values(this.all).map(s => [`${s.name}.url`, s.url])) }

  append(entry) {
    entry.at = this.log.length
    entry.time = Date.now()
    this.log.push(entry)
    if (entry.what === 'commit') this.onCommit(entry)
    return entry
  }

  async stop() { await Promise.all(Object.values(this.all).map(s => s.stop())) }
}

class Server {
  constructor(world, name) {
    Object.assign(this, { world, name, keys: new Map(), docs: [], pending: [] })
    this.server = http.createServer((request, reply) => this.receive(request, reply))
    this.server.keepAliveTimeout = 60000
  }

  start() { return new Promise(done => this.server.listen(0, '127.0.0.1', () => { this.url = `http://127.0.0.1:${this.server.address().port}`; done() })) }
  stop() { this.server.closeAllConnections(); return new Promise(done => this.server.close(done)) }

  receive(request, reply) {
    const chunks = []
    request.on('data', chunk => chunks.push(chunk))
    request.on('error', () => {})
    reply.on('error', () => {})
    // A little chance in when a request is looked at: what came at once is committed in any order.
    request.on('end', () => setTimeout(() => this.handle(request, Buffer.concat(chunks).toString(), reply), this.world.random() * 12))
  }

  handle(request, text, reply) {
    this.commitLate()
    const url = new URL(request.url, this.url)
    if (request.method === 'GET') return this.read(url, reply)
    const body = text ? JSON.parse(text) : {}
    const fault = this.fault()
    const count = this.world.counts
    if (fault) count[fault] = (count[fault] ?? 0) + 1
    if (fault === 'busy') return this.answer(reply, this.world.random() < 0.3 ? 429 : 503, { message: 'busy' })
    if (fault === 'reset') return reply.destroy()
    if (fault === 'silent') return setTimeout(() => reply.destroy(), 1500)
    const write = this.write(request, url, body)
    if (write.op === 'unknown') return this.answer(reply, 404, { message: `nothing at ${url.pathname}` })
    if (fault === 'late' && (write.op === 'charge' || write.op === 'fire') && !write.doc.refuse) {
      this.pending.push({ write, due: Date.now() + this.world.random() * late_commit_ms })
      setTimeout(() => this.commitLate(), late_commit_ms + 5)
      return reply.destroy()
    }
    const delay = fault === 'slow' ? 30 + this.world.random() * (this.world.random() < 0.04 ? 1500 : 250) : 0
    const done = this.commit(write, { dropped: 'dropped', gateway: '502' }[fault] ?? (delay > 500 ? 'slow' : 'sent'))
    if (fault === 'dropped') return reply.destroy()
    if (fault === 'gateway') return this.answer(reply, 502, { message: 'bad gateway' })
    if (delay) return setTimeout(() => this.answer(reply, done.status, done.body), delay)
    this.answer(reply, done.status, done.body)
  }

  fault() {
    let at = this.world.random()
    if (this.world.calm) return null
    for (const [name, rate] of Object.entries(faults[this.name])) if ((at -= rate) < 0) return name
    return null
  }

  write(request, url, body) {
    const kind = url.pathname.split('/')[1]
    const ops = { things: 'put', items: 'store', made: 'store', bookings: 'book', charges: 'charge', fires: 'fire' }
    const op = ops[kind] ?? 'unknown'
    return { op, doc: op === 'put' || op === 'store' ? body : body.record ?? {}, marker: body.marker, idem: request.headers['idempotency-key'], path: url.pathname }
  }

  // Everything that was to be committed by now, late ones included: also before anybody looks.
  commitLate() {
    const now = Date.now()
    const due = this.pending.filter(p => p.due <= now)
    this.pending = this.pending.filter(p => p.due > now)
    for (const { write } of due) this.commit(write, 'late')
  }

  commit(write, answer) {
    const { op, doc, marker, idem } = write
    const hash = hashOf(doc)
    const entry = { sys: this.name, what: 'commit', op, run: doc.run, node: doc.node, key: doc.key, number: doc.number, hash, doc, marker: marker ?? null, idem: idem ?? null, answer }
    if (doc.refuse) {
      this.world.append({ ...entry, what: 'refused' })
      return { status: 422, body: { message: 'refused', code: 'refused' } }
    }
    if (op === 'book') {
      const known = idem && this.keys.get(idem)
      const ttl = this.name === 'beta' ? short_ttl_ms : long_ttl_ms
      if (known && Date.now() - known.time < ttl + ttl_margin_ms) {
        if (known.hash !== hash) this.world.append({ ...entry, what: 'clash' })
        this.world.counts.key_honoured = (this.world.counts.key_honoured ?? 0) + 1
        return known.hash === hash ? { status: 200, body: { id: known.id } } : { status: 422, body: { message: 'the key was used for another booking' } }
      }
    }
    this.world.append(entry)
    const id = `${this.name}-${entry.at}`
    if (op === 'book' && idem) this.keys.set(idem, { hash, time: Date.now(), id })
    if (marker) this.docs.push({ id, op, marker, shown: Date.now() + this.world.random() * lookup_lag_ms })
    return { status: 201, body: { id } }
  }

  read(url, reply) {
    if (url.pathname === '/clock') return this.answer(reply, 200, { now: ++this.world.reads })
    const op = { '/bookings': 'book', '/charges': 'charge' }[url.pathname]
    if (!op) return this.answer(reply, 404, { message: `nothing at ${url.pathname}` })
    this.world.counts.lookups = (this.world.counts.lookups ?? 0) + 1
    const now = Date.now()
    const found = this.docs.filter(d => d.op === op && d.marker === url.searchParams.get('marker') && d.shown <= now)
    this.answer(reply, 200, { found: found.map(d => ({ id: d.id })) })
  }

  answer(reply, status, body) {
    if (reply.destroyed) return
    reply.writeHead(status, { 'content-type': 'application/json' })
    reply.end(JSON.stringify(body))
  }
}
