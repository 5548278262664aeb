// Every request in order, as an independent checker reads it.

// Headers worth keeping; credentials are never kept, only their scheme.
const kept = new Set(["traceparent", "tracestate", "content-type", "content-length", "transfer-encoding", "accept", "prefer",
  "if-match", "if-none-match", "if-modified-since", "idempotency-key", "user-agent", "sforce-call-options",
  "sforce-query-options", "odata-version", "odata-maxversion", "x-csrf-token", "x-request-id", "expect"]);

export class Log {
  constructor(keep = 200000) { this.keep = keep; this.clear(); }

  clear() { this.entries = []; this.dropped = 0; this.n = 0; }

  number() { return ++this.n; }

  add(entry) {
    this.entries.push(entry);
    if (this.entries.length > this.keep * 1.25) {
      const over = this.entries.length - this.keep;
      this.entries.splice(0, over);
      this.dropped += over;
    }
  }

  /** Entries after number `since`, filtered; at most `limit`. */
  list({ since = 0, limit = 10000, method, path, object, status, committed } = {}) {
    const wanted = path ? new RegExp(path) : null;
    const out = [];
    for (const entry of this.entries) {
      if (entry.n <= since) continue;
      if (method && entry.method !== method) continue;
      if (wanted && !wanted.test(entry.path)) continue;
      if (status && entry.status !== status) continue;
      if (committed !== undefined && entry.committed !== committed) continue;
      if (object && !entry.changes.some((c) => c.object === object)) continue;
      out.push(entry);
      if (out.length >= limit) break;
    }
    return out;
  }
}

export function keptHeaders(headers) {
  const out = {};
  for (const name in headers) {
    if (kept.has(name)) out[name] = headers[name];
    else if (name === "authorization") out[name] = `${headers[name].split(" ")[0]} (kept back)`;
  }
  return out;
}
