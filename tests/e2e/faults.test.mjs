// Platforms fail in their own ways. Endpoint failures keep the work and heal; a bad record parks alone; nothing is done twice.
import test from 'node:test'
import assert from 'node:assert/strict'
import { change } from '../world/order_to_cash.mjs'
import { World } from '../world/order_to_cash.mjs'
import { Shop } from '../world/shop.mjs'
import { until } from '../world/wait.mjs'

async function start(t, w) {
  t.after(() => w.stop())
  return w.start()
}

const writesTo = async (platform, object) => (await platform.admin('GET', `writes?object=${object}`)).records

test('429: Retry-After is honoured, then the call goes through', async t => {
  const shop = await start(t, new Shop())
  await shop.erp.fault([{ fault: '429', match: { method: 'PATCH' }, times: 1, retry_after: 2 }])
  await shop.change('R-1', 1)
  await shop.arrived(shop.erp, 'R-1', 1)
  const calls = (await shop.erp.admin('GET', 'log?method=PATCH')).entries
  assert.deepEqual(calls.map(c => c.status), [429, 204])
  const waited = Date.parse(calls[1].time) - Date.parse(calls[0].time)
  assert.ok(waited >= 1900 && waited < 6000, `${waited} ms between the calls`)
})

test('503: the breaker pauses the system, the other one goes on, and it heals by itself', async t => {
  const shop = await start(t, new Shop({ edit: dir => change(dir, 'integration.lua', text => text.replace('failures = 10', 'failures = 3')) }))
  await shop.erp.fault([{ fault: '503', match: { method: 'PATCH' } }])
  for (let n = 1; n <= 20; n++) await shop.change(`B-${n}`, 1)
  const open = await until('the breaker of the ERP open', async () => { const s = await shop.system('erp'); return s.breaker === 'open' && s })
  assert.notEqual(open.gate, 'open')
  for (let n = 1; n <= 20; n++) await shop.arrived(shop.desk, `B-${n}`, 1)
  const tried = (await shop.erp.admin('GET', 'log?method=PATCH&limit=10000')).entries.length
  assert.ok(tried < 60, `${tried} calls while it was broken`)
  assert.equal((await shop.exceptions()).length, 0, 'a broken endpoint is not a broken record')
  await shop.erp.clearFaults()
  for (let n = 1; n <= 20; n++) await shop.arrived(shop.erp, `B-${n}`, 1)
  await until('the breaker closed', async () => (await shop.system('erp')).breaker === 'closed')
})

test('an answer dropped after the commit: one record, one content', async t => {
  const shop = await start(t, new Shop())
  await shop.erp.fault([{ fault: 'drop_after_commit', match: { method: 'PATCH' }, times: 2 }])
  await shop.desk.fault([{ fault: 'drop_after_commit', match: { method: 'POST', path: 'create_or_update' }, times: 2 }])
  await shop.change('L-1', 1)
  await shop.finished()
  assert.deepEqual(await shop.numbers(shop.erp, 'L-1'), [1])
  assert.deepEqual(await shop.numbers(shop.desk, 'L-1'), [1])
  assert.equal((await writesTo(shop.erp, 'SalesOrders')).length, 1)
  assert.equal((await writesTo(shop.desk, 'organizations')).filter(r => r.versions[0].doc.external_id === 'L-1').length, 1)
})

test('a truncated answer and a slow platform: tried again, still once', async t => {
  const shop = await start(t, new Shop({ edit: dir => change(dir, 'integration.lua', text => text.replace(/(connector = "odata@1",)/, '$1 timeout = "1s",')) }))
  await shop.erp.fault([{ fault: 'truncate', match: { method: 'PATCH' }, times: 1 }])
  await shop.erp.fault([{ fault: 'slow', ms: 3000, match: { method: 'PATCH' }, skip: 1, times: 1 }])
  await shop.change('T-1', 1)
  await shop.arrived(shop.erp, 'T-1', 1)
  await shop.finished()
  assert.deepEqual(await shop.numbers(shop.erp, 'T-1'), [1])
})

test('a CSRF token that is lost is fetched again, unseen by the record', async t => {
  const w = await start(t, new World({ erp: ['--csrf'] }))
  await w.erp.fault([{ fault: 'csrf_expired', times: 1, skip: 1, match: { method: 'PATCH' } }])
  await w.sell({ order: 'C-1', account: 'A-1' })
  await w.sell({ order: 'C-2', account: 'A-1' })
  await Promise.all([w.orderIs('C-1', 'new'), w.orderIs('C-2', 'new')])
  assert.equal((await w.tidelock.json('exceptions')).exceptions.length, 0)
})

