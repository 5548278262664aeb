// ./dev bench: every figure beside a baseline of the same run, medians of interleaved rounds (the machine's speed drifts).
//
//   node tests/bench/bench.mjs [--json FILE] [--rounds 9] [--quick] [--only NAME] [--events 1m|10m] [--runs 100k|1m]
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { options } from '../crash/options.mjs'
import { folder } from '../world/folder.mjs'
import { Process, run } from '../world/process.mjs'
import { Tidelock, build, program, root } from '../world/tidelock.mjs'
import { until } from '../world/wait.mjs'
import { Figures, median } from './figures.mjs'

const o = options({ json: '', rounds: 9, quick: false, only: '', events: 1000000, runs: 100000, seconds: 2 })
if (o.quick) Object.assign(o, { rounds: 3, seconds: 1, events: Math.min(o.events, 200000), runs: Math.min(o.runs, 20000) })
const figures = new Figures()
const here = join(root, 'tests/bench')
const MB = 1024 * 1024
let runNumber = 0

// ---- what is driven ---------------------------------------------------------------------------------------------------

async function sink() {
  const p = new Process(program('bench_sink'), [], { name: 'sink' })
  return { process: p, url: (await p.line(/listening (\S+)/))[1] }
}

function tidelock(integration, sinkUrl, data) {
  return new Tidelock({ integration: join(here, integration), ...(data ? { data } : {}), settings: { 'erp.url': sinkUrl, 'crm.url': sinkUrl }, secrets: {} }).start()
}

async function bare(mode, integration, sinkUrl) {
  const p = new Process(program('bench_bare'), [mode, join(here, integration), join(root, 'scripts/lib'), join(build, 'lib/tidelock/plugins'),
    JSON.stringify({ shop: { scheme: 'none', type: 'Order', key: '/number', dedupe: '/number' }, erp: { url: sinkUrl, auth: { kind: 'none' } }, crm: { url: sinkUrl, auth: { kind: 'token', token: 'bench' } } })], { name: 'bare' })
  return { process: p, url: (await p.line(/listening (\S+)/))[1] }
}

// wrk with the order document; ids are new in every run.
async function wrk(url, connections, seconds = o.seconds) {
  const { out, err } = await run('wrk', ['-t1', `-c${connections}`, `-d${seconds}s`, '-s', join(here, 'order.lua'), `${url}/in/shop`],
    { env: { ...process.env, TIDELOCK_ORDER: join(here, 'order.json'), TIDELOCK_RUN: String(++runNumber) } })
  const line = /RESULT (.*)/.exec(out)
  if (!line) throw new Error(`wrk: ${out}${err}`)
  const result = JSON.parse(line[1])
  if (result.errors > 0) throw new Error(`wrk: ${result.errors} answers were errors\n${out}`)
  return { ...result, rate: result.requests / (result.us / 1e6) }
}

const ticks = 100 // of /proc/<pid>/stat a second
function cpuSeconds(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /, '').split(' ')
  return (Number(fields[11]) + Number(fields[12])) / ticks
}
const memory = (pid, what) => Number(new RegExp(`${what}:\\s+(\\d+) kB`).exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) / 1024

// ---- the figures ------------------------------------------------------------------------------------------------------

async function journal() {
  const values = {}
  for (let i = 0; i < o.rounds; i++) {
    const { out, err, code } = await run(program('bench_journal'), [folder('bench-journal'), o.quick ? '200000' : '400000'])
    if (code !== 0) throw new Error(`bench_journal: ${err}`)
    for (const line of out.trim().split('\n')) {
      const { name, value } = JSON.parse(line)
      ;(values[name] ??= []).push(value)
    }
  }
  const append = median(values.journal_append)
  figures.add('journal_append', 'events/s', append, { baseline: median(values.bare_append_log), least: 0.3 })
  figures.add('journal_append_sqlite', 'events/s', append, { baseline: median(values.sqlite_row_per_event), least: 4 })
}

