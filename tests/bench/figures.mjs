// Medians, and the table at the end.

export const median = values => {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

export class Figures {
  constructor() { this.rows = [] }

  // target: { least } or { most } of the ratio (or of the value where there is no baseline).
  add(name, unit, value, { baseline = null, least, most, of = baseline === null ? 'value' : 'ratio' } = {}) {
    const ratio = baseline ? value / baseline : null
    const judged = of === 'ratio' ? ratio : value
    const met = least !== undefined ? judged >= least : most !== undefined ? judged <= most : null
    const target = least !== undefined ? `${of} >= ${least}` : most !== undefined ? `${of} <= ${most}` : null
    this.rows.push({ name, unit, value: round(value), baseline: baseline === null ? null : round(baseline), ratio: ratio === null ? null : round(ratio), target, met })
    const row = this.rows.at(-1)
    console.log(`  ${name.padEnd(26)} ${show(row)}`)
  }

  print() {
    console.log(`\n${'figure'.padEnd(26)} ${'value'.padStart(12)} ${'baseline'.padStart(12)} ${'ratio'.padStart(7)}  unit        target`)
    for (const row of this.rows) console.log(`${row.name.padEnd(26)} ${show(row)}`)
  }
}

const round = n => Number(n.toPrecision(4))
const show = r => `${String(r.value).padStart(12)} ${String(r.baseline ?? '-').padStart(12)} ${String(r.ratio ?? '-').padStart(7)}  ${r.unit.padEnd(11)} ${r.target ?? ''}${r.met === null ? '' : r.met ? '  met' : '  NOT MET'}`
