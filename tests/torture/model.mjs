// Follows one run through the tree of its flow, over what the platforms committed for it, and says what does not fit.
//
// Positions are places in the platforms' log. A sequence wants every commit of a node before the first of the next one, so an
// identical repeat is allowed only while nothing later has happened. Branches are bounded by what is before and after them.

// What clocks may differ by, rounding included.
const clock_ms = 5

// How a node, or a body, went.
const DONE = 'done', RAISED = 'raised', FAILED = 'failed'
const OPEN = 'open' // it did not get this far, and has an excuse: cancelled, or of unknown outcome

export class Walk {
  // world: see checker.mjs. excuse: this run need not have come to its end. base: where it began (children).
  constructor(world, { run, flow, excuse = '', after = -1, since = 0 }) {
    Object.assign(this, { world, run, flow, excuse, problems: [], visited: new Set(), undoable: [], before: null, emits: [], taken: new Set(), stretches: [], stretch: 0, missing: null })
    this.commits = world.commitsOf(run)
    this.from = { pos: after, time: since }
  }

  problem(node, text) { this.problems.push(`${this.run} (${this.flow.name}) ${node}: ${text}`) }

  follow() {
    const { end, hi } = this.body(this.flow.body, this.from, '')
    Object.assign(this, { end: end === RAISED ? FAILED : end, hi })
    if (end === RAISED && !this.flow.compensate && this.flow.kind !== 'child') this.problem('end', 'an error nobody caught, of a flow that does not compensate')
    if (this.excuse === 'cancelled' && end === DONE && !this.world.madeBy(this.run, 'end').length) this.end = OPEN // at its very end
    this.checkUndo()
    this.checkEmits()
    for (const [node, list] of this.commits)
      if (!this.visited.has(node)) this.problem(node, `must not be there: ${this.after(node)} (commit ${list[0].at})`)
    return this
  }

  after(node) {
    if (/\.u\d+$/.test(node)) return this.end === DONE ? 'the run did not fail' : 'that effect did not take place, or was kept'
    return this.missing ? `${this.missing}, which comes before it, is missing` : `the run had ${this.end}, or this way was not taken`
  }

  // ---- nodes: each gives { end, hi: { pos, time } } ------------------------------------------------------------------------

  body(nodes, lo, suffix) {
    let hi = lo
    for (const node of nodes) {
      const went = this[node.t](node, hi, suffix)
      hi = { pos: Math.max(hi.pos, went.hi.pos), time: Math.max(hi.time, went.hi.time) }
      if (went.end !== DONE) return { end: went.end, hi }
    }
    return { end: DONE, hi }
  }

  effect(node, lo, suffix) {
    const name = node.id + suffix
    if (node.refuse) return this.refused(node, lo, name)
    const list = this.commits.get(name)
    if (!list) return this.absent(name, lo, node)
    this.visited.add(name)
    this.before = null
    this.order(name, list, lo)
    this.once(name, list, node.op)
    this.stretches.push(...list.map(c => ({ at: c.at, stretch: this.stretch })))
    if (node.undo) this.undoable.push({ name, steps: node.undo, lo: lo.pos, first: list[0].at })
    const unsettled = this.excuse === 'unknown' && node.op === 'fire' && this.world.unknownAt(this.run, name)
    return { end: unsettled ? OPEN : DONE, hi: { pos: list.at(-1).at, time: list[0].time } }
  }

  refused(node, lo, name) {
    const list = this.world.refusedOf(this.run, name)
    if (list.length === 0) return this.absent(name, lo, node)
    this.order(name, list, lo)
    return { end: RAISED, hi: { pos: list.at(-1).at, time: list[0].time } }
  }

  note(node, lo, suffix) { return this.effect({ ...node, op: 'store' }, lo, suffix) }

  absent(name, lo, node) {
    this.missing ??= name
    // Cancelled while it was on its way: whether it took place is not known of what is idempotent, and it is undone.
    if (node.undo && (node.op === 'put' || node.op === 'store') && this.excuse !== 'unknown' && this.excuse && this.commits.has(`${name}.u1`))
      this.undoable.push({ name, steps: node.undo, lo: lo.pos, first: Infinity })
    if (!this.excuse) this.problem(name, node.op === 'fire' ? 'missing (unsafe, without a lookup)' : 'missing')
    return { end: OPEN, hi: lo }
  }

