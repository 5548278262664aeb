// The checker of the torture run: green on how runs should go, red on each mistake, and it says which.
import test from 'node:test'
import assert from 'node:assert/strict'
import { chance } from '../crash/chance.mjs'
import { Checker } from './checker.mjs'
import { grammar } from './grammar.mjs'
import { Ideal } from './ideal.mjs'
import { hashOf } from './platform.mjs'
import { Source } from './source.mjs'

function check({ flows, log, events }, more = {}) {
  log.forEach((entry, at) => { entry.at = at })
  return new Checker({ flows, log, events, ...more }).check()
}

test('runs as they should go, of many seeds', () => {
  for (let seed = 1; seed <= 10; seed++) {
    const { flows } = grammar(chance(seed))
    const { groups } = new Source({ random: chance(seed + 2), flows, runs: 100, url: () => null })
    const { problems, ended } = check(new Ideal({ flows, groups, random: chance(seed + 3) }).play())
    assert.deepEqual(problems, [], `seed ${seed}`)
    assert.ok(ended.done > 20 && ended.failed > 0, `seed ${seed}: ${JSON.stringify(ended)}`)
  }
})

// ---- one flow, and what is wrong with its log ---------------------------------------------------------------------------------

const effect = (id, more = {}) => ({ t: 'effect', id, sys: 'alpha', op: 'store', refuse: false, undo: 0, ...more })
const note = (id, of) => ({ t: 'note', id, sys: 'alpha', of })
const end = { t: 'emit', id: 'end' }

// Runs e1…eN of one flow, one after the other, as they should go.
function play(flow, { runs = 1, ticks = [], pause = 0, children = [] } = {}) {
  const flows = [{ name: 'f1', kind: 'plain', compensate: false, ...flow }, ...children.map(c => ({ kind: 'child', compensate: false, ...c }))]
  const starts = Array.from({ length: runs }, (_, i) => ({ id: `e${i + 1}`, key: 'K1', flow: 'f1', type: 'F1', number: i + 1, pause, ticks: i === 0 ? ticks : [] }))
  return new Ideal({ flows, groups: [{ starts }], random: chance(1) }).play()
}

const at = (world, node, run = 'e1') => world.log.findIndex(e => e.run === run && e.node === node)
const take = (world, node, run) => world.log.splice(at(world, node, run), 1)[0]
const again = (world, node, more = {}, run = 'e1') => ({ ...world.log[at(world, node, run)], ...more })
const put = (world, entry, where = world.log.length) => world.log.splice(where, 0, entry)

function finds(name, flow, mistake, expect, options = {}) {
  test(name, () => {
    const world = play(flow, options)
    assert.deepEqual(check(world).problems, [], 'before the mistake')
    const more = mistake(world)
    const { problems } = check(world, more?.unknown ? more : {})
    assert.match(problems.join('\n'), expect)
  })
}

const three = { body: [effect('n1', { undo: 1 }), effect('n2', { op: 'charge', undo: 1 }), effect('n3', { op: 'book' }), end] }
const failing = { body: [...three.body.slice(0, 3), { t: 'fail', id: 'n4' }, effect('n5'), end] }

test('identical repeats before anything else happened are no second effect, and are counted', () => {
  const world = play(three)
  put(world, again(world, 'n1'), 1)
  const { problems, repeats, effects } = check(world)
  assert.deepEqual([problems, repeats, effects], [[], 1, 4])
})
finds('an effect that is missing', three, w => void take(w, 'n2'), /e1 \(f1\) n2: missing[\s\S]*n3: must not be there: n2, which comes before it, is missing/)
finds('a run that never began', three, w => void w.log.splice(0), /n1: missing/)
finds('an unsafe effect done twice', three, w => put(w, again(w, 'n2'), 2), /n2: charge done 2 times/)
finds('a keyed effect done twice', three, w => put(w, again(w, 'n3')), /n3: book done 2 times/)
finds('an older effect repeated after a newer one', three, w => put(w, again(w, 'n1'), 2), /n2: .*out of order: .*done again/)
finds('a repeat with another content', three, w => put(w, again(w, 'n1', { hash: 'other' }), 1), /n1: done again with another content/)
finds('effects in the wrong order', three, w => put(w, take(w, 'n3'), 0), /n3: .*out of order/)
finds('an unsafe request without a marker', three, w => { w.log[1].marker = null }, /unsafe request without a marker/)
finds('a key sent with another content', three, w => put(w, again(w, 'n3', { what: 'clash' })), /the key .* was sent with another content/)
finds('an effect of a run that nobody started', three, w => put(w, again(w, 'n1', { run: 'e9' })), /e9: effects of a run that nobody started/)
finds('an event that was never acknowledged', three, w => { w.events[0].acked = 0 }, /e1: never acknowledged/)

