// Recorded exchanges from ../shared/cases: VCR cassettes in YAML (restforce-db, CumulusCI, frodata) and Betamax ones in
// JSON (zenpy), as one list of {file, method, url, body, status, headers, reply}.
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createRequire } from 'node:module'
import { gunzipSync } from 'node:zlib'

const root = fileURLToPath(new URL('../../../', import.meta.url))
export const cases = resolve(process.env.TIDELOCK_CASES ?? join(root, '../shared/cases'))

function yaml() {
  try { return createRequire(join(root, 'tests/sandbox/package.json'))('yaml') } catch { return null } // `./dev test` installs it
}

// Why there is nothing to replay, or null.
export function absent() {
  if (!existsSync(cases)) return `${cases} is absent (TIDELOCK_CASES)`
  if (!yaml()) return 'the package yaml is not installed in tests/sandbox'
  return null
}

function files(folder) {
  return readdirSync(folder, { withFileTypes: true })
    .flatMap(e => (e.isDirectory() ? files(join(folder, e.name)) : [join(folder, e.name)])).sort()
}

// A body is a text, bytes, or {string}, {base64_string}; gzip where the recorder kept it so.
function text(body) {
  if (body === null || body === undefined) return ''
  if (typeof body === 'string') return body
  let bytes = body
  if (!(body instanceof Uint8Array)) {
    if (typeof body.base64_string === 'string') bytes = Buffer.from(body.base64_string, 'base64')
    else if (body.string instanceof Uint8Array) bytes = body.string
    else return typeof body.string === 'string' ? body.string : '' // a template whose text is not here
  }
  bytes = Buffer.from(bytes)
  return (bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzipSync(bytes) : bytes).toString('utf8')
}

function plainHeaders(headers) {
  const drop = new Set(['content-encoding', 'content-length', 'transfer-encoding', 'connection', 'set-cookie'])
  const out = {}
  for (const [name, value] of Object.entries(headers ?? {}))
    if (!drop.has(name.toLowerCase()) && !/^(Request|Response)-Headers$|^Others$/.test(name)) out[name] = [value].flat().join(', ') // left out by their recorder
  return out
}

const exchange = file => ({ request, response }) => ({
  file, method: request.method.toUpperCase(), url: request.uri, body: text(request.body),
  status: Number(response.status.code), headers: plainHeaders(response.headers), reply: text(response.body),
})

// CumulusCI names whole exchanges in other files: {include_file}. Those are read as files of their own.
function interactions(doc) {
  const list = doc.http_interactions ?? doc.interactions ?? (doc.request ? [doc] : [])
  return list.filter(i => i?.request && i?.response)
}

// One file was edited by hand: the lines of a quoted text begin too far left for YAML 1.2. They are moved to the right.
function mended(source) {
  let open = false
  return source.split('\n').map(line => {
    const moved = open ? ' '.repeat(40) + line : line
    if (open || /: '/.test(line)) open = open !== ((line.match(/'/g) ?? []).length % 2 === 1)
    return moved
  }).join('\n')
}

export function recorded(name) {
  const out = []
  for (const file of files(join(cases, name))) {
    if (/\.ya?ml$/.test(file)) {
      const binary = { tag: '!binary', resolve: s => Buffer.from(s.replace(/\s/g, ''), 'base64') }
      const options = { customTags: [binary, 'binary'], logLevel: 'error', strict: false }
      let parsed = yaml().parseDocument(readFileSync(file, 'utf8'), options)
      if (parsed.errors.length) parsed = yaml().parseDocument(mended(readFileSync(file, 'utf8')), options)
      if (parsed.errors.length) throw new Error(`${file}: ${parsed.errors[0].message}`)
      const doc = parsed.toJS({ maxAliasCount: -1 })
      out.push(...interactions(doc ?? {}).map(exchange(file)))
    } else if (/\.json$/.test(file)) {
      const doc = JSON.parse(readFileSync(file, 'utf8'))
      if (doc.http_interactions) out.push(...interactions(doc).map(exchange(file)))
    }
  }
  return out
}
