// Random flows as trees, from a seed. The same tree is written as Lua (lua.mjs) and followed by the checker (model.mjs).
//
//   flow { name, kind: plain | ordered | one_per | child, again, compensate, body: [node…] }
//   node { t, id, … }:
//     effect  sys, op (put store book charge fire), undo (steps, 0: none), refuse (the platform says 422)
//     note    an effect that writes down what the node before it (`of`) gave
//     read    sys: its answer is in the next note
//     sleep   ms
//     await   type (A…D, or "own": the flow's own event), count, within (ms, 0: for ever), filtered, own_key
//     all gather first   branches { name: [node…] }
//     each    count, at_most, body
//     try     body (which raises), caught as `class`
//     child   flow, fails
//     emit keep fail

const letters = ['a', 'b', 'c', 'd']

export function grammar(random, { only = '' } = {}) {
  if (only === 'light') return { flows: Array.from({ length: 8 }, (_, i) => new Grower(random, { name: `f${i + 1}`, kind: i % 2 ? 'ordered' : 'plain' }).light()) }
  const children = ['c1', 'c2', 'c3'].map((name, i) => new Grower(random, { name, kind: 'child' }).flow({ fails: i === 2 }))
  const kinds = ['plain', 'plain', 'plain', 'plain', 'plain', 'plain', 'ordered', 'ordered', 'ordered', 'ignore', 'deliver', 'restart']
  const flows = kinds.map((kind, i) => {
    const again = ['ignore', 'deliver', 'restart'].includes(kind) ? kind : undefined
    return new Grower(random, { name: `f${i + 1}`, kind: again ? 'one_per' : kind, again }, children).flow({})
  })
  return { flows: [...flows, ...children] }
}

class Grower {
  constructor(random, flow, children = []) {
    Object.assign(this, { random, result: { ...flow, compensate: false }, children, next: 1, types: [...'ABCD'] })
  }

  chance(p) { return this.random() < p }
  pick(list) { return list[Math.floor(this.random() * list.length)] }
  between(low, high) { return low + Math.floor(this.random() * (high - low + 1)) }
  id() { return `n${this.next++}` }
  system() { return this.pick(['alpha', 'beta']) }

  light() {
    const body = [this.effect({ light: true })]
    if (this.chance(0.4)) body.push({ t: 'emit', id: this.id() })
    if (this.chance(0.2)) body.push({ t: 'fail', id: this.id() })
    return { ...this.result, body: [...body, { t: 'emit', id: 'end' }] }
  }

  flow({ fails }) {
    const { kind, again } = this.result
    const body = [this.effect({ undo: this.chance(0.5), op: 'store' })]
    if (again === 'deliver') body.push(...this.await({ type: 'own', within: this.pick([200, 500]), count: 1 }))
    const length = kind === 'child' ? this.between(1, 3) : this.between(3, 7)
    for (let i = 0; i < length; i++) body.push(...this.item(0))
    const ending = fails ? 0 : this.random()
    if (ending < 0.25) body.push({ t: 'fail', id: this.id() }, this.effect({}))
    else if (ending < 0.35 && kind !== 'child') {
      this.result.compensate = true
      body.push(this.effect({ refuse: true, op: 'store' }), this.effect({}))
    }
    return { ...this.result, fails: ending < 0.35 && (ending < 0.25 || kind !== 'child'), body: [...body, { t: 'emit', id: 'end' }] }
  }

  // One or two nodes. `quiet`: nothing that waits (branches of ordered flows, of which a stretch is one piece).
  item(depth, quiet = false) {
    const { kind, again } = this.result
    const waits = !quiet && !(kind === 'child' && depth > 0)
    const choices = [
      [5, () => [this.effect({})]],
      [1, () => [{ t: 'emit', id: this.id() }]],
      [0.8, () => this.read()],
      [0.8, () => this.try()],
    ]
    if (waits) choices.push([1.5, () => [{ t: 'sleep', id: this.id(), ms: this.between(50, 500) }]])
    if (waits && kind !== 'child' && this.types.length) choices.push([1.5, () => this.await({})])
    if (waits && depth === 0 && this.children.length && again !== 'restart') choices.push([1, () => this.child()])
    if (depth === 0) choices.push([0.5, () => [{ t: 'keep', id: this.id() }, this.effect({})]])
    if (depth < 2 && kind !== 'child') choices.push([1.2, () => this.all(depth)], [0.8, () => this.gather(depth)])
    if (depth === 0 && kind !== 'child') choices.push([0.8, () => this.each()])
    if (depth < 2 && kind === 'plain') choices.push([0.6, () => this.first()])
    let at = this.random() * choices.reduce((sum, [weight]) => sum + weight, 0)
    return choices.find(([weight]) => (at -= weight) < 0)[1]()
  }

