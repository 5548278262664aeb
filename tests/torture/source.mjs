// The source of events: starts of runs and the ticks that runs await, each sent until it is acknowledged, some twice. The list
// it keeps is what the checker goes by:
//   { id, key, type, number, flow (starts only), sent, acked }   times in ms; acked 0: never acknowledged
import http from 'node:http'
import { nodes } from './grammar.mjs'

const pause = ms => new Promise(done => setTimeout(done, ms))

export class Source {
  // flows: trees. runs: how many starts. url: called for each request. every: ms between starts, on average.
  constructor({ random, flows, runs, url, every = 25 }) {
    Object.assign(this, { random, url, events: [], replies: {}, seenRuns: new Map() })
    this.flows = flows.filter(f => f.kind !== 'child')
    this.agent = new http.Agent({ keepAlive: true, maxSockets: 64 })
    this.over = new Promise(done => { this.endWaiting = done })
    this.groups = this.plan(runs, every)
  }

  // Starts in groups: one after the other within a group, a group for each key.
  plan(runs, every) {
    const groups = []
    for (let n = 0, at = 0; n < runs;) {
      const flow = this.flows[Math.floor(this.random() * this.flows.length)]
      const size = Math.min(runs - n, flow.kind === 'plain' ? 1 : 2 + Math.floor(this.random() * 3))
      const key = `K${groups.length + 1}`
      const starts = Array.from({ length: size }, (_, i) => ({ id: `e${n + i + 1}`, key, flow: flow.name, type: flow.name.toUpperCase(), number: i + 1,
        pause: flow.kind === 'one_per' ? this.random() * 1500 : this.random() * 200, ticks: this.ticks(flow, `e${n + i + 1}`, key) }))
      groups.push({ at, starts })
      n += size
      at += every * size * 2 * this.random()
    }
    return groups
  }

  // What is sent for the awaits of one run. Times count from the first effect of the run, so the run's own event is surely
  // earlier; "with" ones go out together with the start and may count or not.
  ticks(flow, run, key) {
    const ticks = []
    for (const node of nodes(flow.body)) {
      if (node.t !== 'await' || node.type === 'own') continue
      const must = node.within === 0 || node.within > 5000
      const how = must ? ['early', 'late', 'early'][Math.floor(this.random() * 3)] : ['early', 'late', 'never', 'with'][Math.floor(this.random() * 4)]
      if (how === 'never') continue
      const count = must ? node.count + (this.random() < 0.2 ? 1 : 0) : 1 + Math.floor(this.random() * node.count)
      const one = (i, more) => ({ id: `${run}:${node.type}${i}`, key: node.own_key ? key : run, type: `Tick${node.type}`, run, good: true, number: i, ...more })
      if (node.filtered) ticks.push(one(0, { good: false, how: 'early', after: 0 }))
      if (must && this.random() < 0.2) ticks.push(one(9, { how: 'with', after: 0 }))
      for (let i = 1; i <= count; i++) ticks.push(one(i, { how, after: how === 'late' ? Math.floor(this.random() * 900) : 0 }))
    }
    return ticks
  }

  start() {
    this.started = Date.now()
    this.unsent = this.groups.reduce((sum, g) => sum + g.starts.length, 0)
    this.work = this.groups.map(group => this.group(group))
  }

  async done() {
    this.giveUp()
    await Promise.all(this.work)
    this.stopped = true
    this.agent.destroy()
  }

  async group({ at, starts }) {
    await pause(at)
    const open = []
    for (const start of starts) {
      const { ticks, pause: wait, ...event } = start
      const first = this.firstEffect(event.id)
      for (const list of byType(ticks).values()) open.push(this.sendTicks(list, first))
      await this.send(event)
      this.unsent--
      await pause(wait)
    }
    await Promise.all(open)
  }

  // Ticks of one type, one after the other.
  async sendTicks(list, first) {
    for (const { how, after, ...tick } of list) {
      if (how !== 'with') { if (!await first) return; await pause(after) }
      await this.send(tick)
    }
  }

  // The promise of a run's first effect; null when the run gets none (ignored, delivered, cancelled before it).
  firstEffect(run) {
    return Promise.race([new Promise(done => this.seenRuns.set(run, done)), this.over.then(() => null)])
  }

  seen(run) { this.seenRuns.get(run)?.(true); this.seenRuns.delete(run) }

  // Everything that can start has started: no first effect is waited for any longer.
  giveUp() { this.endWaiting() }

  // Until it is acknowledged: also after the load was stopped, so that nothing is left half sent.
  async send(event) {
    const listed = { ...event, sent: Date.now(), acked: 0 }
    this.events.push(listed)
    const body = JSON.stringify(event)
    const twice = this.random() < 0.1
    await Promise.all(twice ? [this.post(body), this.post(body)] : [this.post(body)])
    listed.acked = Date.now()
    if (this.random() < 0.05) setTimeout(() => this.post(body).catch(() => {}), 1000 * this.random())
    return listed
  }

  async post(body) {
    while (!this.stopped) {
      const status = await this.attempt(body).catch(error => error.code ?? 'error')
      this.replies[status] = (this.replies[status] ?? 0) + 1
      if (status === 202) return
      if (typeof status === 'number' && status !== 503) throw new Error(`${body}: ${status}`)
      await pause(10 + this.random() * 30)
    }
  }

  attempt(body) {
    return new Promise((done, fail) => {
      const target = this.url()
      if (!target) return fail(Object.assign(new Error('down'), { code: 'down' }))
      const request = http.request(`${target}/in/shop`, { agent: this.agent, method: 'POST', timeout: 10000,
        headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) } }, reply => {
        reply.resume()
        reply.on('end', () => done(reply.statusCode))
        reply.on('error', fail)
      })
      request.on('timeout', () => request.destroy(Object.assign(new Error('timeout'), { code: 'timeout' })))
      request.on('error', fail)
      request.end(body)
    })
  }
}

function byType(ticks) {
  const by = new Map()
  for (const tick of ticks) by.set(tick.type, [...(by.get(tick.type) ?? []), tick])
  return by
}
