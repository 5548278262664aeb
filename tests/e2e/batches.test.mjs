// Writes that wait go out together: sObject Collections and many-jobs, with an outcome for each row, whatever the calls do.
import test from 'node:test'
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { change } from '../world/order_to_cash.mjs'
import { Platform } from '../world/platform.mjs'
import { Shop } from '../world/shop.mjs'
import { until } from '../world/wait.mjs'

const crm = `
system "crm" {
  connector = "salesforce@1", url = setting "crm.url", batch = true,
  auth      = { kind = "oauth2_client_credentials", client_id = secret "crm.id", client_secret = secret "crm.secret" },
  retry     = { first = "20ms", cap = "200ms", attempts = 50 }, breaker = { failures = 50, within = "10s", probe_after = "200ms" },
}
`
const flows = `
flow "crm"  { on = "order.changed@1", steward = "nobody", after_failure = "pass", run = function(ctx, e) ctx.crm:put("change@1", e.data) end }
`
const deskFlow = `flow "desk" { on = "order.changed@1", steward = "nobody", run = function(ctx, e) ctx.desk:put("change@1", e.data) end }\n`

async function start(t, { text = flows, edit, before } = {}) {
  const sf = await new Platform('salesforce').start()
  const made = await before?.(sf)
  const shop = new Shop({ settings: { 'crm.url': sf.url }, secrets: { 'crm.id': 'sandbox-client', 'crm.secret': 'sandbox-secret' }, edit(dir) {
    change(dir, 'integration.lua', was => `${was}${crm}`)
    change(dir, 'maps.lua', was => `${was}\nmap "crm.Account <- change@1" { Account_No__c = as.key "order_no", Name = as.text "number" }\n`)
    writeFileSync(join(dir, 'flows.lua'), text)
    edit?.(dir, made)
  } })
  t.after(async () => { await shop.stop(); await sf.stop() })
  await shop.start()
  shop.sf = sf
  shop.calls = async path => (await sf.admin('GET', `log?method=PATCH&limit=100000&path=${path}`)).entries
  shop.names = async () => Object.fromEntries((await sf.admin('GET', 'writes?object=Account')).records.map(r => [r.versions[0].doc.Account_No__c, r.versions.map(v => v.doc.Name)]))
  shop.burst = (orders, numbers) => Promise.all(Array.from({ length: orders }, async (_, o) => { for (const n of numbers) await shop.change(`O-${o}`, n) }))
  return shop
}

test('what waits goes in one call; each record has all its contents in order', async t => {
  const shop = await start(t)
  await shop.sf.fault({ fault: 'slow', ms: 100, match: { method: 'PATCH' } }) // so that something waits
  await shop.burst(100, [1, 2, 3])
  await shop.finished({ timeout: 60000 })
  assert.deepEqual(new Set(Object.values(await shop.names()).map(String)), new Set(['1,2,3']))
  assert.equal(Object.keys(await shop.names()).length, 100)
  const together = await shop.calls('composite/sobjects'), alone = await shop.calls('/sobjects/Account/')
  assert.ok(together.length > 0 && together.length + alone.length < 100, `${together.length} calls for several, ${alone.length} for one, of 300 writes`)
  for (const call of together) assert.ok(JSON.parse(call.body).records.length <= 200)
  assert.equal((await shop.exceptions()).length, 0)
})

test('two flows that write the same records never meet in one call', async t => {
  const shop = await start(t, { text: flows + flows.replace('flow "crm" ', 'flow "again"') })
  await shop.sf.fault({ fault: 'slow', ms: 300, match: { method: 'PATCH' }, times: 2 })
  await shop.burst(40, [1])
  await shop.finished()
  const together = await shop.calls('composite/sobjects')
  assert.ok(together.length > 0)
  for (const call of together) {
    const keys = JSON.parse(call.body).records.map(r => r.Account_No__c)
    assert.equal(new Set(keys).size, keys.length, 'never two rows of one record')
  }
  assert.equal(Object.keys(await shop.names()).length, 40)
})

test('a bad row is parked alone, a locked one is tried again, a lost answer makes no second record', async t => {
  const shop = await start(t, { text: `flow "crm" { on = "order.changed@1", steward = "nobody", after_failure = "pass",
    run = function(ctx, e) ctx.crm:put("change@1", e.data) end }` })
  await shop.sf.fault([{ fault: 'slow', ms: 300, match: { method: 'PATCH' }, times: 1 }, { fault: 'lock_row', rows: 7, match: { path: 'composite/sobjects' }, times: 3 },
    { fault: 'drop_after_commit', match: { path: 'composite/sobjects' }, times: 2 }, { fault: '503', match: { path: 'composite/sobjects' }, times: 1 }])
  await Promise.all(Array.from({ length: 60 }, (_, o) => shop.change(o === 31 ? 'X'.repeat(300) : `O-${o}`, 1)))
  const [parked, ...more] = await until('the bad row', async () => { const all = await shop.exceptions(); return all.length && all })
  assert.deepEqual([parked.class, more.length], ['data', 0])
  await until('all others', async () => Object.keys(await shop.names()).length === 59)
  await until('nothing under way', async () => (await shop.flow('crm')).unfinished === 0)
  assert.deepEqual(new Set(Object.values(await shop.names()).map(String)), new Set(['1']))
  assert.equal((await shop.exceptions()).length, 1)
})

