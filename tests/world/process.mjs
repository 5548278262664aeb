// One child process of ours: collects its output, knows how it ended, and is never left behind.
import { spawn } from 'node:child_process'

// With `detached: true` it leads a group of processes (a server with workers), which is ended as one.
const running = new Set()
const signalTo = (child, signal) => {
  if (!child.leads) return child.kill(signal)
  try { return process.kill(-child.pid, signal) } catch { return false } // all gone already
}
process.on('exit', () => { for (const child of running) signalTo(child, 'SIGKILL') })
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(130))

export class Process {
  constructor(command, args, options = {}) {
    this.output = ''
    this.name = options.name ?? command
    this.child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options })
    this.child.leads = options.detached === true
    running.add(this.child)
    const keep = chunk => {
      this.output = (this.output + chunk).slice(-(options.keep ?? 200000))
      options.onOutput?.(String(chunk))
    }
    this.child.stdout.on('data', keep)
    this.child.stderr.on('data', keep)
    this.ended = new Promise(done => {
      this.child.on('error', error => { running.delete(this.child); done({ error }) })
      this.child.on('close', (code, signal) => { running.delete(this.child); this.end = { code, signal }; done(this.end) })
    })
  }

  get pid() { return this.child.pid }

  // The first match of `pattern` in the output; an early end is an error that shows the output.
  async line(pattern, timeout = 30000) {
    const found = () => pattern.exec(this.output)
    if (found()) return found()
    let timer
    const late = new Promise(done => { timer = setTimeout(done, timeout, 'late') })
    const seen = new Promise(done => {
      const look = () => { if (found()) done('seen') }
      this.child.stdout.on('data', look)
      this.child.stderr.on('data', look)
    })
    const what = await Promise.race([late, seen, this.ended])
    clearTimeout(timer)
    if (found()) return found()
    throw new Error(`${this.name}: no ${pattern} (${what === 'late' ? `after ${timeout} ms` : JSON.stringify(what)}):\n${this.output.slice(-4000)}`)
  }

  kill(signal = 'SIGKILL') { signalTo(this.child, signal); return this.ended }
  stop() { return this.end ? this.ended : this.kill('SIGTERM') }
}

// Runs a command to its end.
export function run(command, args, { input, env, cwd } = {}) {
  return new Promise((done, fail) => {
    const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'], env: env ?? process.env, cwd })
    let out = '', err = ''
    child.stdout.on('data', chunk => { out += chunk })
    child.stderr.on('data', chunk => { err += chunk })
    child.on('error', fail)
    child.on('close', (code, signal) => done({ code, signal, out, err }))
    child.stdin.on('error', () => {}) // it may end without reading
    child.stdin.end(input ?? '')
  })
}
