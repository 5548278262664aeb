// Per record, the sequence of distinct contents that were committed: what shows a lost, doubled or foreign write.
import { same } from "./json.mjs";

export class History {
  constructor(stamps) { this.stamps = new Set(stamps); this.clear(); }

  clear() { this.records = new Map(); }

  /** Notes one commit of one record and says what it changed. */
  note(object, before, after, n, time) {
    const key = `${object}/${after.id}`;
    let entry = this.records.get(key);
    if (!entry) this.records.set(key, (entry = { object, id: after.id, commits: 0, versions: [] }));
    entry.commits++;
    const fields = this.differing(before?.doc, after.doc);
    const op = operation(before, after, fields);
    if (op !== "same") entry.versions.push({ n, time, op, gone: after.gone, fields, doc: after.doc });
    return { object, id: after.id, op, fields };
  }

  differing(before, after) {
    const out = [];
    for (const name of Object.keys(after ?? {})) {
      if (!this.stamps.has(name) && !same(before?.[name], after[name])) out.push(name);
    }
    for (const name of Object.keys(before ?? {})) {
      if (!this.stamps.has(name) && after?.[name] === undefined && (before[name] ?? null) !== null) out.push(name);
    }
    return out;
  }

  list({ object, id } = {}) {
    const out = [];
    for (const entry of this.records.values()) {
      if ((!object || entry.object === object) && (!id || entry.id === id)) out.push(entry);
    }
    return out;
  }
}

function operation(before, after, fields) {
  if (!before) return "create";
  if (after.gone !== before.gone) return after.gone ? "delete" : "undelete";
  return fields.length ? "update" : "same";
}
