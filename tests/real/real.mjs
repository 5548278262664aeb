// Order-to-cash and case-to-resolution through real servers: Tryton and Request Tracker, with the Salesforce look-alike. With
// --kills each of the four processes in the middle is killed once; at the end everything agrees and nothing is there twice.
//
//   node tests/real/real.mjs [--orders 4] [--cases 2] [--kills] [--seed N]
import { chance } from '../crash/chance.mjs'
import { options } from '../crash/options.mjs'
import { agreement } from './agree.mjs'
import { Blows } from './blows.mjs'
import { Company } from './company.mjs'
import { NotInstalled } from './npm.mjs'

const o = options({ orders: 4, cases: 2, kills: false, seed: Date.now() % 1000000 })
const random = chance(o.seed), began = Date.now()
const say = text => console.log(`${((Date.now() - began) / 1000).toFixed(1).padStart(6)} s  ${text}`)
const pick = list => list[Math.floor(random() * list.length)]
const products = [['PUMP-7', '149.90'], ['VALVE-2', '12.50'], ['SEAL-9', '3.3333']]

async function play(company) {
  company.planned = o
  const blows = o.kills ? new Blows(company, random, say).start() : null
  // Of each product more than all cases and the shop send back, for they may all be about one order.
  for (let n = 1; n <= o.orders; n++) {
    const lines = products.slice(0, 1 + Math.floor(random() * products.length)).map(([product, price]) => [product, String(o.cases + 1 + Math.floor(random() * 9)), price])
    await company.sell(`SO-${n}`, `A-${100 + Math.floor(random() * 3)}`, lines)
  }
  say(`${o.orders} deals won`)
  // Cases about orders that have an invoice; other orders are still on their way.
  for (let n = 1; n <= o.cases; n++) {
    const { order, account, lines } = pick(company.orders)
    await company.invoiced(order)
    const ticket = await company.complain(order, account, lines[0][0])
    await company.receive(`RA-${ticket}`)
    await company.resolved(company.claims.at(-1))
  }
  say(`${o.cases} cases came to the desk, what was broken came back, and they are resolved`)
  const { order, account, lines } = pick(company.orders)
  await company.invoiced(order)
  await company.receive(await company.sendBack(order, account, lines[0][0]))
  await company.resolved(company.claims.at(-1))
  await company.disappoint(order, account)
  await company.resolved(company.claims.at(-1))
  say('the shop sent something back, and a service was credited')
  await company.settled()
  say('every run has ended')
  if (blows) await Promise.race([blows.done, new Promise((_, failed) => setTimeout(() => failed(new Error(`only ${blows.struck.join(', ') || 'nobody'} was killed: too few orders`)), 20000).unref())])
  await company.settled()
}

const company = new Company()
let passed = 0, failed = 0, skipped = 0
try {
  say(`seed ${o.seed}`)
  await company.start()
  say('Tryton, Request Tracker, Salesforce (look-alike) and Tidelock are up')
  await play(company)
  for (const { what, wrong } of await agreement(company)) {
    if (wrong) { failed++; console.log(`FAIL ${what}: ${wrong}`) } else { passed++; console.log(`ok   ${what}`) }
  }
} catch (error) {
  if (error instanceof NotInstalled) { skipped++; console.log(`skipped: ${error.message}`) }
  else { failed++; console.log(`FAIL ${error.stack}`) }
}
await company.stop().catch(error => { failed++; console.log(`FAIL ${error.message}`) })
say(`seed ${o.seed}`)
console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`)
process.exit(failed ? 1 : 0)
