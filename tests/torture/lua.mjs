// A set of flows as an integration's folder.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { settle_ms, short_ttl_ms } from './platform.mjs'

export function writeIntegration(dir, flows, { durable = true } = {}) {
  const write = (name, text) => { mkdirSync(join(dir, name, '..'), { recursive: true }); writeFileSync(join(dir, name), text) }
  write('integration.lua', integration(durable))
  write('maps.lua', maps)
  write('lib/record.lua', record)
  write('events.lua', [...flows.map(f => `event "start.${f.name}@1" { contract = "contracts/any.json", key = "key", steward = "nobody"${f.kind === 'child' ? '' : `, from = "shop.${f.name.toUpperCase()}"`} }`),
    ...[...'ABCD'].map(letter => `event "tick.${letter.toLowerCase()}@1" { contract = "contracts/any.json", key = "key", steward = "nobody", from = "shop.Tick${letter}" }`),
    'event "made@1" { contract = "contracts/any.json", key = "id", steward = "nobody" }', ''].join('\n'))
  write('contracts/any.json', '{"type": "object"}\n')
  if (durable) for (const [name, ttl] of [['alpha', '10m'], ['beta', `${short_ttl_ms}ms`]]) write(`systems/${name}.json`, JSON.stringify({ operations: operations(ttl) }, null, 1))
  else write('systems/light.json', JSON.stringify({ operations: { put: operations('10m').put } }, null, 1))
  for (const f of flows) write(`flows/${f.name}.lua`, flowText(f))
  write('flows/sink.lua', `flow "sink" {
  on = "made@1", steward = "nobody",
  run = function(ctx, e)
    ctx.sink:store { path = "made/" .. e.data.id, body = { id = e.data.id, run = e.data.run, node = e.data.node, event = e.id } }
  end,
}
`)
  return dir
}

const system = (name, rest) => `system "${name}" {
  connector = "webhook@1", url = setting "${name}.url", timeout = "1s",${rest}
  retry   = { first = "20ms", cap = "200ms", attempts = 50 },
  breaker = { failures = 20, within = "10s", probe_after = "200ms" },
}
`
const integration = durable => `integration "torture" { steward = "nobody" }
steward "nobody" {}
system "shop" { connector = "webhook@1", scheme = "none", type_at = "/type", key = "/key", dedupe = "/id" }
${['alpha', 'beta'].map(name => system(name, ` operations = "systems/${durable ? name : 'light'}.json",`)).join('')}${system('sink', '')}
entity "thing@1" { contract = "contracts/any.json", key = "id", steward = "nobody", owner = "shop" }
`

const fields = ['run', 'key', 'number', 'node', 'uuid', 'at', 'got', 'refuse']
const maps = ['alpha', 'beta'].map(name => `map "${name}.things <- thing@1" { id = as.key "id", ${fields.map(f => `${f} = "${f}"`).join(', ')} }\n`).join('')

const record = `-- What every effect carries: whose it is, and what must be the same when it is repeated.
return function(ctx, e, node, more)
  local r = { id = e.data.id .. "/" .. node, run = e.data.id, key = e.data.key, number = e.data.number, node = node, uuid = ctx:uuid(), at = ctx:now() }
  for name, value in pairs(more or {}) do r[name] = value end
  return r
end
`

function operations(ttl) {
  const args = { type: 'object', required: ['record'], additionalProperties: false, properties: { record: { type: 'object' } } }
  const lookup = name => ({ operation: name, args: { marker: '{request.marker}' }, matches: '/found', id: '/found/0/id' })
  const find = path => ({ effect: 'read', args: { type: 'object', properties: { marker: { type: 'string' } } }, method: 'GET', path, query: { marker: '{marker}' } })
  const post = path => ({ args, method: 'POST', path, body: { record: '{record}', marker: '{request.marker}' }, result: { document: '', id: '/id' } })
  return {
    put: { effect: 'idempotent', args: { type: 'object', required: ['key', 'record'], properties: { key: { type: 'object' }, object: { type: 'string' }, record: { type: 'object' } } },
      method: 'PUT', path: 'things/{key.id}', body: '{record}', result: { document: '', id: '/id' } },
    book: { ...post('bookings'), effect: 'keyed', key_ttl: ttl, settle: `${settle_ms}ms`, headers: { 'Idempotency-Key': '{request.idempotency_key}' }, lookup_by: lookup('find_booking') },
    charge: { ...post('charges'), effect: 'unsafe', settle: `${settle_ms}ms`, lookup_by: lookup('find_charge') },
    fire: { ...post('fires'), effect: 'unsafe', settle: `${settle_ms}ms` },
    find_booking: find('bookings'),
    find_charge: find('charges'),
    clock: { effect: 'read', args: { type: 'object' }, method: 'GET', path: 'clock' },
  }
}

// ---- flows --------------------------------------------------------------------------------------------------------------

