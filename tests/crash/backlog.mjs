// Many events for a system inside its maintenance window: memory stays below a stated bound, another flow's latency stays
// within 1.5 times, order is kept after reopening, nothing is lost.
//
//   node tests/crash/backlog.mjs [--events 1m] [--bound-mb N]
import { cpSync, readFileSync } from 'node:fs'
import http from 'node:http'
import { join } from 'node:path'
import { check } from './checker.mjs'
import { options } from './options.mjs'
import { folder } from '../world/folder.mjs'
import { Platform } from '../world/platform.mjs'
import { Tidelock, root } from '../world/tidelock.mjs'
import { until } from '../world/wait.mjs'

// The bound, in MB, whatever the number of events: an idle process (20), payloads the engine may pin (64), the tables of the
// journal's open segment (64), positions aside of keys in work (2 lanes x 16), Lua heaps (2 x 40), and what malloc keeps (40).
const o = options({ events: 1000000, bound: 300, probes: 400 })
const MB = 1024 * 1024
const erp = await new Platform('odata', ['--log-keep', '1000']).start()
const desk = await new Platform('zendesk', ['--export-delay', '0']).start()
await erp.admin('POST', 'records/BusinessPartners', { PartnerNo: 'P-1', Name: 'The one customer' })
const integration = join(folder('backlog'), 'integration')
cpSync(join(root, 'tests/crash/integration'), integration, { recursive: true })
const tidelock = new Tidelock({
  integration, settings: { 'erp.url': `${erp.url}/odata/v4/erp`, 'desk.url': desk.url },
  secrets: { 'erp.password': 'sync-pw', 'desk.token': 'sandbox-token' },
})
await tidelock.start()

const rss = () => Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${tidelock.process.pid}/status`, 'utf8'))[1]) * 1024
const agent = new http.Agent({ keepAlive: true, maxSockets: 128 })
const send = (key, number, system = 'shop') => new Promise((done, fail) => {
  const body = JSON.stringify({ id: `${system}-${key}-${number}`, order_no: key, number, amount: `${number}.10`, lines: [] })
  const request = http.request(`${tidelock.url}/in/${system}`, { agent, method: 'POST', headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) } },
    reply => { reply.resume(); reply.on('end', () => done(reply.statusCode)) })
  request.on('error', fail)
  request.end(body)
})

// From sending a change until the other platform has it: the p99 of a flow that has nothing to do with the closed system.
async function latency(name) {
  const took = []
  for (let i = 1; i <= o.probes; i++) {
    const key = `${name}-${i}`, from = performance.now()
    if (await send(key, 1, 'probe') !== 202) throw new Error('a probe was refused')
    await until(`${key} at the desk`, () => isAtDesk(key), { every: 1 })
    took.push(performance.now() - from)
  }
  took.sort((a, b) => a - b)
  return took[Math.floor(took.length * 0.99)]
}

async function isAtDesk(key) {
  const reply = await fetch(`${desk.url}/api/v2/organizations/search.json?external_id=${key}`,
    { headers: { authorization: `Basic ${btoa('agent@sandbox.test/token:sandbox-token')}` } })
  return (await reply.json()).organizations.length === 1
}

const before = await latency('before')
console.log(`p99 of the other flow without backlog: ${before.toFixed(1)} ms, ${(rss() / MB).toFixed(0)} MB`)

await tidelock.command('pause', 'system', 'erp', '--reason', 'maintenance')
await tidelock.command('pause', 'flow', 'desk', '--reason', 'so that the probes have the desk for themselves')
const accepted = new Map()
const keys = 5000
let sent = 0
async function worker(n, workers) {
  for (let round = 1; sent < o.events; round++) {
    for (let k = n; k < keys && sent < o.events; k += workers) {
      const key = `SO-${k}`
      sent++
      for (;;) {
        const status = await send(key, round)
        if (status === 202) break
        if (status !== 503) throw new Error(`${key}: ${status}`)
        await new Promise(done => setTimeout(done, 50))
      }
      accepted.set(key, round)
    }
  }
}
const started = performance.now()
await Promise.all(Array.from({ length: 64 }, (_, n) => worker(n, 64)))
const peak = rss()
console.log(`${sent} accepted in ${((performance.now() - started) / 1000).toFixed(0)} s, ${(peak / MB).toFixed(0)} MB`)

const during = await latency('during')
console.log(`p99 of the other flow with ${sent} events waiting: ${during.toFixed(1)} ms, ${(rss() / MB).toFixed(0)} MB`)

const problems = []
if (peak > o.bound * MB) problems.push(`memory ${(peak / MB).toFixed(0)} MB is above the bound of ${o.bound} MB`)
if (during > before * 1.5 + 2) problems.push(`the other flow's p99 went from ${before.toFixed(1)} to ${during.toFixed(1)} ms`)

await tidelock.command('resume', 'system', 'erp')
await tidelock.command('resume', 'flow', 'desk')
const total = [...accepted.values()].reduce((a, b) => a + b, 0)
await until('the backlog to be worked off', async () => {
  const status = await tidelock.json('status')
  return status.engine && status.engine.flows.every(f => f.unfinished === 0)
}, { timeout: 60000 + o.events * 5, every: 1000 }).catch(error => problems.push(error.message))
if (rss() > o.bound * MB) problems.push(`memory ${(rss() / MB).toFixed(0)} MB after the backlog is above the bound of ${o.bound} MB`)

const result = check([
  { name: 'erp', writes: (await erp.admin('GET', 'writes?object=SalesOrders')).records, keyOf: d => d.OrderNo, numberOf: d => d.Note },
  { name: 'desk', writes: (await desk.admin('GET', 'writes?object=organizations')).records, keyOf: d => d.external_id, numberOf: d => d.notes },
], accepted)
problems.push(...result.problems)
console.log(`${total} accepted, ${result.effects} effects, ${result.repeats} identical repeats, ${(rss() / MB).toFixed(0)} MB at the end`)
await Promise.all([tidelock.stop(), erp.stop(), desk.stop()])
for (const problem of problems.slice(0, 20)) console.log(problem)
console.log(`${problems.length ? 0 : 1} passed, ${problems.length ? 1 : 0} failed, 0 skipped`)
process.exit(problems.length ? 1 : 0)
