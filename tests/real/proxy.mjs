// Stands before a server on a port of 127.0.0.1: keeps what passes, and can lose an answer after the server has done its part.
import { createServer, request } from 'node:http'

export class Proxy {
  seen = [] // { method, path, headers, body, status }
  losing = 0

  async start(to) {
    const { hostname, port } = new URL(to)
    this.server = createServer(async (incoming, answer) => {
      const body = await whole(incoming)
      const entry = { method: incoming.method, path: incoming.url, headers: incoming.headers, body: String(body) }
      const onward = request({ hostname, port, method: entry.method, path: entry.path, headers: entry.headers }, async reply => {
        const text = await whole(reply)
        entry.status = reply.statusCode
        this.seen.push(entry)
        if (this.losing > 0 && !['GET', 'HEAD'].includes(entry.method) && reply.statusCode < 300) {
          this.losing--
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

  // The answer of the next write that succeeds never arrives.
  loseAnswer() { this.losing++ }

  stop() {
    this.server?.close()
    this.server?.closeAllConnections()
  }
}

async function whole(stream) {
  const chunks = []
  for await (const chunk of stream) chunks.push(chunk)
  return Buffer.concat(chunks)
}