  effect({ light, undo, refuse = false, op }) {
    const ops = light ? ['put', 'store'] : ['put', 'put', 'store', 'book', 'book', 'charge', 'charge']
    if (!light && this.result.kind === 'plain' && this.chance(0.03)) ops.splice(0, ops.length, 'fire')
    const chosen = op ?? this.pick(ops)
    return { t: 'effect', id: this.id(), sys: this.system(), op: chosen, refuse, undo: !light && !refuse && (undo ?? this.chance(0.4)) ? this.between(1, 2) : 0 }
  }

  note(of, extra = {}) { return { t: 'note', id: this.id(), sys: this.system(), of, ...extra } }

  read() { const id = this.id(); return [{ t: 'read', id, sys: this.system() }, this.note(id)] }

  try() {
    const id = this.id()
    const body = [...(this.chance(0.3) ? [this.effect({})] : []), this.effect({ refuse: true, op: this.pick(['put', 'store', 'charge']) }), this.effect({})]
    return [{ t: 'try', id, how: this.pick(['pcall', 'try']), body, caught: 'data' }, this.note(id)]
  }

  await({ type, within, count }) {
    const id = this.id()
    const taken = type ?? this.types.splice(Math.floor(this.random() * this.types.length), 1)[0]
    const node = { t: 'await', id, type: taken, count: count ?? (this.chance(0.25) ? 2 : 1), within: within ?? this.pick([0, 0, 60000, 200, 500]),
      filtered: !type && this.chance(0.25), own_key: type === 'own' || this.result.kind === 'plain' }
    return [node]
  }

  child() {
    const id = this.id(), flow = this.pick(this.children)
    const node = { t: 'child', id, flow: flow.name, fails: flow.fails }
    if (!flow.fails) return [node, this.note(id)]
    const around = this.id()
    return [{ t: 'try', id: around, how: 'pcall', body: [node, this.effect({})], caught: 'failed' }, this.note(around)]
  }

  branches(depth, quiet) {
    return Object.fromEntries(letters.slice(0, this.between(2, 3)).map(name => {
      const body = []
      for (let i = this.between(1, 3); i > 0; i--) body.push(...this.item(depth + 1, quiet))
      return [name, body]
    }))
  }

  quiet() { return this.result.kind === 'ordered' }

  all(depth) { return [{ t: 'all', id: this.id(), branches: this.branches(depth, this.quiet()) }] }

  gather(depth) {
    const id = this.id(), branches = this.branches(depth, this.quiet())
    if (this.chance(0.5)) branches.a.push(this.effect({ refuse: true, op: 'store' }), this.effect({}))
    return [{ t: 'gather', id, branches }, this.note(id)]
  }

  first() {
    const id = this.id()
    const branch = () => [{ t: 'sleep', id: this.id(), ms: this.between(20, 200) }, this.effect({}), ...(this.chance(0.4) ? [this.effect({})] : [])]
    return [{ t: 'first', id, branches: Object.fromEntries(letters.slice(0, this.between(2, 3)).map(name => [name, branch()])) }, this.note(id)]
  }

  each() {
    const body = [this.effect({})]
    if (!this.quiet() && this.chance(0.4)) body.push({ t: 'sleep', id: this.id(), ms: this.between(20, 150) })
    if (this.chance(0.5)) body.push(this.effect({}))
    return [{ t: 'each', id: this.id(), count: this.between(2, 4), at_most: this.between(1, 3), body }]
  }
}

// Every node of a flow, depth first.
export function* nodes(body) {
  for (const node of body) {
    yield node
    for (const branch of Object.values(node.branches ?? {})) yield* nodes(branch)
    if (node.body) yield* nodes(node.body)
  }
}
