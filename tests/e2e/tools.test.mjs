// The commands that need no server.
import test from 'node:test'
import assert from 'node:assert/strict'
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { root, tool } from '../world/tidelock.mjs'
import { cases } from '../world/cases.mjs'
import { folder } from '../world/folder.mjs'

// A reading of JSON that keeps number texts and lets the last of two equal keys win: what must survive a round trip.
function shape(text) {
  let at = 0
  const blank = () => { while (' \t\r\n'.includes(text[at]) && at < text.length) at++ }
  const string = () => {
    const from = at++
    while (text[at] !== '"') at += text[at] === '\\' ? 2 : 1
    return JSON.parse(text.slice(from, ++at))
  }
  const value = () => {
    blank()
    if (text[at] === '{') {
      const out = new Map()
      at++
      for (blank(); text[at] !== '}'; blank()) {
        if (text[at] === ',') at++
        blank()
        const key = string()
        blank()
        at++ // colon
        out.set(key, value())
      }
      at++
      return { object: [...out].sort(([a], [b]) => (a < b ? -1 : 1)) }
    }
    if (text[at] === '[') {
      const out = []
      at++
      for (blank(); text[at] !== ']'; blank()) {
        if (text[at] === ',') at++
        out.push(value())
      }
      at++
      return { array: out }
    }
    if (text[at] === '"') return { string: string() }
    const word = /^[-+.\w]+/.exec(text.slice(at))[0]
    at += word.length
    return { word }
  }
  return value()
}

test('tool json: every valid file of json-nst comes back the same, numbers as text', async t => {
  const dir = cases('json-nst')
  if (!dir) return t.skip('the json-nst cases are not here')
  const files = readdirSync(dir).filter(f => f.startsWith('y_') && f.endsWith('.json'))
  assert.ok(files.length > 80, `${files.length} files`)
  for (const file of files) {
    const input = readFileSync(join(dir, file))
    const { code, out, err } = await tool(['tool', 'json'], { input })
    assert.equal(code, 0, `${file}: ${err}`)
    assert.deepEqual(shape(out), shape(input.toString('utf8')), file)
  }
})

test('tool json: what the standard leaves open never crashes, and is either kept or refused with its place', async t => {
  const dir = cases('json-nst')
  if (!dir) return t.skip('the json-nst cases are not here')
  for (const file of readdirSync(dir).filter(f => f.startsWith('i_'))) {
    const { code, err } = await tool(['tool', 'json'], { input: readFileSync(join(dir, file)) })
    assert.ok(code === 0 || code === 65, `${file}: exit ${code}`)
    if (code === 65) assert.match(err, /\d+:\d+|line \d+/, file)
  }
})

test('tool json: bad input is exit 65 with line and column', async () => {
  for (const [input, place] of [['{"a":1,\n "b":}', /2:6|line 2,? column 6/], ['[1,]', /1:4|line 1,? column 4/], ['', /1:1|line 1/],
    ['[1] x', /1:5|line 1,? column 5/], [Buffer.from('"a\xff"', 'latin1'), /1:3|line 1,? column 3/], ['{"a":01}', /1:|line 1/], ['nul', /1:|line 1/]]) {
    const { code, out, err } = await tool(['tool', 'json'], { input })
    assert.equal(code, 65, JSON.stringify(input))
    assert.equal(out, '')
    assert.match(err, place)
  }
})

test('tool json: depth is limited, not the stack', async () => {
  const { code, err } = await tool(['tool', 'json'], { input: '['.repeat(1_000_000) })
  assert.equal(code, 65)
  assert.match(err, /deep|depth/i)
  assert.equal((await tool(['tool', 'json'], { input: '['.repeat(100) + ']'.repeat(100) })).code, 0)
})

test('tool json: digits, empty containers, null and NUL survive; keys come out sorted', async () => {
  const { out } = await tool(['tool', 'json'], { input: '{"z":9007199254740993,"b":[],"a":{},"c":null,"d":1234567890123.45,"e":1e400,"f":"\\u0000ö","g":-0,"h":19.10}' })
  assert.equal(out.trim(), '{"a":{},"b":[],"c":null,"d":1234567890123.45,"e":1e400,"f":"\\u0000ö","g":-0,"h":19.10,"z":9007199254740993}')
})

