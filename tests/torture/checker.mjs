// What the platforms' own log says, against the events that were acknowledged and the trees of the flows. Reads nothing else,
// but for the list of runs that were parked with an unknown outcome, each of which must be explained by the log.
import { nodes } from './grammar.mjs'
import { Walk } from './model.mjs'

// Longest time from the acknowledgement of an event until it must have become what flows await, kills included.
const grace_ms = 45000
// A request whose answer was on its way, and a kill within this time after it: the answer may not have been read.
const kill_ms = 3000

export class Checker {
  // flows: trees. log: of the platforms. events: of the source. unknown: runs parked as unknown. kills: times.
  constructor({ flows, log, events, unknown = [], kills = [] }) {
    Object.assign(this, { flows, log, events, unknown: new Set(unknown), kills, problems: [], effects: 0, repeats: 0, children: 0, ended: { done: 0, failed: 0, cancelled: 0, unknown: 0, none: 0 } })
    this.index()
  }

  index() {
    this.commits = new Map(); this.refused = new Map(); this.made = new Map()
    for (const entry of this.log) {
      if (entry.sys === 'sink') put(this.made, entry.run, entry.node, entry)
      else if (entry.what === 'commit') put(this.commits, entry.run, entry.node, entry)
      else if (entry.what === 'refused') put(this.refused, entry.run, entry.node, entry)
      else this.problems.push(`${entry.run} ${entry.node}: the key ${entry.idem} was sent with another content`)
      if ((entry.op === 'charge' || entry.op === 'fire') && !entry.marker) this.problems.push(`${entry.run} ${entry.node}: an unsafe request without a marker`)
      if (entry.op === 'book' && !entry.idem) this.problems.push(`${entry.run} ${entry.node}: a keyed request without its key`)
    }
    for (const map of [this.commits, this.made]) for (const nodesOf of map.values()) for (const list of nodesOf.values()) {
      this.effects++
      if (list[0].op === 'put' || list[0].op === 'store') this.repeats += list.length - 1
    }
    this.children = [...this.commits.keys()].filter(run => String(run).includes('.')).length
    this.starts = this.events.filter(e => e.flow)
    this.ticks = this.events.filter(e => !e.flow)
    this.notes = new Map(this.flows.map(f => [f.name, new Map([...nodes(f.body)].filter(n => n.t === 'note').map(n => [n.of, n.id]))]))
  }

  commitsOf(run) { return this.commits.get(run) ?? new Map() }
  refusedOf(run, node) { return this.refused.get(run)?.get(node) ?? [] }
  madeBy(run, node) { return this.made.get(run)?.get(node) ?? [] }
  madeNames(run) { return [...(this.made.get(run)?.keys() ?? [])] }
  flowNamed(name) { return this.flows.find(f => f.name === name) }
  noteFor(flow, id) { return this.notes.get(flow.name).get(id) }

  check() {
    this.strangers()
    for (const flow of this.flows) {
      const starts = this.starts.filter(e => e.flow === flow.name)
      const byKey = new Map()
      for (const start of starts) byKey.set(start.key, [...(byKey.get(start.key) ?? []), start])
      for (const group of byKey.values()) {
        group.sort((a, b) => a.number - b.number)
        if (flow.kind === 'one_per') this.onePer(flow, group)
        else {
          const walks = group.map(start => this.plain(flow, start))
          if (flow.kind === 'ordered') this.keyOrder(walks)
        }
      }
    }
    for (const run of this.unknown) this.explain(run)
    return this
  }

  strangers() {
    const known = new Set(this.starts.map(e => e.id))
    for (const run of new Set([...this.commits.keys(), ...this.made.keys(), ...this.refused.keys()]))
      if (!known.has(String(run).split('.')[0])) this.problems.push(`${run}: effects of a run that nobody started`)
    for (const event of this.events) if (!event.acked) this.problems.push(`${event.id}: never acknowledged`)
  }

  excuseOf(run) { return [...this.unknown].some(u => u === run || u.startsWith(`${run}.`)) ? 'unknown' : '' }

  plain(flow, start) {
    const walk = new Walk(this, { run: start.id, flow, excuse: this.excuseOf(start.id) }).follow()
    return this.count(walk)
  }

  count(walk, how) {
    this.problems.push(...walk.problems)
    this.ended[how ?? (walk.end === 'open' ? 'unknown' : walk.end)]++
    return walk
  }

  // ---- awaits --------------------------------------------------------------------------------------------------------------

  candidates(walk, node) {
    const start = this.starts.find(e => e.id === walk.run)
    if (node.type === 'own') return this.starts.filter(e => e.flow === start.flow && e.key === start.key && e.number > start.number)
    return this.ticks.filter(t => t.type === `Tick${node.type}` && t.key === (node.own_key ? start.key : walk.run) && (t.good || !node.filtered))
  }

  checkTaken(walk, node, name, note, before) {
    const all = this.candidates(walk, node), got = note.doc.got
    const left = all.filter(t => !walk.taken.has(t.id))
    if (got === 'nothing') {
      if (!node.within) return walk.problem(name, 'an await without end has ended with nothing')
      if (note.time < before.time + node.within - 5) walk.problem(name, `gave up after ${note.time - before.time} ms of ${node.within}`)
      const missed = left.find(t => t.acked && t.acked + grace_ms < before.time + node.within && t.sent > this.began(walk.run))
      if (missed) walk.problem(name, `gave up although ${missed.id} was accepted in time`)
      return
    }
    const event = all.find(t => t.id === got)
    if (!event) return walk.problem(name, `took ${got}, which it does not await`)
    if (walk.taken.has(got)) walk.problem(name, `took ${got} a second time`)
    walk.taken.add(got)
    if (event.sent > note.time) walk.problem(name, `took ${got} before it was sent`)
    const earlier = left.find(t => t !== event && t.acked && t.acked < event.sent && t.sent > this.began(walk.run))
    if (earlier) walk.problem(name, `took ${got} although ${earlier.id} came before it`)
  }

