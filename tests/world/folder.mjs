// Temporary folders, removed when this process ends unless KEEP is set.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const made = []
process.on('exit', () => {
  if (process.env.KEEP) return
  for (const dir of made) rmSync(dir, { recursive: true, force: true })
})

export function folder(name = 'tidelock') {
  const dir = mkdtempSync(join(process.env.TIDELOCK_TMP ?? tmpdir(), `${name}-`))
  made.push(dir)
  return dir
}
