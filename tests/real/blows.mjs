// Kills Tryton, Request Tracker and both Tidelocks once each, in the middle of work: while a write that seed and chance choose is being
// answered, or just after. Then each comes back on what it had on disk.
const pause = ms => new Promise(done => setTimeout(done, ms))

export class Blows {
  constructor(company, random, say) { Object.assign(this, { company, random, say }); this.struck = [] }

  // The n-th write that a Tidelock sends to one of the servers, and how long after it was passed on. An order makes some nine writes
  // in Tryton and three in RT, a case three and six, so each blow falls before the work is done.
  plan() {
    const { random, company: { planned } } = this, some = most => 1 + Math.floor(random() * most)
    const tryton = x => /\.(create|write|confirm|post|done|pick|pay\.execute)"/.test(x.body), rt = x => ['POST', 'PUT'].includes(x.method)
    const doors = { tryton: [tryton, 6 * planned.orders], rt: [rt, 2 * planned.orders], casesTryton: [tryton, 3 * planned.cases], casesRt: [rt, 6 * planned.cases] }
    const either = (...names) => names[some(names.length) - 1]
    return [['tryton', either('tryton', 'casesTryton')], ['rt', either('rt', 'casesRt')], ['tidelock', either('tryton', 'rt')], ['cases', either('casesTryton', 'casesRt')]].map(([target, at]) => {
      const [writes, most] = doors[at]
      let left = some(most)
      return { target, at, delay: some(150), fits: x => writes(x) && --left === 0 }
    })
  }

  start() {
    this.done = Promise.all(this.plan().map(({ target, at, delay, fits }) => new Promise((done, failed) => {
      this.company.proxies[at].first(fits, request => {
        const what = at.toLowerCase().endsWith('tryton') ? /"method":"([^"]+)"/.exec(request.body)?.[1] : `${request.method} ${request.path.replace('/REST/2.0', '')}`
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
    await (this.company[target].resume?.() ?? this.company[target].start())
    this.say(`${target} is back`)
  }
}
