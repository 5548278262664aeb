// `--name value` and `--flag` words; unknown ones are an error.
export function options(defaults, words = process.argv.slice(2)) {
  const out = { ...defaults }
  for (let i = 0; i < words.length; i++) {
    const name = words[i].replace(/^--/, '')
    if (!words[i].startsWith('--') || !(name in defaults)) {
      console.error(`unknown word ${words[i]}; known: ${Object.keys(defaults).map(k => `--${k}`).join(' ')}`)
      process.exit(64)
    }
    if (typeof defaults[name] === 'boolean') out[name] = true
    else if (typeof defaults[name] === 'number') out[name] = count(words[++i])
    else out[name] = words[++i]
  }
  return out
}

// "200", "10m", "1k"
function count(text) {
  const [, digits, unit] = /^(\d+)([km]?)$/i.exec(text ?? '') ?? []
  if (!digits) { console.error(`${text} is no number`); process.exit(64) }
  return Number(digits) * ({ k: 1000, m: 1000000 }[unit.toLowerCase()] ?? 1)
}