// One document against its contract: parsed and validated, beside parsed only.
async function contract() {
  const { out, err, code } = await run(program('bench_contract'), [join(here, 'order_contract.json'), join(here, 'order.json'), o.quick ? '100' : '200', String(o.rounds)])
  if (code !== 0) throw new Error(`bench_contract: ${err}`)
  const { value, baseline } = JSON.parse(out)
  figures.add('contract_validate', 'documents/s', value, { baseline, least: 0.3 })
}

// The fixtures of a map as `tidelock test` runs them (files, golden outputs), beside a bare loop of the same calls.
async function trial() {
  const title = 'erp.SalesOrders <- order@1', dir = join(folder('bench-trial'), 'deliver'), count = o.quick ? 2000 : 10000
  const cases = join(dir, 'tests/maps', title.replace('<-', 'from')), record = join(here, 'order.json')
  cpSync(join(here, 'deliver'), dir, { recursive: true })
  mkdirSync(cases, { recursive: true })
  for (let i = 0; i < count; i++) writeFileSync(join(cases, `${i}.input.json`), readFileSync(record))
  const whole = async (...words) => {
    const { out, err, code } = await run(program('tidelock'), ['test', dir, ...words])
    const found = /^(\d+) tests: \1 passed.*\(([\d.]+) s\)$/m.exec(out)
    if (code !== 0 || !found) throw new Error(`tidelock test: ${out.slice(-1000)}${err}`)
    return Number(found[1]) / Number(found[2])
  }
  const bare = async () => {
    const { out, err, code } = await run(program('bench_maps'), [dir, join(root, 'scripts/lib'), join(build, 'lib/tidelock/plugins'), join(root, 'scripts/trial'), title, record, o.quick ? '200' : '500'])
    if (code !== 0) throw new Error(`bench_maps: ${err}`)
    return JSON.parse(out).value
  }
  await whole('--accept')
  const rounds = { whole: [], bare: [] }
  for (let i = 0; i < o.rounds; i++) {
    rounds.whole.push(await whole())
    rounds.bare.push(await bare())
  }
  figures.add('trial_cases', 'cases/s', median(rounds.whole), { baseline: median(rounds.bare), least: 1000, of: 'value' })
}

// The mapping of bench_codec.c and codec_order.lua in this runtime, with its own JSON. Documents a second of CPU time.
const countries = { SE: 'SE', DE: 'DE', NO: 'NO' }
const mapOrder = order => ({
  OrderNo: order.number, Created: order.created_at, Currency: order.currency, Channel: order.channel,
  Customer: { Id: order.customer.id, Mail: order.customer.email, Name: order.customer.last_name, VatId: order.customer.vat_id },
  ShipTo: { Street: order.shipping.line1, City: order.shipping.city, Zip: order.shipping.zip, Country: countries[order.shipping.country] },
  Net: order.totals.net, Tax: order.totals.tax, Total: order.totals.grand, Note: order.note,
  Lines: order.lines.map(line => ({ No: line.line, Sku: line.sku, Text: line.title, Quantity: line.qty, Price: line.unit_price, Discount: line.discount })),
})
function mapHere(text, ms) {
  const used = () => process.cpuUsage().user / 1000
  const from = used()
  let count = 0, bytes = 0, now = from
  for (; now - from < ms; now = used(), count += 200) {
    for (let i = 0; i < 200; i++) bytes += JSON.stringify(mapOrder(JSON.parse(text))).length
  }
  if (bytes === 0) throw new Error('nothing was mapped')
  return count / (now - from) * 1000
}

// The order document through the scripts' codec beside lua-cjson, and through a map beside the same in plain Lua and in Node.
async function codec() {
  const text = readFileSync(join(here, 'order.json'), 'utf8'), node = []
  mapHere(text, 300)
  const of = await mediansBoth(o.rounds, async () => {
    node.push(mapHere(text, o.quick ? 50 : 100))
    const { out, err, code } = await run(program('bench_codec'), [join(here, 'order.json'), join(here, 'codec_order.lua'), join(root, 'scripts/lib'), o.quick ? '20' : '50', '5'])
    if (code !== 0) throw new Error(`bench_codec: ${err}`)
    return out.trim().split('\n').map(line => JSON.parse(line))
  })
  figures.add('codec_decode', 'documents/s', of.codec_decode.value, { baseline: of.codec_decode.baseline, least: 1.2 })
  figures.add('codec_encode', 'documents/s', of.codec_encode.value, { baseline: of.codec_encode.baseline, least: 1.2 })
  figures.add('mapping_order', 'documents/s', of.mapping_order.value, { baseline: of.mapping_order.baseline })
  figures.add('mapping_order_node', 'documents/s', of.mapping_order.value, { baseline: median(node) })
}

