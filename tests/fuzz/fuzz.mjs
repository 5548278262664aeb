// Runs fuzz targets, two at a time, each for a number of seconds (60) or, with names, only those.
//
//   node tests/fuzz/fuzz.mjs --build build/fuzz [SECONDS] [NAME…]
import { mkdirSync, readdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { run } from '../world/process.mjs'

const words = process.argv.slice(2)
const build = resolve(words[words.indexOf('--build') + 1] ?? 'build/fuzz')
const rest = words.filter((w, i) => w !== '--build' && words[i - 1] !== '--build')
const seconds = rest.find(w => /^\d+$/.test(w)) ?? '60'
const names = rest.filter(w => !/^\d+$/.test(w))
const programs = readdirSync(join(build, 'fuzz')).filter(f => f.startsWith('fuzz_') && (names.length === 0 || names.some(n => f.includes(n))))

async function fuzz(name) {
  const corpus = join(build, 'corpus', name), faults = join(build, 'faults', `${name}-`)
  mkdirSync(corpus, { recursive: true })
  mkdirSync(join(build, 'faults'), { recursive: true })
  const { code, err } = await run(join(build, 'fuzz', name), [corpus, `-max_total_time=${seconds}`, '-timeout=10', '-rss_limit_mb=2048', `-artifact_prefix=${faults}`, '-print_final_stats=1'])
  const runs = /stat::number_of_executed_units:\s*(\d+)/.exec(err)?.[1] ?? 0
  console.log(`${code === 0 ? 'ok  ' : 'FAIL'} ${name}: ${runs} runs`)
  if (code !== 0) console.log(err.slice(-3000))
  return code === 0 && Number(runs) > 0
}

const queue = [...programs], results = []
await Promise.all([0, 1].map(async () => { while (queue.length) results.push(await fuzz(queue.shift())) }))
const good = results.filter(Boolean).length
console.log(`${good} passed, ${results.length - good} failed, 0 skipped`)
process.exit(good === results.length && good > 0 ? 0 : 1)
