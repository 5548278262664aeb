// Starting, stopping, being killed, being changed and installed.
import test from 'node:test'
import assert from 'node:assert/strict'
import { copyFileSync, cpSync, existsSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { folder } from '../world/folder.mjs'
import { change } from '../world/order_to_cash.mjs'
import { Process, run } from '../world/process.mjs'
import { Shop, shopIntegration } from '../world/shop.mjs'
import { build, program, root, tool } from '../world/tidelock.mjs'
import { until } from '../world/wait.mjs'

async function start(t, options) {
  const shop = new Shop(options)
  t.after(() => shop.stop())
  return shop.start()
}

test('killed with work waiting: it is taken up again, once and in order', async t => {
  const shop = await start(t)
  await shop.tidelock.command('pause', 'system', 'erp', '--reason', 'so that work waits')
  for (let n = 1; n <= 30; n++) await shop.change('K-1', n)
  await shop.arrived(shop.desk, 'K-1', 30)
  await shop.tidelock.kill()
  await shop.tidelock.start()
  await until('taken up', async () => (await shop.flow('erp')).unfinished === 30)
  await shop.tidelock.command('resume', 'system', 'erp')
  await shop.arrived(shop.erp, 'K-1', 30)
  assert.deepEqual(await shop.numbers(shop.erp, 'K-1'), Array.from({ length: 30 }, (_, i) => i + 1))
  assert.deepEqual(await shop.numbers(shop.desk, 'K-1'), Array.from({ length: 30 }, (_, i) => i + 1))
  await shop.finished()
  const again = await shop.change('K-1', 7)
  assert.equal(again.duplicate, true, 'deduplication outlives the kill')
})

test('another number of lanes changes nothing', async t => {
  const shop = await start(t, { args: ['--lanes', '4'] })
  await shop.tidelock.command('pause', 'system', 'erp', '--reason', 'so that work waits')
  for (let n = 1; n <= 20; n++) for (const order of ['L-1', 'L-2', 'L-3']) await shop.change(order, n)
  await shop.tidelock.stop()
  shop.tidelock.args = ['--lanes', '1']
  await shop.tidelock.start()
  await shop.tidelock.command('resume', 'system', 'erp')
  for (const order of ['L-1', 'L-2', 'L-3']) {
    await shop.arrived(shop.erp, order, 20)
    assert.deepEqual(await shop.numbers(shop.erp, order), Array.from({ length: 20 }, (_, i) => i + 1))
  }
})

test('a clean stop ends with 0, also while calls are under way; a second server on the same data is refused', async t => {
  const shop = await start(t)
  const second = await tool(['serve', shop.tidelock.integration, '--data', shop.tidelock.data, '--listen', '127.0.0.1:0', '--ops', '127.0.0.1:0'])
  assert.notEqual(second.code, 0)
  assert.match(second.err, /in use|another|already/i)
  await shop.erp.fault([{ fault: 'slow', ms: 2000, match: { method: 'PATCH' } }])
  for (let n = 1; n <= 5; n++) await shop.change(`S-${n}`, 1)
  await until('calls under way', async () => (await shop.system('erp')).in_flight > 0)
  const { code } = await shop.tidelock.stop()
  assert.equal(code, 0)
  const sound = await tool(['verify', '--data', shop.tidelock.data])
  assert.equal(sound.code, 0, sound.out + sound.err)
  await shop.erp.clearFaults()
  await shop.tidelock.start()
  for (let n = 1; n <= 5; n++) await shop.arrived(shop.erp, `S-${n}`, 1)
})

test('a flow with waiting work that is removed stops the start, or is parked', async t => {
  const shop = await start(t)
  await shop.tidelock.command('pause', 'flow', 'erp', '--reason', 'so that work waits')
  for (let n = 1; n <= 3; n++) await shop.change(`G-${n}`, 1)
  await until('three wait', async () => (await shop.flow('erp')).unfinished === 3)
  await shop.tidelock.stop()
  change(shop.tidelock.integration, 'flows.lua', text => text.replace(/^flow "erp".*$/m, ''))
  const refused = await tool(['serve', shop.tidelock.integration, '--data', shop.tidelock.data, '--listen', '127.0.0.1:0', '--ops', '127.0.0.1:0'])
  assert.notEqual(refused.code, 0)
  assert.match(refused.err, /erp/)
  assert.match(refused.err, /3/)
  assert.match(refused.err, /--park-removed/)
  shop.tidelock.args = ['--park-removed']
  await shop.tidelock.start()
  const parked = await until('three parked', async () => { const all = await shop.exceptions(); return all.length === 3 && all })
  assert.ok(parked.every(e => e.flow === 'erp'), JSON.stringify(parked))
})

test('an integration that does not check is not served; every mistake is told with its place', async () => {
  const dir = shopIntegration(d => {
    change(d, 'flows.lua', text => text.replace('ctx.erp:put', 'ctx.erpp:put').replace('ctx.desk:put("change@1", e.data)', 'ctx.emit("order.chnged@1", e.data)'))
    change(d, 'integration.lua', text => text.replace('steward = "nobody" }\nsteward', 'stewrd = "nobody" }\nsteward'))
  })
  const { code, out } = await tool(['check', dir])
  assert.equal(code, 65)
  assert.match(out, /integration\.lua:2: error: .*stewrd.*did you mean.*steward/)
  assert.match(out, /flows\.lua:1: error: .*erpp.*erp/)
  const served = await tool(['serve', dir, '--data', join(folder('bad'), 'data'), '--listen', '127.0.0.1:0', '--ops', '127.0.0.1:0'])
  assert.notEqual(served.code, 0)
  assert.match(served.err, /nothing was started/)
})

test('order-to-cash and the starter check without errors', async () => {
  for (const name of ['order-to-cash', 'starter']) {
    const { code, out, err } = await tool(['check', join(root, 'scripts', name)])
    assert.equal(code, 0, out + err)
    assert.match(out, /0 errors/)
  }
})

test('connectors: a file that is not one and one outside the folder are refused with the reason', async () => {
  const plugins = join(folder('plugins'), 'plugins')
  cpSync(join(build, 'lib/tidelock/plugins/'), plugins, { recursive: true, dereference: true })
  const dir = name => shopIntegration(d => change(d, 'integration.lua', text => text.replace('connector = "odata@1"', `connector = "${name}"`)))
  writeFileSync(join(plugins, 'notes.so'), 'this is no connector\n')
  copyFileSync(program('tidelock'), join(plugins, 'program.so'))
  writeFileSync(join(plugins, 'half.so'), readFileSync(join(plugins, 'odata.so')).subarray(0, 4000))
  for (const [name, why] of [['notes@1', /ELF|not a connector/i], ['program@1', /manifest|connector/i], ['half@1', /half\.so/], ['odata@7', /odata/], ['odatta@1', /odata/], ['../odata@1', /connector|name/]]) {
    const { code, out } = await tool(['check', dir(name), '--plugins', plugins])
    assert.equal(code, 65, `${name}: ${out}`)
    assert.match(out, why, name)
  }
  const outside = join(folder('outside'), 'odata.so')
  copyFileSync(join(plugins, 'odata.so'), outside)
  symlinkSync(outside, join(plugins, 'linked.so'))
  const { code, out } = await tool(['check', dir('linked@1'), '--plugins', plugins])
  assert.equal(code, 65, out)
  assert.match(out, /plugins folder|outside|link/i)
})

test('a damaged journal stops the start and says which file', async t => {
  const shop = await start(t)
  for (let n = 1; n <= 20; n++) await shop.change(`D-${n}`, 1)
  await shop.finished()
  await shop.tidelock.stop()
  const { out } = await run('find', [join(shop.tidelock.data, 'journal'), '-type', 'f', '-size', '+4k', '-not', '-name', '*.db*'])
  const file = out.trim().split('\n')[0]
  const bytes = readFileSync(file)
  const at = bytes.indexOf('"D-5"')
  assert.ok(at > 0, `payloads are readable in ${file}`)
  bytes[at + 2] ^= 1
  writeFileSync(file, bytes)
  const { code, out: told, err } = await tool(['verify', '--data', shop.tidelock.data])
  assert.notEqual(code, 0)
  assert.match(told + err, new RegExp(basename(file).replaceAll('.', '\\.')))
})

test('cmake --install: it checks and serves from there', async t => {
  const prefix = join(folder('install'), 'prefix')
  const installed = await run('cmake', ['--install', build, '--prefix', prefix])
  assert.equal(installed.code, 0, installed.err)
  const binary = join(prefix, 'bin/tidelock')
  for (const file of ['bin/tidelock', 'share/tidelock/lib/mapping.lua', 'share/tidelock/starter/integration.lua', 'lib/tidelock/plugins/odata.so', 'include/tidelock']) assert.ok(existsSync(join(prefix, file)), file)
  const acme = join(folder('acme'), 'acme')
  assert.equal((await run(binary, ['new', acme], { cwd: '/' })).code, 0)
  const checked = await run(binary, ['check', acme], { cwd: '/' })
  assert.equal(checked.code, 0, checked.out + checked.err)
  const shop = await start(t, { binary })
  await shop.change('I-1', 1)
  await shop.arrived(shop.erp, 'I-1', 1)
})

test('tidelock dev takes over what checks and keeps what runs when it does not', async t => {
  const home = join(folder('dev'), 'acme')
  assert.equal((await tool(['new', home])).code, 0)
  const data = join(home, '.tidelock')
  const dev = new Process(program('tidelock'), ['dev', home, '--listen', '127.0.0.1:0', '--ops', '127.0.0.1:0'], { name: 'dev' })
  t.after(() => dev.stop())
  const server = () => JSON.parse(readFileSync(join(data, 'server.json'), 'utf8'))
  const alive = async () => (await fetch(`http://${server().ops}/readyz`)).ok
  await until('the first version', alive)
  const first = server().pid
  const map = join(home, 'maps.lua'), good = readFileSync(map, 'utf8')
  writeFileSync(map, `${good}\nmap "customer@1 <- `)
  await dev.line(/goes on; save again/)
  assert.equal(server().pid, first)
  assert.ok(await alive())
  const revision = async () => JSON.parse((await tool(['status', '--json', '--data', data])).out).revision
  const before = await revision()
  writeFileSync(map, good.replace('CH = "Switzerland"', 'CH = "Switzerland", SE = "Sweden"'))
  await until('the next version', async () => await revision() !== before)
  assert.equal(server().pid, first, 'in the process that runs')
  const next = await revision()
  writeFileSync(join(home, 'tests/next_test.lua'), 'describe("next", function() it("fails", function(w) assert.equal(1, 2) end) end)\n')
  writeFileSync(map, good)
  await dev.line(/FAIL +next: fails/)
  await dev.line(/refused at tests/)
  assert.equal(await revision(), next)
  writeFileSync(join(home, 'settings.json'), JSON.stringify({ ...JSON.parse(readFileSync(join(home, 'settings.json'), 'utf8')), 'receiver.url': 'http://127.0.0.1:9' }))
  await until('the setting', async () => (await tool(['settings', '--data', data])).out.includes('http://127.0.0.1:9 '))
  assert.equal(server().pid, first)
})

test('the starter plays as its README says', async t => {
  const home = folder('readme'), acme = join(home, 'acme')
  assert.equal((await tool(['new', acme])).code, 0)
  const text = readFileSync(join(acme, 'README.md'), 'utf8')
  const blocks = [...text.matchAll(/(?:^    .*\n)+/gm)].map(m => m[0].replace(/^    /gm, '').trim())
  const block = start => { const found = blocks.find(b => b.startsWith(start)); assert.ok(found, `README: ${start}`); return found }
  const [receiverPort, port] = await freePorts(2)
  const here = command => command.replaceAll('8490', receiverPort).replaceAll('8480', port)
  const shell = command => run('bash', ['-ec', `export PATH=${dirname(program('tidelock'))}:$PATH TIDELOCK_DATA=acme/.tidelock\n${here(command)}`], { cwd: home })
  change(acme, 'settings.json', here)
  const listener = new Process('bash', ['-c', `exec ${here(block('node -e'))}`], { name: 'listener' })
  const dev = new Process(program('tidelock'), ['dev', 'acme', '--listen', `127.0.0.1:${port}`, '--ops', '127.0.0.1:0'], { name: 'dev', cwd: home })
  t.after(() => Promise.all([dev.stop(), listener.stop()]))
  const ready = () => until('ready', async () => (await fetch(`http://${JSON.parse(readFileSync(join(acme, '.tidelock/server.json'), 'utf8')).ops}/readyz`)).ok)
  await ready()
  const [good, bad] = blocks.filter(b => b.includes('curl')).map(b => b.replace(/^export.*\n/, ''))

  assert.match((await shell(good)).out, /^HTTP\/1\.1 202 /)
  const promised = /shows\s+`(PUT [^`]+)`/.exec(text)[1]
  await listener.line(new RegExp(promised.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&')))
  await until('traced', async () => /customer-to-receiver: done/.test((await shell(block('tidelock trace customer/C-1'))).out))
  await shell(good)
  assert.match((await shell(bad)).out, /^HTTP\/1\.1 202 /)
  const listed = await until('an exception', async () => { const { out } = await shell(block('tidelock exceptions')); return out.includes('C-2') && out })
  assert.match(listed, /Sweden/)
  const revision = async () => JSON.parse((await shell('tidelock status --json')).out).revision
  const before = await revision()
  change(acme, 'maps.lua', lua => lua.replace('CH = "Switzerland"', 'CH = "Switzerland", SE = "Sweden"'))
  await until('taken over', async () => await revision() !== before)
  await ready()
  const id = /^(\S+)/m.exec(listed.split('\n').find(l => l.includes('C-2')))[1]
  const [retry] = block('tidelock exceptions retry 1').split('\n')
  const retried = await shell(retry.replace('retry 1', `retry ${id}`))
  assert.equal(retried.code, 0, retried.err)
  await listener.line(/PUT \/customers\/C-2 .*"country":"SE"/)
  assert.equal(listener.output.match(/PUT \/customers\/C-1 /g).length, 1, 'the second, equal message was no second PUT')
})

async function freePorts(count) {
  const { createServer } = await import('node:net')
  const servers = await Promise.all(Array.from({ length: count }, () => new Promise(done => { const s = createServer().listen(0, '127.0.0.1', () => done(s)) })))
  const ports = servers.map(s => s.address().port)
  await Promise.all(servers.map(s => new Promise(done => s.close(done))))
  return ports
}
