// How runs should go: executes the trees in memory, in driven time, any branch next. What it logs must satisfy the checker; its
// log with one mistake in it must not (checker.test.mjs).
import { hashOf } from './platform.mjs'

class Raised extends Error {}
class Failed extends Error {}

export class Ideal {
  constructor({ flows, groups, random }) {
    Object.assign(this, { flows, random, log: [], events: [], tasks: [], now: 1000000, locks: new Map(), open: new Map(), begun: new Set(), reads: 0 })
    for (const group of groups) this.spawn(this.source(group))
  }

  spawn(gen, run) { const task = { gen, run, ready: () => true }; this.tasks.push(task); return task }

  // Until nothing goes on but ticks for runs that were never begun. Time moves when nothing is ready.
  play() {
    for (let idle = 0; this.tasks.length;) {
      const ready = this.tasks.filter(t => t.ready())
      if (ready.length === 0) {
        this.now += 20
        if (++idle < 1000) continue
        if (this.tasks.every(t => t.run === 'source')) break
        throw new Error(`stuck: ${this.tasks.map(t => t.run)}`)
      }
      idle = 0
      const task = ready[Math.floor(this.random() * ready.length)]
      this.now++
      const { done, value } = task.gen.next()
      if (done) { this.tasks.splice(this.tasks.indexOf(task), 1); task.done = true }
      else task.ready = value ?? (() => true)
    }
    return this
  }

  after(ms) { const due = this.now + ms; return () => this.now >= due }

  // ---- the source ----------------------------------------------------------------------------------------------------------

  *source({ starts }) {
    for (const { ticks, pause, ...event } of starts) {
      this.accept(event)
      const began = () => this.begun.has(event.id)
      for (const type of new Set(ticks.map(t => t.type))) this.spawn(this.ticks(ticks.filter(t => t.type === type), began), 'source')
      yield this.after(pause)
    }
  }

  *ticks(list, began) {
    for (const { how, after, ...tick } of list) {
      if (how !== 'with') { yield began; yield this.after(after) }
      this.accept(tick)
    }
  }

  accept(event) {
    this.events.push({ ...event, sent: this.now, acked: this.now + 1 })
    if (!event.flow) return
    const flow = this.flows.find(f => f.name === event.flow)
    const run = { id: event.id, key: event.key, number: event.number, flow, undo: [], taken: new Set(), since: this.events.length, lock: `${flow.name} ${event.key}` }
    if (flow.kind === 'ordered') this.line(run).push(run)
    const before = flow.kind === 'one_per' && this.open.get(run.lock)
    if (before && flow.again !== 'restart') return
    if (flow.kind === 'one_per') this.open.set(run.lock, run)
    this.spawn(this.unit(run, before), event.id)
  }

  line(run) { return this.locks.get(run.lock) ?? this.locks.set(run.lock, []).get(run.lock) }

  // ---- runs ----------------------------------------------------------------------------------------------------------------

  // before: the open run of the key that this one takes the place of.
  *unit(run, before) {
    if (before) {
      yield () => before.begun
      if (!before.closed) {
        this.tasks = this.tasks.filter(t => t.run !== before.id)
        yield* this.undo(before)
      }
    }
    run.begun = true
    yield* this.run(run)
  }

  *run(run) {
    if (run.flow.kind === 'ordered') yield* this.enter(run)
    const emits = []
    try {
      yield* this.body(run.flow.body, run, '', emits)
    } catch (error) {
      if (!(error instanceof Raised || error instanceof Failed)) throw error
      yield* this.undo(run)
      this.close(run)
      return false
    }
    this.close(run)
    for (const node of emits) this.log.push({ at: this.log.length, time: this.now++, sys: 'sink', what: 'commit', op: 'store', run: run.id, node, hash: hashOf([run.id, node]), doc: { event: `${run.id}/${node}` }, answer: 'sent' })
    return true
  }

  close(run) {
    run.closed = true
    this.leave(run)
    if (this.open.get(run.lock) === run) this.open.delete(run.lock)
  }

  *enter(run) {
    const line = this.line(run)
    if (!line.includes(run)) line.push(run)
    if (line[0] !== run) yield () => line[0] === run
  }

  leave(run) { const line = this.line(run); if (line.includes(run)) line.splice(line.indexOf(run), 1) }

  *wait(run, ready) {
    this.leave(run)
    yield ready
    if (run.flow.kind === 'ordered') yield* this.enter(run)
  }

  *undo(run) {
    for (const { name, node } of run.undo.splice(0).reverse())
      for (let step = 1; step <= node.undo; step++) { yield; this.commit(run, `${name}.u${step}`, { op: step === 1 ? 'store' : 'charge', sys: node.sys }) }
  }

