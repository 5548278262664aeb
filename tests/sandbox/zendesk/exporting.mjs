// Incremental exports: cursor-based for tickets and users, time-based for all (vendor doc: "Incremental Exports").
import { refuse } from "./errors.mjs";
import { seal, unseal } from "./paging.mjs";

const most = 1000;

export class Exports {
  constructor(platform) { this.platform = platform; this.generation = 0; } // cursors of an earlier one are refused

  expire() { this.generation++; }

  after(table, text) {
    const { seq, generation } = unseal(text);
    if (generation !== this.generation) throw refuse(400, "InvalidCursor", "The cursor is not valid");
    return table.after(seq);
  }

  // What changed in the last minute is withheld there; the setting says how long here.
  get delay() { return this.platform.settings.export_delay * 1000; }

  size(query) { return Math.min(most, Math.max(1, Number(query.get("per_page") ?? this.platform.settings.export_page ?? most))); }

  start(query) {
    const start = Number(query.get("start_time"));
    if (!query.has("start_time") || !Number.isFinite(start)) throw refuse(400, "InvalidValue", "start_time is required");
    if (start * 1000 > this.platform.clock.now() - this.delay) throw refuse(422, "InvalidValue", `Too recent start_time. Use a start_time older than ${this.delay / 1000} seconds`);
    return start;
  }

  rows(kind, from) {
    const until = this.platform.clock.now() - this.delay;
    const out = [];
    for (const record of from) if (record.changed <= until && this.shown(kind, record)) out.push(record);
    return out;
  }

  // Deleted tickets and users are exported; a deleted organization just goes.
  shown(kind, record) { return kind !== "organizations" || !record.gone; }

  cursor(kind, query) {
    const table = this.platform.store.table(kind);
    const from = query.has("cursor") ? this.after(table, query.get("cursor")) : table.since(this.start(query) * 1000);
    const rows = this.rows(kind, from);
    const page = rows.slice(0, this.size(query));
    const cursor = page.length ? seal({ seq: page[page.length - 1].seq, generation: this.generation }) : query.get("cursor") ?? seal({ seq: this.before(table, query), generation: this.generation });
    const base = `${this.platform.base}/api/v2/incremental/${kind}/cursor.json`;
    return { [kind]: page.map((r) => this.platform.present(kind, r)), after_url: `${base}?cursor=${cursor}`, before_url: null, after_cursor: cursor, before_cursor: null,
      end_of_stream: rows.length <= page.length };
  }

  before(table, query) {
    const first = table.since(this.start(query) * 1000).next();
    return first.done ? this.platform.store.seq : first.value.seq - 1;
  }

  // Rows of one second are never split over pages, so a page may be longer than asked for.
  time(kind, query) {
    const start = this.start(query);
    const rows = this.rows(kind, this.platform.store.table(kind).since(start * 1000));
    let size = Math.min(this.size(query), rows.length);
    while (size > 0 && size < rows.length && second(rows[size]) === second(rows[size - 1])) size++;
    const page = rows.slice(0, size);
    const end_time = page.length ? second(page[page.length - 1]) : start;
    const next = `${this.platform.base}/api/v2/incremental/${kind}.json?start_time=${size < rows.length ? end_time + 1 : end_time}`;
    return { [kind]: page.map((r) => this.platform.present(kind, r)), count: page.length, end_of_stream: size >= rows.length, end_time, next_page: next };
  }
}

const second = (record) => Math.floor(record.changed / 1000);
