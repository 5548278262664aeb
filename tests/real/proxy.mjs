// Stands before a server on a port of 127.0.0.1: keeps what passes, can lose an answer after the server has done its part, and can
// let somebody else act just before a request arrives.
import { createServer, request } from 'node:http'

export class Proxy {
  seen = [] // { method, path, headers, body, status, reply }
  losing = [] // predicates: the answer of the next request that fits is lost
  before = [] // { fits, act }: once, before the next request that fits is passed on

  async start(to) {
    const { hostname, port } = new URL(to)
    this.server = createServer(async (incoming, answer) => {
      const body = await whole(incoming)
      const entry = { method: incoming.method, path: incoming.url, headers: incoming.headers, body: String(body) }
      await taken(this.before, x => x.fits(entry))?.act(entry)
      const onward = request({ hostname, port, method: entry.method, path: entry.path, headers: entry.headers }, async reply => {
        const text = await whole(reply)
        entry.status = reply.statusCode
        entry.replyHeaders = reply.headers
        entry.reply = String(text)
        this.seen.push(entry)
        if (reply.statusCode < 300 && taken(this.losing, fits => fits(entry))) {
          entry.lost = true
          return incoming.socket.destroy()
        }
        const headers = { ...reply.headers }
        delete headers['transfer-encoding']
        answer.writeHead(reply.statusCode, headers).end(text)
      })
      onward.on('error', () => incoming.socket.destroy())
      onward.end(body)
    })
    await new Promise(done => this.server.listen(0, '127.0.0.1', done))
    this.url = `http://127.0.0.1:${this.server.address().port}`
    return this
  }

  // The answer of the next write that succeeds (or of the next request that fits) never arrives.
  loseAnswer(fits = entry => !['GET', 'HEAD'].includes(entry.method)) { this.losing.push(fits) }

  // Somebody acts between our last request and the next one that fits.
  first(fits, act) { this.before.push({ fits, act }) }

  stop() {
    this.server?.close()
    this.server?.closeAllConnections()
  }
}

// The first that fits, taken out of the list.
function taken(list, fits) {
  const at = list.findIndex(fits)
  return at < 0 ? undefined : list.splice(at, 1)[0]
}

async function whole(stream) {
  const chunks = []
  for await (const chunk of stream) chunks.push(chunk)
  return Buffer.concat(chunks)
}