// Name to the medians of value and baseline over the rounds.
async function mediansBoth(rounds, round) {
  const values = {}
  for (let i = 0; i < rounds; i++) {
    for (const row of await round()) {
      const of = values[row.name] ??= { value: [], baseline: [] }
      of.value.push(row.value)
      of.baseline.push(row.baseline)
    }
  }
  return Object.fromEntries(Object.entries(values).map(([name, of]) => [name, { value: median(of.value), baseline: median(of.baseline) }]))
}

async function accept() {
  const durable = await tidelock('accept', 'http://127.0.0.1:9')
  const plain = await bare('accept', 'accept', 'http://127.0.0.1:9')
  await wrk(durable.url, 64, 1)
  await wrk(plain.url, 64, 1)
  for (const connections of [64, 256]) {
    const rounds = { durable: [], plain: [] }
    for (let i = 0; i < o.rounds; i++) {
      rounds.durable.push(await wrk(durable.url, connections))
      rounds.plain.push(await wrk(plain.url, connections))
    }
    const of = (which, field) => median(rounds[which].map(r => r[field]))
    const name = connections === 64 ? 'accept' : `accept_${connections}`
    figures.add(name, 'events/s', of('durable', 'rate'), { baseline: of('plain', 'rate'), least: 0.6 })
    figures.add(`${name}_p99`, 'ms', of('durable', 'p99'), { baseline: of('plain', 'p99'), most: 25, of: 'value' })
    figures.add(`${name}_p999`, 'ms', of('durable', 'p999'), { baseline: of('plain', 'p999') })
  }
  await durable.stop()
  await plain.process.stop()
}

// Events sent, carried out and counted at the sink, over the time until the last one is there.
async function delivered(server, sinkUrl, connections) {
  const count = async () => (await (await fetch(`${sinkUrl}/count`)).json()).count
  const before = await count(), cpu = cpuSeconds(server.process.pid), from = performance.now()
  const { requests } = await wrk(server.url, connections)
  await until('the last event at the sink', async () => (await count()) - before >= requests, { every: 2, timeout: 60000 })
  const seconds = (performance.now() - from) / 1000
  return { rate: requests / seconds, cpu: (cpuSeconds(server.process.pid) - cpu) / requests * 1e6 }
}

async function deliver() {
  const platform = await sink()
  const whole = await tidelock('deliver', platform.url)
  const plain = await bare('deliver', 'deliver', platform.url)
  figures.add('idle_rss', 'MB', memory(whole.process.pid, 'VmRSS'), { most: 25 })
  await delivered(whole, platform.url, 64)
  await delivered(plain, platform.url, 64)
  const rounds = { whole: [], plain: [] }
  for (let i = 0; i < o.rounds; i++) {
    rounds.whole.push(await delivered(whole, platform.url, 64))
    rounds.plain.push(await delivered(plain, platform.url, 64))
  }
  const of = (which, field) => median(rounds[which].map(r => r[field]))
  figures.add('deliver', 'events/s', of('whole', 'rate'), { baseline: of('plain', 'rate'), least: 0.7 })
  figures.add('cpu_per_event', 'us', of('whole', 'cpu'), { baseline: of('plain', 'cpu') })
  figures.add('load_rss', 'MB', memory(whole.process.pid, 'VmHWM'), {})
  await whole.stop()
  await Promise.all([plain.process.stop(), platform.process.stop()])
}