  order(name, list, lo) {
    if (list[0].at <= lo.pos) this.problem(name, `commit ${list[0].at} is out of order: what comes before it was committed at ${lo.pos}, or was done again after it`)
    if (list[0].time < lo.time - clock_ms) this.problem(name, `${lo.time - list[0].time} ms too early: it was to sleep before`)
  }

  once(name, list, op) {
    if (new Set(list.map(c => c.hash)).size > 1) this.problem(name, `done again with another content (commits ${list.map(c => c.at).join(' ')})`)
    if (list.length > 1 && op !== 'put' && op !== 'store') this.problem(name, `${op} done ${list.length} times (commits ${list.map(c => c.at).join(' ')})`)
  }

  read(node, lo) { return { end: DONE, hi: lo } }
  emit(node, lo, suffix) { this.emits.push({ name: node.id + suffix, lo: lo.pos }); return { end: DONE, hi: lo } }
  fail(node, lo) { return { end: FAILED, hi: lo } }

  keep(node, lo) {
    this.before = this.undoable
    this.undoable = []
    return { end: DONE, hi: lo }
  }

  sleep(node, lo) {
    this.stretch++
    return { end: DONE, hi: { pos: lo.pos, time: lo.time + node.ms } }
  }

  await(node, lo, suffix) {
    let hi = lo
    for (let i = 1; i <= node.count; i++) {
      this.stretch++
      const name = `${node.id}.${i}${suffix}`
      const went = this.effect({ id: `${node.id}.${i}`, op: 'store' }, hi, suffix)
      if (went.end !== DONE) return went
      this.world.checkTaken(this, node, name, this.commits.get(name)[0], hi)
      hi = went.hi
    }
    return { end: DONE, hi }
  }

  branches(node, lo, suffix) {
    const went = Object.entries(node.branches).map(([name, body]) => [name, this.body(body, lo, suffix)])
    const hi = went.reduce((most, [, w]) => ({ pos: Math.max(most.pos, w.hi.pos), time: Math.max(most.time, w.hi.time) }), lo)
    return { went, hi, open: went.some(([, w]) => w.end === OPEN), raised: went.filter(([, w]) => w.end === RAISED).map(([name]) => name) }
  }

  all(node, lo, suffix) {
    const { hi, open, raised } = this.branches(node, lo, suffix)
    return { end: open ? OPEN : raised.length ? RAISED : DONE, hi }
  }

  gather(node, lo, suffix) {
    const { hi, open, raised } = this.branches(node, lo, suffix)
    this.said = `failed ${raised.join(',')}`
    if (!open) this.expectNote(node, suffix, this.said)
    return { end: open ? OPEN : DONE, hi }
  }

  // The winner is who the note says; of the others any beginning may have happened, also late: what was sent was sent.
  first(node, lo, suffix) {
    const note = this.noteOf(node, suffix)
    const winner = note?.doc.got
    if (winner !== undefined && !(winner in node.branches)) this.problem(node.id, `the winner of first is ${winner}`)
    let hi = lo
    for (const [name, body] of Object.entries(node.branches)) {
      const excuse = this.excuse, missing = this.missing
      if (name !== winner) this.excuse ||= 'lost'
      const went = this.body(body, lo, suffix)
      this.excuse = excuse
      if (name !== winner) this.missing = missing
      if (name === winner) hi = went.hi
    }
    return { end: note || !this.excuse ? DONE : OPEN, hi: { pos: hi.pos, time: hi.time } }
  }

  each(node, lo, suffix) {
    let hi = lo, end = DONE
    for (let i = 1; i <= node.count; i++) {
      const went = this.body(node.body, lo, `.${i}${suffix}`)
      if (went.end !== DONE) end = went.end
      hi = { pos: Math.max(hi.pos, went.hi.pos), time: Math.max(hi.time, went.hi.time) }
    }
    return { end, hi }
  }

