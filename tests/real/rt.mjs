// Request Tracker 5 from Debian's packages on a free port of the loopback address: SQLite, a support desk of its own (rt/seed.pl),
// which is made once below build/real and copied for each server. RT's own answers are the judge of what a desk holds.
import { createHash } from 'node:crypto'
import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { folder } from '../world/folder.mjs'
import { Process, run } from '../world/process.mjs'
import { root } from '../world/tidelock.mjs'
import { until } from '../world/wait.mjs'
import { NotInstalled } from './npm.mjs'
import { freePort } from './port.mjs'

const seed = join(root, 'tests/real/rt/seed.pl')
const library = '/usr/share/request-tracker5/lib'
const server = '/usr/share/request-tracker5/libexec/rt-server'

const config = (dir, port, hook) => `Set($rtname, 'acme.example'); Set($Organization, 'acme.example');
Set($DatabaseType, 'SQLite'); Set($DatabaseName, '${dir}/rt.sqlite');
Set($WebDomain, '127.0.0.1'); Set($WebPort, ${port}); Set($WebPath, '');
Set($MailCommand, 'mbox'); Set($Timezone, 'UTC');
Set($LogToSTDERR, 'error'); Set($LogToSyslog, undef); Set($LogToFile, undef); Set($StatementLog, undef);
$RT::VarPath = '${dir}'; $RT::MasonDataDir = '${dir}/mason'; $RT::MasonSessionDir = '${dir}/sessions';
Set($TidelockHook, ${hook ? `'${hook.url}'` : 'undef'}); Set($TidelockToken, '${hook?.token ?? ''}');
1;
`

// Its own configuration and state: nothing of /etc is read, nothing below /var is written, which only root and the web server may.
function environment(dir) {
  for (const part of ['none', 'mason', 'sessions']) mkdirSync(join(dir, part), { recursive: true })
  return { ...process.env, RT_SITE_CONFIG: join(dir, 'RT_SiteConfig.pm'), RT_SITE_CONFIG_DIR: join(dir, 'none') }
}

async function must(what, command, args, options) {
  const { code, out, err } = await run(command, args, options)
  if (code !== 0) throw new Error(`${what}: ${(err + out).trim().split('\n').slice(-8).join('\n')}`)
}

// The folder with rt.sqlite and token of a desk that is open.
async function desk() {
  if (!existsSync(server)) throw new NotInstalled("Debian's request-tracker5, rt5-db-sqlite and starlet are not installed: ./dev real installs them")
  const name = createHash('sha256').update(readFileSync(seed)).digest('hex').slice(0, 12)
  const dir = join(root, 'build/real/rt', name)
  if (existsSync(join(dir, 'token'))) return dir
  const work = folder('rt-desk'), password = join(work, 'password'), env = environment(work)
  writeFileSync(join(work, 'RT_SiteConfig.pm'), config(work, 80))
  writeFileSync(password, 'root-password\n', { mode: 0o600 })
  await must('rt-setup-database', '/usr/sbin/rt-setup-database-5', ['--action', 'init', '--skip-create', '--root-password-file', password], { env })
  await must('rt/seed.pl', '/usr/bin/perl', [`-I${library}`, seed, work], { env })
  mkdirSync(dir, { recursive: true })
  for (const file of ['rt.sqlite', 'token']) { // another test may be making it too
    copyFileSync(join(work, file), join(dir, `${file}.${process.pid}`))
    renameSync(join(dir, `${file}.${process.pid}`), join(dir, file))
  }
  return dir
}

export class Rt {
  // hook: { url, token } where the scrip tells of each transaction. NotInstalled when the packages cannot be had.
  async start({ hook } = {}) {
    const made = await desk()
    this.dir = folder('rt')
    for (const file of ['rt.sqlite', 'token']) copyFileSync(join(made, file), join(this.dir, file))
    this.token = readFileSync(join(this.dir, 'token'), 'utf8')
    this.port = await freePort()
    this.url = `http://127.0.0.1:${this.port}`
    return this.resume({ hook })
  }

  // On the same data and port: after a stop or a kill.
  async resume({ hook = this.hook } = {}) {
    this.hook = hook
    writeFileSync(join(this.dir, 'RT_SiteConfig.pm'), config(this.dir, this.port, hook))
    // At least two workers: one that calls out is busy while its receiver may ask back.
    this.process = new Process(server, ['--server', 'Starlet', '--host', '127.0.0.1', '--port', String(this.port), '--max-workers', '3'], { name: 'rt', env: environment(this.dir), detached: true })
    await until('rt', async () => {
      if (this.process.end) throw Object.assign(new Error(`rt ended:\n${this.process.output.slice(-2000)}`), { stop: true })
      return (await this.request('GET', 'rt')).status === 200
    }, { timeout: 60000, every: 100 })
    return this
  }

  stop() { return this.process?.stop() }
  kill() { return this.process.kill('SIGKILL') }

  async request(method, path, body, headers = {}) {
    const reply = await fetch(`${this.url}/REST/2.0/${path}`, { method, body: body === undefined ? undefined : JSON.stringify(body), headers: { authorization: `token ${this.token}`, 'content-type': 'application/json', ...headers } })
    return { status: reply.status, headers: reply.headers, json: await reply.json().catch(() => undefined) }
  }

  // A person on that platform.
  async write(method, path, body) {
    const { status, json } = await this.request(method, path, body)
    if (status >= 300) throw new Error(`${method} ${path}: ${status} ${JSON.stringify(json)}`)
    return json
  }

  async ticket(id) {
    const { status, json } = await this.request('GET', `ticket/${id}`)
    if (status === 404) return undefined
    return { ...json, CustomFields: Object.fromEntries(json.CustomFields.map(f => [f.name, f.values.length > 1 ? f.values : f.values[0] ?? null])) }
  }

  async tickets(query) {
    const { json } = await this.request('GET', `tickets?per_page=100&orderby=id&query=${encodeURIComponent(query)}`)
    return Promise.all(json.items.map(({ id }) => this.ticket(id)))
  }

  // Types of a ticket's transactions, in their order, but for mails.
  async history(id) {
    const { json } = await this.request('GET', `ticket/${id}/history?per_page=100&fields=Type`)
    return json.items.map(t => t.Type).filter(type => !/Email/.test(type))
  }
}