// The same with what waits in one call: how many records a second, and how many calls each of them costs.
async function deliverBatch() {
  const platform = await sink()
  const calls = async () => (await (await fetch(`${platform.url}/count`)).json())
  const whole = await tidelock('deliver_batch', platform.url)
  const plain = await bare('batch', 'deliver_batch', platform.url)
  await delivered(whole, platform.url, 256)
  await delivered(plain, platform.url, 256)
  const rounds = { whole: [], plain: [] }
  for (let i = 0; i < o.rounds; i++) {
    for (const [which, server] of [['whole', whole], ['plain', plain]]) {
      const before = await calls()
      const round = await delivered(server, platform.url, 256)
      const after = await calls()
      rounds[which].push({ ...round, each: (after.calls - before.calls) / (after.count - before.count) })
    }
  }
  const of = (which, field) => median(rounds[which].map(r => r[field]))
  figures.add('deliver_batch', 'events/s', of('whole', 'rate'), { baseline: of('plain', 'rate'), least: 0.5 })
  figures.add('calls_per_event', 'calls', of('whole', 'each'), { baseline: of('plain', 'each') })
  await whole.stop()
  await Promise.all([plain.process.stop(), platform.process.stop()])
}

// From the start of the process until /readyz says yes.
async function startTime(data) {
  const from = performance.now()
  const server = await tidelock('accept', 'http://127.0.0.1:9', data)
  return { server, ms: performance.now() - from }
}

async function start() {
  const clean = [], killed = []
  const data = join(folder('bench-start'), 'data')
  await fill(data, Math.min(o.events, 900000)) // nearly a full segment by count or by size
  for (let i = 0; i < o.rounds; i++) {
    const first = await startTime(data)
    if (i > 0) clean.push(first.ms)
    await wrk(first.server.url, 64, 1)
    await first.server.kill()
    const second = await startTime(data)
    killed.push(second.ms)
    await second.server.stop()
  }
  figures.add('start', 'ms', median(clean), { most: 150 })
  figures.add('start_after_kill', 'ms', median(killed), { most: 1500 })
}

async function fill(data, events) {
  mkdirSync(data, { recursive: true })
  const { code, err } = await run(program('bench_fill'), [join(data, 'journal'), String(events)])
  if (code !== 0) throw new Error(`bench_fill: ${err}`)
}

async function growth(events, name) {
  const full = join(folder('bench-full'), 'data')
  await fill(full, events)
  const grown = await tidelock('accept', 'http://127.0.0.1:9', full)
  const empty = await tidelock('accept', 'http://127.0.0.1:9')
  const rounds = { grown: [], empty: [] }
  const measure = async (server, into) => {
    const cpu = cpuSeconds(server.process.pid)
    const result = await wrk(server.url, 64)
    into.push({ rate: result.rate, cpu: (cpuSeconds(server.process.pid) - cpu) / result.requests * 1e6 })
  }
  await measure(grown, [])
  await measure(empty, [])
  for (let i = 0; i < o.rounds; i++) {
    await measure(grown, rounds.grown)
    await measure(empty, rounds.empty)
  }
  const of = (which, field) => median(rounds[which].map(r => r[field]))
  figures.add(name, 'us/event', of('grown', 'cpu'), { baseline: of('empty', 'cpu'), most: 1.15 })
  figures.add(`${name}_rate`, 'events/s', of('grown', 'rate'), { baseline: of('empty', 'rate'), least: 0.7 })
  await Promise.all([grown.stop(), empty.stop()])
}

// ---- durable runs: one process each, without HTTP; the platform answers at once ------------------------------------------

async function runs(what, dir, ...more) {
  const { out, err, code } = await run(program('bench_runs'), [what, dir, join(root, 'scripts/lib'), ...more.map(String)])
  if (code !== 0) throw new Error(`bench_runs ${what}: ${err}`)
  return out.trim().split('\n').filter(line => line !== '').map(line => JSON.parse(line))
}

// Name to the median over the rounds.
async function medians(rounds, round) {
  const values = {}
  for (let i = 0; i < rounds; i++) {
    for (const { name, value } of await round()) (values[name] ??= []).push(value)
  }
  return Object.fromEntries(Object.entries(values).map(([name, of]) => [name, median(of)]))
}

