// The platform's own time: real time plus an offset that a test may move forward.

export class Clock {
  constructor() { this.offset = 0; }
  now() { return Date.now() + this.offset; }
  iso() { return new Date(this.now()).toISOString(); }
  advance(ms) { this.offset += ms; }
}
