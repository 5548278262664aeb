// A connector in a process of its own (driver.c), asked one line at a time.
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { stringify } from '../../sandbox/lib/json.mjs'

const root = fileURLToPath(new URL('../../../', import.meta.url))
const build = resolve(process.env.TIDELOCK_BUILD ?? join(root, 'build'))
const driver = process.env.TL_DRIVER ?? join(build, 'tests/connector_driver')
const plugins = process.env.TL_PLUGINS ?? join(build, 'lib/tidelock/plugins')

export class Connector {
  constructor(name, settings, operations) {
    const args = [plugins, name, JSON.stringify(settings), ...(operations ? [operations] : [])]
    this.child = spawn(driver, args, { stdio: ['pipe', 'pipe', 'pipe'] })
    this.waiting = []
    this.stderr = ''
    this.child.stderr.on('data', chunk => { this.stderr += chunk })
    this.child.stdin.on('error', () => {})
    createInterface({ input: this.child.stdout }).on('line', line => {
      this.line = line // for those to whom every digit counts
      this.waiting.shift()?.done(JSON.parse(line))
    })
    this.child.once('error', error => { this.stderr += error.message }) // 'close' follows
    this.ended = new Promise(done => this.child.once('close', (code, signal) => {
      this.over = true
      for (const { fail } of this.waiting) fail(new Error(`the driver ended (${code ?? signal}): ${this.stderr}`))
      done(code)
    }))
  }

  ask(line) {
    return new Promise((done, fail) => {
      if (this.over) return fail(new Error(`the driver has ended: ${this.stderr}`))
      this.waiting.push({ done, fail })
      this.child.stdin.write(`${stringify(line)}\n`) // numbers that a double would change keep their digits
    })
  }

  call(operation, args, more = {}) { return this.ask({ operation, args, ...more }) }
  capture(object, options, { cursor, rounds = 1 } = {}) { return this.ask({ capture: object, options: { poll: '1ms', ...options }, rounds, ...(cursor ? { cursor } : {}) }) }

  many(operation, object, rows, more = {}) { return this.ask({ many: operation, object, rows, ...more }) }

  // A clean end is part of every test: under a sanitizer it says what leaked.
  async close() {
    this.child.stdin.end()
    const code = await this.ended
    if (code !== 0) throw new Error(`the driver ended with ${code}: ${this.stderr}`)
  }
}
