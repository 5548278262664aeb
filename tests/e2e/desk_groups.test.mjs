// The desk on a bad day: thousands of failures of a few causes, cleared cause by cause, and nothing else moves.
import test from 'node:test'
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { change } from '../world/order_to_cash.mjs'
import { Shop } from '../world/shop.mjs'
import { until } from '../world/wait.mjs'

// Twelve ways to fail: ten in the flow, the amount in the map, and a partner that the ERP does not know.
const flows = `
local messages = {
  "order %s costs %d, more than the limit of customer '%s'", "no price for article %s since %d days ('%s')",
  "%s was locked %d times by '%s'", "the address of %s is %d years old: '%s'", "currency of %s is unknown (%d, '%s')",
  "stock of %s fell to %d at '%s'", "%s has %d lines without unit '%s'", "tax %s of %d%% is not for '%s'",
  "%s: delivery in %d days is too late for '%s'", "%s has been sent %d times to '%s'",
}
flow "erp" { on = "order.changed@1", steward = "nobody", run = function(ctx, e)
  local message = messages[e.data.cause or 0]
  if message then error(message:format(e.data.order_no, e.data.number, e.data.customer)) end
  ctx.erp:put("change@1", e.data)
end }
`
const causes = 12

async function start(t) {
  const shop = new Shop({
    edit(dir) {
      writeFileSync(join(dir, 'flows.lua'), flows)
      change(dir, 'maps.lua', text => text.replace('as.const "P-1"', 'as.text "partner"'))
      change(dir, 'integration.lua', text => text.replace('steward "nobody" {}', 'steward "nobody" { due = "4h" }\nsteward "it-ops" {}'))
    },
  })
  t.after(() => shop.stop())
  return shop.start()
}

const failing = i => {
  const cause = 1 + i % causes
  return { order: `F-${i}`, number: i, more: { cause, customer: `Meyer & Sons ${i}`, partner: cause === 12 ? `X-${i}` : 'P-1', ...(cause === 11 && { amount: `${i} euros` }) } }
}

async function send(shop, changes) {
  for (let at = 0; at < changes.length; at += 100)
    await Promise.all(changes.slice(at, at + 100).map(({ order, number, more }) => shop.change(order, number, { more })))
}

const groupsOf = async (shop, ...words) => shop.tidelock.json('exceptions', 'list', '--groups', ...words)
const open = async shop => (await shop.status()).engine.exceptions
// What the ERP holds: order -> the numbers it had, equal neighbours as one; and how often it was asked to write.
async function written(shop) {
  const { records } = await shop.erp.admin('GET', 'writes?object=SalesOrders')
  return new Map(records.map(r => [r.versions[0].doc.OrderNo, r.versions.map(v => Number(v.doc.Note)).filter((n, i, all) => n !== all[i - 1])]))
}
const asked = async shop => (await shop.erp.admin('GET', 'log?limit=1')).last
const groupOf = (groups, text) => groups.find(g => g.message.includes(text))

async function act(shop, ...words) {
  const done = await shop.tidelock.command('exceptions', ...words)
  assert.equal(done.code, 0, done.err)
  return done.out
}

test('5,000 failures of 12 causes are at most 13 groups, and one change clears one of them', async t => {
  const shop = await start(t), count = 5000
  const good = Array.from({ length: 20 }, (_, i) => ({ order: `G-${i}`, number: 1, more: { partner: 'P-1' } }))
  await send(shop, good)
  await send(shop, Array.from({ length: count }, (_, i) => failing(i)))
  await until('all failed', async () => await open(shop) === count, { timeout: 120000 })
  await shop.change('F-10', 4711, { more: { partner: 'P-1' } }) // cause 11; waits behind its exception
  await until('the later change is held', async () => groupOf((await groupsOf(shop)).groups, 'TotalAmount')?.held === 1)

  const { groups, exceptions } = await groupsOf(shop)
  assert.ok(groups.length >= causes && groups.length <= 13, JSON.stringify(groups.map(g => g.message)))
  assert.equal(exceptions, count)
  assert.equal(groups.reduce((sum, g) => sum + g.count, 0), count)
  assert.ok(groups.every(g => !/Meyer|F-\d/.test(g.message) && g.due && g.steward === 'nobody' && g.place), JSON.stringify(groups))
  assert.equal((await shop.tidelock.json('exceptions', 'list', '--cause', groups[0].cause, '--limit', '1000')).exceptions.length, groups[0].count)

  const group = groupOf(groups, 'TotalAmount'), before = await asked(shop)
  assert.equal((await written(shop)).size, good.length)
  const change = ['retry', '--cause', group.cause, '--set', '/amount="12.50"', '--reason', 'amounts without the word']
  const preview = await act(shop, ...change)
  assert.match(preview, new RegExp(`would retry ${group.count} of ${group.count}`))
  assert.match(preview, /before .*"amount":"\d+ euros"/)
  assert.match(preview, /after .*"amount":"12.50"/)
  assert.match(preview, /1 events wait behind/)
  assert.equal(await asked(shop), before, 'a preview asks nobody')
  assert.equal(await open(shop), count)

  assert.match(await act(shop, ...change, '--yes'), new RegExp(`${group.count} done, 0 refused, 0 failed`))
  await until('the cause is cleared', async () => await open(shop) === count - group.count, { timeout: 60000 })
  await shop.finished({ timeout: 60000 })
  assert.equal(groupOf((await groupsOf(shop)).groups, 'TotalAmount'), undefined)
  const now = await written(shop)
  assert.equal(now.size, good.length + group.count)
  assert.deepEqual(now.get('F-10'), [10, 4711], 'the repaired one first, then what waited behind it')
  assert.ok([...now.keys()].every(order => order.startsWith('G-') || Number(order.slice(2)) % causes === 10), 'only that cause')
  assert.ok(await asked(shop) - before >= group.count + 1)
  const again = await shop.tidelock.command('exceptions', ...change, '--yes')
  assert.equal(again.code, 1, 'the group is gone')
  assert.match(again.err, new RegExp(group.cause))

  const dull = groups.find(g => g !== group && g.message.includes('locked'))
  const without = await shop.tidelock.command('exceptions', 'discard', '--cause', dull.cause, '--yes')
  assert.match(without.err, /reason/)
  await act(shop, 'discard', '--cause', dull.cause, '--yes', '--reason', 'tests of the shop', '--limit', '100')
  assert.equal(await open(shop), count - group.count - 100)
  await act(shop, 'discard', '--cause', dull.cause, '--yes', '--reason', 'tests of the shop')
  assert.equal(await open(shop), count - group.count - dull.count)
  assert.deepEqual(await written(shop), now, 'a discard writes nothing')
})

