// A server that holds the other end of recorded exchanges: it gives the recorded answer and says how the request that came
// differs from the recorded one, as parsed values, numbers to the last digit. Hosts, logins and our own headers are not
// compared, nor is the body of a DELETE, which means nothing (zenpy sends one).
import http from 'node:http'
import { isDeepStrictEqual } from 'node:util'
import { parse } from '../../sandbox/lib/json.mjs'

function decoded(path) {
  // A trailing slash makes no other resource; an API version that the recording blanked out is any version.
  return path.split('/').filter(Boolean).map(decodeURIComponent).map((s, i, all) => (all[i - 2] === 'services' && all[i - 1] === 'data' ? 'vNN' : s)).join('/')
}

// Both forms of a blank, any order.
function pairs(search) {
  return search.split('&').filter(Boolean).map(p => p.replaceAll('+', ' ')).map(decodeURIComponent).sort()
}

function parsed(body) {
  try { return parse(body) } catch { return body }
}

export function differences(expected, got) {
  const a = new URL(expected.url.replace(/<host>|<[a-z_]+>/g, 'x')), b = new URL(got.url, 'http://x')
  const out = []
  const compare = (what, one, two) => { if (!isDeepStrictEqual(one, two)) out.push(`${what}: ${JSON.stringify(two)} instead of ${JSON.stringify(one)}`) }
  compare('method', expected.method, got.method)
  compare('path', decoded(a.pathname), decoded(b.pathname))
  compare('query', pairs(a.search.slice(1)), pairs(b.search.slice(1)))
  if (expected.method !== 'DELETE' && (expected.body || got.body)) compare('body', parsed(expected.body), parsed(got.body))
  return out
}

export class ReplayServer {
  // `aside(got)` answers what is no part of the recording (logins), or gives null.
  constructor(aside) {
    this.expected = []
    this.aside = aside
    this.server = http.createServer((request, response) => {
      const chunks = []
      request.on('data', chunk => chunks.push(chunk))
      request.on('end', () => this.answer({ method: request.method, url: request.url, headers: request.headers, body: Buffer.concat(chunks).toString() }, response))
    })
  }

  async start() {
    await new Promise(done => this.server.listen(0, '127.0.0.1', done))
    this.url = `http://127.0.0.1:${this.server.address().port}`
    return this
  }

  // The exchanges that the next call is to make. `compare` false: the answers alone.
  expect(exchanges, compare = true) {
    this.expected = [...exchanges]
    this.compare = compare
    this.found = []
  }

  answer(got, response) {
    const aside = this.aside(got)
    if (aside) return this.send(response, aside)
    const next = this.expected.shift()
    if (!next) {
      this.found.push(`one request too many: ${got.method} ${got.url}`)
      return this.send(response, { status: 599, headers: {}, reply: '' })
    }
    if (this.compare) this.found.push(...differences(next, got))
    return this.send(response, next)
  }

  send(response, { status, headers, reply }) {
    response.writeHead(status, headers)
    response.end(status === 204 || status === 304 ? undefined : reply)
  }

  stop() {
    this.server.closeAllConnections()
    return new Promise(done => this.server.close(done))
  }
}