  // From here on what is sent comes surely after the run's own event: it had had an effect.
  began(run) {
    let first = Infinity
    for (const list of this.commitsOf(run).values()) first = Math.min(first, list[0].time)
    return first
  }

  // ---- runs of one key -----------------------------------------------------------------------------------------------------

  // Stretches of runs of one key do not mix, and the first ones begin in the order of the events (rule 3).
  keyOrder(walks) {
    const stretches = new Map()
    for (const walk of walks) for (const { at, stretch } of walk.stretches) {
      const name = `${walk.run} stretch ${stretch}`, known = stretches.get(name)
      stretches.set(name, { name, run: walk.run, begin: Math.min(at, known?.begin ?? at), end: Math.max(at, known?.end ?? at), first: stretch === 0 })
    }
    const list = [...stretches.values()].sort((a, b) => a.begin - b.begin)
    for (let i = 1; i < list.length; i++)
      if (list[i].begin < list[i - 1].end && list[i].run !== list[i - 1].run) this.problems.push(`${list[i].name} began inside ${list[i - 1].name}: effects of one key mix`)
    const firsts = walks.map(w => list.find(s => s.run === w.run && s.first)).filter(Boolean)
    for (let i = 1; i < firsts.length; i++)
      if (firsts[i].begin < firsts[i - 1].begin) this.problems.push(`${firsts[i].run} began before ${firsts[i - 1].run}, which came first: out of order`)
  }

  onePer(flow, group) {
    let open = null // the run before that had effects
    group.forEach((start, i) => {
      const last = i === group.length - 1
      const has = this.commitsOf(start.id).size > 0 || this.refused.has(start.id)
      if (!has) {
        if (!this.mayBeSkipped(flow, start, open, i, last)) this.problems.push(`${start.id} (${flow.name}): has no effects, and nothing took its place`)
        this.ended.none++
        return
      }
      const cancellable = flow.again === 'restart' && !last
      let walk = new Walk(this, { run: start.id, flow, excuse: this.excuseOf(start.id) }).follow()
      let how
      if (walk.problems.length && cancellable) {
        const cancelled = new Walk(this, { run: start.id, flow, excuse: 'cancelled' }).follow()
        if (cancelled.problems.length < walk.problems.length) { walk = cancelled; how = 'cancelled' }
      }
      this.count(walk, how)
      if (open && this.firstCommit(start.id) < open.last().pos) this.problems.push(`${start.id} (${flow.name}): began before ${open.run} of the same key had ended`)
      open = walk
    })
  }

  firstCommit(run) { return Math.min(...[...this.commitsOf(run).values()].map(list => list[0].at)) }

  mayBeSkipped(flow, start, open, i, last) {
    if (flow.again === 'restart') return !last // cancelled before its first effect
    if (i === 0 || !open) return false
    const end = this.madeBy(open.run, 'end')[0]
    return !end || start.sent < end.time
  }

  // ---- unknown outcomes ----------------------------------------------------------------------------------------------------

  // Only an operation without a lookup may leave a run so: its answer was not given, or a kill may have taken it.
  explain(run) {
    const flow = this.flowNamed(this.starts.find(e => e.id === run)?.flow)
    const fires = flow ? [...instances(flow.body)].filter(([node]) => node.op === 'fire').map(([node, suffix]) => node.id + suffix) : []
    if (fires.length === 0) return this.problems.push(`${run}: parked as unknown, and every effect of it can be looked up`)
    const lost = e => e.answer !== 'sent' || this.kills.some(k => k >= e.time - 50 && k < e.time + kill_ms)
    const open = name => !this.commitsOf(run).get(name)?.some(e => !lost(e)) // never committed, or nobody was told
    if (!fires.some(open)) this.problems.push(`${run}: parked as unknown, although each of its requests was answered`)
  }

  // Is this the effect the run is parked at? The one whose answer it lacks: nothing that comes after it is there.
  unknownAt(run, node) {
    const id = node.split('.')[0]
    const flow = this.flowNamed(this.starts.find(e => e.id === run).flow)
    const commits = this.commitsOf(run)
    return !followers(flow.body, id).some(name => [...commits.keys()].some(k => k.split('.')[0] === name))
  }
}

// Ids of the effects that come surely after node `id`: in its own sequence, and behind every one around it.
function followers(body, id) {
  for (let i = 0; i < body.length; i++) {
    if (body[i].id === id) return body.slice(i + 1).flatMap(n => [...nodes([n])]).map(n => n.id)
    for (const inner of [...Object.values(body[i].branches ?? {}), body[i].body ?? []]) {
      const found = followers(inner, id)
      if (found) return [...found, ...body.slice(i + 1).flatMap(n => [...nodes([n])]).map(n => n.id)]
    }
  }
  return null
}

// Every node with the suffix of its iteration.
function* instances(body, suffix = '') {
  for (const node of body) {
    yield [node, suffix]
    for (const branch of Object.values(node.branches ?? {})) yield* instances(branch, suffix)
    for (let i = 1; node.body && i <= (node.count ?? 1); i++) yield* instances(node.body, node.t === 'each' ? `.${i}${suffix}` : suffix)
  }
}

function put(map, run, node, entry) {
  if (!map.has(run)) map.set(run, new Map())
  const of = map.get(run)
  of.set(node, [...(of.get(node) ?? []), entry])
}
