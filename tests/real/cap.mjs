// SAP's CAP server with the model of tests/real/cap, on a free port of the loopback address, its data in a folder of its own.
import { cpSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { folder } from '../world/folder.mjs'
import { Process, run } from '../world/process.mjs'
import { installed, node22 } from './npm.mjs'

const parts = ['package.json', 'server.js', 'db', 'srv']

export class Cap {
  user = 'sync'
  password = 'sync-pw'

  // NotInstalled when the packages cannot be had.
  async start() {
    const node = await node22(), packages = await installed('cap')
    this.dir = folder('cap')
    for (const part of parts) cpSync(join(packages, part), join(this.dir, part), { recursive: true })
    symlinkSync(join(packages, 'node_modules'), join(this.dir, 'node_modules'))
    const bin = name => join('node_modules/@sap/cds/bin', name)
    const deployed = await run(node, [bin('deploy.js')], { cwd: this.dir })
    if (deployed.code !== 0) throw new Error(`cds deploy: ${deployed.out}${deployed.err}`)
    this.process = new Process(node, [bin('serve.js'), 'all'], { name: 'cap', cwd: this.dir, env: { ...process.env, PORT: '0', NO_COLOR: '1' } })
    const [, port] = await this.process.line(/server listening on.*?http:\/\/localhost:(\d+)/s)
    this.url = `http://127.0.0.1:${port}/odata/v4/erp`
    return this
  }

  stop() { return this.process?.stop() }

  // { status, headers, text }: numbers in `text` are exact, Decimals as strings.
  async request(method, path, { body, headers, password = this.password } = {}) {
    const reply = await fetch(`${this.url}/${path}`, { method, body: body === undefined ? undefined : JSON.stringify(body), headers: {
      authorization: `Basic ${btoa(`${this.user}:${password}`)}`, accept: 'application/json;IEEE754Compatible=true',
      'content-type': 'application/json;IEEE754Compatible=true', ...headers } })
    return { status: reply.status, headers: reply.headers, text: await reply.text() }
  }

  async get(path) {
    const { status, text } = await this.request('GET', path)
    if (status === 404) return undefined
    if (status !== 200) throw new Error(`GET ${path}: ${status} ${text}`)
    return JSON.parse(text)
  }

  // A person on that platform; `*` because people in its own screens see the newest version.
  async write(method, path, body, headers = { 'if-match': '*' }) {
    const { status, text } = await this.request(method, path, { body, headers })
    if (status >= 300) throw new Error(`${method} ${path}: ${status} ${text}`)
    return text ? JSON.parse(text) : undefined
  }

  order(no) { return this.get(`Orders('${no}')?$expand=items($orderby=pos)`) }
}