test('Salesforce: an expired session costs one login and loses nothing', async t => {
  const w = await start(t, new World())
  await w.sell({ order: 'E-1', account: 'A-1' })
  await w.dealIs('E-1', 'new')
  const logins = async () => (await w.requests(w.salesforce, 'path=/services/oauth2/token')).length
  const before = await logins()
  await w.salesforce.admin('POST', 'expire_sessions')
  await w.clerk('Accept', 'E-1')
  await w.dealIs('E-1', 'accepted')
  assert.equal(await logins(), before + 1)
  assert.equal((await w.tidelock.json('exceptions')).exceptions.length, 0)
})

test('Salesforce: a locked row is tried again; a lost answer leaves one state', async t => {
  const w = await start(t, new World())
  await w.salesforce.fault([{ fault: 'lock_row', match: { method: 'PATCH' }, times: 2 }, { fault: 'drop_after_commit', match: { method: 'PATCH' }, skip: 2, times: 1 }])
  await w.sell({ order: 'K-1', account: 'A-1' })
  await w.follow('K-1', 'A-1', 'accepted')
  const deal = (await writesTo(w.salesforce, 'Opportunity')).find(r => r.versions[0].doc.Order_No__c === 'K-1')
  assert.deepEqual(deal.versions.map(v => v.doc.Order_Status__c).filter((s, i, all) => s && s !== all[i - 1]), ['taken', 'new', 'accepted'])
  assert.equal((await w.tidelock.json('exceptions')).exceptions.length, 0)
})

test('Salesforce: two saves within one second have one SystemModstamp, and are both seen', async t => {
  const w = await start(t, new World())
  const id = await w.offer({ order: 'T-1', account: 'A-1' })
  const seen = async () => (await w.tidelock.json('trace', `order/${id}`)).entries.filter(e => e.kind === 'event' && e.type === 'salesforce.Opportunity').length
  await until('the offer seen', async () => (await seen()) >= 1)
  for (let n = 1; n <= 8; n++) {
    const before = await seen()
    await w.sales('PATCH', `Opportunity/${id}`, { Amount: `${n}.00` })
    await until(`save ${n} seen`, async () => (await seen()) > before)
  }
})

test('Salesforce: out of requests for the day pauses the system, not the records', async t => {
  const w = await start(t, new World())
  await w.sell({ order: 'Q-1', account: 'A-1' })
  await w.dealIs('Q-1', 'new')
  await w.salesforce.fault([{ fault: 'request_limit' }])
  await w.clerk('Accept', 'Q-1')
  const closed = await until('Salesforce closed', async () => { const s = (await w.tidelock.json('status')).engine.systems.find(s => s.name === 'salesforce'); return s.gate !== 'open' && s })
  assert.match(JSON.stringify(closed), /quota|LIMIT/)
  await w.deskSees('A-1', 'Q-1', 'accepted')
  assert.equal((await w.tidelock.json('exceptions')).exceptions.length, 0)
  await w.salesforce.clearFaults()
  assert.equal((await w.tidelock.command('resume', 'system', 'salesforce', '--reason', 'bought more')).code, 0)
  await w.dealIs('Q-1', 'accepted')
})

test('Zendesk: 429 with Retry-After, an HTML error page, and warnings about unknown fields are told', async t => {
  const shop = await start(t, new Shop())
  await shop.desk.fault([{ fault: 'html_error', match: { method: 'POST' }, times: 1 }, { fault: '429', match: { method: 'POST' }, skip: 1, times: 1, retry_after: 1 }])
  await shop.change('Z-1', 1)
  await shop.arrived(shop.desk, 'Z-1', 1)
  assert.deepEqual(await shop.numbers(shop.desk, 'Z-1'), [1])
})

test('data failures park one record each; everything else goes on', async t => {
  const shop = await start(t, new Shop())
  await shop.erp.fault([{ fault: 'status', code: 400, body: '{"error":{"code":"BAD","message":"Order F-2 is not wanted"}}', headers: { 'content-type': 'application/json' }, match: { method: 'PATCH', path: "F-2" } }])
  for (let n = 1; n <= 3; n++) await shop.change(`F-${n}`, 1)
  await shop.arrived(shop.erp, 'F-3', 1)
  await shop.arrived(shop.erp, 'F-1', 1)
  const [parked] = await until('one exception', async () => { const all = await shop.exceptions(); return all.length === 1 && all })
  assert.deepEqual([parked.key, parked.flow, parked.class, parked.steward], ['F-2', 'erp', 'data', 'nobody'])
  assert.match(parked.message, /Order F-2 is not wanted/)
  await shop.arrived(shop.desk, 'F-2', 1)
  assert.equal((await shop.system('erp')).gate, 'open')
  await shop.change('F-2', 2)
  await until('the next change of F-2 held behind it', async () => (await shop.exceptions())[0].held === 1)
  assert.deepEqual(await shop.numbers(shop.erp, 'F-2'), [])
})
