// Records in memory, written as transactions, optionally kept in an append-only file.
// A record is never changed in place: readers and histories may hold on to it.
import fs from "node:fs";
import { parse, stringify } from "./json.mjs";
import { History } from "./history.mjs";
import { Table } from "./table.mjs";

export class Store {
  /** `stamps` are the field names that every write moves, and that say nothing about the content. */
  constructor({ clock, stamps = [], file = null }) {
    this.clock = clock;
    this.file = file;
    this.tables = new Map();
    this.history = new History(stamps);
    this.open = null;                       // the transaction being made: a list of {table, before, after}
    this.seq = 0;
    this.lastRequest = 0;
    this.fd = null;
  }

  /** A table; hidden ones (sessions, keys) are kept but are nobody's business data. */
  table(name, { hidden = false } = {}) {
    let table = this.tables.get(name);
    if (!table) this.tables.set(name, (table = new Table(name, hidden)));
    return table;
  }

  get(name, id) { return this.tables.get(name)?.records.get(String(id)); }

  begin() { this.open = []; }

  mark() { return this.open.length; }

  /** Takes back what was written since a mark. */
  undo(mark) {
    while (this.open.length > mark) {
      const { table, before, after } = this.open.pop();
      table.takeBack(before, after);
    }
  }

  rollback() { if (this.open) this.undo(0); this.open = null; }

  /** Writes one record inside the open transaction. */
  put(name, id, doc, { gone = false } = {}) {
    const table = this.table(name);
    const before = table.records.get(String(id));
    const now = this.clock.now();
    const after = { id: String(id), doc, gone, rev: (before?.rev ?? 0) + 1, seq: ++this.seq, created: before?.created ?? now, changed: now };
    table.set(after);
    this.open.push({ table, before, after });
    return after;
  }

  /** Removes a hidden record for good; business records are only marked as gone. */
  drop(name, id) {
    const before = this.get(name, id);
    if (before) this.put(name, id, null, { gone: true });
  }

  /** Ends the transaction: what changed, one entry a record. */
  commit(n = 0) {
    const writes = merged(this.open);
    this.open = null;
    if (writes.length === 0) return [];
    if (this.fd !== null) fs.writeSync(this.fd, line(n, this.clock.now(), writes));
    const changes = [];
    for (const { table, before, after } of writes) {
      if (!table.hidden) changes.push(this.history.note(table.name, before, after, n, this.clock.now()));
    }
    return changes;
  }

  /** Runs fn as one transaction of its own. */
  write(fn, n = 0) {
    this.begin();
    try {
      const result = fn();
      const changes = this.commit(n);
      return { result, changes };
    } catch (error) {
      this.rollback();
      throw error;
    }
  }

  /** Opens the file, replaying what an earlier process committed. True when there was something. */
  load() {
    if (!this.file) return false;
    const text = fs.existsSync(this.file) ? fs.readFileSync(this.file, "utf8") : "";
    const whole = text.lastIndexOf("\n") + 1;      // a line cut short by a kill was never committed
    if (whole < text.length) fs.truncateSync(this.file, Buffer.byteLength(text.slice(0, whole)));
    for (const row of text.slice(0, whole).split("\n")) if (row) this.replay(parse(row));
    this.fd = fs.openSync(this.file, "a");
    return whole > 0;
  }

  replay({ n, t, w }) {
    this.lastRequest = Math.max(this.lastRequest, n);
    for (const [name, hidden, id, doc, gone, rev, created, changed] of w) {
      const table = this.table(name, { hidden });
      const before = table.records.get(id);
      const after = { id, doc, gone, rev, seq: ++this.seq, created, changed };
      table.set(after);
      if (!table.hidden) this.history.note(name, before, after, n, t);
    }
  }

  /** Forgets all records; hidden tables stay unless `all`. */
  clear({ all = false } = {}) {
    for (const table of this.tables.values()) if (all || !table.hidden) table.clear();
    this.history.clear();
    if (this.fd === null) return;
    fs.ftruncateSync(this.fd, 0);
    this.begin();
    for (const table of this.tables.values()) {
      for (const record of table.records.values()) this.open.push({ table, after: record });
    }
    this.commit();
  }

  close() { if (this.fd !== null) fs.closeSync(this.fd); this.fd = null; }
}

// A record written twice in one transaction was committed once.
function merged(writes) {
  if (writes.length < 2) return writes;
  const seen = new Map();
  for (const write of writes) {
    const key = `${write.table.name}/${write.after.id}`;
    const earlier = seen.get(key);
    if (earlier) earlier.after = write.after; else seen.set(key, { ...write });
  }
  return [...seen.values()];
}

function line(n, t, writes) {
  const w = writes.map(({ table, after: r }) => [table.name, table.hidden, r.id, r.doc, r.gone, r.rev, r.created, r.changed]);
  return stringify({ n, t, w }) + "\n";
}
