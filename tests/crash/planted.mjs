// Does a run find what it is there to find? Each planted bug takes one promise out of a copy of the sources, the program is
// built from it, and the run must go red for the stated reason.
//
// bug: { name, why, file, from, to, expect } or { …, edits: [{ file, from, to }] }. expect: what the output must show.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { execFileSync } from 'node:child_process'
import { dirname, join } from 'node:path'
import { run } from '../world/process.mjs'
import { root } from '../world/tidelock.mjs'

const work = join(root, 'build/mutants')
const tree = join(work, 'src'), build = join(work, 'build')

// Only what differs is written: what the run before had planted and taken back is built again, the rest is not.
function copySources() {
  for (const file of execFileSync('git', ['ls-files'], { cwd: root, encoding: 'utf8' }).split('\n').filter(Boolean)) {
    const from = readFileSync(join(root, file)), to = join(tree, file)
    if (existsSync(to) && from.equals(readFileSync(to))) continue
    mkdirSync(dirname(to), { recursive: true })
    writeFileSync(to, from)
  }
}

function make() {
  execFileSync('cmake', ['-S', tree, '-B', build, '-G', 'Ninja', '-DCMAKE_BUILD_TYPE=Release', '-DTL_TESTS=OFF'], { stdio: 'ignore' })
  execFileSync('cmake', ['--build', build], { stdio: 'ignore' })
}

function plant({ name, edits }) {
  const originals = new Map()
  for (const { file, from, to } of edits) {
    const path = join(tree, file), text = readFileSync(path, 'utf8')
    if (!originals.has(path)) originals.set(path, text)
    if (!text.includes(from)) throw new Error(`${name}: ${file} no longer holds\n${from}\nThe planted bug must follow the code.`)
    writeFileSync(path, text.replace(from, () => to))
  }
  return () => { for (const [path, text] of originals) writeFileSync(path, text) }
}

async function found(bug, script, words) {
  const undo = plant({ name: bug.name, edits: bug.edits ?? [bug] })
  try {
    make()
    const { code, out, err } = await run(process.execPath, [join(root, script), ...words, ...(bug.words ?? [])], { env: { ...process.env, TIDELOCK_BUILD: build } })
    const red = code !== 0 && bug.expect.test(out)
    console.log(`${red ? 'found ' : 'MISSED'} ${bug.name}: ${bug.why}\n         ${out.split('\n').find(l => bug.expect.test(l)) ?? `${out}${err}`.trim().split('\n').slice(-3).join(' | ')}`)
    return red
  } finally {
    undo()
  }
}

// Plants one after the other and ends the process: 0 when `script`, run with `words`, found each.
export async function findEach(bugs, script, words) {
  if (bugs.length === 0) { console.error('there is no planted bug of that name'); process.exit(64) }
  copySources()
  let good = 0
  for (const bug of bugs) good += await found(bug, script, words)
  console.log(`${good} passed, ${bugs.length - good} failed, 0 skipped`)
  process.exit(good === bugs.length ? 0 : 1)
}
