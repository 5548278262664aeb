// One seed: an integration of its own, runs under load and faults while the program is killed every few hundred
// milliseconds with unsynced writes dropped, a quiet end in which every run must end, and the checker.
import { join } from 'node:path'
import { chance } from '../crash/chance.mjs'
import { folder } from '../world/folder.mjs'
import { Tidelock } from '../world/tidelock.mjs'
import { Checker } from './checker.mjs'
import { all, ask } from './control.mjs'
import { grammar } from './grammar.mjs'
import { writeIntegration } from './lua.mjs'
import { Platforms } from './platform.mjs'
import { Source } from './source.mjs'

const pause = ms => new Promise(done => setTimeout(done, ms))
// Without any progress for so long, what is open stays open. Longer than the longest wait of any flow.
const stuck_ms = 25000
// Kills go on for so long after the last run was started: most are in their middle then.
const after_ms = 1500

export class Round {
  constructor({ seed, runs, only = '', binary, every = 25, alive = false }) {
    Object.assign(this, { seed, runs, only, binary, every, alive, killed: { starting: 0, writing: 0, random: 0 }, kills: [], suspects: 0, url: null, said: [], problems: [] })
    const random = this.random = chance(seed)
    this.flows = grammar(random, { only }).flows
    this.platforms = new Platforms({ random: chance(seed + 1), onCommit: entry => this.source.seen(entry.run) })
    this.source = new Source({ random: chance(seed + 2), flows: this.flows, runs, url: () => this.url, every })
  }

  async play() {
    await this.platforms.start()
    const integration = writeIntegration(join(folder('torture'), 'integration'), this.flows, { durable: this.only !== 'light' })
    this.tidelock = new Tidelock({ integration, binary: this.binary, settings: this.platforms.settings, onOutput: text => this.said.push(text) })
    this.source.start()
    const started = Date.now()
    try {
      await this.killing()
      await this.quiet()
      await this.source.done()
      await this.quiet()
      await this.tidelock.stop()
    } catch (error) {
      this.problems.push(`it does not live on: ${error.message.slice(0, 3000)}`)
      await this.tidelock.kill()
      this.source.stopped = true
    }
    await this.platforms.stop()
    return this.report(started)
  }

  report(started) {
    const unknown = this.unknown ?? []
    const checker = this.checked(unknown)
    this.problems.push(...checker.problems)
    const { effects, repeats, children, ended } = checker
    return { seed: this.seed, runs: this.runs, ticks: this.source.events.length - this.runs, children, kills: this.kills.length, killed: this.killed, effects, repeats, unknown: unknown.length,
      ended, suspects: this.suspects, faults: this.platforms.counts, seconds: Math.round((Date.now() - started) / 1000), problems: this.problems }
  }

  checked(unknown) { return new Checker({ flows: this.flows, log: this.platforms.log, events: this.source.events, unknown, kills: this.kills }).check() }

  // ---- kills ---------------------------------------------------------------------------------------------------------------

  async killing() {
    let last = Infinity
    for (let n = 0; !this.alive && Date.now() < last; n++) {
      await this.life(n)
      if (this.source.unsent === 0 && last === Infinity) last = Date.now() + after_ms
    }
    this.tidelock.env = {}
    await this.tidelock.start()
    this.url = this.tidelock.url
    while (this.source.unsent > 0 && !this.tidelock.process.end) await pause(50)
  }

  // A named point: in the middle of the n-th operation on the disk, and how much of what was not synced had reached it by then.
  point() { return `${5 + Math.floor(this.random() * 400)}:${[0, 0, 50, 100][Math.floor(this.random() * 4)]}:${Math.floor(this.random() * 1e6)}` }

