// The control socket of a running Tidelock: what the command line asks, without starting a program for each question.
import http from 'node:http'
import { join } from 'node:path'

export function ask(data, path, body) {
  return new Promise((done, fail) => {
    const request = http.request({ socketPath: join(data, 'control.sock'), path, method: body ? 'POST' : 'GET', timeout: 10000,
      headers: body ? { 'content-type': 'application/json' } : {} }, reply => {
      let text = ''
      reply.on('data', chunk => { text += chunk })
      reply.on('end', () => {
        if (reply.statusCode >= 400) return fail(Object.assign(new Error(`${path}: ${reply.statusCode} ${text.slice(0, 300)}`), { status: reply.statusCode }))
        try { done(JSON.parse(text)) } catch (error) { fail(error) }
      })
      reply.on('error', fail)
    })
    request.on('timeout', () => request.destroy(new Error(`${path}: no answer`)))
    request.on('error', fail)
    request.end(body ? JSON.stringify(body) : undefined)
  })
}

// Pages of a list: { name: [...], next }.
export async function all(data, path, name) {
  const rows = []
  for (let after = ''; ;) {
    const page = await ask(data, `${path}?limit=500${after ? `&after=${encodeURIComponent(after)}` : ''}`)
    rows.push(...page[name])
    if (!page.next) return rows
    after = page.next
  }
}
