// A decimal for people: no zeros that say nothing, but two places when there are any.
export function decimal(text) {
  if (text === null || text === undefined) return undefined
  const [whole, places = ''] = String(text).split('.')
  const kept = places.replace(/0+$/, '')
  return kept === '' ? whole : `${whole}.${kept.padEnd(2, '0')}`
}
