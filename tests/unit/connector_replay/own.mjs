// Calls that were made of real servers (tests/real, TIDELOCK_RECORD=1) and recorded beside their connector: the same requests
// must go out again, and the same results come of the recorded answers. Needs no server.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Connector } from './connector.mjs'
import { ReplayServer } from './replay_server.mjs'

const plugins = fileURLToPath(new URL('../../../plugins/', import.meta.url))
const json = { 'content-type': 'application/json' }

const platforms = {
  rt: {
    settings: url => ({ url, auth: { kind: 'token', token: 'recorded' }, queue: 'Support' }),
    aside: () => null,
  },
  tryton: {
    settings: url => ({ url: `${url}/erp`, auth: { kind: 'session', user: 'sync', password: 'sync-pw' }, payment_term: 'At once' }),
    aside: got => (got.body.includes('"common.db.login"') ? { status: 200, headers: json, reply: '{"id":1,"result":[2,"recorded"]}' } : null),
  },
}

const recordings = name => readdirSync(join(plugins, name, 'recorded')).filter(f => f.endsWith('.json'))

for (const [name, platform] of Object.entries(platforms)) {
  describe(`${name}, as recorded`, () => {
    for (const file of existsSync(join(plugins, name, 'recorded')) ? recordings(name) : []) {
      it(file, async () => {
        const server = await new ReplayServer(platform.aside).start()
        const connector = new Connector(`${name}@1`, platform.settings(server.url))
        try {
          for (const [i, { ask, result, exchanges }] of JSON.parse(readFileSync(join(plugins, name, 'recorded', file), 'utf8')).entries()) {
            server.expect(exchanges.map(x => ({ ...x, url: `http://platform${x.path}` })))
            const got = JSON.parse(JSON.stringify(await connector.ask(ask)).replaceAll(server.url, 'http://platform'))
            const where = `step ${i}: ${JSON.stringify(ask)}`
            assert.deepEqual(server.found, [], where)
            assert.equal(server.expected.length, 0, `${where}: requests were not made: ${got.message}`)
            for (const member of Object.keys(result)) assert.deepEqual(got[member], result[member], `${where}: ${member}`)
          }
        } finally {
          await connector.close()
          await server.stop()
        }
      })
    }
  })
}

// RT gives numbers before it commits: a lower one may appear after a higher one.
it('rt tells of a transaction that appears behind others', async () => {
  const server = await new ReplayServer(() => null).start(), connector = new Connector('rt@1', platforms.rt.settings(server.url))
  const item = (id, ticket, age) => ({ id: String(id), ObjectId: String(ticket), Created: new Date(Date.now() - age).toISOString().replace(/\.\d+/, '') })
  const page = (after, ...items) => ({ method: 'GET', url: `http://platform/REST/2.0/transactions?per_page=100&orderby=id&fields=ObjectId,Created&query=ObjectType = 'RT::Ticket' AND id > ${after}`,
    body: '', status: 200, headers: json, reply: JSON.stringify({ items }) })
  const minutes = 60000
  try {
    server.expect([page(40, item(41, 1, 5 * minutes), item(43, 3, 0)), page(41, item(42, 3, 0), item(43, 3, 0)), page(41, item(42, 3, 0), item(43, 3, 0))])
    const { events, cursor } = await connector.capture('ticket', {}, { cursor: '{"id":"40"}', rounds: 3 })
    assert.deepEqual(server.found, [])
    assert.deepEqual(events.map(e => e.dedupe), ['ticket:1#41+1', 'ticket:3#43+1', 'ticket:3#43+2'])
    assert.equal(cursor, '{"id":"41"}', 'what is older than the overlap is settled, what is not is looked at again')
  } finally {
    await connector.close()
    await server.stop()
  }
})
