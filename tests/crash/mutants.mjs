// Does the crash run find what it is there to find? Each mutant takes one promise out of a copy of the sources, builds the
// program from it, and the crash run must go red.
//
//   node tests/crash/mutants.mjs [--only NAME] [--kills N]
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { run } from '../world/process.mjs'
import { root } from '../world/tidelock.mjs'
import { options } from './options.mjs'

const o = options({ only: '', kills: 25, seed: 1 })

const mutants = [
  { name: 'fsync', why: 'a commit is acknowledged without having been synced', file: 'runtime/journal/writer.c',
    from: 'code = tl_disk_sync(journal->open->file);', to: 'code = 0;', expect: /lost|not sound|does not live on/ },
  { name: 'deduplication', why: 'an event that came before is accepted again', file: 'runtime/journal/dedupe.c',
    from: '    if (count == 0)\n        return;\n    struct search search', to: '    memset(hits, 0, count * sizeof *hits);\n    if (journal->dir != NULL)\n        return;\n    struct search search',
    expect: /done again|out of order/ },
  { name: 'ordering', why: 'events of one key do not wait for each other', file: 'runtime/flow/keyline.c',
    from: 'tl_keyline_get(&lane->lines, hash)', to: 'tl_keyline_get(&lane->lines, hash ^ position)', expect: /out of order|done again/ },
]

const work = join(root, 'build/mutants')
const tree = join(work, 'src'), build = join(work, 'build')

function copySources() {
  rmSync(tree, { recursive: true, force: true })
  mkdirSync(tree, { recursive: true })
  for (const file of execFileSync('git', ['ls-files'], { cwd: root, encoding: 'utf8' }).split('\n').filter(Boolean))
    cpSync(join(root, file), join(tree, file), { recursive: true, preserveTimestamps: true })
}

function make() {
  execFileSync('cmake', ['-S', tree, '-B', build, '-G', 'Ninja', '-DCMAKE_BUILD_TYPE=Release', '-DTL_TESTS=OFF'], { stdio: 'ignore' })
  execFileSync('cmake', ['--build', build], { stdio: 'ignore' })
}

async function found({ name, why, file, from, to, expect }) {
  const path = join(tree, file), text = readFileSync(path, 'utf8')
  if (!text.includes(from)) throw new Error(`${name}: ${file} no longer holds\n${from}\nThe mutant must follow the code.`)
  writeFileSync(path, text.replace(from, to))
  try {
    make()
    const { code, out, err } = await run(process.execPath, [join(root, 'tests/crash/crash.mjs'), '--kills', String(o.kills), '--seed', String(o.seed), '--quiet'],
      { env: { ...process.env, TIDELOCK_BUILD: build } })
    const red = code !== 0 && expect.test(out)
    console.log(`${red ? 'found ' : 'MISSED'} ${name}: ${why}\n         ${out.split('\n').find(l => expect.test(l)) ?? `${out}${err}`.trim().split('\n').slice(-3).join(' | ')}`)
    return red
  } finally {
    writeFileSync(path, text)
  }
}

copySources()
const results = []
for (const mutant of mutants.filter(m => !o.only || m.name === o.only)) results.push(await found(mutant))
const good = results.filter(Boolean).length
console.log(`${good} passed, ${results.length - good} failed, 0 skipped`)
process.exit(good === results.length ? 0 : 1)