function flowText(flow) {
  const keys = [`on = "start.${flow.name}@1"`, 'steward = "nobody"']
  if (flow.kind === 'one_per') keys.push('one_per = "key"', `again = "${flow.again}"`)
  if (flow.kind === 'ordered') keys.push(`order = { "${flow.name}", "/key" }`)
  if (flow.compensate) keys.push('on_failure = "compensate"')
  const text = new Writer(flow).block(flow.body, 2)
  return `local record = require "record"\n\nflow "${flow.name}" {\n  ${keys.join(', ')},\n  run = function(ctx, e)\n${text}${flow.kind === 'child' ? '    return { mark = e.data.id }\n' : ''}  end,\n}\n`
}

class Writer {
  constructor(flow) { this.flow = flow; this.inEach = false }

  block(body, depth) { return body.map(node => this[node.t](node).trimEnd().split('\n').map(line => `${'  '.repeat(depth)}${line}\n`).join('')).join('') }

  node(node, suffix = '') { return this.inEach ? `"${node.id}." .. i${suffix ? ` .. "${suffix}"` : ''}` : `"${node.id}${suffix}"` }

  // more: Lua text of further members
  call(sys, op, node, more, options = '') {
    const rec = `record(ctx, e, ${node}${more ? `, { ${more} }` : ''})`
    if (op === 'put') return `ctx.${sys}:put("thing@1", ${rec}${options ? `, { ${options} }` : ''})`
    const args = op === 'store' ? `{ path = "items/" .. e.data.id .. "/" .. ${node}, body = ${rec} }` : `{ record = ${rec} }`
    return `ctx.${sys}:${op}(${args}${options ? `, { ${options} }` : ''})`
  }

  once(op, node) { return op === 'charge' || op === 'fire' ? [`once = "${this.flow.name}:" .. e.data.id .. ":" .. ${node}`] : [] }

  effect(node) {
    const at = this.node(node), options = this.once(node.op, at)
    if (node.undo) {
      const steps = Array.from({ length: node.undo }, (_, i) => {
        const name = this.node(node, `.u${i + 1}`), op = i === 0 ? 'store' : 'charge'
        return `  ${this.call(node.sys, op, name, '', this.once(op, name).join(''))}\n`
      })
      options.push(`undo = function()\n${steps.join('')}end`)
    }
    return this.call(node.sys, node.op, at, node.refuse ? 'refuse = true' : '', options.join(', '))
  }

  note(node) { return this.call(node.sys, 'store', this.node(node), `got = got_${node.of}`) }
  read(node) { return `local got_${node.id} = "clock " .. ctx.${node.sys}:clock{}.now` }
  sleep(node) { return `ctx:sleep("${node.ms}ms")` }
  emit(node) { return `ctx:emit("made@1", { id = e.data.id .. "/" .. ${this.node(node)}, run = e.data.id, node = ${this.node(node)} })` }
  keep() { return 'ctx:keep()' }
  fail(node) { return `do return ctx:fail("${this.flow.name} ${node.id} fails") end` }

  await(node) {
    const words = [node.type === 'own' ? `"start.${this.flow.name}@1"` : `"tick.${node.type.toLowerCase()}@1"`]
    if (!node.own_key) words.push('key = e.data.id')
    if (node.within) words.push(`within = "${node.within}ms"`)
    if (node.filtered) words.push('when = function(tick) return tick.data.good end')
    return Array.from({ length: node.count }, (_, i) => `local got_${node.id}_${i + 1} = ctx:await{ ${words.join(', ')} }\n` +
      this.call('alpha', 'store', this.node(node, `.${i + 1}`), `got = got_${node.id}_${i + 1} and got_${node.id}_${i + 1}.data.id or "nothing"`)).join('\n')
  }

  branches(node, inside = () => '') {
    return `{\n${Object.entries(node.branches).map(([name, body]) => `  ${name} = function()\n${this.block(body, 2)}${inside(name)}  end,\n`).join('')}}`
  }

  all(node) { return `ctx:all${this.branches(node)}` }
  gather(node) { return `local _, failed_${node.id} = ctx:gather(${this.branches(node)})\nlocal got_${node.id} = "failed " .. table.concat(keys(failed_${node.id}), ",")` }
  first(node) { return `local got_${node.id}\nctx:first${this.branches(node, name => `    got_${node.id} = got_${node.id} or "${name}"\n`)}` }

  each(node) {
    this.inEach = true
    const text = this.block(node.body, 1)
    this.inEach = false
    return `ctx:each({ ${Array.from({ length: node.count }, (_, i) => i + 1).join(', ')} }, { at_most = ${node.at_most} }, function(i)\n${text}end)`
  }

  try(node) {
    const body = this.block(node.body, 1)
    const call = node.how === 'pcall' ? `local _, error_${node.id} = pcall(function()\n${body}end)` : `local _, error_${node.id} = ctx:try(function()\n${body}end)`
    return `${call}\nlocal got_${node.id} = "class " .. tostring(error_${node.id} and error_${node.id}.class)`
  }

  child(node) {
    const id = `e.data.id .. "." .. ${this.node(node)}`
    return `local got_${node.id} = ctx:start("${node.flow}", { id = ${id}, key = ${id}, number = 0 }).mark`
  }
}
