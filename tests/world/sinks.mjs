// Where messages of Tidelock arrive: a webhook's receiver, and a mail server (smtp-server and mailparser of tests/sandbox).
import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { root } from './tidelock.mjs'

const listen = server => new Promise((done, failed) => { server.on('error', failed); server.listen(0, '127.0.0.1', () => done(server.address().port)) })

export class WebhookSink {
  requests = [] // { headers, body }

  async start() {
    this.server = createServer((request, reply) => {
      const parts = []
      request.on('data', part => parts.push(part))
      request.on('end', () => {
        this.requests.push({ headers: request.headers, body: Buffer.concat(parts).toString() })
        reply.statusCode = this.status ?? 204
        reply.end()
      })
    })
    this.url = `http://127.0.0.1:${await listen(this.server)}/hook`
    return this
  }

  stop() { this.server.closeAllConnections(); this.server.close() }
}

// Null when the packages are not installed. refuse(address): true (451) or the code with which a receiver is refused.
export async function mailServer({ refuse } = {}) {
  const require = createRequire(join(root, 'tests/sandbox/package.json'))
  let SMTPServer, simpleParser
  try { ({ SMTPServer } = require('smtp-server')); ({ simpleParser } = require('mailparser')) } catch { return null }
  const mails = [], raw = []
  const post = { mails, raw, lose: 0 } // lose: so many letters are taken without an answer
  const server = new SMTPServer({
    authOptional: true, disabledCommands: ['STARTTLS'], logger: false, closeTimeout: 100,
    onRcptTo: (address, session, done) => {
      const code = refuse?.(address.address)
      done(code ? Object.assign(new Error('come again later'), { responseCode: code === true ? 451 : code }) : undefined)
    },
    onData(stream, session, done) {
      const parts = []
      stream.on('data', part => parts.push(part))
      stream.on('end', async () => {
        raw.push(Buffer.concat(parts).toString())
        mails.push({ ...await simpleParser(Buffer.concat(parts)), envelope: session.envelope })
        if (post.lose-- > 0) server.connections.forEach(connection => connection.close())
        else done()
      })
    },
  })
  server.on('error', () => {}) // a client that goes in the middle
  const port = await listen(server.server)
  return Object.assign(post, { url: `smtp://127.0.0.1:${port}`, stop: () => new Promise(done => server.close(done)) })
}
