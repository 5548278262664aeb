// Somebody who has never seen a shipped integration and does what its README says: the commands of "Run it", in their order,
// with folders and ports of this test.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { folder } from './folder.mjs'
import { change } from './order_to_cash.mjs'
import { Process, run } from './process.mjs'
import { Tidelock, program } from './tidelock.mjs'
import { until } from './wait.mjs'

const shipped = join(program('x'), '../../share/tidelock')

export class Newcomer {
  constructor(name) {
    this.name = name
    this.home = folder(name)
    this.dir = join(this.home, 'acme')
    this.readme = readFileSync(join(shipped, name, 'README.md'), 'utf8')
    this.settings = Object.keys(JSON.parse(readFileSync(join(shipped, name, 'settings.json'), 'utf8')))
    this.secrets = this.secretNames()
  }

  // The words of the README's n-th command of that name, as they are typed there.
  words(verb, n = 0) {
    const lines = [...this.readme.matchAll(/^ {4}tidelock (.*)$/gm)].map(m => m[1].replace(/ +#.*$/, '')).filter(line => line.split(' ')[0] === verb)
    if (!lines[n]) throw new Error(`${this.name}/README.md has no command ${n + 1} 'tidelock ${verb}'`)
    const here = word => word.replace('/var/lib/tidelock', join(this.home, 'data')).replace(/^acme(?=\/|$)/, this.dir).replace(/^secrets\.json$/, join(this.home, 'secrets.json'))
    return lines[n].match(/'[^']*'|\S+/g).map(word => here(word.replace(/^'|'$/g, '')))
  }

  // Does it, with more words where the README names them.
  async does(verb, n, ...more) {
    const words = [...this.words(verb, n), ...more], got = await run(program('tidelock'), words)
    if (got.code !== 0) throw new Error(`tidelock ${words.join(' ')}: exit ${got.code}\n${got.out}${got.err}`)
    return got.out
  }

  // Puts a variant over the folder with the commands below its name in bold; its settings and secrets stand for those of the systems that go.
  async lays(variant) {
    const block = this.readme.slice(this.readme.indexOf(`**${variant}.**`)).match(/\n\n((?: {4}\S.*\n)+)/)?.[1]
    const row = this.readme.split('\n').find(line => line.startsWith(`| ${variant} | `))
    if (!block || !row) throw new Error(`${this.name}/README.md has no commands or no row of '${variant}'`)
    const { code, out, err } = await run('/bin/sh', ['-e', '-c', block], { cwd: this.home })
    if (code !== 0) throw new Error(`${block}: exit ${code}\n${out}${err}`)
    const [gone, settings, secrets] = row.split('|').slice(2, 5).map(cell => [...cell.matchAll(/`([^`]+)`/g)].map(m => m[1]))
    const stays = name => !gone.some(system => name.startsWith(`${system}.`))
    this.settings = [...this.settings.filter(stays), ...settings]
    this.secrets = [...this.secrets.filter(stays), ...secrets]
  }

  edit(file, how) { change(this.dir, file, how) }

  // The names of secrets that the README lists.
  secretNames() {
    const table = /^\| secret \| what \|\n((?:\|.*\n)+)/m.exec(this.readme)?.[1] ?? ''
    return table.split('\n').slice(1).flatMap(row => [...(row.split('|')[1] ?? '').matchAll(/`([^`]+)`/g)].map(m => m[1]))
  }

  // Everything that the sample settings and the README name, and nothing else.
  fillIn(given) {
    const { settings, secrets } = this.given = given
    const pick = (from, names, what) => Object.fromEntries(names.map(name => {
      if (!(name in from)) throw new Error(`${this.name} asks for the ${what} ${name}, which this test does not know`)
      return [name, from[name]]
    }))
    writeFileSync(join(this.dir, 'settings.json'), JSON.stringify(pick(settings, this.settings, 'setting')))
    writeFileSync(join(this.home, 'secrets.json'), JSON.stringify(pick(secrets, this.secrets, 'secret')), { mode: 0o600 })
  }

  async serve() {
    this.tidelock = new Tidelock({ integration: null, data: join(this.home, 'data') })
    this.tidelock.process = new Process(program('tidelock'), [...this.words('serve'), '--listen', '127.0.0.1:0', '--ops', '127.0.0.1:0'], { name: 'tidelock' })
    await until('the server to be ready', async () => {
      if (this.tidelock.process.end) throw Object.assign(new Error(`it ended:\n${this.tidelock.process.output.slice(-4000)}`), { stop: true })
      this.tidelock.readAddresses()
      return (await fetch(`${this.tidelock.ops}/readyz`)).ok
    })
    await until('the first look of every capture', async () => (await this.tidelock.json('status')).engine.captures.every(c => c.last_success || c.paused))
    return this.tidelock
  }

  stop() { return this.tidelock?.stop() }
}