test('a call refused as a whole is halved until the row is found', async t => {
  const shop = await start(t)
  const bad = { fault: 'status', code: 400, headers: { 'content-type': 'application/json' }, body: '[{"errorCode":"JSON_PARSER_ERROR","message":"this row breaks the parser"}]' }
  await shop.sf.fault([{ fault: 'slow', ms: 300, match: { method: 'PATCH' }, times: 1 }, { ...bad, match: { method: 'PATCH', body: 'O-13"' } }, { ...bad, match: { method: 'PATCH', path: 'O-13$' } }])
  await shop.change('O-0', 1) // the slow one, so that the others, and O-13 among them, wait for a call together
  await shop.burst(32, [2])
  const [parked] = await until('the row', async () => { const all = await shop.exceptions(); return all.length && all }, { timeout: 60000 })
  assert.match(parked.message, /breaks the parser/)
  assert.equal(parked.key, 'O-13')
  await until('the others', async () => Object.keys(await shop.names()).length === 31, { timeout: 60000 })
  assert.equal((await shop.exceptions()).length, 1)
  assert.ok((await shop.calls('composite/sobjects')).length > 2, 'it was halved')
})

test('a closed gate keeps the rows, and they go out when it opens', async t => {
  const shop = await start(t, { edit: dir => change(dir, 'integration.lua', text => text.replace('breaker = { failures = 50, within = "10s"', 'breaker = { failures = 2, within = "10s"')) })
  await shop.sf.fault({ fault: '503', match: { method: 'PATCH' } })
  await shop.burst(50, [1])
  await until('the breaker open', async () => (await shop.system('crm')).breaker === 'open')
  await shop.sf.clearFaults()
  await shop.finished()
  assert.equal(Object.keys(await shop.names()).length, 50)
  assert.equal((await shop.exceptions()).length, 0)
})

test('rows of one parent are never in two calls: no lock is refused', async t => {
  const orders = Array.from({ length: 40 }, (_, o) => `O-${o}`)
  const shop = await start(t, {
    text: flows + `flow "deal" { on = "order.changed@1", steward = "nobody", run = function(ctx, e) ctx.crm:put("deal@1", e.data) end }\n`,
    before: async sf => Promise.all(orders.map(async Name => (await sf.admin('POST', 'records/Account', { Name })).record.id)),
    edit(dir, ids) {
      const parent = `as.enum("order_no", { ${orders.map((no, i) => `["${ids[i]}"] = "${no}"`).join(', ')} })`
      change(dir, 'integration.lua', was => was + was.match(/^entity "change@1".*$/m)[0].replace('change@1', 'deal@1') + '\n')
      change(dir, 'maps.lua', was => was.replace(/\nmap "crm.Account <- change@1".*\n/, `
map "crm.Contact <- change@1" { Contact_No__c = as.key "order_no", LastName = as.text "number", AccountId = ${parent} }
map "crm.Opportunity <- deal@1" { Order_No__c = as.key "order_no", Name = as.text "number", StageName = as.const "s", CloseDate = as.const "2024-01-01", AccountId = ${parent} }
`))
    },
  })
  await shop.sf.admin('POST', 'settings', { lock_ms: 60 })
  await shop.sf.fault({ fault: 'slow', ms: 100, when: 'after', match: { method: 'PATCH' } }) // locks are gone before the answer
  await shop.burst(40, [1, 2])
  await shop.finished()
  const calls = await shop.calls('composite/sobjects')
  assert.ok(calls.some(c => c.path.includes('Contact')) && calls.some(c => c.path.includes('Opportunity')))
  assert.equal((await shop.sf.admin('GET', 'refused_locks')).count, 0)
  assert.equal((await shop.exceptions()).length, 0)
})

test('a job goes on over a kill: the next start asks for it, and writes nothing again', async t => {
  const shop = await start(t, { text: deskFlow, edit: dir => change(dir, 'integration.lua', text => text.replace('connector = "zendesk@1",', 'connector = "zendesk@1", batch = true,')) })
  await shop.desk.admin('POST', 'settings', { job_ms: 3000 })
  await shop.desk.fault({ fault: 'slow', ms: 500, match: { method: 'POST', path: 'create_or_update.json' }, times: 1 })
  await Promise.all(Array.from({ length: 40 }, (_, o) => shop.change(`J-${o}`, 1)))
  const jobs = async () => (await shop.desk.admin('GET', 'log?method=POST&path=create_or_update_many')).entries
  const polls = async () => (await shop.desk.admin('GET', 'log?method=GET&path=job_statuses')).entries
  await until('the job asked for', async () => (await polls()).length > 0)
  await shop.tidelock.kill()
  await shop.desk.admin('POST', 'settings', { job_ms: 50 }) // of later jobs: after a kill few units begin at a time
  await shop.tidelock.start()
  await shop.finished({ timeout: 60000 })
  const rows = (await jobs()).flatMap(j => JSON.parse(j.body).organizations.map(o => o.external_id))
  assert.equal(new Set(rows).size, rows.length, `rows were sent again: ${rows.length} in ${(await jobs()).length} jobs`)
  for (let o = 0; o < 40; o++) assert.deepEqual(await shop.numbers(shop.desk, `J-${o}`), [1])
})
