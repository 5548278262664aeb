// Calls of a connector and the exchanges they made, kept for the replay (tests/unit/connector_replay/own.mjs): with
// TIDELOCK_RECORD=1 the tests of a real server write them to plugins/<name>/recorded/. Logins and their headers are left out, and
// what nobody reads of very large answers.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../world/tidelock.mjs'

const volatile = ['warnings', 'quotas', 'transfers', 'wait_ms']

// Types and relations of Tryton's fields_get are all that a connector reads of it.
function shortened(request, reply) {
  if (!request.includes('.fields_get"')) return reply
  const { id, result } = JSON.parse(reply)
  const kept = Object.fromEntries(Object.entries(result).map(([name, { type, relation }]) => [name, { type, relation }]))
  return JSON.stringify({ id, result: kept })
}

const headersOf = headers => Object.fromEntries(Object.entries(headers).filter(([name]) => ['content-type', 'etag', 'location', 'date'].includes(name)))

export class Recording {
  steps = []

  constructor(plugin, connector, proxy, isLogin = () => false) { Object.assign(this, { plugin, connector, proxy, isLogin }) }

  async ask(line) {
    const from = this.proxy.seen.length, result = await this.connector.ask(line)
    const exchanges = this.proxy.seen.slice(from).filter(x => !this.isLogin(x)).map(x => ({ method: x.method, path: x.path, body: x.body, status: x.status, headers: headersOf(x.replyHeaders), reply: shortened(x.body, x.reply) }))
    if (!exchanges.some(x => x.lost)) this.steps.push({ ask: line, result: Object.fromEntries(Object.entries(result).filter(([name]) => !volatile.includes(name))), exchanges })
    return result
  }

  write(name) {
    if (!process.env.TIDELOCK_RECORD) return
    const dir = join(root, 'plugins', this.plugin, 'recorded')
    mkdirSync(dir, { recursive: true })
    writeFileSync(join(dir, `${name}.json`), `${JSON.stringify(this.steps, null, 1).replaceAll(this.proxy.url, 'http://platform')}\n`)
  }
}