finds('an undo that is missing', failing, w => void take(w, 'n1.u1'), /n1: was not undone: n1\.u1 is missing/)
finds('undone in the order in which it was done', failing, w => put(w, take(w, 'n1.u1'), at(w, 'n2.u1')), /n1: was undone before n2, which was done after it/)
finds('undone twice', { body: [effect('n1', { undo: 2 }), { t: 'fail', id: 'n2' }] }, w => put(w, again(w, 'n1.u2')), /n1\.u2: undone 2 times/)
finds('undone before the run had failed', failing, w => put(w, take(w, 'n2.u1'), 2), /n2\.u1: .*out of order/)
finds('something undone of a run that did not fail', three, w => put(w, again(w, 'n1', { node: 'n1.u1' })), /n1\.u1: must not be there: the run did not fail/)
finds('something undone that was kept', { body: [effect('n1', { undo: 1 }), { t: 'keep', id: 'n2' }, effect('n3', { undo: 1 }), { t: 'fail', id: 'n4' }] },
  w => put(w, again(w, 'n1', { node: 'n1.u1' })), /n1\.u1: must not be there: .*was kept/)
finds('an effect after the end', failing, w => put(w, again(w, 'n1', { node: 'n5' })), /n5: must not be there: the run had failed/)
finds('a failed run that ends well', failing, w => put(w, { ...again(w, 'n1', { node: 'end', sys: 'sink' }), doc: { event: 'x' } }), /end: must not have been emitted: the run had failed/)
finds('a run that ends twice', three, w => put(w, { ...again(w, 'end'), doc: { event: 'another' } }), /end: it ended twice/)
finds('an end that did not arrive', three, w => void take(w, 'end'), /end: what it emitted did not arrive/)

const branches = { body: [effect('n1'), { t: 'all', id: 'n2', branches: { a: [effect('n3'), effect('n4')], b: [effect('n5')] } }, effect('n6'), end] }
finds('what follows a branch, before it', branches, w => put(w, take(w, 'n5'), at(w, 'n6') + 1), /n6: .*out of order/)
finds('the order inside a branch', branches, w => put(w, take(w, 'n4'), at(w, 'n3')), /n4: .*out of order/)
finds('a way that was not taken', { body: [{ t: 'try', id: 'n1', how: 'pcall', caught: 'data', body: [effect('n2', { refuse: true }), effect('n3')] }, note('n4', 'n1'), end] },
  w => put(w, again(w, 'n4', { node: 'n3' }), 1), /n3: must not be there/)
finds('an error that reads otherwise', { body: [{ t: 'try', id: 'n1', how: 'pcall', caught: 'data', body: [effect('n2', { refuse: true })] }, note('n4', 'n1'), end] },
  w => { w.log[at(w, 'n4')].doc.got = 'class nil' }, /n4: it says "class nil" where "class data" is what happened/)
finds('a sleep that is too short', { body: [effect('n1'), { t: 'sleep', id: 'n2', ms: 300 }, effect('n3'), end] }, w => { w.log[at(w, 'n3')].time -= 100 }, /n3: \d+ ms too early/)
finds('what follows a child, before its end', { body: [effect('n1'), { t: 'child', id: 'n2', flow: 'c1', fails: false }, note('n3', 'n2'), end] },
  w => put(w, take(w, 'n2', 'e1.n2'), at(w, 'n3') + 1), /n3: .*out of order/, { children: [{ name: 'c1', body: [effect('n1'), effect('n2'), end] }] })