const named = count => count % 1000000 === 0 ? `${count / 1000000}m` : `${count / 1000}k`

async function steps() {
  const of = await medians(o.rounds, () => runs('steps', folder('bench-steps'), o.quick ? 4000 : 20000))
  figures.add('durable_steps', 'steps/s', of.durable_steps, { baseline: of.bare_steps })
  figures.add('durable_step_p50', 'ms', of.durable_step_p50, { baseline: of.bare_step_p50 })
  figures.add('durable_step_p99', 'ms', of.durable_step_p99, { baseline: of.bare_step_p99 })
  figures.add('durable_step_cpu', 'us/step', of.durable_step_cpu, { baseline: of.bare_step_cpu })
  figures.add('durable_records', 'per step', of.durable_records)
}

// What one idempotent effect costs: its outcome, and no row.
async function light() {
  const of = await medians(o.rounds, () => runs('light', folder('bench-light'), o.quick ? 40000 : 200000))
  figures.add('light_run', 'units/s', of.light_run, { baseline: of.bare_light })
  figures.add('light_over_durable', 'units/s', of.light_run, { baseline: of.two_effects, least: 1.5 })
  figures.add('light_outcomes', 'per unit', of.light_outcomes, { most: 1 })
  figures.add('light_rows', 'per unit', of.light_rows, { most: 0 })
}

// One lane: units with an effect beside scripts that never end, each of which gives way within 2 ms. The baseline is what they may
// cost: twice the p99 without them, and 2 ms.
async function neighbours() {
  const of = await medians(Math.min(o.rounds, 5), () => runs('neighbours', folder('bench-neighbours'), o.quick ? 200 : 500))
  figures.add('neighbours', 'ms', of.beside_p99, { baseline: 2 * of.alone_p99 + 2, most: 1 })
  figures.add('neighbours_p50', 'ms', of.beside_p50, { baseline: of.alone_p50 })
}

// Also with a fifth as many: what one costs must not grow with those that wait.
async function waiting() {
  const of = await medians(Math.min(o.rounds, 3), () => runs('waiting', folder('bench-waiting'), o.runs))
  const many = named(o.runs)
  figures.add(`wake_${many}`, 'runs/s', of.wake_all, { baseline: of.never_waited })
  figures.add('wake_growth', 'us/run', of.wake_all_cpu, { baseline: of.wake_all_few_cpu, most: 1.3 })
  figures.add('wake_growth_latency', 'ms', of.wake_p50, { baseline: of.wake_few_p50, most: 1.5 })
  figures.add('wake_latency_p50', 'ms', of.wake_p50, { baseline: of.wake_accept_p50 })
  figures.add('wake_latency_p99', 'ms', of.wake_p99, { baseline: of.wake_accept_p99, most: 1000, of: 'value' })
  const held = of.waiting_memory - of.waiting_memory_cache, ended = of.ended_memory - of.ended_memory_cache
  figures.add('waiting_memory', 'bytes/run', held, { baseline: ended, most: 512, of: 'value' })
}

async function restart() {
  const of = await medians(Math.min(o.rounds, 3), async () => {
    const dir = folder('bench-restart')
    await runs('leave', dir, o.runs)
    return runs('restart', dir)
  })
  figures.add(`restart_${named(o.runs)}`, 's', of.restart_killed, { most: o.runs <= 100000 ? 5 : undefined })
  figures.add(`restart_${named(o.runs)}_clean`, 's', of.restart_clean, { most: o.runs <= 100000 ? 5 : undefined })
}

const parts = { journal, contract, codec, trial, steps, light, neighbours, waiting, restart, accept, deliver, deliver_batch: deliverBatch, start, growth_1m: () => growth(Math.min(o.events, 1000000), 'growth_1m') }
if (o.events >= 10000000) parts.growth_10m = () => growth(10000000, 'growth_10m')

for (const [name, part] of Object.entries(parts)) {
  if (o.only && !name.startsWith(o.only)) continue
  console.log(`${name} …`)
  await part()
}
figures.print()
if (o.json) writeFileSync(o.json, `${JSON.stringify(figures.rows, null, 2)}\n`)
process.exit(0)
