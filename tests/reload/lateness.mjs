// How late a thread gets to run on this machine while it is under load, whatever Tidelock does: a thread of its own wants
// to run every millisecond and counts by how much it came too late.
import { Worker, isMainThread, workerData } from 'node:worker_threads'

const STEPS = 5000, PER_MS = 20 // up to 250 ms

if (!isMainThread) {
  const sleep = new Int32Array(new SharedArrayBuffer(4)), counts = new Uint32Array(workerData)
  for (;;) {
    const from = performance.now()
    Atomics.wait(sleep, 0, 0, 1)
    const late = Math.max(0, performance.now() - from - 1)
    Atomics.add(counts, Math.min(STEPS - 1, Math.floor(late * PER_MS)), 1)
  }
}

export class Lateness {
  constructor() {
    this.counts = new Uint32Array(new SharedArrayBuffer(4 * STEPS))
    this.worker = new Worker(new URL(import.meta.url), { workerData: this.counts.buffer })
    this.worker.unref()
  }

  // ms that all but one thousandth stayed below, since the last call.
  p999() {
    const counts = this.counts.map((_, i) => Atomics.exchange(this.counts, i, 0))
    let left = counts.reduce((a, b) => a + b, 0) / 1000, step = STEPS
    while (step > 1 && left > 0) left -= counts[--step]
    return (step + 1) / PER_MS
  }

  stop() { return this.worker.terminate() }
}
