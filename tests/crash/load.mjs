// A source of changes that behaves like a vendor: per key one change after the other, each sent until it is acknowledged,
// some sent again afterwards or twice at once. What was acknowledged is remembered: the checker expects exactly that.
import http from 'node:http'

const pause = ms => new Promise(done => setTimeout(done, ms))

export class Load {
  // url: called for each request, the address changes with restarts. random: () => [0, 1).
  constructor({ url, keys = 48, system = 'shop', random = Math.random, duplicates = 0.2, rate = Infinity }) {
    Object.assign(this, { url, system, random, duplicates, rate })
    this.accepted = new Map(Array.from({ length: keys }, (_, i) => [`SO-${i + 1}`, 0])) // key → last acknowledged number
    this.replies = {}
    this.agent = new http.Agent({ keepAlive: true, maxSockets: 128 })
  }

  start() {
    this.running = true
    this.workers = [...this.accepted.keys()].map(key => this.work(key))
  }

  async stop() {
    this.running = false
    await Promise.all(this.workers)
    this.agent.destroy()
  }

  get total() { return [...this.accepted.values()].reduce((a, b) => a + b, 0) }

  async work(key) {
    while (this.running) {
      const number = this.accepted.get(key) + 1
      const twice = this.random() < this.duplicates / 2
      const sends = [this.send(key, number)]
      if (twice) sends.push(this.send(key, number))
      await Promise.all(sends)
      this.accepted.set(key, number)
      if (this.random() < this.duplicates / 2) await this.send(key, 1 + Math.floor(this.random() * number)) // sent again, late
      if (this.rate !== Infinity) await pause(1000 / this.rate)
    }
  }

  // Until it is acknowledged: also after the load was stopped, so that nothing is left half sent.
  async send(key, number) {
    const body = JSON.stringify({ id: `${key}-${number}`, order_no: key, number, amount: `${number}.10`, lines: [{ sku: 'A', qty: number }] })
    for (;;) {
      const status = await this.post(body).catch(error => error.code ?? 'error')
      this.replies[status] = (this.replies[status] ?? 0) + 1
      if (status === 202) return
      if (typeof status === 'number' && status !== 503) throw new Error(`${key}-${number}: ${status}`)
      await pause(10 + this.random() * 30)
    }
  }

  post(body) {
    return new Promise((done, fail) => {
      const target = this.url()
      if (!target) return fail(Object.assign(new Error('down'), { code: 'down' }))
      const request = http.request(`${target}/in/${this.system}`, {
        agent: this.agent, method: 'POST', timeout: 10000,
        headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) },
      }, reply => {
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