test('a group retry that is killed in the middle is finished by the same command', async t => {
  const shop = await start(t), count = 400
  await send(shop, Array.from({ length: count }, (_, i) => failing(11 + i * causes)))
  await until('all refused', async () => await open(shop) === count, { timeout: 60000 })
  const [group] = (await groupsOf(shop)).groups
  assert.equal(group.count, count)
  const change = ['retry', '--cause', group.cause, '--set', '/partner="P-1"', '--yes', '--reason', 'partner merged']
  await shop.erp.fault({ fault: 'slow', ms: 100 }) // so that there is a middle, however busy the machine is
  const cut = shop.tidelock.command('exceptions', ...change)
  await until('some are through', async () => (await shop.status()).engine.flows.some(f => f.name === 'erp' && f.done > 0), { every: 1 })
  await shop.tidelock.kill()
  await cut
  await shop.erp.clearFaults()
  await shop.tidelock.start()
  const left = await open(shop)
  assert.ok(left > 0 && left < count, `killed in the middle: ${left} of ${count} are left`)
  await act(shop, ...change)
  await until('the cause is cleared', async () => await open(shop) === 0, { timeout: 60000 })
  const now = await written(shop)
  assert.equal(now.size, count)
  assert.ok([...now.values()].every(numbers => numbers.length === 1), 'each once')
})

test('one place of one payload is changed, and an exception given to another steward', async t => {
  const shop = await start(t)
  await send(shop, [failing(10)])
  const [e] = await until('parked', async () => { const list = await shop.exceptions(); return list.length && list })
  const wrong = await shop.tidelock.command('exceptions', 'edit', e.id, '--set', '/amount=12,5')
  assert.equal(wrong.code, 64)
  assert.match(wrong.err, /quotes/)
  const nowhere = await shop.tidelock.command('exceptions', 'edit', e.id, '--set', '/lines/7/sku=1', '--reason', 'x')
  assert.equal(nowhere.code, 65)
  assert.match(nowhere.err, /\/lines\/7\/sku/)
  assert.match(await act(shop, 'edit', e.id, '--set', '/amount="12.5"', '--dry-run'), /after .*"amount":"12.5"/)
  assert.equal((await shop.tidelock.json('exceptions', 'show', e.id)).edited, false)
  await act(shop, 'edit', e.id, '--set', '/amount="12.5"', '--set', '/extra={"a":[]}', '--reason', 'the word')
  const shown = await shop.tidelock.json('exceptions', 'show', e.id)
  assert.deepEqual([JSON.parse(shown.payload).amount, JSON.parse(shown.payload).extra, shown.edited], ['12.5', { a: [] }, true])

  const unknown = await shop.tidelock.command('exceptions', 'assign', e.id, '--to', 'it-op', '--reason', 'theirs')
  assert.equal(unknown.code, 65)
  assert.match(unknown.err, /it-ops/)
  await act(shop, 'assign', e.id, '--to', 'it-ops', '--reason', 'theirs')
  assert.equal((await shop.exceptions('--steward', 'it-ops'))[0].id, e.id)
  assert.equal((await shop.exceptions('--steward', 'nobody')).length, 0)
  await act(shop, 'retry', e.id, '--reason', 'repaired')
  await shop.arrived(shop.erp, 'F-10', 10)
  assert.equal(await open(shop), 0)
})
