// Load with duplicates and faults while the process is killed at random and at named points, everything not yet synced
// dropped at each kill; then: every acknowledged event had its effect once on each platform, in order per key, and no more.
//
//   node tests/crash/crash.mjs [--kills 200] [--seed N] [--binary tidelock-crash] [--quiet]
import { join } from 'node:path'
import { build, program, root, tool, Tidelock } from '../world/tidelock.mjs'
import { Platform } from '../world/platform.mjs'
import { until } from '../world/wait.mjs'
import { chance } from './chance.mjs'
import { check } from './checker.mjs'
import { Load } from './load.mjs'
import { options } from './options.mjs'

const o = options({ kills: 200, seed: Date.now() % 1000000, binary: program('tidelock-crash'), keys: 48, quiet: false })
const random = chance(o.seed)
const say = text => { if (!o.quiet) console.log(text) }
const pause = ms => new Promise(done => setTimeout(done, ms))

// A named point: in the middle of the n-th operation on the disk, and how much of what was not synced had reached it by then.
const point = () => `${5 + Math.floor(random() * 400)}:${[0, 0, 50, 100][Math.floor(random() * 4)]}:${Math.floor(random() * 1e6)}`

async function platforms() {
  const erp = await new Platform('odata').start()
  const desk = await new Platform('zendesk').start()
  await erp.fault([{ match: { method: 'PATCH' }, fault: 'drop_after_commit', every: 10 },
    { match: { method: 'PATCH' }, fault: 'status', status: 503, rate: 0.01, seed: o.seed }])
  await desk.fault([{ match: { method: 'POST', path: 'create_or_update' }, fault: 'drop_after_commit', every: 10 }])
  await erp.admin('POST', 'records/BusinessPartners', { PartnerNo: 'P-1', Name: 'The one customer' })
  return { erp, desk }
}

const { erp, desk } = await platforms()
const integration = join(root, 'tests/crash/integration')
const tidelock = new Tidelock({
  integration, binary: o.binary,
  settings: { 'erp.url': `${erp.url}/odata/v4/erp`, 'desk.url': desk.url },
  secrets: { 'erp.password': 'sync-pw', 'desk.token': 'sandbox-token' },
})
let url = null
const load = new Load({ url: () => url, keys: o.keys, random, rate: 6 })
const killed = { starting: 0, writing: 0, random: 0 }
console.log(`seed ${o.seed}, ${o.kills} kills, ${o.keys} keys`)

// One life of the process: until a named point or a random moment ends it.
async function life(n) {
  const named = n % 2 === 1
  tidelock.env = named ? { TIDELOCK_CRASH_AT: point() } : {}
  const alive = await tidelock.start({ ready: false }).then(() => true, error => {
    if (tidelock.process.end?.signal === 'SIGKILL') return false // a named point during the start
    throw error
  })
  if (!alive) { killed.starting++; return }
  url = tidelock.url
  if (named) await Promise.race([tidelock.process.ended, pause(1500)])
  else await pause(30 + random() * 600)
  url = null
  const itself = tidelock.process.end !== undefined
  if (itself && tidelock.process.end.signal !== 'SIGKILL') throw new Error(`ended by itself: ${JSON.stringify(tidelock.process.end)}\n${tidelock.process.output.slice(-3000)}`)
  if (!itself) await tidelock.kill()
  killed[itself ? 'writing' : 'random']++
}

load.start()
try {
  for (let n = 0; n < o.kills; n++) {
    await life(n)
    if ((n + 1) % 20 === 0) say(`${n + 1} kills, ${load.total} acknowledged`)
  }
} catch (error) {
  console.log(`it does not live on: ${error.message.slice(0, 3000)}\n0 passed, 1 failed, 0 skipped`)
  process.exit(1)
}
tidelock.env = {}
await tidelock.start()
url = tidelock.url
await load.stop()

// A unit that was alone in three lives which were killed is parked as a suspect (rule 25). Here the killer is the suspect:
// what a person would do after looking is to run it again.
async function clearSuspects() {
  const { exceptions } = await tidelock.json('exceptions', '--limit', '500')
  for (const { id, class: why } of exceptions) {
    if (why !== 'poison') return
    suspects++
    await tidelock.command('exceptions', 'retry', id, '--reason', 'it was the crash run that killed the program')
  }
}
let suspects = 0
const idle = s => s.engine && s.engine.flows.every(f => f.unfinished === 0)
let status
await until('everything to be finished', async () => {
  await clearSuspects()
  return idle(status = await tidelock.json('status'))
}, { timeout: 180000, every: 200 })
  .catch(error => { console.log(`${error.message}\n${tidelock.process.output.slice(-3000)}`) })
const exceptions = status.engine.exceptions
await tidelock.stop()

const sound = await tool(['verify', '--data', tidelock.data])
const { problems, effects, repeats } = check([
  { name: 'erp', writes: (await erp.admin('GET', 'writes?object=SalesOrders')).records, keyOf: d => d.OrderNo, numberOf: d => d.Note },
  { name: 'desk', writes: (await desk.admin('GET', 'writes?object=organizations')).records, keyOf: d => d.external_id, numberOf: d => d.notes },
], load.accepted)
if (sound.code !== 0) problems.push(`the journal is not sound: ${sound.out}${sound.err}`)
if (!idle(status)) problems.push(`unfinished: ${status.engine.flows.map(f => `${f.name} ${f.unfinished}`).join(', ')}`)
if (exceptions !== 0) problems.push(`${exceptions} exceptions; no fault of this run is of a record`)
if (load.total < o.kills) problems.push(`only ${load.total} events were acknowledged: the run proves nothing`)

await Promise.all([erp.stop(), desk.stop()])
for (const problem of problems.slice(0, 20)) console.log(problem)
console.log(`killed: ${JSON.stringify(killed)}; replies: ${JSON.stringify(load.replies)}`)
console.log(`${load.total} acknowledged, ${effects} effects on 2 platforms, ${repeats} identical repeats, ${suspects} suspects run again`)
console.log(`${problems.length ? 0 : 1} passed, ${problems.length ? 1 : 0} failed, 0 skipped`)
process.exit(problems.length ? 1 : 0)
