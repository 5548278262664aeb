// Tryton 6.0 from Debian's packages on a free port of the loopback address: SQLite, a company of its own (tryton/seed.py), which
// is made once below build/real and copied for each server. Tryton's own answers are the judge of what an ERP holds.
import { createHash } from 'node:crypto'
import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { folder } from '../world/folder.mjs'
import { Process, run } from '../world/process.mjs'
import { root } from '../world/tidelock.mjs'
import { until } from '../world/wait.mjs'
import { NotInstalled } from './npm.mjs'
import { freePort } from './port.mjs'

const seed = join(root, 'tests/real/tryton/seed.py')
const modules = ['party', 'company', 'currency', 'product', 'account', 'account_product', 'account_invoice', 'account_invoice_stock', 'account_payment',
  'account_credit_limit', 'sale', 'sale_credit_limit', 'stock']
const adminPassword = 'admin-pw'

const config = (dir, port) => `[web]
listen = 127.0.0.1:${port}
hostname = 127.0.0.1
[database]
uri = sqlite://
path = ${dir}
[session]
timeout = 3600
[password]
length = 6
`

async function must(what, command, args, options) {
  const { code, out, err } = await run(command, args, options)
  if (code !== 0) throw new Error(`${what}: ${(err + out).trim().split('\n').slice(-8).join('\n')}`)
}

// The file of a company that is ready to sell.
async function company() {
  if (!existsSync('/usr/bin/trytond-admin')) throw new NotInstalled("Debian's tryton-server and its modules are not installed: ./dev real installs them")
  const name = createHash('sha256').update(readFileSync(seed)).update(modules.join()).digest('hex').slice(0, 12)
  const dir = join(root, 'build/real/tryton', name), made = join(dir, 'erp.sqlite')
  if (existsSync(made)) return made
  const work = folder('tryton-company'), conf = join(work, 'trytond.conf'), password = join(work, 'password')
  writeFileSync(conf, config(work, 0))
  writeFileSync(password, `${adminPassword}\n`, { mode: 0o600 })
  writeFileSync(join(work, 'erp.sqlite'), '') // Tryton does not make it
  await must('trytond-admin', '/usr/bin/trytond-admin', ['-c', conf, '-d', 'erp', '--email', 'admin@acme.example', '-u', ...modules, '--activate-dependencies'],
    { env: { ...process.env, TRYTONPASSFILE: password } })
  await must('tryton/seed.py', '/usr/bin/python3', [seed, conf, 'erp'])
  mkdirSync(dir, { recursive: true })
  const part = join(dir, `erp.${process.pid}`) // another test may be making it too
  copyFileSync(join(work, 'erp.sqlite'), part)
  renameSync(part, made)
  return made
}

export class Tryton {
  user = 'sync'
  password = 'sync-pw'

  // NotInstalled when the packages cannot be had.
  async start() {
    const made = await company()
    this.dir = folder('tryton')
    copyFileSync(made, join(this.dir, 'erp.sqlite'))
    this.port = await freePort()
    this.url = `http://127.0.0.1:${this.port}/erp`
    writeFileSync(join(this.dir, 'trytond.conf'), config(this.dir, this.port))
    return this.resume()
  }

  // On the same data and port: after a stop or a kill.
  async resume() {
    this.session = undefined
    this.process = new Process('/usr/bin/trytond', ['-c', join(this.dir, 'trytond.conf'), '-d', 'erp'], { name: 'trytond' })
    await until('trytond', async () => {
      if (this.process.end) throw Object.assign(new Error(`trytond ended:\n${this.process.output.slice(-2000)}`), { stop: true })
      return (await this.post('', 'common.server.version', [])).result
    }, { timeout: 60000, every: 50 })
    return this
  }

  stop() { return this.process?.stop() }
  kill() { return this.process.kill('SIGKILL') }

  async post(path, method, params, headers = {}) {
    const reply = await fetch(`http://127.0.0.1:${this.port}/${path}`, { method: 'POST', body: JSON.stringify({ id: 1, method, params }), headers: { 'content-type': 'application/json', ...headers } })
    if (!reply.ok) throw new Error(`${method}: ${reply.status} ${await reply.text()}`)
    return reply.json()
  }

  // A person on that platform: as the integration's user, which may do all that sellers may.
  async rpc(method, ...params) {
    if (!this.session) {
      const { result } = await this.post('erp/', 'common.db.login', [this.user, { password: this.password }])
      this.session = `Session ${btoa(`${this.user}:${result[0]}:${result[1]}`)}`
      this.id = result[0]
    }
    const { result, error } = await this.post('erp/', method, [...params, { company: 1, language: 'en' }], { authorization: this.session })
    if (error) throw new Error(`${method}: ${JSON.stringify(error).slice(0, 500)}`)
    return result
  }

  records(model, domain, fields) { return this.rpc(`model.${model}.search_read`, domain, 0, null, [['id', 'ASC']], fields) }

  async userId() {
    if (!this.session) await this.rpc('model.res.user.get_preferences', true)
    return this.id
  }

  // Every session ends: the next request of anybody is refused until a new login.
  async endSessions() {
    await must('sessions', '/usr/bin/python3', ['-c', 'import sqlite3,sys; db = sqlite3.connect(sys.argv[1], timeout=20); db.execute("DELETE FROM ir_session"); db.commit()', join(this.dir, 'erp.sqlite')])
    this.session = undefined
  }
}

export const decimal = value => value?.decimal

