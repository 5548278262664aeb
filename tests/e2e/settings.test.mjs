// Values of a server: set while it runs, never shown when they are secret, sealed on disk; and doctor, which asks every system.
import test from 'node:test'
import assert from 'node:assert/strict'
import { chmodSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { Shop } from '../world/shop.mjs'
import { tool } from '../world/tidelock.mjs'
import { until } from '../world/wait.mjs'

async function start(t, options, how) {
  const shop = new Shop(options)
  t.after(() => shop.stop())
  return shop.start(how)
}

const readyz = async shop => { const reply = await fetch(`${shop.tidelock.ops}/readyz`); return { status: reply.status, text: await reply.text() } }
const setSecret = (shop, name, value) => tool(['secrets', 'set', name, '--data', shop.tidelock.data], { input: value })

test('what is missing is named by readyz and status; setting it starts the work without a restart', async t => {
  const shop = await start(t, { settings: { 'erp.url': undefined }, secrets: { 'desk.token': undefined } }, { ready: false })
  const first = await until('unready', async () => { const r = await readyz(shop); return r.status === 503 && r })
  assert.match(first.text, /erp\.url/)
  const { out } = await shop.tidelock.command('status')
  assert.match(out, /NOT READY/)
  const pid = shop.tidelock.process.pid
  assert.equal((await shop.tidelock.command('settings', 'set', 'erp.url', `${shop.erp.url}/odata/v4/erp`, '--reason', 'new server')).code, 0)
  const second = await readyz(shop)
  assert.equal(second.status, 503)
  assert.match(second.text, /desk\.token/)
  const set = await setSecret(shop, 'desk.token', 'sandbox-token\n')
  assert.equal(set.code, 0, set.err)
  await until('ready', async () => (await readyz(shop)).status === 200)
  shop.tidelock.readAddresses()
  await shop.change('N-1', 1)
  await shop.arrived(shop.erp, 'N-1', 1)
  await shop.arrived(shop.desk, 'N-1', 1)
  assert.equal(shop.tidelock.process.pid, pid)
})

test('settings are listed with their values, secrets never; a change takes effect at once and survives a restart', async t => {
  const shop = await start(t)
  const settings = (await shop.tidelock.command('settings')).out
  assert.match(settings, new RegExp(`erp\\.url .*${shop.erp.port}`))
  const secrets = await shop.tidelock.command('secrets')
  assert.match(secrets.out, /erp\.password/)
  assert.doesNotMatch(secrets.out + (await shop.tidelock.command('secrets', '--json')).out, /sync-pw|sandbox-token/)
  await setSecret(shop, 'erp.password', 'wrong')
  await shop.change('C-1', 1)
  await until('the ERP closed for its credentials', async () => (await shop.system('erp')).gate !== 'open')
  assert.equal((await shop.exceptions()).length, 0)
  await setSecret(shop, 'erp.password', 'sync-pw')
  await shop.arrived(shop.erp, 'C-1', 1)
  await shop.tidelock.command('settings', 'set', 'desk.url', 'http://127.0.0.1:9', '--reason', 'a mistake')
  delete shop.tidelock.settings['desk.url']
  await shop.tidelock.stop()
  await shop.tidelock.start()
  assert.match((await shop.tidelock.command('settings')).out, /desk\.url .*127\.0\.0\.1:9/)
})

test('what was set before is told, with who and why; values of secrets never', async t => {
  const shop = await start(t)
  for (const [port, reason] of [[9, 'a mistake'], [10, 'another']]) assert.equal((await shop.tidelock.command('settings', 'set', 'desk.url', `http://127.0.0.1:${port}`, '--reason', reason)).code, 0)
  await setSecret(shop, 'erp.password', 'one-secret')
  const { changes } = await shop.tidelock.json('settings', 'history', 'desk.url')
  assert.deepEqual(changes.slice(0, 2).map(c => [c.name, c.value, c.reason]), [['desk.url', 'http://127.0.0.1:10', 'another'], ['desk.url', 'http://127.0.0.1:9', 'a mistake']])
  assert.ok(changes.every(c => c.name === 'desk.url' && c.who.length > 0 && !Number.isNaN(Date.parse(c.time))))
  const all = await shop.tidelock.command('settings', 'history')
  assert.match(all.out, /desk\.url +http:\/\/127\.0\.0\.1:9 .* a mistake/)
  assert.match(all.out, /erp\.url/)
  const secrets = await shop.tidelock.command('secrets', 'history')
  assert.match(secrets.out, /erp\.password/)
  assert.doesNotMatch(secrets.out + JSON.stringify(await shop.tidelock.json('secrets', 'history')) + all.out, /one-secret|sync-pw/)
})

test('no secret lies in clear under the data folder; the key is for its owner only', async t => {
  const shop = await start(t)
  await shop.change('S-1', 1)
  await shop.arrived(shop.erp, 'S-1', 1)
  await shop.arrived(shop.desk, 'S-1', 1)
  await shop.tidelock.stop()
  const files = dir => readdirSync(dir, { withFileTypes: true }).flatMap(f => (f.isDirectory() ? files(join(dir, f.name)) : f.isFile() ? [join(dir, f.name)] : []))
  const all = files(shop.tidelock.data)
  assert.ok(all.length > 2, all.join())
  const text = all.map(f => readFileSync(f, 'latin1')).join('\n')
  assert.ok(text.includes('S-1'), 'the journal is there and readable')
  for (const secret of ['sync-pw', 'sandbox-token', Buffer.from('sync:sync-pw').toString('base64'), Buffer.from('agent@sandbox.test/token:sandbox-token').toString('base64')]) assert.ok(!text.includes(secret), secret)
  assert.equal(statSync(join(shop.tidelock.data, 'secrets.key')).mode & 0o777, 0o600)
})

test('a secrets file that others may read is refused at the start', async t => {
  const shop = await start(t)
  await shop.tidelock.stop()
  const file = join(dirname(shop.tidelock.data), 'open.json')
  writeFileSync(file, '{}')
  chmodSync(file, 0o644)
  const { code, err } = await tool(['serve', shop.tidelock.integration, '--data', shop.tidelock.data, '--listen', '127.0.0.1:0', '--ops', '127.0.0.1:0', '--secrets', file])
  assert.notEqual(code, 0)
  assert.match(err, /chmod 600/)
})

test('another key file cannot open what was sealed, and says so', async t => {
  const shop = await start(t)
  await shop.tidelock.stop()
  const file = join(dirname(shop.tidelock.data), 'other.key')
  writeFileSync(file, readFileSync(join(shop.tidelock.data, 'secrets.key'), 'latin1').replace(/[0-9a-f]/g, c => (c === '0' ? '1' : '0')), { encoding: 'latin1', mode: 0o600 })
  const { code, err } = await tool(['serve', shop.tidelock.integration, '--data', shop.tidelock.data, '--listen', '127.0.0.1:0', '--ops', '127.0.0.1:0', '--key-file', file])
  assert.notEqual(code, 0)
  assert.match(err, /key/)
})

test('the control socket is for its owner only', async t => {
  const shop = await start(t)
  assert.equal(statSync(join(shop.tidelock.data, 'control.sock')).mode & 0o777, 0o600)
})

test('doctor: 0 when all is well, 2 with what is wrong; it writes nothing', async t => {
  const shop = await start(t)
  const requests = async () => [...(await shop.erp.admin('GET', 'log')).entries, ...(await shop.desk.admin('GET', 'log')).entries].filter(e => e.method !== 'GET' && e.method !== 'HEAD')
  const well = await shop.tidelock.command('doctor')
  assert.equal(well.code, 0, well.out + well.err)
  for (const name of ['erp', 'desk']) assert.match(well.out, new RegExp(name))
  assert.deepEqual(await requests(), [])
  await setSecret(shop, 'erp.password', 'wrong')
  const wrong = await shop.tidelock.command('doctor')
  assert.equal(wrong.code, 2, wrong.out + wrong.err)
  assert.match(wrong.out, /erp.*(401|auth|credential)/is)
  await setSecret(shop, 'erp.password', 'sync-pw')
  await shop.desk.stop()
  const down = await shop.tidelock.command('doctor')
  assert.equal(down.code, 2)
  assert.match(down.out, /desk.*(refused|connect|reach)/is)
})
