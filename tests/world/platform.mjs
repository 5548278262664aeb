// A look-alike platform of tests/sandbox/ and its admin API.
import { join } from 'node:path'
import { Process } from './process.mjs'
import { root } from './tidelock.mjs'

export class Platform {
  constructor(name, args = []) { Object.assign(this, { name, args }) }

  async start(port = 0) {
    this.process = new Process(process.execPath, [join(root, 'tests/sandbox', this.name, 'server.mjs'), '--port', String(port), ...this.args], { name: this.name })
    this.url = (await this.process.line(/listening (http:\S+)/))[1]
    this.port = Number(new URL(this.url).port)
    return this
  }

  async admin(method, path, body) {
    const reply = await fetch(`${this.url}/_admin/${path}`, { method, headers: { 'content-type': 'application/json' }, body: body === undefined ? undefined : JSON.stringify(body) })
    const text = await reply.text()
    if (!reply.ok) throw new Error(`${this.name} ${method} ${path}: ${reply.status} ${text}`)
    return text ? JSON.parse(text) : undefined
  }

  state() { return this.admin('GET', 'state') }
  log() { return this.admin('GET', 'log') }
  fault(fault) { return this.admin('POST', 'faults', fault) }
  clearFaults() { return this.admin('DELETE', 'faults') }
  stop() { return this.process?.stop() }
  kill() { return this.process.kill('SIGKILL') }
}
