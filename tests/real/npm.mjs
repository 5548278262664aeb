// Packages of the registry for servers that tests run: a folder with package.json and package-lock.json of our own is copied to
// build/real/<name> and installed there once for each lock file.
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { run } from '../world/process.mjs'
import { root } from '../world/tidelock.mjs'

export class NotInstalled extends Error {}

// Returns the installed folder. NotInstalled, with npm's own words, when that cannot be had: no npm, no registry, no package.
export async function installed(name) {
  const from = join(root, 'tests/real', name), dir = join(root, 'build/real', name)
  const lock = join(from, 'package-lock.json'), stamp = join(dir, 'node_modules/.tidelock-lock')
  mkdirSync(dir, { recursive: true })
  cpSync(from, dir, { recursive: true })
  if (existsSync(stamp) && readFileSync(stamp).equals(readFileSync(lock))) return dir
  rmSync(join(dir, 'node_modules'), { recursive: true, force: true })
  const words = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--no-update-notifier', '--loglevel=error', '--fetch-retries=1', '--fetch-timeout=60000']
  const { code, out, err } = await run('npm', words, { cwd: dir }).catch(error => ({ code: -1, out: '', err: error.message }))
  if (code !== 0) throw new NotInstalled(`npm ci of tests/real/${name} failed: ${(err + out).trim().split('\n').slice(0, 3).join('; ') || `exit ${code}`}`)
  cpSync(lock, stamp)
  return dir
}

// A Node of at least version 22: the one that runs this, else one from the registry.
export async function node22() {
  if (Number(process.versions.node.split('.')[0]) >= 22) return process.execPath
  const name = `node22-${process.arch}`
  if (process.platform !== 'linux' || !existsSync(join(root, 'tests/real', name))) throw new NotInstalled(`there is no lock file for Node 22 on ${process.platform} ${process.arch}`)
  return join(await installed(name), `node_modules/node-linux-${process.arch}/bin/node`)
}
