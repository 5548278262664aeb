// The story of one order: won in Salesforce, placed in the ERP, shipped, invoiced, and known at the support desk, while every
// hop is printed as the platforms record it. `--keep` leaves everything running.
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { folder } from '../world/folder.mjs'
import { integration, World } from '../world/order_to_cash.mjs'
import { root } from '../world/tidelock.mjs'
import { compare } from './compare.mjs'
import { Watch } from './watch.mjs'

const keep = process.argv.includes('--keep')
const unknown = process.argv.slice(2).find(word => word !== '--keep')
if (unknown) { console.error(`demo: unknown word ${unknown}; only --keep is known`); process.exit(64) }

const order = 'SO-1001', account = 'A-100', poll = '500ms'
const bold = text => (process.stdout.isTTY ? `\x1b[1m${text}\x1b[0m` : text)
const hop = ({ time, from, to, key, what }) => console.log(`${time}  ${from.padEnd(12)} → ${to.padEnd(12)}  ${key.padEnd(8)}  ${what}`)
const chapter = text => console.log(bold(`\n${text}`))

async function start() {
  const home = keep ? join(root, 'build/demo') : folder('tidelock-demo')
  if (keep) rmSync(home, { recursive: true, force: true })
  chapter(`Starting Salesforce, an ERP, a support desk (look-alikes) and Tidelock; changes are looked for every ${poll}`)
  const world = new World({ integration: integration({ poll, dir: join(home, 'order-to-cash') }), data: join(home, 'data') })
  world.keys = [order]
  await world.start()
  for (const [name, url] of addresses(world)) console.log(`  ${name.padEnd(22)} ${url}`)
  return world
}

const addresses = world => [['Salesforce', world.salesforce.url], ['ERP', `${world.erp.url}/odata/v4/erp`], ['Support desk', world.desk.url],
  ['Tidelock, webhooks', `${world.tidelock.url}/in/zendesk`], ['Tidelock, probes', `${world.tidelock.ops}/metrics`], ['Tidelock, data', world.tidelock.data]]

async function play(world) {
  chapter('A deal is made and won in Salesforce')
  const lines = [{ product: 'PUMP-7', text: 'Feed pump 7 bar', quantity: 3, price: '1499.90', total: '4499.70' },
    { product: 'SEAL-2', text: 'Seal kit', quantity: 12, price: '8.35', total: '100.20' }]
  await world.sell({ order, account, name: 'Nordwind Maschinenbau GmbH', lines, more: { Amount: '4599.90' } })
  await world.follow(order, account, 'new')
  for (const [action, status, title, body] of [['Accept', 'accepted', 'The ERP clerk accepts the order', {}],
    ['Ship', 'shipped', 'The warehouse ships it', { Carrier: 'DHL', TrackingNo: 'JD014600003' }], ['Invoice', 'invoiced', 'Accounting invoices it', {}]]) {
    await watch.flush()
    chapter(title)
    await world.clerk(action, order, body)
    await Promise.all([world.dealIs(order, status), world.deskSees(account, order, status)])
  }
}

async function close(world) {
  chapter('The three platforms side by side')
  const { table, differences } = compare(await world.deal(order), await world.records(world.salesforce, 'OpportunityLineItem'), await world.order(order),
    await world.records(world.erp, 'BusinessPartners'), await world.records(world.erp, 'Deliveries'), await world.records(world.erp, 'Invoices'), await world.organization(account))
  console.log(table)
  chapter(`tidelock trace order/${order}`)
  const trace = await world.tidelock.command('trace', `order/${order}`)
  console.log(trace.out.trimEnd())
  if (trace.code !== 0) differences.push(`tidelock trace ended with ${trace.code}: ${trace.err}`)
  return differences
}

const began = Date.now()
let world, watch
try {
  world = await start()
  const started = Date.now()
  watch = new Watch(world, { say: hop })
  await watch.start()
  await play(world)
  await watch.stop()
  const differences = await close(world)
  for (const difference of differences) console.error(`demo: ${difference}`)
  chapter(differences.length ? `${differences.length} differences` : `All three agree. The story took ${((Date.now() - started) / 1000).toFixed(1)} s, with starting ${((Date.now() - began) / 1000).toFixed(1)} s.`)
  process.exitCode = differences.length ? 1 : 0
} catch (error) {
  console.error(`demo: ${error.message}`)
  console.error(world?.tidelock?.process?.output.slice(-4000) ?? '')
  process.exitCode = 1
}
if (keep && process.exitCode === 0) {
  chapter('Everything goes on running until Ctrl-C. Try:')
  console.log(`  export TIDELOCK_DATA=${world.tidelock.data}`)
  console.log(`  build/bin/tidelock status\n  build/bin/tidelock trace order/${order}\n  build/bin/tidelock pause system erp_de --reason 'looking around'`)
  for (const [name, url] of addresses(world)) console.log(`  ${name.padEnd(22)} ${url}`)
  console.log(`  each platform: GET /_admin/state shows its records, POST /_admin/faults breaks it (tests/sandbox/README.md)`)
} else {
  watch && (watch.running = false)
  await world?.stop().catch(() => {})
}
