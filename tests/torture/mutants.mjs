// Does the torture run find what it is there to find?
//
//   node tests/torture/mutants.mjs [--only NAME] [--runs N] [--seeds N] [--light]
import { options } from '../crash/options.mjs'
import { findEach } from '../crash/planted.mjs'

const o = options({ only: '', runs: 150, seeds: 1, seed: 1, light: false })

const mutants = [
  { name: 'ordering', why: 'runs of one key do not wait for each other', file: 'runtime/flow/keyline.c',
    from: 'tl_keyline_get(&lane->lines, hash)', to: 'tl_keyline_get(&lane->lines, hash ^ position)', expect: /out of order|effects of one key mix/ },
]

await findEach(mutants.filter(m => !o.only || m.name === o.only), 'tests/torture/torture.mjs', ['--runs', String(o.runs), '--seeds', String(o.seeds), '--seed', String(o.seed), '--quiet', ...(o.light ? ['--only', 'light'] : [])])
