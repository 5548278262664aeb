// What is overdue reaches somebody else: by webhook, signed, and by mail; once, also over restarts and refusals.
import test from 'node:test'
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { folder } from '../world/folder.mjs'
import { change } from '../world/order_to_cash.mjs'
import { Shop } from '../world/shop.mjs'
import { WebhookSink, mailServer } from '../world/sinks.mjs'
import { tool } from '../world/tidelock.mjs'
import { until } from '../world/wait.mjs'

const secret = `whsec_${Buffer.from('a secret of thirty-two bytes, yes').toString('base64')}`
const stewards = `steward "nobody" { mail = "orders@acme.example", due = "1s", escalate = "it-ops" }
steward "it-ops" { mail = "it-ops@acme.example" }`

async function start(t, { settings, secrets, flows }) {
  const shop = new Shop({ settings, secrets,
    edit(dir) {
      change(dir, 'integration.lua', text => text.replace('steward "nobody" {}', stewards))
      change(dir, 'flows.lua', text => flows ?? text.replace(/flow "desk".*\n/, ''))
    } })
  t.after(() => shop.stop())
  return shop.start()
}

// Is it signed as Standard Webhooks wants it?
async function verified({ headers, body }) {
  const file = join(folder('secret'), 'secret')
  writeFileSync(file, secret)
  const named = ['webhook-id', 'webhook-timestamp', 'webhook-signature'].flatMap(h => ['--header', `${h}: ${headers[h]}`])
  return tool(['tool', 'webhook-verify', '--scheme', 'standard', '--secret-file', file, ...named], { input: body })
}

test('exceptions that are overdue are told to the next steward, by webhook and by mail', async t => {
  let refusals = 1
  const post = await mailServer({ refuse: () => refusals-- > 0 })
  if (!post) return t.skip('smtp-server and mailparser are not installed in tests/sandbox')
  const sink = await new WebhookSink().start()
  t.after(() => { sink.stop(); return post.stop() })
  const shop = await start(t, { settings: { 'escalation.webhook': sink.url, 'mail.url': post.url, 'mail.from': 'tidelock@acme.example' }, secrets: { 'escalation.secret': secret } })
  for (let i = 0; i < 5; i++) await shop.change(`Ü-${i}`, 1, { more: { amount: `${i} euros` } })

  const [first] = await until('the webhook', () => sink.requests.length && sink.requests, { timeout: 40000 })
  const check = await verified(first)
  assert.equal(check.code, 0, check.err)
  const { type, data } = JSON.parse(first.body)
  assert.equal(type, 'tidelock.escalation')
  assert.deepEqual([data.steward, data.mail, data.level, data.exceptions, data.decisions], ['it-ops', 'it-ops@acme.example', 1, 5, 0])
  assert.deepEqual(data.groups.map(g => [g.count, g.steward, g.flow]), [[5, 'nobody', 'erp']])

  const [mail] = await until('the mail, at the second try', () => post.mails.length && post.mails, { timeout: 40000 })
  assert.ok(refusals < 1, 'the first one was refused')
  assert.equal(mail.from.text, '"Tidelock" <tidelock@acme.example>')
  assert.equal(mail.to.text, 'it-ops@acme.example')
  assert.deepEqual(mail.envelope.rcptTo.map(r => r.address), ['it-ops@acme.example'])
  assert.equal(mail.subject, '[crash] overdue: 5 exceptions')
  assert.match(mail.text, /5 of flow erp, data at flows\.lua:\d+/)
  assert.match(mail.text, new RegExp(`cause ${data.groups[0].cause}`))
  assert.ok(Math.abs(mail.date - Date.now()) < 120000)
  assert.ok(post.raw[0].split('\r\n').every(line => line.length <= 78))

  await shop.tidelock.stop()
  await shop.tidelock.start()
  await shop.change('Ü-9', 1, { more: { amount: '9 euros' } })
  await until('the next webhook', () => sink.requests.length > 1, { timeout: 40000 })
  assert.equal(JSON.parse(sink.requests[1].body).data.exceptions, 1, 'what was told before the restart is not told again')
  await until('the next mail', () => post.mails.length > 1, { timeout: 40000 })
  assert.equal(post.mails[1].subject, '[crash] overdue: 1 exception')
  assert.notEqual(post.mails[1].messageId, mail.messageId)
  assert.equal(sink.requests.length, 2)
})

test('a decision that nobody takes in time is told to the next steward', async t => {
  const sink = await new WebhookSink().start()
  t.after(() => sink.stop())
  const flows = 'flow "erp" { on = "order.changed@1", steward = "nobody", run = function(ctx, e) ctx:decide{ "yes", "no", about = "credit hold", due = "1s" } end }'
  const shop = await start(t, { settings: { 'escalation.webhook': sink.url }, flows })
  await shop.change('D-1', 1)
  await until('the webhook', () => sink.requests.length, { timeout: 40000 })
  const { data } = JSON.parse(sink.requests[0].body)
  assert.deepEqual([data.steward, data.exceptions, data.decisions], ['it-ops', 0, 1])
  assert.deepEqual([data.open_decisions[0].key, data.open_decisions[0].about, data.open_decisions[0].steward], ['D-1', 'credit hold', 'nobody'])
  assert.equal(sink.requests[0].headers['webhook-signature'], undefined, 'without a secret it is not signed')
})

test('settings of escalation are checked when they are set', async t => {
  const shop = await start(t, {})
  const set = (...words) => shop.tidelock.command('settings', 'set', ...words)
  for (const [name, bad, good] of [['mail.from', 'Tidelock <a@b.example>', 'a@b.example'], ['mail.url', 'http://mail', 'smtps://mail.example:465'], ['escalation.webhook', 'hooks', 'https://hooks.example/x']]) {
    const refused = await set(name, bad)
    assert.equal(refused.code, 65, name)
    assert.match(refused.err, new RegExp(name))
    const taken = await set(name, good)
    assert.equal(taken.code, 0, taken.err)
    assert.match(taken.out, /in use/)
  }
})
