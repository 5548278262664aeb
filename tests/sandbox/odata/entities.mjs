// Entities: finding them by key or alternate key, deep insert, upsert, and the ETag rules.
import crypto from "node:crypto";
import { Num } from "../lib/json.mjs";
import { add, multiply, round } from "../lib/decimal.mjs";
import { types } from "./model.mjs";
import { accept, keyValue } from "./edm.mjs";
import { badRequest, notFound, refuse } from "./errors.mjs";

const locked = new Set(["shipped", "invoiced", "paid", "cancelled", "refused"]);

export class Entities {
  constructor(store, clock, settings) {
    this.store = store;
    this.clock = clock;
    this.settings = settings;
    this.prepare();
  }

  prepare() {
    for (const type of Object.values(types)) {
      if (!type.set) continue;
      const table = this.store.table(type.set);
      for (const name of type.alternate ?? []) table.index(name, (doc) => doc[name] ?? null);
      for (const link of Object.values(type.navigation)) if (link.many && !link.contained) this.store.table(types[link.to].set).index(link.by, (doc) => doc[link.by] ?? null);
    }
  }

  /** A key predicate to {name, value}: the key itself, or an alternate key by name. */
  key(type, predicate) {
    const [[name, literal], more] = Object.entries(predicate);
    const field = name === "" ? type.key : name;
    if (more || (field !== type.key && !(type.alternate ?? []).includes(field))) throw badRequest(`The key predicate does not match the keys of 'Erp.${type.name}'.`);
    const value = keyValue(type.properties[field], literal);
    if (value === null) throw badRequest(`The key value '${literal}' does not fit '${type.properties[field].type}'.`);
    return { field, value };
  }

  find(type, { field, value }) {
    const table = this.store.table(type.set);
    const record = field === type.key ? table.records.get(String(value)) : table.find(field, value)[0];
    return record && !record.gone ? record : null;
  }

  /** Where a navigation leads: a list for many, a document or null for one. */
  follow(type, doc, name) {
    const link = type.navigation[name];
    if (link.contained) return doc[name] ?? [];
    const target = types[link.to];
    if (doc[link.by] === null || doc[link.by] === undefined) return link.many ? [] : null;
    if (link.many) return this.store.table(target.set).find(link.by, doc[link.by]).map((r) => r.doc);
    return this.find(target, { field: link.theirs, value: doc[link.by] })?.doc ?? null;
  }

  etag(record) { return `W/"${record.rev}"`; }

  /** Judges If-Match and If-None-Match of a write (RFC 9110; 428 is RFC 6585, for servers that insist). */
  precondition(request, record) {
    const match = request.headers["if-match"], none = request.headers["if-none-match"];
    if (none === "*" && record) throw refuse(412, "412", "The entity exists already.");
    if (match !== undefined && !record) throw match === "*" ? refuse(404, "404", "The entity does not exist and If-Match forbids creating it.") : refuse(412, "412", "The ETag does not match: there is no such entity.");
    if (match !== undefined && match !== "*" && !match.split(",").map((t) => t.trim()).includes(this.etag(record))) throw refuse(412, "412", "The ETag does not match the entity's.");
    if (match === undefined && record && none === undefined && this.settings.require_etag) throw refuse(428, "428", "The request is required to be conditional.");
  }

  /** Client properties, checked; unknown and misplaced ones are refused. */
  values(type, body, compatible, path = "") {
    const out = {};
    for (const [name, value] of Object.entries(body)) {
      if (name.endsWith("@odata.bind")) { this.bind(type, name.slice(0, -11), value, out); continue; }
      if (name.includes("@")) continue;
      const link = type.navigation?.[name];
      if (link) { if (!link.contained) throw badRequest(`Deep insert of '${name}' is not supported.`, name); out[name] = this.lines(types[link.to], value, compatible, name); continue; }
      const property = type.properties[name];
      if (!property) throw badRequest(`The property '${path}${name}' does not exist on type 'Erp.${type.name}'. Make sure to only use property names that are defined by the type.`, path + name);
      if (!property.computed) out[name] = accept(path + name, property, value, compatible);
    }
    return out;
  }

  bind(type, name, reference, out) {
    const link = type.navigation[name];
    const m = /([A-Za-z]+)\((.+)\)$/.exec(String(reference));
    const target = link && types[link.to];
    if (!m || !target || target.set !== m[1]) throw badRequest(`The binding of '${name}' is not valid.`, name);
    const found = this.find(target, this.key(target, { "": m[2] }));
    if (!found) throw badRequest(`The entity '${reference}' does not exist.`, name);
    out[link.by] = found.doc[link.theirs];
  }

