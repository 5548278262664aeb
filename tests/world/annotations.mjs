// A strict reader of the annotations we write for the Lua language server: every line is of the subset we use, every type
// parses, and every name that a type uses is declared somewhere. Throws with file and line.
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

const builtin = new Set(['any', 'nil', 'boolean', 'string', 'number', 'integer', 'table', 'function', 'true', 'false'])

// One type off the front of `text`; gives the rest. `use` is called with every name.
export function readType(text, use) {
  let at = 0
  const fail = what => { throw new Error(`${what} at "${text.slice(at, at + 30)}" in "${text}"`) }
  const is = token => text.startsWith(token, at)
  const take = token => { if (!is(token)) fail(`'${token}' expected`); at += token.length }
  const name = () => {
    const found = /^[A-Za-z_][\w.]*/.exec(text.slice(at))?.[0] ?? fail('a name expected')
    at += found.length
    return found
  }
  const list = (close, item) => {
    if (!is(close)) for (item(); is(', '); item()) at += 2
    take(close)
  }
  const member = () => {
    if (is('[')) { take('['); type(); take(']') } else if (is('...')) take('...'); else name()
    if (is('?')) at++
    take(': ')
    type()
  }
  const primary = top => {
    if (is('"')) {
      for (at++; text[at] !== '"'; at++) {
        if (at >= text.length) fail('a text does not end')
        if (text[at] === '\\') at++
      }
      at++
    } else if (is('(')) { take('('); type(); take(')') } else if (is('{ ')) { take('{ '); list(' }', member) } else {
      const word = name()
      if (word === 'fun' && is('(')) {
        take('(')
        list(')', member)
        if (is(': ')) {
          at += 2
          type(top)
          while (top && is(', ')) { at += 2; type(top) }
        }
      } else if (is('<')) {
        use(word)
        take('<')
        list('>', type)
      } else use(word)
    }
    while (is('[]') || is('?')) at += is('?') ? 1 : 2
  }
  const type = top => {
    primary(top)
    while (is('|')) { at++; primary(top) }
  }
  type(true)
  if (at < text.length && text[at] !== ' ') fail('a blank expected')
  return text.slice(at)
}

// { classes: name → { parent, fields: name → type }, aliases, functions: name → { params, overloads } } of a folder.
export function readAnnotations(folder) {
  const out = { classes: new Map(), aliases: new Map(), functions: new Map() }
  const used = []
  for (const file of readdirSync(folder).filter(f => f.endsWith('.lua')).sort()) {
    const lines = readFileSync(join(folder, file), 'utf8').split('\n')
    let block = [], current, generics = new Set()
    lines.forEach((line, i) => {
      const where = `${file}:${i + 1}`
      const fail = what => { throw new Error(`${where}: ${what}: ${line}`) }
      const type = text => {
        try { return readType(text, word => used.push([where, word, generics])) } catch (error) { return fail(error.message) }
      }
      const declare = (map, name, value) => {
        if (map.has(name)) fail(`${name} is declared twice`)
        map.set(name, value)
      }
      let m
      if (line === '') {
        if (block.some(([tag]) => tag === 'param' || tag === 'return')) fail('annotations without a function')
        block = []; current = undefined; generics = new Set()
      } else if ((m = /^---@(\w+) (.+)$/.exec(line)) || (m = /^---@(meta)()$/.exec(line))) {
        const [, tag, rest] = m
        if (tag === 'meta') { if (i !== 0) fail('not the first line') } else if (tag === 'class') {
          m = /^([\w.]+)(?:: ([\w.]+))?$/.exec(rest) ?? fail('a class')
          current = { parent: m[2], fields: new Map() }
          declare(out.classes, m[1], current)
          if (m[2]) used.push([where, m[2], generics])
        } else if (tag === 'alias') {
          m = /^([\w.]+) (.+)$/.exec(rest) ?? fail('an alias')
          declare(out.aliases, m[1], m[2])
          if (type(m[2]) !== '') fail('an alias is a name and a type')
        } else if (tag === 'field') {
          m = /^(\[(?:string|integer|"(?:[^"\\]|\\.)*")\]|\w+)(\??) (.+)$/.exec(rest) ?? fail('a field')
          if (!current) fail('a field below no class')
          declare(current.fields, m[1], m[3])
          type(m[3])
        } else if (tag === 'param') {
          m = /^(\.\.\.|\w+)(\??) (.+)$/.exec(rest) ?? fail('a parameter')
          block.push(['param', m[1], m[3]])
          type(m[3])
        } else if (tag === 'return') { block.push(['return', rest]); type(rest) } else if (tag === 'type') type(rest)
        else if (tag === 'overload') { block.push(['overload', rest]); if (type(rest) !== '') fail('more than a type') } else if (tag === 'generic') generics = new Set(rest.split(', '))
        else if (tag === 'operator') { if (!/^(add|sub|mul|unm)(\([\w.|]+\))?: [\w.]+$/.test(rest)) fail('an operator') } else fail(`there is no ---@${tag} here`)
      } else if (line.startsWith('--')) {
        if (line.startsWith('---@')) fail('a tag that says nothing')
      } else if ((m = /^function ([\w.]+(?::\w+)?)\(([^()]*)\) end$/.exec(line))) {
        const params = m[2] === '' ? [] : m[2].split(', ')
        const told = block.filter(([tag]) => tag === 'param').map(([, name]) => name)
        if (params.join() !== told.join()) fail(`parameters ${told.join(', ')} are annotated`)
        const of = block.filter(([tag]) => tag === 'param').map(([, name, t]) => ({ name, type: t }))
        out.functions.set(m[1], { params: of, overloads: block.filter(([tag]) => tag === 'overload').map(([, t]) => t), file })
        block = []; current = undefined; generics = new Set()
      } else if (/^(local )?\w+ = \{\}$|^return \w+$/.test(line)) { block = []; current = undefined } else fail('no line of ours')
    })
  }
  for (const [where, word, generics] of used)
    if (!builtin.has(word) && !out.classes.has(word) && !out.aliases.has(word) && !generics.has(word))
      throw new Error(`${where}: nothing is called ${word}`)
  return out
}
