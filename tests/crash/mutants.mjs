// Does the crash run find what it is there to find?
//
//   node tests/crash/mutants.mjs [--only NAME] [--kills N]
import { options } from './options.mjs'
import { findEach } from './planted.mjs'

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

await findEach(mutants.filter(m => !o.only || m.name === o.only), 'tests/crash/crash.mjs', ['--kills', String(o.kills), '--seed', String(o.seed), '--quiet'])
