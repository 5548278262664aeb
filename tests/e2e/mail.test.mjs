// Flows that send mails through the connector `mail`: at most once, at least once, and what a refusal does.
import test from 'node:test'
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { change } from '../world/order_to_cash.mjs'
import { Shop } from '../world/shop.mjs'
import { mailServer } from '../world/sinks.mjs'
import { until } from '../world/wait.mjs'

const system = `
system "mail" {
  connector = "mail@1", url = setting "mail.server", from = "shop@acme.example", tls = "never",
  retry = { first = "20ms", cap = "200ms" }, breaker = { failures = 50, within = "10s", probe_after = "200ms" },
}
`
const flows = `
flow "tell" { on = "order.changed@1", steward = "nobody", run = function(ctx, e)
  ctx.mail:notify{ id = "changed:" .. e.data.id, to = string.lower(e.data.order_no) .. "@acme.example", subject = "Order " .. e.data.order_no, text = "It is at " .. e.data.number .. ".",
    attachments = { { name = "Größe.csv", type = "text/csv", content = "number\\n" .. e.data.number .. "\\n" }, { name = "a.bin", content = "AAH/", encoding = "base64" } } }
end }
flow "ask" { on = "probe.changed@1", steward = "nobody", run = function(ctx, e)
  ctx.mail:send({ to = "owner@acme.example", subject = "Order " .. e.data.order_no, text = "?" }, { once = "ask:" .. e.data.id })
end }
`

async function start(t, options) {
  const post = await mailServer(options)
  if (!post) return t.skip('smtp-server and mailparser are not installed in tests/sandbox')
  const shop = new Shop({ settings: { 'mail.server': post.url }, edit(dir) {
    change(dir, 'integration.lua', text => text + system)
    writeFileSync(join(dir, 'flows.lua'), flows)
  } })
  t.after(async () => { await shop.stop(); await post.stop() })
  await shop.start()
  return { post, shop }
}

test('a notification that is refused for now goes out later, as one mail', async t => {
  let refusals = 3
  const w = await start(t, { refuse: () => refusals-- > 0 })
  if (!w) return
  await w.shop.change('N-1', 1)
  const [mail] = await until('the mail', () => w.post.mails.length && w.post.mails)
  assert.deepEqual([mail.subject, mail.text, mail.to.text, mail.from.text], ['Order N-1', 'It is at 1.\n', 'n-1@acme.example', 'shop@acme.example'])
  assert.deepEqual(mail.attachments.map(a => [a.filename, a.content.toString('hex')]), [['Größe.csv', Buffer.from('number\n1\n').toString('hex')], ['a.bin', '0001ff']])
  await w.shop.finished()
  assert.deepEqual([w.post.mails.length, refusals < 0], [1, true])
  assert.equal((await w.shop.exceptions()).length, 0)
})

test('a receiver who is refused for now holds up nobody else, and is parked when it lasts', async t => {
  let refusals = 0
  const w = await start(t, { refuse: address => address === 'busy@acme.example' && ++refusals && 450 })
  if (!w) return
  await w.shop.change('busy', 1)
  await until('a refusal', () => refusals > 0)
  for (let i = 1; i <= 20; i++) await w.shop.change(`F-${i}`, 1)
  await until('the others', () => w.post.mails.length === 20)
  const [parked] = await until('an exception', async () => { const all = await w.shop.exceptions(); return all.length && all })
  assert.match(JSON.stringify(parked), /450.*come again later/)
  assert.deepEqual([(await w.shop.exceptions()).length, refusals, w.post.mails.length], [1, 8, 20])
})

test('a lost answer: the notification goes out again under its name, the other mail is left to a person', async t => {
  const w = await start(t)
  if (!w) return
  w.post.lose = 2 // the next two letters are taken, and the connection breaks
  await w.shop.change('L-1', 1)
  await until('the notification again', () => w.post.mails.length === 3)
  assert.equal(new Set(w.post.mails.map(m => m.messageId)).size, 1)
  await w.shop.finished()
  w.post.lose = 1
  assert.equal((await w.shop.tidelock.post('probe', w.shop.body('L-2', 1))).status, 202)
  const [parked] = await until('an exception', async () => { const all = await w.shop.exceptions(); return all.length && all })
  assert.match(JSON.stringify(parked), /unknown/)
  assert.equal(w.post.mails.filter(m => m.to.text === 'owner@acme.example').length, 1)
})