async function verdict(vector, change = {}) {
  const dir = folder('hook')
  const file = join(dir, 'secret')
  writeFileSync(file, change.secret ?? vector.secret)
  const headers = { ...vector.headers, ...change.headers }
  const words = ['tool', 'webhook-verify', '--scheme', vector.scheme, '--secret-file', file, '--tolerance', '-1',
    ...Object.entries(headers).flatMap(([k, v]) => ['--header', `${k}: ${v}`])]
  return tool(words, { input: change.body ?? vector.body })
}

test('tool webhook-verify: the published vectors are accepted, and nothing near them', async t => {
  const dir = cases('webhook-signatures')
  if (!dir) return t.skip('the webhook-signatures cases are not here')
  const file = readdirSync(dir).find(f => f.endsWith('.json'))
  let seen = 0
  for (const raw of JSON.parse(readFileSync(join(dir, file), 'utf8'))) {
    const vector = readVector(raw)
    seen++
    const { code, out } = await verdict(vector)
    assert.equal(code, vector.accept ? 0 : 1, `${raw.scheme}: ${out}`)
    if (!vector.accept) continue
    assert.equal((await verdict(vector, { body: vector.body + ' ' })).code, 1, 'another body')
    assert.equal((await verdict(vector, { secret: vector.secret.replace(/.$/, c => (c === 'A' ? 'B' : 'A')) })).code, 1, 'another secret')
  }
  assert.ok(seen >= 5, `${seen} vectors`)
})

// The file's own words for what `webhook-verify` takes.
function readVector(raw) {
  const scheme = ['standard', 'github', 'zendesk'].find(name => raw.scheme.toLowerCase().startsWith(name))
  const accept = !/^REJECT/.test(raw.expected_under_current_formula ?? '')
  return { scheme, secret: raw.secret, headers: raw.headers, body: raw.body ?? '', accept }
}

test('usage errors are exit 64, name the word and the nearest one', async () => {
  for (const [words, text] of [[['stauts'], /did you mean 'status'/], [['serve', 'x', '--dta', 'y'], /did you mean --data/],
    [['serve'], /--data DIR is required/], [['deploy'], /something is missing/], [['deploy', 'x'], /--reason/], [['rollback'], /--reason/], [['check', 'a', 'b'], /too many words/], [['tool', 'webhook-verify'], /--scheme is required/]]) {
    const { code, err } = await tool(words)
    assert.equal(code, 64, words.join(' '))
    assert.match(err, text)
  }
})

test('every command explains itself', async () => {
  const { code, out } = await tool(['--help'])
  assert.equal(code, 0)
  for (const command of ['serve', 'new', 'dev', 'check', 'status', 'trace', 'exceptions', 'pause', 'resume', 'settings', 'secrets', 'doctor', 'deploy', 'plan', 'rollback', 'revisions', 'tool json', 'tool validate', 'contract diff', 'tool webhook-verify', 'verify', 'events']) {
    assert.match(out, new RegExp(`^  ${command} `, 'm'))
    const help = await tool([...command.split(' '), '--help'])
    assert.equal(help.code, 0, command)
    assert.match(help.out, /Options/, command)
    assert.match(help.out, /tidelock /, command)
  }
})

test('commands without a server are exit 69 and say how to start one', async () => {
  const data = join(folder('none'), 'data')
  for (const words of [['status'], ['trace', 'order/1'], ['exceptions'], ['pause', 'system', 'x'], ['settings'], ['doctor'], ['revisions'], ['rollback', '--reason', 'x'], ['plan', join(root, 'scripts/starter')], ['deploy', join(root, 'scripts/starter'), '--reason', 'x']]) {
    const { code, err } = await tool([...words, '--data', data])
    assert.equal(code, 69, words.join(' '))
    assert.match(err, /tidelock serve/)
  }
})

test('new: what it writes checks; an existing folder and a bad name are refused', async () => {
  const dir = join(folder('new'), 'acme')
  const made = await tool(['new', dir])
  assert.equal(made.code, 0, made.err)
  assert.ok(existsSync(join(dir, 'integration.lua')))
  assert.match(readFileSync(join(dir, 'integration.lua'), 'utf8'), /integration "acme"/)
  const checked = await tool(['check', dir])
  assert.equal(checked.code, 0, checked.out + checked.err)
  assert.equal((await tool(['new', dir])).code, 64)
  assert.equal((await tool(['new', join(dir, 'Bad Name')])).code, 64)
})
