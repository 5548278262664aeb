// Recorded traffic and published vectors: used from where they lie, skipped where they are not.
import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { root } from './tidelock.mjs'

export function cases(name) {
  const dir = join(resolve(process.env.TIDELOCK_CASES ?? join(root, '../shared/cases')), name)
  return existsSync(dir) ? dir : null
}
