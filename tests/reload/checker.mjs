// What the promise is about: every accepted order is written once and in order per key, by one revision as a whole, by a
// revision that was live at some time, and never by an older one than the write before it.

function checkStores(key, last, writes, live, problems) {
  let number = 0, revision = 0
  for (const w of writes) {
    if (w.number !== number + 1) problems.push(`${key}: ${w.number} after ${number}`)
    if (w.flow !== w.lib || w.flow !== w.lookup) problems.push(`${key}-${w.number}: made of several revisions ${JSON.stringify(w)}`)
    if (!live.has(w.flow)) problems.push(`${key}-${w.number}: written by revision ${w.flow}, which never was live`)
    if (w.flow < revision) problems.push(`${key}-${w.number}: written by ${w.flow} after ${revision}`)
    number = w.number
    revision = w.flow
  }
  if (number !== last) problems.push(`${key}: ${last} accepted, ${number} written`)
}

// Runs that slept: each begun once and ended once, by the revision that began it.
function checkFollows(key, last, begun, ended, problems) {
  const expected = Math.floor(last / 10)
  if (begun.length !== expected || ended.length !== expected) problems.push(`${key}: ${expected} runs expected, ${begun.length} begun, ${ended.length} ended`)
  const by = new Map(begun.map(b => [b.number, b]))
  for (const e of ended) {
    const b = by.get(e.number)
    if (b?.flow !== e.flow || b.lib !== e.lib || e.flow !== e.lib) problems.push(`${key}-${e.number}: begun by ${JSON.stringify(b)}, ended by ${JSON.stringify(e)}`)
  }
}

// accepted: key → last number. live: numbers of the revisions that went live.
export function check(sink, accepted, live) {
  const problems = []
  for (const [key, last] of accepted) {
    checkStores(key, last, sink.of('store', key), live, problems)
    checkFollows(key, last, sink.of('begun', key), sink.of('ended', key), problems)
  }
  return problems
}
