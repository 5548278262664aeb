// Durable runs under torture: generated flows against platforms that drop, fail, lag and reorder, killed every few hundred
// milliseconds; then an independent checker compares the platforms' log with the events (README.md).
//
//   node tests/torture/torture.mjs [--seeds 20] [--runs 500] [--seed 1] [--only light] [--binary tidelock-crash] [--every MS] [--alive: no kills]
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { options } from '../crash/options.mjs'
import { build, program } from '../world/tidelock.mjs'
import { Round } from './round.mjs'

const o = options({ seeds: 20, runs: 500, seed: 1, only: '', binary: program('tidelock-crash'), every: 25, quiet: false, alive: false })
if (o.only && o.only !== 'light') { console.error(`--only knows "light", not "${o.only}"`); process.exit(64) }

// One problem of each kind first.
function oneOfEach(problems) {
  const kinds = new Map()
  for (const problem of new Set(problems)) {
    const kind = problem.replace(/\bn?\d+\b|\be\d+\S*|\bf\d+\b/g, '')
    kinds.set(kind, [...(kinds.get(kind) ?? []), problem])
  }
  const lists = [...kinds.values()]
  return [...lists.map(list => list[0]), ...lists.flatMap(list => list.slice(1))]
}

let passed = 0
for (let seed = o.seed; seed < o.seed + o.seeds; seed++) {
  const round = new Round({ ...o, seed })
  const r = await round.play()
  const ended = Object.entries(r.ended).filter(([, n]) => n).map(([how, n]) => `${n} ${how}`).join(', ')
  console.log(`seed ${seed}: ${r.runs} runs (${ended}), ${r.children} children, ${r.ticks} ticks, ${r.kills} kills (${r.killed.starting} starting, ${r.killed.writing} writing), ` +
    `${r.effects} effects, ${r.repeats} identical repeats, ${r.unknown} unknown, ${r.suspects} suspects run again, ${r.seconds} s`)
  if (!o.quiet) console.log(`  faults: ${JSON.stringify(r.faults)}; replies: ${JSON.stringify(round.source.replies)}`)
  if (!o.alive && r.runs >= 100 && r.kills < r.runs / 50) r.problems.push(`only ${r.kills} kills: the run proves nothing`)
  if (r.problems.length) {
    for (const problem of oneOfEach(r.problems).slice(0, 20)) console.log(`  ${problem}`)
    if (r.problems.length > 20) console.log(`  … ${r.problems.length - 20} more`)
    const record = join(build, `torture-${seed}.json`)
    writeFileSync(record, JSON.stringify({ ...r, flows: round.flows, events: round.source.events, kills: round.kills, left: round.left, log: round.platforms.log }, null, 1))
    writeFileSync(join(build, `torture-${seed}.log`), round.said.join(''))
    console.log(`  everything in ${record} and .log; again: ./dev torture --seeds 1 --seed ${seed} --runs ${r.runs}`)
  } else passed++
}
console.log(`torture: ${passed} passed, ${o.seeds - passed} failed, 0 skipped`)
process.exit(passed === o.seeds ? 0 : 1)
