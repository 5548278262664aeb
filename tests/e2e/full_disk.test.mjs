// A disk that is full: nothing more is accepted, nothing accepted is lost, and it goes on when there is space.
import test from 'node:test'
import assert from 'node:assert/strict'
import { mkdirSync, rmSync, statfsSync } from 'node:fs'
import { join } from 'node:path'
import { folder } from '../world/folder.mjs'
import { run } from '../world/process.mjs'
import { Shop } from '../world/shop.mjs'
import { until } from '../world/wait.mjs'

// A file system of its own size; null where it cannot be mounted.
async function small(megabytes) {
  const dir = folder('small')
  const { code } = await run('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', dir]).catch(() => ({ code: 1 }))
  return code === 0 ? dir : null
}

test('journal full: 503 with Retry-After, effects of what was accepted, recovery without a restart', async t => {
  const disk = await small(600)
  if (!disk) return t.skip('no size-limited tmpfs can be mounted here (needs root)')
  const ballast = join(disk, 'ballast')
  mkdirSync(join(disk, 'own'))
  const shop = new Shop({ data: join(disk, 'own/data') })
  t.after(async () => { await shop.stop(); await run('umount', ['-l', disk]) })
  await shop.start()
  await shop.change('F-1', 1)
  await shop.arrived(shop.erp, 'F-1', 1)
  // All but a little of what the journal has not taken yet is taken by somebody else.
  const free = () => { const { bavail, bsize } = statfsSync(disk); return bavail * bsize }
  let last = -1
  await until('the disk at rest', () => { const now = free(), same = now === last; last = now; return same }, { every: 500 })
  const { code, err } = await run('fallocate', ['-l', String(free() - 4 * 1024 * 1024), ballast])
  assert.equal(code, 0, err)

  let accepted = 0, refused
  for (let n = 1; n <= 4000 && !refused; n++) {
    const reply = await shop.tidelock.post('shop', shop.body('F-2', n, { filler: 'x'.repeat(100000) }))
    if (reply.status === 202) accepted = n
    else refused = reply
    await reply.arrayBuffer()
  }
  assert.ok(refused, `still accepting after ${accepted}`)
  assert.equal(refused.status, 503)
  assert.match(refused.headers.get('retry-after'), /^\d+$/)
  const unready = await until('unready', async () => { const r = await fetch(`${shop.tidelock.ops}/readyz`); return r.status === 503 && r.text() })
  assert.match(unready, /disk|full/)
  assert.equal((await fetch(`${shop.tidelock.ops}/healthz`)).status, 200)

  rmSync(ballast)
  await until('accepting again', async () => (await shop.tidelock.post('shop', shop.body('F-3', 1))).status === 202, { timeout: 60000 })
  await shop.arrived(shop.erp, 'F-3', 1)
  await shop.finished({ timeout: 60000 })
  const numbers = await shop.numbers(shop.erp, 'F-2')
  assert.deepEqual(numbers, Array.from({ length: accepted }, (_, i) => i + 1), 'everything that was accepted, and nothing else')
  assert.equal((await shop.exceptions()).length, 0)
})
