// Waiting for a condition. A timeout says what was waited for and what was seen last.

const pause = ms => new Promise(done => setTimeout(done, ms))

// Calls `probe` until it gives something truthy, and returns that. A probe that throws counts as "not yet", unless what it
// throws has `stop`: then waiting longer is of no use.
export async function until(what, probe, { timeout = 20000, every = 20 } = {}) {
  const end = Date.now() + timeout
  let seen
  for (;;) {
    try {
      const value = await probe()
      if (value) return value
      seen = value
    } catch (error) {
      if (error.stop) throw error
      seen = error
    }
    if (Date.now() > end) throw new Error(`waited ${timeout} ms for ${what}; last seen: ${seen?.stack ?? JSON.stringify(seen)}`)
    await pause(every)
  }
}