  // One life of the process: until a named point or a random moment ends it.
  async life(n) {
    const { tidelock, random } = this
    const named = n % 2 === 1
    tidelock.env = named ? { TIDELOCK_CRASH_AT: this.point() } : {}
    const alive = await tidelock.start({ ready: false }).then(() => true, error => {
      if (tidelock.process.end?.signal === 'SIGKILL') return false // a named point during the start
      throw error
    })
    if (!alive) { this.kills.push(Date.now()); this.killed.starting++; return }
    this.url = tidelock.url
    await Promise.race([tidelock.process.ended, pause(100 + random() * 500)])
    this.url = null
    const itself = tidelock.process.end !== undefined
    if (itself && tidelock.process.end.signal !== 'SIGKILL') throw new Error(`ended by itself: ${JSON.stringify(tidelock.process.end)}\n${tidelock.process.output.slice(-3000)}`)
    if (!itself) await tidelock.kill()
    this.kills.push(Date.now())
    this.killed[itself ? 'writing' : 'random']++
  }

  // ---- the quiet end -------------------------------------------------------------------------------------------------------

  // Until nothing is open but what is parked as unknown.
  async quiet() {
    let seen = '', since = Date.now()
    for (;;) {
      if (this.tidelock.process.end) throw new Error(`ended by itself: ${JSON.stringify(this.tidelock.process.end)}\n${this.tidelock.process.output.slice(-3000)}`)
      const open = await this.open()
      if (open.length === 0) return
      const now = `${this.platforms.log.length} ${this.source.events.length} ${open.length} ${this.suspects}`
      if (now !== seen) { seen = now; since = Date.now() }
      if (Date.now() - since > stuck_ms) {
        this.problems.push(`${open.length} do not end: ${open.slice(0, 5).join('; ')}`)
        await this.remember()
        return
      }
      await pause(100)
    }
  }

  async open() {
    const { data } = this.tidelock
    const exceptions = await all(data, '/v1/exceptions', 'exceptions')
    this.unknown = []
    const other = []
    for (const e of exceptions) {
      if (e.class === 'poison') await this.clearSuspect(e)
      else if (e.class === 'unknown') this.unknown.push(await this.runOf(e))
      else other.push(`parked: ${e.flow} ${e.key} ${e.class} ${e.message}`)
    }
    const { engine } = await ask(data, '/v1/status')
    const unfinished = engine.flows.reduce((sum, f) => sum + f.unfinished, 0)
    const waiting = await this.waiting()
    if (waiting.length === 0 && (unfinished === 0 || unfinished === this.unknown.length)) return other
    return [...other, ...waiting, ...engine.flows.filter(f => f.unfinished).map(f => `${f.name} ${f.unfinished}`)]
  }

  // Runs that are neither over nor parked.
  async waiting() {
    const runs = await all(this.tidelock.data, '/v1/runs', 'runs')
    return runs.filter(r => r.state !== 'parked').map(r => `${r.flow} ${r.key} ${r.state} at ${r.waits.map(w => `${w.step} (${w.kind})`).join(', ')}`)
  }

  // For whoever looks for the cause: what the program knows of the runs that are left.
  async remember() {
    const { data } = this.tidelock
    this.left = { status: await ask(data, '/v1/status'), exceptions: await all(data, '/v1/exceptions', 'exceptions'), runs: [] }
    for (const { id } of (await all(data, '/v1/runs', 'runs')).slice(0, 20)) this.left.runs.push(await ask(data, `/v1/runs/${id}`).catch(error => String(error)))
  }

  // A unit that was alone in three lives which were killed is parked as a suspect (rule 25). Here the killer is the suspect:
  // what a person would do after looking is to run it again.
  async clearSuspect({ id }) {
    this.suspects++
    await ask(this.tidelock.data, `/v1/exceptions/${id}/retry`, { reason: 'it was the torture run that killed the program' }).catch(() => {})
  }

  async runOf({ id, key }) {
    const { payload } = await ask(this.tidelock.data, `/v1/exceptions/${id}`)
    try { return JSON.parse(payload).id } catch { return key }
  }
}
