// Revisions go live under load, a third of them broken: nothing is lost or doubled, order is kept, nobody notices a pause,
// the reported revision is the true one each time, and memory stays flat.
//
//   node tests/reload/reload.mjs [--reloads 1000] [--seed N] [--megabytes 20] [--keys 96] [--rate 4] [--functional]
//
// The baseline is the same load with deploys that are refused at the last moment, for a failing test: they cost the CPU of
// the others and change nothing. What is compared is how late the slowest thousandth came, and each standstill of the
// engine with how late any thread came to run; with --functional nothing that is a matter of time is judged.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { chance } from '../crash/chance.mjs'
import { options } from '../crash/options.mjs'
import { folder } from '../world/folder.mjs'
import { Tidelock } from '../world/tidelock.mjs'
import { until } from '../world/wait.mjs'
import { check } from './checker.mjs'
import { Lateness } from './lateness.mjs'
import { faults, writeRevision } from './revision.mjs'
import { Sink, Traffic, figures } from './traffic.mjs'

const PAUSE_MS = 5
const HISTORY = 1000 // as much as is told at once
const WARM = 12 // reloads after which everything that is kept for a while is there
const o = options({ reloads: 1000, seed: 1, megabytes: 20, keys: 96, rate: 4, baseline: 60, functional: false })
const random = chance(o.seed)
const problems = [], lines = []
const home = folder('reload')
let traffic = null
const sink = await new Sink().start(() => traffic)

writeRevision(join(home, 'first'), 0, o)
const tidelock = await new Tidelock({ integration: join(home, 'first'), settings: { 'sink.url': sink.url },
  onOutput: text => lines.push(...text.matchAll(/engine\.switched.*?pause_us=(\d+) held_us=(\d+)/g)) }).start()
const status = () => tidelock.json('status')
const hashes = new Map([[0, (await status()).revision]]) // number → hash of those that went live
const attempts = [true] // went live or not, as the history has them
let live = 0

const rss = () => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${tidelock.process.pid}/status`, 'utf8'))[1]) / 1024

function judgeTime() {
  for (const what of ['answers', 'writes']) {
    if (after[what].p999 > before[what].p999 + PAUSE_MS) problems.push(`${what}: the slowest thousandth took ${after[what].p999} ms, ${before[what].p999} ms without switches`)
  }
  if (!(Math.max(...pauses) < before.lateness + PAUSE_MS)) problems.push(`the engine stood still: ${JSON.stringify(figures(pauses))} ms`)
}

async function deploy(number, fault) {
  const dir = join(home, 'next')
  writeRevision(dir, number, { megabytes: o.megabytes, fault })
  const { code, out, err } = await tidelock.command('deploy', dir, '--reason', `revision ${number}`, '--json')
  attempts.push(code === 0)
  return { code, answer: out ? JSON.parse(out) : {}, err }
}

async function reload(number, fault) {
  const { code, answer, err } = await deploy(number, fault)
  if (fault ? code === 0 : code !== 0) problems.push(`revision ${number} (${fault ?? 'whole'}): exit ${code} ${err} ${JSON.stringify(answer).slice(0, 600)}`)
  if (code === 0) {
    live = number
    hashes.set(number, answer.revision)
  }
  if (answer.live !== hashes.get(live)) problems.push(`revision ${number} (${fault ?? 'whole'}): said to be live: ${answer.live}, true is ${live} (${hashes.get(live)})`)
  const { revision } = await status()
  if (revision !== hashes.get(live)) problems.push(`after ${number}: status says ${revision}, true is ${live}`)
}

// Runs `step` for each number under load: { answers, writes } as figures, and what a thousandth of the moments exceeds.
async function under(count, step) {
  traffic.answers = []
  sink.late = []
  lateness.p999()
  for (let n = 1; n <= count; n++) await step(n)
  return { answers: figures(traffic.answers), writes: figures(sink.late), lateness: lateness.p999() }
}

traffic = new Traffic({ url: () => tidelock.url, keys: o.keys, random, rate: o.rate })
traffic.start()
const lateness = new Lateness()
await until('the load runs', () => traffic.total > o.keys)
const before = await under(o.baseline, n => deploy(n, 'test'))

const memory = [], started = performance.now()
let warm
const sequence = n => (n % 3 === 0 ? faults[(n / 3) % faults.length] : undefined)
const after = await under(o.reloads, async n => {
  await reload(n, sequence(n))
  if (n % Math.ceil(o.reloads / 10) !== 0) return
  memory.push(Math.round(rss()))
  if (n >= WARM) warm ??= memory.at(-1)
})
await traffic.stop()
await until('everything to be finished', async () => {
  const { engine } = await status(), { runs } = await tidelock.json('runs', 'list')
  return engine.flows.every(f => f.unfinished === 0) && runs.length === 0
}, { timeout: 120000, every: 100 })

const exceptions = (await tidelock.json('exceptions', 'list')).exceptions
if (exceptions.length) problems.push(`${exceptions.length} exceptions: ${JSON.stringify(exceptions[0])}`)
problems.push(...check(sink, traffic.accepted, new Set(hashes.keys())))
const history = (await tidelock.json('revisions', '--limit', String(HISTORY))).revisions.map(r => r.outcome === 'live').reverse()
if (!isDeepStrictEqual(history, attempts.slice(-HISTORY))) problems.push(`the history has ${history.length} attempts, and they are not the last ones of ${attempts.length}`)
const pauses = lines.map(m => Number(m[1]) / 1000)
if (!o.functional) judgeTime()
if (memory.at(-1) > 1.15 * warm) problems.push(`memory grows: ${memory.join(', ')} MB`)

const end = await tidelock.stop()
if (end.code !== 0) problems.push(`ended with ${JSON.stringify(end)}`)
sink.stop()
await lateness.stop()
console.log(`${o.reloads} reloads, ${hashes.size - 1} went live, ${traffic.total} orders accepted and written`)
for (const what of ['answers', 'writes']) console.log(`${what}: without switches ${JSON.stringify(before[what])}, with ${JSON.stringify(after[what])} ms`)
const took = Math.round((performance.now() - started) / o.reloads)
console.log(`a thread that wants to run, slowest thousandth: without switches ${before.lateness}, with ${after.lateness} ms`)
console.log(`no new unit began: ${JSON.stringify(figures(lines.map(m => Number(m[2]) / 1000)))} ms`)
console.log(`pauses of the engine: ${JSON.stringify(figures(pauses))} ms; memory: ${memory.join(', ')} MB; ${took} ms a reload`)
for (const problem of problems.slice(0, 20)) console.log(problem)
console.log(`${problems.length ? 0 : 1} passed, ${problems.length ? 1 : 0} failed, 0 skipped`)
process.exit(problems.length ? 1 : 0)
