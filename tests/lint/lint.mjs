// House rules that a compiler cannot check. Prints one line a finding; the last line counts rules.
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '../..')
const tracked = execFileSync('git', ['ls-files', '-co', '--exclude-standard'], { cwd: root, encoding: 'utf8' })
  .split('\n').filter(f => f && existsSync(join(root, f)))
const read = file => readFileSync(join(root, file), 'utf8')
const isC = file => /\.[ch]$/.test(file)
const findings = []
const rules = []

function rule(name, check) {
  const before = findings.length
  check((file, line, text) => findings.push(`${file}:${line}: ${name}: ${text}`))
  rules.push({ name, ok: findings.length === before })
}

function eachLine(files, visit) {
  for (const file of files) read(file).split('\n').forEach((text, i) => visit(file, text, i + 1))
}

// Which folder may include which third-party header (design: "The rooms").
const homes = [
  [/^sqlite3\.h$/, ['runtime/journal/sqlite/']],
  [/^(lua|lauxlib|lualib)(5\.4)?\.h$|^lua5\.4\//, ['runtime/script/']],
  [/^curl\//, ['runtime/net/']],
  [/^openssl\//, ['runtime/crypto/', 'runtime/net/']],
  [/^uv\.h$|^uv\//, ['runtime/loop/', 'runtime/net/']],
  [/^gmp\.h$/, ['runtime/codec/']],
]
// Test programs that measure against, or stand in for, a library may name it.
const testHomes = [
  [/^sqlite3\.h$/, ['tests/crash/', 'tests/bench/', 'tests/unit/journal/']],
  [/^(lua|lauxlib|lualib)\.h$/, ['tests/unit/script/', 'tests/fuzz/script/', 'tests/bench/']],
  [/^openssl\//, ['tests/unit/crypto/', 'tests/unit/net/']],
  [/^uv\.h$/, ['tests/unit/loop/', 'tests/unit/net/', 'tests/bench/']],
  [/^curl\//, ['tests/unit/net/']],
]

rule('a third-party header only in its room', report => {
  eachLine(tracked.filter(isC), (file, text, line) => {
    const header = /^\s*#\s*include\s*[<"]([^>"]+)[>"]/.exec(text)?.[1]
    const home = header && homes.find(([re]) => re.test(header))
    if (!home) return
    const allowed = [...home[1], ...testHomes.filter(([re]) => re.test(header)).flatMap(([, dirs]) => dirs)]
    if (!allowed.some(dir => file.startsWith(dir))) report(file, line, `${header} belongs to ${home[1].join(', ')}`)
  })
})

rule('a room includes only rooms above it', report => {
  const order = /set\(TL_ROOMS ([^)]*)\)/.exec(read('CMakeLists.txt'))[1].split(/\s+/)
  eachLine(tracked.filter(f => isC(f) && f.startsWith('runtime/')), (file, text, line) => {
    const room = file.split('/')[1]
    const used = /^\s*#\s*include\s*"([a-z]+)\//.exec(text)?.[1]
    if (used && used !== room && order.includes(used) && order.indexOf(used) > order.indexOf(room))
      report(file, line, `${room} stands above ${used}`)
  })
})

rule('a connector sees the SDK only', report => {
  eachLine(tracked.filter(f => isC(f) && f.startsWith('plugins/') && !/\/tests?\//.test(f)), (file, text, line) => {
    const used = /^\s*#\s*include\s*"([^"]+)"/.exec(text)?.[1]
    if (used && used.includes('/') && !used.startsWith('tidelock/')) report(file, line, `${used} is not of the SDK`)
  })
})

rule('time, chance and disk only through their seams', report => {
  const direct = /\b(clock_gettime|gettimeofday|time\s*\(\s*NULL|getrandom|rand\s*\(|random\s*\(|uv_hrtime|uv_now)\b/
  const home = /^runtime\/base\/(clock|random)\.c$|^runtime\/loop\//
  // The CPU clock of a thread measures work, not time: a budget needs it. Waiting on a condition takes the machine's clock.
  eachLine(tracked.filter(f => isC(f) && f.startsWith('runtime/') && !home.test(f)), (file, text, line) => {
    const code = text.replace(/\/\*.*?\*\/|\/\/.*|^\s*\/?\*.*/g, '')
    if (direct.test(code) && !/CLOCK_(THREAD|PROCESS)_CPUTIME_ID|machine's clock/.test(text))
      report(file, line, text.trim())
  })
})

rule('a file holds one noun (800 lines at most)', report => {
  for (const file of tracked.filter(f => /\.(c|h|mjs|lua|sh)$/.test(f))) {
    const lines = read(file).split('\n').length
    if (lines > 800) report(file, lines, `${lines} lines`)
  }
})

rule('no grab-bag names', report => {
  for (const file of tracked.filter(f => /(^|\/)(utils?|helpers?|misc|common)\.(c|h|mjs|lua)$/.test(f)))
    report(file, 1, 'name the file after what it holds')
})

rule('every room, plugin and integration has a README', report => {
  const folders = new Set(tracked.map(f => /^(runtime|plugins|scripts)\/[^/]+(?=\/)/.exec(f)?.[0]).filter(Boolean))
  for (const folder of folders) if (!tracked.includes(`${folder}/README.md`)) report(folder, 1, 'README.md is missing')
})

rule('relative links in Markdown lead somewhere', report => {
  eachLine(tracked.filter(f => f.endsWith('.md')), (file, text, line) => {
    for (const [, target] of text.matchAll(/\]\(([^)#:\s]+)(?:#[^)]*)?\)/g))
      if (!existsSync(join(root, dirname(file), target))) report(file, line, `${target} does not exist`)
  })
})

rule('no generated or fetched code, no secrets, no addresses of registries', report => {
  for (const file of tracked.filter(f => /(^|\/)(node_modules|build)\//.test(f) || /\.(o|so|a|db|sqlite)$/.test(f)))
    report(file, 1, 'must not be committed')
  eachLine(tracked.filter(f => !/lint\.mjs$/.test(f) && !/\.(png|ico)$/.test(f)), (file, text, line) => {
    if (/-----BEGIN [A-Z ]*PRIVATE KEY-----\s*$/.test(text)) report(file, line, 'a private key')
    if (/"resolved":/.test(text)) report(file, line, 'a lock file that names a registry')
  })
})

rule('C files are formatted (./dev format)', report => {
  const files = tracked.filter(isC)
  try {
    execFileSync('clang-format-14', ['--dry-run', '-Werror', ...files], { cwd: root, stdio: ['ignore', 'ignore', 'pipe'], maxBuffer: 1 << 28 })
  } catch (error) {
    if (error.code === 'ENOENT') return report('.', 0, 'clang-format-14 is not installed')
    const bad = new Set(String(error.stderr).split('\n').map(l => /^([^:\s]+\.[ch]):(\d+):/.exec(l)?.[1]).filter(Boolean))
    for (const file of bad) report(file, 1, 'not formatted')
  }
})

for (const finding of findings) console.log(finding)
const good = rules.filter(r => r.ok).length
for (const { name, ok } of rules) console.log(`${ok ? 'ok  ' : 'FAIL'} ${name}`)
console.log(`lint: ${good} passed, ${rules.length - good} failed, 0 skipped`)
process.exit(good === rules.length ? 0 : 1)
