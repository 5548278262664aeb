// Kills Tryton, Request Tracker and Tidelock once each, in the middle of work: while a write that seed and chance choose is being
// answered, or just after. Then each comes back on what it had on disk.
const pause = ms => new Promise(done => setTimeout(done, ms))

export class Blows {
  constructor(company, random, say) { Object.assign(this, { company, random, say }); this.struck = [] }

  // The n-th write that Tidelock sends to one of the servers, and how long after it was passed on. An order makes some nine writes
  // in Tryton and three in RT, so each blow falls before the work is done.
  plan() {
    const writes = { tryton: x => /\.(create|write|confirm|post|done|pick|pay\.execute)"/.test(x.body), rt: x => ['POST', 'PUT'].includes(x.method) }
    const orders = this.company.planned, some = most => 1 + Math.floor(this.random() * most)
    return ['tryton', 'rt', 'tidelock'].map(target => {
      const at = target === 'tidelock' ? ['tryton', 'rt'][some(2) - 1] : target
      let left = some((at === 'tryton' ? 6 : 2) * orders)
      return { target, at, delay: some(150), fits: x => writes[at](x) && --left === 0 }
    })
  }

  start() {
    this.done = Promise.all(this.plan().map(({ target, at, delay, fits }) => new Promise((done, failed) => {
      this.company.proxies[at].first(fits, request => {
        const what = at === 'tryton' ? /"method":"([^"]+)"/.exec(request.body)?.[1] : `${request.method} ${request.path.replace('/REST/2.0', '')}`
        this.strike(target, `${delay} ms after ${what} was sent to ${at}`, delay).then(done, failed) // the request goes on meanwhile
      })
    })))
    this.done.catch(() => {}) // told by whoever waits for it
    return this
  }

  async strike(target, when, delay) {
    await pause(delay)
    await this.company[target].kill()
    this.say(`killed ${target} ${when}`)
    this.struck.push(target)
    await pause(200 + this.random() * 800)
    await (target === 'tidelock' ? this.company.tidelock.start() : this.company[target].resume())
    this.say(`${target} is back`)
  }
}