const waiting = { body: [effect('n1'), { t: 'await', id: 'n2', type: 'A', count: 2, within: 60000, filtered: false, own_key: true }, end] }
const tick = (n, more = {}) => ({ id: `e1:A${n}`, key: 'K1', type: 'TickA', run: 'e1', good: true, number: n, how: 'early', after: 0, ...more })
const ticks = [tick(1), tick(2)]
const got = (world, node, id) => { world.log[at(world, node)].doc.got = id }
finds('an event that was missed', waiting, w => { got(w, 'n2.1', 'nothing'); for (const e of w.log.slice(1)) e.time += 61000 }, /n2\.1: gave up although e1:A1 was accepted in time/, { ticks })
finds('an await that gives up early', waiting, w => got(w, 'n2.2', 'nothing'), /n2\.2: gave up after \d+ ms of 60000/, { ticks })
finds('an event taken twice', waiting, w => got(w, 'n2.2', 'e1:A1'), /n2\.2: took e1:A1 a second time/, { ticks })
finds('a later event before an earlier one', waiting, w => { w.events.at(-1).sent += 100; got(w, 'n2.1', 'e1:A2'); w.log[at(w, 'n2.1')].time += 200 }, /n2\.1: took e1:A2 although e1:A1 came before it/, { ticks })
finds('an event of another key', waiting, w => { got(w, 'n2.1', 'e7:A1'); w.events.push({ ...tick(1), id: 'e7:A1', key: 'K7', sent: 1, acked: 2 }) }, /n2\.1: took e7:A1, which it does not await/, { ticks })

const inOrder = { kind: 'ordered', body: [effect('n1'), effect('n2'), { t: 'sleep', id: 'n3', ms: 50 }, effect('n4'), end] }
finds('stretches of one key that mix', inOrder, w => put(w, take(w, 'n1', 'e2'), at(w, 'n2')), /e2 stretch 0 began inside e1 stretch 0/, { runs: 2 })
finds('runs of one key out of order', { kind: 'ordered', body: [effect('n1'), end] }, w => put(w, take(w, 'n1', 'e2'), 0), /e2 began before e1, which came first/, { runs: 2 })

const once = again => ({ kind: 'one_per', again, body: [effect('n1', { undo: 1 }), { t: 'sleep', id: 'n2', ms: 500 }, effect('n3'), end] })
finds('two runs at once where one is allowed', once('ignore'), w => put(w, take(w, 'n1', 'e2'), 1), /e2 \(f1\): began before e1 of the same key had ended/, { runs: 2, pause: 2000 })
finds('an event ignored although nothing was open', once('ignore'), w => { w.log = w.log.filter(e => e.run !== 'e2') }, /e2 \(f1\): has no effects, and nothing took its place/, { runs: 2, pause: 2000 })
finds('a cancelled run that was not undone', once('restart'), w => void take(w, 'n1.u1'), /n3: missing|n1: was not undone/, { runs: 2, pause: 100 })
finds('a run cancelled with nothing in its place', once('restart'), w => { w.log = w.log.filter(e => e.run === 'e1' && e.node !== 'n3' && e.sys !== 'sink') }, /e2 \(f1\): has no effects/, { runs: 2, pause: 100 })

// ---- unknown outcomes -----------------------------------------------------------------------------------------------------------

const fire = { body: [effect('n1'), effect('n2', { op: 'fire' }), effect('n3'), end] }
const parked = (answer, kills) => {
  const world = play(fire)
  world.log.splice(2)
  world.log[1].answer = answer
  return check(world, { unknown: ['e1'], kills: kills.map(ms => world.log[1].time + ms) }).problems
}
test('a run parked as unknown is explained by the log', () => {
  assert.deepEqual(parked('dropped', []), [])
  assert.deepEqual(parked('sent', [100]), [], 'a kill may have taken the answer')
  assert.match(parked('sent', [60000]).join(), /parked as unknown, although each of its requests was answered/)
})
test('one of several requests may be the unknown one', () => {
  const world = play({ body: [{ t: 'each', id: 'n1', count: 2, at_most: 2, body: [effect('n2', { op: 'fire' })] }, end] })
  world.log = world.log.filter(e => e.node === 'n2.1')
  assert.deepEqual(check(world, { unknown: ['e1'] }).problems, [])
})
finds('parked as unknown without need', three, w => { w.log.splice(1); return { unknown: ['e1'] } }, /parked as unknown, and every effect of it can be looked up/)
finds('something done after an unknown outcome', fire, w => { w.log[1].answer = 'dropped'; take(w, 'n3'); take(w, 'end'); put(w, again(w, 'n1', { node: 'n4' })); return { unknown: ['e1'] } }, /n4: must not be there/)

test('documents with the same members are the same content', () => assert.equal(hashOf({ a: 1, b: [2] }), hashOf({ b: [2], a: 1 })))
