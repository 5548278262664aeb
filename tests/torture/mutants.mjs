// Does the torture run find what it is there to find?
//
//   node tests/torture/mutants.mjs [--only NAME] [--runs N] [--seeds N] [--light]
import { options } from '../crash/options.mjs'
import { findEach } from '../crash/planted.mjs'

const o = options({ only: '', runs: 150, seeds: 1, seed: 1, light: false })

const mutants = [
  { name: 'intent', why: 'an unsafe or keyed call is sent without an intent in the journal', file: 'runtime/flow/step.c',
    from: '    tl_step_put(drive->unit->run, &row, batch);\n    if (step->once != NULL)\n        tl_once_sent(step, batch);\n',
    to: '    (void)row;\n    (void)batch;\n', expect: /(charge|book|fire) done \d+ times/ },
  { name: 'results', why: 'results of steps are not journaled', file: 'runtime/flow/record.c',
    from: '        tl_step_put(row, &drive->unrecorded.rows[i], batch);\n', to: '        (void)batch;\n',
    expect: /done again|out of order|must not be there|do not end/ },
  { name: 'lookup', why: 'a call of unknown outcome is sent again without looking', edits: [
    { file: 'runtime/flow/settle.c', from: 'static void look(struct tl_step *step)\n', to: 'static void send_again(struct tl_step *step);\nstatic void look(struct tl_step *step)\n' },
    { file: 'runtime/flow/settle.c', from: '        put_unknown(step);\n    look(step);\n}\n', to: '        put_unknown(step);\n    if (step->looking)\n        look(step);\n    else\n        send_again(step);\n}\n' },
  ], expect: /(charge|book) done \d+ times/ },
  { name: 'look-back', why: 'an await is registered only when it is reached', file: 'runtime/flow/wait.c',
    from: '    if (!tl_await_look_back(', to: '    if (drive->lane != NULL || !tl_await_look_back(', expect: /gave up although|do not end/ },
  { name: 'ordering', why: 'runs of one key do not wait for each other', file: 'runtime/flow/keyline.c',
    from: 'tl_keyline_get(&lane->lines, hash)', to: 'tl_keyline_get(&lane->lines, hash ^ position)', expect: /out of order|effects of one key mix/ },
]

await findEach(mutants.filter(m => !o.only || m.name === o.only), 'tests/torture/torture.mjs', ['--runs', String(o.runs), '--seeds', String(o.seeds), '--seed', String(o.seed), '--quiet', ...(o.light ? ['--only', 'light'] : [])])
