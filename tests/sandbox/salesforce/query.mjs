// Runs SOQL: rows, child rows, counts, and the pages behind nextRecordsUrl.
import { parseQuery } from "./parser.mjs";
import { Planner, relationshipHint } from "./plan.mjs";
import { make } from "./ids.mjs";
import { refuse } from "./errors.mjs";
import { show } from "./value.mjs";

const openCursors = 100;                   // the oldest is dropped beyond this, as there (there it is 10 a user)

export class Queries {
  constructor(store, schema, clock, settings) {
    this.store = store;
    this.schema = schema;
    this.settings = settings;
    this.planner = new Planner(schema, store, clock);
    this.cursors = new Map();
    this.made = 0;
  }

  /** Answers one query with its first page. */
  run(text, { version, all = false, batch = 2000 }) {
    const tree = parseQuery(text);
    const object = this.planner.object(tree);
    const docs = this.rows(tree, object, all || tree.all);
    if (tree.items.length === 1 && tree.items[0].call === "COUNT" && !tree.items[0].inside) return { totalSize: docs.length, done: true, records: [] };
    if (tree.items.some((item) => item.call && !item.call.startsWith("FIELDS"))) return this.aggregate(tree, object, docs);
    const columns = this.columns(tree, object);
    const plan = { object, columns, tree, version, all };
    return this.page({ plan, ids: docs.map((d) => d.Id), batch, locator: null }, 0);
  }

  rows(tree, object, all) {
    if (tree.offset > 2000) throw refuse(400, "NUMBER_OUTSIDE_VALID_RANGE", "Maximum SOQL offset allowed is 2000");
    const holds = this.planner.condition(object, tree.where, tree.text);
    const table = this.store.table(object.name);
    const floor = this.planner.floor(tree.where);
    const source = floor === null ? table.records.values() : table.since(Math.floor(floor / 1000) * 1000);
    const docs = [];
    for (const record of source) if ((all || !record.gone) && holds(record.doc)) docs.push(record.doc);
    docs.sort(this.planner.ordering(object, tree.order, tree.text));
    const from = tree.offset;
    return tree.limit === null && !from ? docs : docs.slice(from, tree.limit === null ? undefined : from + tree.limit);
  }

  // COUNT(Id) and COUNT(field): one AggregateResult row.
  aggregate(tree, object, docs) {
    const row = { attributes: { type: "AggregateResult" } };
    tree.items.forEach((item, i) => {
      if (item.call !== "COUNT") throw refuse(400, "MALFORMED_QUERY", `unsupported function: ${item.call ?? item.path}`);
      const path = this.planner.path(object, item.inside, tree.text, item.at);
      row[item.alias ?? `expr${i}`] = docs.filter((doc) => (this.planner.follow(path, doc) ?? null) !== null).length;
    });
    return { totalSize: 1, done: true, records: [row] };
  }

  columns(tree, object) {
    const columns = [];
    for (const item of tree.items) {
      if (item.query) columns.push(this.child(item, object));
      else if (item.call) columns.push(...this.everything(item, tree, object));
      else columns.push({ names: item.path.split("."), ...this.planner.path(object, item.path, tree.text, item.at) });
    }
    return columns;
  }

  // FIELDS(ALL) and FIELDS(CUSTOM) are bounded to 200 rows there.
  everything(item, tree, object) {
    const which = item.inside?.toUpperCase();
    if (which !== "STANDARD" && (tree.limit ?? Infinity) > 200) throw refuse(400, "MALFORMED_QUERY", "The SOQL FIELDS function must have a LIMIT of at most 200");
    const fields = [...object.fields.values()].filter((f) => which === "ALL" || f.name.endsWith("__c") === (which === "CUSTOM"));
    return fields.map((field) => ({ names: [field.name], steps: [], field, object }));
  }

  child(item, object) {
    const found = this.schema.children(object, item.query.from);
    if (!found) {
      const message = `Didn't understand relationship '${item.query.from}' in FROM part of query call. ${relationshipHint}`;
      throw this.planner.missing(message, item.query.text, item.query.fromAt);
    }
    const { child, field } = found;
    return {
      name: field.childRelationship, object: child, field, tree: item.query,
      holds: this.planner.condition(child, item.query.where, item.query.text),
      order: this.planner.ordering(child, item.query.order, item.query.text), columns: this.columns(item.query, child),
    };
  }

  page(cursor, from) {
    const size = this.settings.page_size ?? cursor.batch;
    const ids = cursor.ids.slice(from, from + size);
    const { plan } = cursor;
    const records = ids.map((id) => this.record(plan, this.store.get(plan.object.name, id).doc));
    const next = from + size;
    const out = { totalSize: cursor.ids.length, done: next >= cursor.ids.length, records };
    if (out.done) return { totalSize: out.totalSize, done: true, records };
    if (!cursor.locator) this.keep(cursor);
    return { totalSize: out.totalSize, done: false, nextRecordsUrl: `/services/data/v${plan.version}/query/${cursor.locator}-${next}`, records };
  }

  keep(cursor) {
    cursor.locator = make("01g", ++this.made);
    this.cursors.set(cursor.locator, cursor);
    if (this.cursors.size > openCursors) this.cursors.delete(this.cursors.keys().next().value);
  }

  /** A later page. The locator is opaque: an id and a position. */
  more(locator) {
    const [id, position] = locator.split("-");
    const cursor = this.cursors.get(id);
    if (!cursor || !/^\d+$/.test(position ?? "")) throw refuse(400, "INVALID_QUERY_LOCATOR", "invalid query locator");
    return this.page(cursor, Number(position));
  }

  expire() { this.cursors.clear(); }

  record({ object, columns, version }, doc) {
    const row = { attributes: this.attributes(object, doc, version) };
    for (const column of columns) {
      if (column.tree) row[column.name] = this.children(column, doc, version);
      else this.place(row, object, column, doc, version);
    }
    return row;
  }

  attributes(object, doc, version) {
    return { type: object.name, url: `/services/data/v${version}/sobjects/${object.name}/${doc.Id}` };
  }

  // A parent's field comes nested, under the relationship's name; a missing parent is null.
  place(row, object, column, doc, version) {
    let here = doc, target = row, at = object;
    for (const step of column.steps) {
      const parent = here[step.name] ? this.store.get(step.referenceTo, here[step.name]) : null;
      if (!parent) { target[step.relationshipName] ??= null; return; }
      at = this.schema.find(step.referenceTo);
      here = parent.doc;
      target = target[step.relationshipName] ??= { attributes: this.attributes(at, here, version) };
    }
    target[column.field.name] = show(column.field, here[column.field.name]);
  }

  children(column, doc, version) {
    const found = this.store.table(column.object.name).find(column.field.name, doc.Id).map((r) => r.doc).filter(column.holds);
    if (found.length === 0) return null;
    found.sort(column.order);
    const cut = column.tree.limit === null ? found : found.slice(0, column.tree.limit);
    return { totalSize: cut.length, done: true, records: cut.map((d) => this.record({ object: column.object, columns: column.columns, version }, d)) };
  }
}
