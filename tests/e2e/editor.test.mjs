// What editors are told: annotations that parse and name what the integration has, luacheck, and when which file is written.
import test from 'node:test'
import assert from 'node:assert/strict'
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { readAnnotations, readType } from '../world/annotations.mjs'
import { folder } from '../world/folder.mjs'
import { Process, run } from '../world/process.mjs'
import { program, root, tool } from '../world/tidelock.mjs'
import { until } from '../world/wait.mjs'

function copy(name) {
  const dir = join(folder('editor'), name)
  cpSync(join(root, 'scripts', name), dir, { recursive: true })
  return dir
}
const change = (dir, file, how) => writeFileSync(join(dir, file), how(readFileSync(join(dir, file), 'utf8')))
const editor = async (dir, ...words) => {
  const { code, out, err } = await tool(['editor', dir, ...words])
  assert.equal(code, 0, out + err)
  return readAnnotations(join(dir, '.editor'))
}

test('the reader of annotations is strict', () => {
  const used = []
  assert.equal(readType('table<string, fun(a: x.Y, b?: "q"|integer[]): any>? help', w => used.push(w)), ' help')
  assert.deepEqual(used, ['table', 'string', 'x.Y', 'integer', 'any'])
  for (const wrong of ['', 'a|', '{ a string }', 'fun(a): b', 'table<a', '"x', 'a[', 'a]']) assert.throws(() => readType(wrong, () => {}), undefined, wrong)
})

test('a new integration knows its events, systems and operations', async () => {
  const dir = join(folder('editor'), 'acme')
  assert.equal((await tool(['new', dir])).code, 0)
  const told = readAnnotations(join(dir, '.editor'))
  assert.equal(told.classes.get('Event.customer_changed_1').fields.get('data'), 'Contract.customer_v1')
  assert.deepEqual([...told.classes.get('Contract.customer_v1').fields.keys()].sort(), ['country', 'credit', 'customer_no', 'name'])
  assert.equal(told.classes.get('Ctx').fields.get('receiver'), 'System.receiver')
  assert.ok(told.functions.get('System_receiver:store'))
  assert.match(readFileSync(join(dir, 'flows.lua'), 'utf8'), /---@param e Event\.customer_changed_1\n/)
  assert.match(readFileSync(join(dir, '.gitignore'), 'utf8'), /^\.editor\/$/m)
  const { 'workspace.library': library, 'runtime.version': version } = JSON.parse(readFileSync(join(dir, '.luarc.json'), 'utf8'))
  assert.deepEqual([library, version], [['.editor'], 'Lua 5.4'])
  assert.equal((await tool(['check', dir])).code, 0)
})

test('order-to-cash: contracts with their types, kinds with the operations of a file, flows by name', async () => {
  const dir = copy('order-to-cash'), told = await editor(dir)
  const order = told.classes.get('Contract.order_v1').fields
  assert.equal(order.get('customer'), 'Contract.customer_v1 Who buys')
  assert.equal(order.get('lines'), 'Contract.order_v1.lines.item[]')
  assert.match(order.get('total'), /^tidelock\.Number net of tax/)
  assert.match(told.classes.get('Contract.order_status_v1').fields.get('status'), /^"new"\|"accepted"\|/)
  for (const target of ['erp', 'erp_de']) assert.equal(told.functions.get(`System_${target}:credit_status`).params[0].type, `Args.${target}.credit_status`)
  assert.ok(told.classes.get('Args.erp.credit_status').fields.has('account_no'))
  assert.match(told.aliases.get('Name.event'), /(^|\|)"order\.won@1"/)
  assert.ok(told.functions.get('flow').overloads.includes('fun(name: "credit"): fun(body: Flow.credit)'))
  assert.equal(told.classes.get('Flow.credit').fields.get('run'), 'fun(ctx: Ctx, e: Event.order_prepared_1, state: any): any')
  assert.ok(told.functions.get('Ctx:emit').overloads.includes('fun(self: Ctx, event: "order.won@1", data: Contract.order_v1)'))
  assert.ok(told.functions.get('lens').overloads.includes('fun(title: "customer@1 <-> erp.BusinessPartners"): fun(fields: table): Lens.customer_1_____erp_BusinessPartners'))
  assert.equal(told.classes.get('Lens.customer_1_____erp_BusinessPartners').parent, 'tidelock.Lens')
  assert.equal(told.functions.get('Lens_customer_1_____erp_BusinessPartners.put').params[0].type, 'Entity.customer_1')
  // The same folder again changes nothing; a new field of a contract is told.
  const before = readFileSync(join(dir, '.editor/integration.lua'), 'utf8')
  change(dir, 'contracts/order.v1.json', text => text.replace('"reference":', '"odd-name": {"enum": ["a \\"b\\"", 1, null]}, "reference":'))
  assert.equal((await editor(dir)).classes.get('Contract.order_v1').fields.get('["odd-name"]'), '"a \\"b\\""|integer|nil')
  assert.notEqual(readFileSync(join(dir, '.editor/integration.lua'), 'utf8'), before)
})