  commit(run, name, node, more = {}) {
    const doc = { run: run.id, node: name, key: run.key, number: run.number, ...more }
    const entry = { at: this.log.length, time: this.now, sys: node.sys ?? 'alpha', what: node.refuse ? 'refused' : 'commit', op: node.op, run: run.id, node: name, key: run.key, number: run.number, hash: hashOf(doc), doc,
      marker: node.op === 'charge' || node.op === 'fire' ? `m ${run.id} ${name}` : null, idem: node.op === 'book' ? `k ${run.id} ${name}` : null, answer: 'sent' }
    this.begun.add(run.id)
    this.log.push(entry)
  }

  *body(nodes, run, suffix, emits) { for (const node of nodes) { yield; yield* this[node.t](node, run, suffix, emits) } }

  *effect(node, run, suffix) {
    this.commit(run, node.id + suffix, node)
    if (node.refuse) throw new Raised('data')
    if (node.undo) run.undo.push({ name: node.id + suffix, node })
  }

  *note(node, run, suffix) { this.commit(run, node.id + suffix, { ...node, op: 'store' }, { got: run.got[node.of + suffix] }) }
  say(run, node, suffix, got) { (run.got ??= {})[node.id + suffix] = got }
  *read(node, run, suffix) { this.say(run, node, suffix, `clock ${++this.reads}`) }
  *sleep(node, run) { yield* this.wait(run, this.after(node.ms)) }
  *emit(node, run, suffix, emits) { emits.push(node.id + suffix) }
  *keep(node, run) { run.undo = [] }
  *fail() { throw new Failed() }

  *await(node, run, suffix) {
    for (let i = 1; i <= node.count; i++) {
      const over = node.within ? this.after(node.within) : () => false
      const find = () => this.events.slice(run.since).find(e => !run.taken.has(e.id) && (node.type === 'own' ? e.flow === run.flow.name && e.key === run.key && e.id !== run.id
        : e.type === `Tick${node.type}` && e.key === (node.own_key ? run.key : run.id) && (e.good || !node.filtered)))
      yield* this.wait(run, () => find() || over())
      const got = find()
      if (got) run.taken.add(got.id)
      this.commit(run, `${node.id}.${i}${suffix}`, { op: 'store' }, { got: got?.id ?? 'nothing' })
    }
  }

  // Branches as tasks of their own; how each ended.
  *branches(bodies, run, most, emits, enough = () => false) {
    const ends = {}, names = Object.keys(bodies)
    const one = function* (name) {
      try { yield* this.body(bodies[name].nodes, run, bodies[name].suffix, emits); ends[name] = 'done' } catch (error) {
        if (!(error instanceof Raised)) throw error
        ends[name] = 'raised'
      }
    }
    const tasks = []
    for (const name of names) {
      yield () => tasks.filter(t => !t.done).length < most
      tasks.push(this.spawn(one.call(this, name), run.id))
    }
    yield () => tasks.every(t => t.done) || enough(ends)
    this.tasks = this.tasks.filter(t => !tasks.includes(t))
    return ends
  }

  of(node, suffix) { return Object.fromEntries(Object.entries(node.branches).map(([name, nodes]) => [name, { nodes, suffix }])) }

  *all(node, run, suffix, emits) {
    const ends = yield* this.branches(this.of(node, suffix), run, Infinity, emits)
    if (Object.values(ends).includes('raised')) throw new Raised('data')
  }

  *gather(node, run, suffix, emits) {
    const ends = yield* this.branches(this.of(node, suffix), run, Infinity, emits)
    this.say(run, node, suffix, `failed ${Object.keys(ends).filter(n => ends[n] === 'raised').sort().join(',')}`)
  }

  *first(node, run, suffix, emits) {
    const ends = yield* this.branches(this.of(node, suffix), run, Infinity, emits, seen => Object.keys(seen).length > 0)
    this.say(run, node, suffix, Object.keys(ends)[0])
  }

  *each(node, run, suffix, emits) {
    yield* this.branches(Object.fromEntries(Array.from({ length: node.count }, (_, i) => [i + 1, { nodes: node.body, suffix: `.${i + 1}${suffix}` }])), run, node.at_most, emits)
  }

  *try(node, run, suffix, emits) {
    let got = 'class nil'
    try { yield* this.body(node.body, run, suffix, emits) } catch (error) {
      if (!(error instanceof Raised)) throw error
      got = `class ${error.message}`
    }
    this.say(run, node, suffix, got)
  }

  *child(node, run, suffix) {
    const id = `${run.id}.${node.id}${suffix}`
    this.leave(run)
    const good = yield* this.run({ id, key: id, number: 0, flow: this.flows.find(f => f.name === node.flow), undo: [], taken: new Set(), since: 0, lock: id })
    if (run.flow.kind === 'ordered') yield* this.enter(run)
    if (!good) throw new Raised('failed')
    this.say(run, node, suffix, id)
  }
}
