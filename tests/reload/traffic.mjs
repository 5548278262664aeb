// What goes in and what comes out: orders with running numbers per key, and a sink that keeps every write in the order of
// its arrival. Both ends note the time, so that a pause shows as a late answer or a late write.
import { createServer } from 'node:http'
import { Load } from '../crash/load.mjs'

export class Traffic extends Load {
  constructor(options) {
    super(options)
    this.answers = [] // ms from a request to its 202
    this.sent = new Map() // "key-number" → when it was sent first
  }

  async send(key, number) {
    const name = `${key}-${number}`, started = performance.now()
    if (!this.sent.has(name)) this.sent.set(name, started)
    await super.send(key, number)
    this.answers.push(performance.now() - started)
  }
}

export class Sink {
  constructor() {
    this.writes = new Map() // "store" … → key → bodies
    this.late = [] // ms from the first sending of an order to its write
  }

  async start(traffic) {
    this.http = createServer(async (request, reply) => {
      let text = ''
      for await (const chunk of request) text += chunk
      reply.end('{}')
      this.take(traffic(), request.url.slice(1).split('/'), JSON.parse(text))
    })
    await new Promise(done => this.http.listen(0, '127.0.0.1', done))
    this.url = `http://127.0.0.1:${this.http.address().port}`
    return this
  }

  take(traffic, [kind, key], body) {
    if (!this.writes.has(kind)) this.writes.set(kind, new Map())
    const of = this.writes.get(kind)
    if (!of.has(key)) of.set(key, [])
    of.get(key).push(body)
    if (kind === 'store') this.late.push(performance.now() - traffic.sent.get(`${key}-${body.number}`))
  }

  of(kind, key) { return this.writes.get(kind)?.get(key) ?? [] }
  stop() { this.http.closeAllConnections(); this.http.close() }
}

export const share = (sorted, p) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * p))]

// { count, p50, p99, p999, max } of milliseconds.
export function figures(list) {
  const sorted = [...list].sort((a, b) => a - b)
  const round = x => Math.round(x * 100) / 100
  return { count: sorted.length, p50: round(share(sorted, 0.5)), p99: round(share(sorted, 0.99)), p999: round(share(sorted, 0.999)), max: round(sorted.at(-1)) }
}