  try(node, lo, suffix) {
    const went = this.body(node.body, lo, suffix)
    if (went.end === OPEN) return went
    this.expectNote(node, suffix, went.end === RAISED ? `class ${node.caught}` : 'class nil')
    return { end: DONE, hi: went.hi }
  }

  child(node, lo, suffix) {
    this.stretch++
    const run = `${this.run}.${node.id}${suffix}`, flow = this.world.flowNamed(node.flow)
    const walk = new Walk(this.world, { run, flow, excuse: this.excuse, after: lo.pos, since: lo.time }).follow()
    this.problems.push(...walk.problems)
    if (walk.end === OPEN) return { end: OPEN, hi: walk.hi }
    if (walk.end === DONE) this.expectNote(node, suffix, run)
    return { end: walk.end === FAILED ? RAISED : DONE, hi: walk.last() }
  }

  noteOf(node, suffix) {
    const id = this.world.noteFor(this.flow, node.id)
    return id && this.commits.get(id + suffix)?.[0]
  }

  expectNote(node, suffix, said) {
    const note = this.noteOf(node, suffix)
    if (note && note.doc.got !== said) this.problem(note.node, `it says "${note.doc.got}" where "${said}" is what happened`)
  }

  // Where its last commit is, what was undone included.
  last() {
    let hi = { pos: this.hi.pos, time: this.hi.time }
    for (const list of this.commits.values()) for (const c of list) if (c.at > hi.pos) hi = { pos: c.at, time: c.time }
    return hi
  }

  // ---- the end -----------------------------------------------------------------------------------------------------------

  checkUndo() {
    if (this.end === DONE) return
    if (this.excuse === 'unknown' && this.end === OPEN) return // it waits for a person; nothing is undone yet
    const choices = [this.undoable]
    if (this.before && this.end === OPEN) choices.push(this.before) // a keep with nothing after it: was it reached?
    const tries = choices.map(list => this.undone(list)).sort((a, b) => a.problems.length - b.problems.length)
    for (const [name, text] of tries[0].problems) this.problem(name, text)
    for (const name of tries[0].seen) this.visited.add(name)
  }

  undone(list) {
    const problems = [], seen = [], done = []
    for (const effect of list) {
      let lo = this.hi.pos
      const positions = []
      for (let step = 1; step <= effect.steps; step++) {
        const name = `${effect.name}.u${step}`, commits = this.commits.get(name)
        if (!commits) { problems.push([effect.name, `was not undone: ${name} is missing`]); continue }
        seen.push(name)
        if (commits[0].at <= lo) problems.push([name, `commit ${commits[0].at} is out of order: the run, or the step before, had one at ${lo}`])
        if (new Set(commits.map(c => c.hash)).size > 1) problems.push([name, 'undone again with another content'])
        if (commits.length > 1 && commits[0].op === 'charge') problems.push([name, `undone ${commits.length} times`])
        lo = commits.at(-1).at
        positions.push(commits[0].at, lo)
      }
      if (positions.length) done.push({ ...effect, begin: Math.min(...positions), end: Math.max(...positions) })
    }
    for (const a of done) for (const b of done)
      if (b.lo >= a.first && a !== b && b.end > a.begin) problems.push([a.name, `was undone before ${b.name}, which was done after it`])
    return { problems, seen }
  }

  checkEmits() {
    for (const { name, lo } of this.emits) {
      const list = this.world.madeBy(this.run, name)
      if (list.length === 0) {
        if (this.end === DONE) this.problem(name, 'what it emitted did not arrive')
        continue
      }
      if (new Set(list.map(c => c.doc.event)).size > 1) this.problem(name, name === 'end' ? 'it ended twice' : 'emitted twice')
      if (list[0].at <= lo) this.problem(name, `emitted before what comes before it (commit ${list[0].at}, ${lo})`)
    }
    for (const name of this.world.madeNames(this.run))
      if (!this.emits.some(e => e.name === name)) this.problem(name, `must not have been emitted: the run had ${this.end}`)
  }

  get ended() { return this.end === DONE || this.end === FAILED }
}
