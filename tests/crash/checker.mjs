// What the platforms themselves say happened, against what was acknowledged. Reads the platforms' own records only.
//
// Rule 5: per remote record the sequence of distinct contents is that of an undisturbed run. Adjacent identical writes are
// one effect (the platform lists distinct contents only; `commits` says how many there were); nothing else is collapsed.

// platforms: [{ name, object, keyOf(doc), numberOf(doc), writes: records of /_admin/writes }]; accepted: key → last number.
export function check(platforms, accepted) {
  const problems = []
  let effects = 0, repeats = 0
  for (const platform of platforms) {
    const seen = new Map()
    for (const record of platform.writes) {
      const versions = record.versions.filter(v => !v.gone)
      if (versions.length === 0) continue
      const key = platform.keyOf(versions.at(-1).doc)
      if (!accepted.has(key)) continue
      if (seen.has(key)) problems.push(`${platform.name} ${key}: two records, ${seen.get(key)} and ${record.id}`)
      seen.set(key, record.id)
      const numbers = versions.map(v => Number(platform.numberOf(v.doc)))
      effects += numbers.length
      repeats += record.commits - record.versions.length
      compare(platform.name, key, numbers, accepted.get(key), problems)
    }
    for (const [key, last] of accepted) if (last > 0 && !seen.has(key)) problems.push(`${platform.name} ${key}: nothing arrived, ${last} were acknowledged`)
  }
  return { problems, effects, repeats }
}

function compare(name, key, numbers, last, problems) {
  for (let i = 0; i < Math.max(numbers.length, last); i++) {
    if (numbers[i] === i + 1) continue
    const around = numbers.slice(Math.max(0, i - 2), i + 4).join(' ')
    const what = numbers[i] === undefined ? `lost: ${i + 1} of ${last} never arrived` : numbers[i] <= i ? `done again or out of order` : 'lost or out of order'
    problems.push(`${name} ${key}: ${what}; place ${i + 1} holds ${numbers[i] ?? 'nothing'} (… ${around} …)`)
    return
  }
}
