// scripts/case-to-resolution as somebody with Tryton and Request Tracker has it: copied, the variant put over it, and made impatient, because
// servers are killed on the way.
import { cpSync, readFileSync, rmSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { folder } from '../world/folder.mjs'
import { root } from '../world/tidelock.mjs'

// For a system that is killed on the way.
export const quick = 'retry = { first = "200ms", cap = "2s", attempts = 20 }, breaker = { failures = 5, within = "10s", probe_after = "500ms" },'

function change(dir, file, ...changes) {
  const path = join(dir, file)
  let text = readFileSync(path, 'utf8')
  for (const [from, to] of changes) {
    const after = text.replaceAll(from, to)
    if (after === text) throw new Error(`${file}: nothing is like ${from}`)
    text = after
  }
  writeFileSync(path, text)
}

export function deskIntegration() {
  const dir = join(folder('cases'), 'case-to-resolution')
  cpSync(join(root, 'scripts/case-to-resolution'), dir, { recursive: true })
  for (const maps of readdirSync(join(dir, 'tests/maps'))) if (maps.includes('support.tickets')) rmSync(join(dir, 'tests/maps', maps), { recursive: true })
  cpSync(join(dir, 'variants/request-tracker'), dir, { recursive: true })
  change(dir, 'integration.lua', [/breaker += \{.*\},/g, quick])
  change(dir, 'maps/erp.lua', [/connector += "tryton@1",/g, `connector = "tryton@1", payment_term = "At once", ${quick}`], [/concurrent = \d+/g, 'concurrent = 1'], [/poll += "\w+"/g, 'poll = "500ms"'],
    [/maintenance += \{.*\},/g, ''])
  change(dir, 'maps/desk.lua', [/connector += "rt@1",/g, `connector = "rt@1", ${quick}`], [/poll = "\w+"/g, 'poll = "500ms"'])
  return dir
}