test('an integration with errors is described as far as it goes', async () => {
  const dir = copy('order-to-cash')
  change(dir, 'integration.lua', text => text.replace('connector   = "salesforce@1"', 'connector   = "nothing@1"'))
  change(dir, 'flows/credit.lua', text => text.replace('"order.prepared@1"', '"order.nowhere@1"'))
  change(dir, 'contracts/support_case.v1.json', () => '{"type": "nonsense"}')
  const told = await editor(dir)
  assert.equal(told.classes.get('Event.case_changed_1').fields.get('data'), 'table')
  assert.equal(told.functions.has('System_salesforce:upsert'), false)
  assert.ok(told.functions.has('System_salesforce:put'))
  assert.equal(told.classes.get('Flow.credit').fields.get('run'), 'fun(ctx: Ctx, e: Event, state: any): any')
  const { code, err } = await tool(['editor', join(dir, 'nowhere')])
  assert.equal(code, 65, err)
})

test('what people have made their own stays', async () => {
  const dir = copy('starter')
  await editor(dir)
  writeFileSync(join(dir, '.luarc.json'), '{"mine": true}')
  change(dir, '.luacheckrc', text => text.replace('max_line_length', 'max_code_line_length'))
  await editor(dir)
  assert.equal(readFileSync(join(dir, '.luarc.json'), 'utf8'), '{"mine": true}')
  assert.doesNotMatch(readFileSync(join(dir, '.luacheckrc'), 'utf8'), /max_code_line_length/)
  change(dir, '.luacheckrc', text => 'max_line_length = 80\n' + text.replace(/^--.*\n/, ''))
  await editor(dir)
  assert.match(readFileSync(join(dir, '.luacheckrc'), 'utf8'), /^max_line_length = 80\n/)
  assert.deepEqual(readdirSync(join(dir, '.editor')).filter(f => !f.endsWith('.lua')), [])
})

test('luacheck finds nothing in what is shipped, and a mistake that is made', async t => {
  if ((await run('bash', ['-c', 'command -v luacheck'])).code !== 0) return t.skip('luacheck is not installed (Debian: lua-check)')
  for (const name of ['starter', 'order-to-cash']) {
    const dir = copy(name)
    await editor(dir)
    const luacheck = () => run('luacheck', ['--no-color', '.'], { cwd: dir })
    const good = await luacheck()
    assert.equal(good.code, 0, good.out)
    assert.match(good.out, /Total: 0 warnings \/ 0 errors in [1-9]\d* files/)
    mkdirSync(join(dir, 'lib'), { recursive: true })
    writeFileSync(join(dir, 'lib/wrong.lua'), 'local m = {}\nfunction m.now() return os.time() + math.random(3) end\nprint(flwo, describe)\nnew = 1\nreturn m\n')
    const bad = await luacheck()
    assert.equal(bad.code, 1)
    for (const what of ["'?os'?", 'random', "'?flwo'?", "'?describe'?", "'?new'?"]) assert.match(bad.out, new RegExp(`lib/wrong\\.lua:\\d.*${what}`))
  }
})

test('the command of the guide and of --help finds nothing in what is new', async t => {
  if ((await run('bash', ['-c', 'command -v luacheck'])).code !== 0) return t.skip('luacheck is not installed (Debian: lua-check)')
  const dir = copy('starter')
  await editor(dir)
  const guide = /^\$ (.*luacheck.*)$/m.exec(readFileSync(join(root, 'scripts/guide/editor.md'), 'utf8'))[1]
  const help = /tidelock editor acme && (.*luacheck.*)$/m.exec((await tool(['editor', '--help'])).out)[1]
  for (const written of [guide, help]) {
    const { code, out } = await run('bash', ['-c', written.replaceAll('acme', dir)])
    assert.equal(code, 0, `${written}\n${out}`)
  }
})

