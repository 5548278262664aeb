// The guide is run: its files are put into a folder page by page, checked, and its tests run; its commands exist.
import test from 'node:test'
import assert from 'node:assert/strict'
import { cpSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { basename, dirname, join, normalize } from 'node:path'
import { readAnnotations } from '../world/annotations.mjs'
import { folder } from '../world/folder.mjs'
import { run } from '../world/process.mjs'
import { root, tool } from '../world/tidelock.mjs'

const guide = join(root, 'scripts/guide')
const read = page => readFileSync(join(guide, page), 'utf8')
const pages = [...read('README.md').matchAll(/^\| \[[^\]]+\]\(([a-z_]+\.md)\) \|/gm)].map(m => m[1])

// { kind, file, text, line } of each fenced block.
function blocksOf(page) {
  return [...read(page).matchAll(/^```(\w*)(?: (.+))?\n([\s\S]*?)^```$/gm)].map(m => {
    const [, kind, info, text] = m, line = read(page).slice(0, m.index).split('\n').length
    const file = kind === 'lua' ? /^-- (\S.*\.lua)\n/.exec(text)?.[1] : info
    if (kind === 'lua') assert.ok(file, `${page}:${line}: the first line of a Lua block names its file: -- flows/order.lua`)
    if (kind === 'json' || kind === 'csv') assert.ok(file, `${page}:${line}: \`\`\`${kind} is followed by its file`)
    return { kind, file, text, line }
  })
}

function put(dir, file, text) {
  const path = normalize(join(dir, file))
  assert.ok(path.startsWith(dirname(dir)), file) // ../support/… is another integration beside it
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, text)
}

async function checks(dir, page, ...more) {
  const { code, out, err } = await tool(['check', dir, ...more])
  assert.equal(code, 0, `${page}\n${out}${err}`)
  const warnings = out.split('\n').filter(l => l.includes(': warning: ') && !l.includes('entities package'))
  assert.deepEqual(warnings, [], page)
}

test('the index names every page', () => {
  assert.deepEqual([...pages, 'README.md'].sort(), readdirSync(guide).sort())
})

test('the guide plays through: every page checks, and its tests pass', async t => {
  const dir = join(folder('guide'), 'acme')
  assert.equal((await tool(['new', dir])).code, 0)
  let ran = 0
  for (const page of pages) {
    const set = new Set(), beside = new Set()
    for (const { kind, file, text, line } of blocksOf(page)) {
      if (kind === 'sh') for (const [, names] of text.matchAll(/^\$ rm (.+)$/gm)) for (const name of names.split(' ')) rmSync(join(dirname(dir), name))
      if (kind === 'sh') for (const [, from, to] of text.matchAll(/^\$ cp (\S+) (\S+\/)$/gm)) cpSync(join(dirname(dir), from), join(dirname(dir), to, basename(from)))
      if (!['lua', 'json', 'csv'].includes(kind)) continue
      if (set.has(file)) await checks(dir, `${page}:${line}`) // before it is written over
      set.add(file)
      if (file.startsWith('../')) beside.add(join(dirname(dir), file.split('/')[1]))
      put(dir, file, text)
    }
    if (page === 'start.md') continue // nothing but stewards yet
    await checks(dir, page)
    const { code, out, err } = await tool(['test', dir])
    assert.equal(code, 0, `${page}\n${out}${err}`)
    ran += Number(/(\d+) passed/.exec(out)[1])
    for (const other of beside) {
      await checks(other, page, '--with', dir)
      const tested = await tool(['test', other])
      assert.equal(tested.code, 0, `${page}\n${tested.out}${tested.err}`)
    }
  }
  assert.ok(ran > 50, `${ran} tests ran`)
  t.diagnostic(`${ran} tests of the guide passed`)
  // What the page about editors says of names is so.
  assert.equal((await tool(['editor', dir])).code, 0)
  const told = readAnnotations(join(dir, '.editor'))
  const names = [...read('editor.md').matchAll(/\b(?:Event|Entity|Contract|System|Lens)\.\w+/g)].map(m => m[0])
  assert.ok(names.length >= 5)
  for (const name of names) assert.ok(told.classes.has(name) || told.aliases.has(name), name)
  if ((await run('bash', ['-c', 'command -v luacheck'])).code !== 0) return t.diagnostic('luacheck is not installed (Debian: lua-check)')
  const luacheck = await run('luacheck', ['--no-color', '.'], { cwd: dir })
  assert.equal(luacheck.code, 0, luacheck.out)
})

test('every command and option of the guide exists', async () => {
  const known = [...(await tool(['reference', 'commands'])).out.matchAll(/^### `tidelock (.+)`$/gm)].map(m => m[1])
  const named = line => known.filter(k => { const words = k.split(/ (?=[A-Z[{]|\w+\|)/)[0]; return line === words || line.startsWith(`${words} `) })
  let count = 0
  for (const page of ['README.md', ...pages])
    for (const { kind, text } of blocksOf(page)) {
      if (kind !== 'sh') continue
      for (const [, line] of text.matchAll(/^\$ tidelock (.+)$/gm)) {
        count++
        const usage = named(line).sort((a, b) => b.length - a.length)[0]
        assert.ok(usage, `${page}: tidelock ${line}`)
        const name = usage.split(/ (?=[A-Z[{]|\w+\|)/)[0]
        const help = (await tool([...name.split(' '), '--help'])).out
        for (const [option] of line.replace(/'[^']*'/g, '').matchAll(/--[a-z-]+/g)) assert.match(help, new RegExp(`^ {2}${option}( |$)`, 'm'), `${page}: tidelock ${line}`)
        // A word such as `retry` in `exceptions retry 17` stands in the usage.
        const word = line.slice(name.length + 1).split(' ')[0]
        if (usage.includes('|') && /^[a-z]+$/.test(word)) assert.match(usage, new RegExp(`\\b${word}\\b`), `${page}: tidelock ${line}`)
      }
    }
  assert.ok(count > 40, `${count} commands`)
})

test('commands named in sentences exist too', async () => {
  const help = (await tool(['--help'])).out
  for (const page of ['README.md', ...pages])
    for (const [, command] of read(page).matchAll(/`tidelock ([a-z]+)/g))
      assert.ok(new RegExp(`^ {2}${command}\\b`, 'm').test(help), `${page}: tidelock ${command}`)
})