  // Nested lines; a line without a number gets the next of 10, 20, 30, ...
  lines(type, rows, compatible, path) {
    if (!Array.isArray(rows)) throw badRequest(`The property '${path}' must be a collection.`, path);
    const seen = new Set();
    const out = rows.map((row, i) => {
      const line = this.values(type, row, compatible, `${path}[${i}]/`);
      line.LineNo ??= (i + 1) * 10;
      if (seen.has(line.LineNo)) throw badRequest(`Line ${line.LineNo} occurs twice.`, `${path}[${i}]/LineNo`);
      seen.add(line.LineNo);
      this.complete(type, line, `${path}[${i}]/`);
      if (!line.NetAmount && line.UnitPrice && line.Quantity) line.NetAmount = new Num(round(multiply(line.Quantity.text, line.UnitPrice.text), 2));
      return line;
    });
    return out.sort((a, b) => a.LineNo - b.LineNo);
  }

  complete(type, doc, path = "") {
    const missing = Object.entries(type.properties).filter(([name, p]) => p.nullable === false && (doc[name] ?? null) === null).map(([name]) => path + name);
    if (missing.length === 0) return;
    throw refuse(400, "400", `Values are required for: ${missing.join(", ")}.`, { target: missing[0],
      details: missing.map((target) => ({ code: "required", message: `The property '${target}' requires a value.`, target })) });
  }

  create(type, given, actor) {
    const table = this.store.table(type.set);
    const now = this.clock.iso();
    const doc = { ...given };
    if (type.properties[type.key].type === "Edm.Guid") doc[type.key] ??= crypto.randomUUID();
    else if (type.range) doc[type.key] ??= this.free(type, type.key, ...type.range);
    if (type.name === "SalesOrder") Object.assign(doc, { OrderNo: doc.OrderNo ?? this.free(type, "OrderNo", "ERP-", 7), Status: "new", Items: doc.Items ?? [] });
    if (type.name === "Delivery") doc.Items ??= [];
    Object.assign(doc, { CreatedAt: now, CreatedBy: actor, ModifiedAt: now, ModifiedBy: actor });
    this.complete(type, doc);
    this.consistent(type, doc);
    this.unique(type, doc, null);
    return this.store.put(type.set, doc[type.key], doc);
  }

  /** The next number of a range that nobody has taken by hand. */
  free(type, field, prefix, length) {
    for (let n = this.store.table(type.set).records.size + 1; ; n++) {
      const value = prefix + String(n).padStart(length - 1, "0");
      if (!this.find(type, { field, value })) return value;
    }
  }

  update(type, record, given, actor) {
    if (type.name === "SalesOrder" && given.Items && locked.has(record.doc.Status)) {
      throw refuse(409, "ORDER_LOCKED", `The lines of order ${record.doc.OrderNo} cannot be changed: it is ${record.doc.Status}.`, { target: "Items" });
    }
    const doc = { ...record.doc, ...given, [type.key]: record.doc[type.key], ModifiedAt: this.clock.iso(), ModifiedBy: actor };
    this.complete(type, doc);
    this.consistent(type, doc, given);
    this.unique(type, doc, record.id);
    return this.store.put(type.set, record.id, doc);
  }

  /** PUT: what the client does not send goes back to its default. */
  replace(type, record, given, actor) {
    const empty = Object.fromEntries(Object.entries(type.properties).filter(([name, p]) => !p.computed && name !== type.key && !(type.alternate ?? []).includes(name)).map(([name]) => [name, null]));
    return this.update(type, record, { ...empty, ...given }, actor);
  }

  remove(type, record) {
    if (type.name === "SalesOrder" && record.doc.Status !== "new") throw refuse(409, "ORDER_LOCKED", `Order ${record.doc.OrderNo} is ${record.doc.Status} and can no longer be deleted.`);
    return this.store.put(type.set, record.id, record.doc, { gone: true });
  }

  consistent(type, doc, given = doc) {
    if (type.name !== "SalesOrder") return;
    if (!this.find(types.BusinessPartner, { field: "PartnerNo", value: doc.PartnerNo })) {
      throw refuse(400, "UNKNOWN_PARTNER", `Business partner ${doc.PartnerNo} does not exist.`, { target: "PartnerNo" });
    }
    if (given.Items && given.NetAmount === undefined) doc.NetAmount = new Num(round(doc.Items.reduce((sum, l) => add(sum, l.NetAmount?.text ?? "0"), "0"), 2));
    if ((given.Items || given.NetAmount || given.TaxAmount) && given.TotalAmount === undefined && doc.NetAmount) doc.TotalAmount = new Num(round(add(doc.NetAmount.text, doc.TaxAmount?.text ?? "0"), 2));
  }

  unique(type, doc, id) {
    for (const name of [type.key, ...(type.alternate ?? [])]) {
      if (doc[name] === null || doc[name] === undefined || (name === type.key && id !== null)) continue;
      const other = this.find(type, { field: name, value: doc[name] });
      if (other && other.id !== id) throw refuse(409, "DUPLICATE", `An entity with ${name} '${doc[name]}' exists already.`, { target: name });
    }
  }
}
