// `tidelock serve` on free ports with a data folder of its own.
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Process, run } from './process.mjs'
import { folder } from './folder.mjs'
import { until } from './wait.mjs'

export const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..')
export const build = resolve(root, process.env.TIDELOCK_BUILD ?? 'build')
export const program = name => join(build, 'bin', name)

export class Tidelock {
  // integration: a folder; null: what was live last. settings, secrets: objects. args: further words for `serve`. binary: another program. listen: an address
  // that platforms are told before it starts, and that stays over restarts.
  constructor({ integration, data = join(folder('tidelock'), 'data'), settings = {}, secrets = {}, args = [], env = {}, binary = program('tidelock'), listen = '127.0.0.1:0', onOutput }) {
    Object.assign(this, { integration, data, settings, secrets, args, env, binary, listen, onOutput })
  }

  async start({ ready = true, timeout = 30000 } = {}) {
    mkdirSync(this.data, { recursive: true })
    const own = dirname(this.data)
    writeFileSync(join(own, 'settings.json'), JSON.stringify(this.settings))
    writeFileSync(join(own, 'secrets.json'), JSON.stringify(this.secrets), { mode: 0o600 })
    rmSync(join(this.data, 'server.json'), { force: true })
    this.process = new Process(this.binary, ['serve', ...(this.integration === null ? [] : [this.integration]), '--data', this.data, '--listen', this.listen,
      '--ops', '127.0.0.1:0', '--settings', join(own, 'settings.json'), '--secrets', join(own, 'secrets.json'), ...this.args],
    { name: 'tidelock', env: { ...process.env, ...this.env }, onOutput: this.onOutput })
    await until('server.json', () => {
      if (this.process.end) throw Object.assign(new Error('ended'), { stop: true })
      return existsSync(join(this.data, 'server.json'))
    }, { timeout, every: 5 }).catch(error => { throw new Error(`tidelock did not start: ${error.message}\n${this.process.output.slice(-4000)}`) })
    this.readAddresses()
    if (ready) await until('readyz', async () => (await fetch(`${this.ops}/readyz`)).ok, { timeout, every: 10 })
    return this
  }

  // Also when settings that were missing came later: then the listener opens only then.
  readAddresses() {
    const { listen, ops } = JSON.parse(readFileSync(join(this.data, 'server.json'), 'utf8'))
    this.url = `http://${listen}`
    this.ops = `http://${ops}`
  }

  // A command against this server: { code, out, err }.
  command(...words) { return run(program('tidelock'), [...words, '--data', this.data]) }

  async json(...words) {
    const { code, out, err } = await this.command(...words, '--json')
    if (code !== 0) throw new Error(`tidelock ${words.join(' ')}: exit ${code}\n${err}`)
    return JSON.parse(out)
  }

  post(system, body, headers = {}) {
    return fetch(`${this.url}/in/${system}`, { method: 'POST', body, headers: { 'content-type': 'application/json', ...headers } })
  }

  async metrics() { return (await fetch(`${this.ops}/metrics`)).text() }

  // Ends it cleanly; another end than 0, also one that a sanitizer forces, is an error that shows the output.
  async stop() {
    const end = await this.process?.stop()
    if (end && end.code !== 0 && end.signal !== 'SIGKILL') throw new Error(`tidelock ended with ${JSON.stringify(end)}:\n${this.process.output.slice(-4000)}`)
    return end
  }

  kill() { return this.process.kill('SIGKILL') }
}

// The program without a server.
export const tool = (words, options) => run(program('tidelock'), words, options)
