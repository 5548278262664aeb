// sObject Collections: up to 200 rows in one request, each with its own outcome (vendor doc: "sObject Collections").
import { Failure } from "../lib/failure.mjs";
import { canonical } from "./ids.mjs";
import { locked, noColumn, refuse } from "./errors.mjs";
import { show } from "./value.mjs";

const most = 200;
const chunks = 10;                         // runs of one type in a row of mixed types
const rolledBack = {
  statusCode: "ALL_OR_NONE_OPERATION_ROLLED_BACK", fields: [],
  message: "Record rolled back because not all records were valid and the request was using AllOrNone header",
};

export class Collections {
  constructor(platform) { this.platform = platform; }

  get records() { return this.platform.records; }

  /** Runs fn on every row; a row that fails takes nothing back but itself, unless all or none is asked for. */
  each(request, rows, allOrNone, fn) {
    if (rows.length > most) throw refuse(400, "EXCEEDED_ID_LIMIT", `record limit reached. cannot submit more than ${most} records into this call`);
    const { store } = this.platform;
    const start = store.mark();
    const results = rows.map((row, i) => {
      const mark = store.mark();
      try {
        if (request.lockRows?.(i)) throw locked(row?.id ?? row?.Id ?? row);
        this.platform.lockParents(request, row);
        return fn(row);
      } catch (error) {
        if (!(error instanceof Failure)) throw error;
        store.undo(mark);
        return { success: false, errors: [{ statusCode: error.detail?.statusCode ?? "UNKNOWN_EXCEPTION", message: error.detail?.message ?? "", fields: error.detail?.fields ?? [] }] };
      }
    });
    if (!allOrNone || results.every((r) => r.success)) return results;
    store.undo(start);
    return results.map((r) => (r.success ? { success: false, errors: [rolledBack] } : r));
  }

  body(request) {
    const body = this.platform.json(request);
    if (!Array.isArray(body.records)) throw refuse(400, "JSON_PARSER_ERROR", "The request body must have a records array");
    return { rows: body.records, allOrNone: body.allOrNone === true };
  }

  type(row) {
    const name = row?.attributes?.type;
    const object = name && this.platform.schema.find(name);
    if (!object) throw refuse(400, "INVALID_TYPE", `sObject type '${name}' is not supported.`);
    return object;
  }

  bound(rows) {
    let runs = 0, last = null;
    for (const row of rows) if (row?.attributes?.type !== last) { runs++; last = row?.attributes?.type; }
    if (runs > chunks) throw refuse(400, "LIMIT_EXCEEDED", `Your request contains more than ${chunks} chunks of mixed types`);
  }

  create(request) {
    const { rows, allOrNone } = this.body(request);
    this.bound(rows);
    return this.each(request, rows, allOrNone, (row) => {
      const record = this.records.create(this.type(row), row, this.platform.user);
      return { id: record.id, success: true, errors: [] };
    });
  }

  update(request) {
    const { rows, allOrNone } = this.body(request);
    this.bound(rows);
    return this.each(request, rows, allOrNone, (row) => {
      const object = this.type(row);
      const { id, Id, ...rest } = row;
      if (!(id ?? Id)) throw refuse(400, "MISSING_ARGUMENT", "Id not specified in an update call", []);
      const record = this.records.update(object, this.records.live(object, id ?? Id), rest, this.platform.user);
      return { id: record.id, success: true, errors: [] };
    });
  }

  /** One type, matched by an external id, or by Id as the recordings have it. */
  upsert(request, object, fieldName) {
    const { rows, allOrNone } = this.body(request);
    const times = new Map();
    for (const row of rows) times.set(String(row?.[fieldName]), (times.get(String(row?.[fieldName])) ?? 0) + 1);
    return this.each(request, rows, allOrNone, (row) => {
      if (times.get(String(row?.[fieldName])) > 1) throw refuse(400, "DUPLICATE_EXTERNAL_ID", `Duplicate external id specified: ${row?.[fieldName]}`, [fieldName]);
      if (this.type(row) !== object) throw refuse(400, "INVALID_TYPE", "all records must be of the type in the URL");
      const { record, created } = this.platform.upsertRow(object, fieldName, row);
      return { id: record.id, success: true, errors: [], created };
    });
  }

  remove(request) {
    const ids = (request.query.get("ids") ?? "").split(",").filter(Boolean);
    return this.each(request, ids, request.query.get("allOrNone") === "true", (id) => {
      const key = canonical(id);
      const object = key && this.platform.schema.byPrefix(key);
      if (!object) throw refuse(400, "MALFORMED_ID", `malformed id ${id}`, []);
      const record = this.records.live(object, key);
      this.records.remove(object, record, this.platform.user);
      return { id: record.id, success: true, errors: [] };
    });
  }

  /** Rows by id in the order asked for; null where there is none. */
  retrieve(object, ids, fieldNames, version) {
    const fields = fieldNames.map((name) => this.platform.schema.field(object, name) ?? fail(name, object));
    return ids.map((id) => {
      const record = this.platform.store.get(object.name, canonical(id) ?? "");
      if (!record || record.gone) return null;
      const row = { attributes: this.platform.attributes(object, record.id, version) };
      for (const field of fields) row[field.name] = show(field, record.doc[field.name]);
      row.Id = record.id;
      return row;
    });
  }
}

function fail(name, object) { throw noColumn(name, object.name); }
