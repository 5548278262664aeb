// One table: records by id, indexes by key, and the order in which records changed.

export class Table {
  constructor(name, hidden) {
    this.name = name;
    this.hidden = hidden;
    this.indexes = new Map();
    this.clear();
  }

  clear() {
    this.records = new Map();
    this.changes = [];                     // records in the order they were written; only the newest of each counts
    for (const index of this.indexes.values()) index.ids.clear();
  }

  /** Keeps ids by key; keyOf gives the key of a document, or null for none. */
  index(name, keyOf) {
    if (this.indexes.has(name)) return;
    const index = { keyOf, ids: new Map() };
    this.indexes.set(name, index);
    for (const record of this.records.values()) enter(index, record);
  }

  hasIndex(name) { return this.indexes.has(name); }

  /** Records with that key which are not gone. */
  find(name, key) {
    const ids = this.indexes.get(name).ids.get(key);
    return ids ? [...ids].map((id) => this.records.get(id)) : [];
  }

  set(record) {
    const before = this.records.get(record.id);
    for (const index of this.indexes.values()) {
      if (before) leave(index, before);
      enter(index, record);
    }
    this.records.set(record.id, record);
    if (!this.hidden) this.changes.push(record);
  }

  /** Undoes the latest set(after). */
  takeBack(before, after) {
    for (const index of this.indexes.values()) {
      leave(index, after);
      if (before) enter(index, before);
    }
    if (before) this.records.set(before.id, before); else this.records.delete(after.id);
    if (this.changes[this.changes.length - 1] === after) this.changes.pop();
  }

  /** Newest state of every record written at or after a moment, oldest first. */
  *since(ms) { yield* this.current(this.first((r) => r.changed >= ms)); }

  /** Newest state of every record written after a sequence number, oldest first. */
  *after(seq) { yield* this.current(this.first((r) => r.seq > seq)); }

  *current(from) {
    for (let i = from; i < this.changes.length; i++) {
      const record = this.changes[i];
      if (this.records.get(record.id) === record) yield record;
    }
  }

  // Writes come in time order, so the first match is found by halving.
  first(holds) {
    let low = 0, high = this.changes.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (holds(this.changes[middle])) high = middle; else low = middle + 1;
    }
    return low;
  }

  *live() { for (const record of this.records.values()) if (!record.gone) yield record; }
}

function enter(index, record) {
  const key = record.gone ? null : index.keyOf(record.doc);
  if (key === null || key === undefined) return;
  const ids = index.ids.get(key);
  if (ids) ids.add(record.id); else index.ids.set(key, new Set([record.id]));
}

function leave(index, record) {
  const key = record.doc === null ? null : index.keyOf(record.doc);
  const ids = index.ids.get(key);
  if (!ids) return;
  ids.delete(record.id);
  if (ids.size === 0) index.ids.delete(key);
}