test('dev tells editors what was saved, where they were told before', async t => {
  const dir = copy('starter')
  await editor(dir)
  const dev = new Process(program('tidelock'), ['dev', dir, '--listen', '127.0.0.1:0', '--ops', '127.0.0.1:0'], { name: 'dev' })
  t.after(() => dev.stop())
  change(dir, 'contracts/customer.v1.json', text => text.replace('"name": {', '"nick_name": {"type": "string"}, "name": {'))
  await until('told', () => readFileSync(join(dir, '.editor/integration.lua'), 'utf8').includes('---@field nick_name? string'))
  readAnnotations(join(dir, '.editor'))
})

test('reference: pages, one page, a folder; everything in it has a sentence', async () => {
  const all = await tool(['reference'])
  assert.equal(all.code, 0, all.err)
  const dir = join(folder('reference'), 'pages')
  assert.equal((await tool(['reference', '--out', dir])).code, 0)
  const pages = readdirSync(dir).sort()
  assert.deepEqual(pages, ['commands.md', 'ctx.md', 'declarations.md', 'libraries.md', 'maps.md', 'tests.md', 'values.md'])
  for (const page of pages) {
    const text = readFileSync(join(dir, page), 'utf8')
    assert.ok(all.out.includes(text), page)
    assert.equal((await tool(['reference', page.replace('.md', '')])).out, text)
  }
  const declarations = readFileSync(join(dir, 'declarations.md'), 'utf8')
  assert.match(declarations, /^\| \*\*`connector`\*\* \| text \| /m)
  assert.match(declarations, /^\| `again` \| `"ignore"` `"deliver"` `"restart"` \| /m)
  assert.doesNotMatch(declarations, /\|  \|$/m)
  // Every command of --help, with its options and every status.
  const commands = readFileSync(join(dir, 'commands.md'), 'utf8'), help = (await tool(['--help'])).out
  for (const [, name] of help.matchAll(/^ {2}(\S+(?: (?:doc|laws|lineage|diff|json|validate|webhook-verify)\b)?)/gm)) assert.ok(commands.includes(`### \`tidelock ${name}`), name)
  assert.ok(commands.includes(/^Exit status: .*$/m.exec(help)[0]))
  assert.match(commands, /^- `--against OLD_DIR`: /m)
  assert.equal((await tool(['help', 'ctx'])).out, readFileSync(join(dir, 'ctx.md'), 'utf8'))
  assert.match((await tool(['help', 'check'])).out, /^tidelock check DIR$/m)
  const unknown = await tool(['help', 'declaration'])
  assert.equal(unknown.code, 64)
  assert.match(unknown.err, /there is no command 'declaration'.*did you mean 'declarations'\?/)
  const wrong = await tool(['reference', 'contx'])
  assert.equal(wrong.code, 64)
  assert.match(wrong.err, /did you mean 'ctx'\?/)
})

test('check warns of fields that no contract has, with file, line and the nearest name', async () => {
  const dir = copy('order-to-cash')
  change(dir, 'flows/credit.lua', text => text.replace('{ order_no = order.order_no,', '{ order_no = order.oder_no,'))
  change(dir, 'maps/order.lua', text => text.replace('CustomerReference = "reference"', 'CustomerReference = "refrence"'))
  const { code, out } = await tool(['check', dir])
  assert.equal(code, 0, out)
  assert.match(out, /^flows\/credit\.lua:29: warning: 'oder_no' is read, and contracts\/order\.v1\.json has no such field; did you mean 'order_no'\?$/m)
  assert.match(out, /^maps\/order\.lua:45: warning: 'refrence' is read, .* did you mean 'reference'\?$/m)
  const findings = JSON.parse((await tool(['check', dir, '--json'])).out).findings.filter(f => f.text.includes('no such field'))
  assert.deepEqual(findings.map(f => [f.severity, f.file, f.line]), [['warning', 'flows/credit.lua', 29], ['warning', 'maps/order.lua', 45]])
  assert.ok(existsSync(join(dir, 'flows/credit.lua')))
})
