// Creating, changing, deleting and finding records, with the rules the vendor's API enforces.
import { Num } from "../lib/json.mjs";
import { multiply } from "../lib/decimal.mjs";
import { canonical, make } from "./ids.mjs";
import { accept, stamp } from "./value.mjs";
import { badExternal, deleted, noColumn, notFound, refuse } from "./errors.mjs";

export class Records {
  constructor(store, schema, clock) {
    this.store = store;
    this.schema = schema;
    this.clock = clock;
    this.prepare();
  }

  /** Makes tables and the indexes behind external ids and child relationships. */
  prepare() {
    for (const object of this.schema.objects.values()) {
      const table = this.store.table(object.name);
      for (const field of object.fields.values()) {
        if (field.externalId || field.idLookup || field.unique) table.index(field.name, (doc) => fold(doc[field.name]));
        if (field.childRelationship) table.index(field.name, (doc) => doc[field.name] ?? null);
      }
    }
  }

  object(name) {
    const object = this.schema.find(name);
    if (!object) throw notFound();
    return object;
  }

  /** The live record with that id, in either form. */
  live(object, id) {
    const key = canonical(id);
    if (!key) throw notFound();
    const record = this.store.get(object.name, key);
    if (!record) throw notFound();
    if (record.gone) throw deleted();
    return record;
  }

  /** Live records whose external id has the value; the comparison ignores case, as for text fields there. */
  byExternal(object, fieldName, value) {
    const field = this.schema.field(object, fieldName);
    if (!field || !(field.externalId || field.idLookup) || field.name === "Id") throw badExternal(fieldName);
    return { field, found: this.store.table(object.name).find(field.name, fold(value)) };
  }

  create(object, body, actor) {
    const given = this.values(object, body, "createable");
    const id = make(object.prefix, this.store.table(object.name).records.size + 1);
    const now = stamp(this.clock.now());
    const doc = {
      Id: id, IsDeleted: false, CreatedDate: now, CreatedById: actor, LastModifiedDate: now, LastModifiedById: actor,
      SystemModstamp: now, OwnerId: actor, ...given,
    };
    this.require(object, doc);
    this.finish(object, doc, id, given);
    return this.store.put(object.name, id, doc);
  }

  update(object, record, body, actor) {
    const given = this.values(object, body, "updateable");
    const now = stamp(this.clock.now());
    const doc = { ...record.doc, ...given, LastModifiedDate: now, LastModifiedById: actor, SystemModstamp: now };
    this.require(object, doc);
    this.finish(object, doc, record.id, given);
    return this.store.put(object.name, record.id, doc);
  }

  remove(object, record, actor) {
    this.cascade(object, record, actor);
    const now = stamp(this.clock.now());
    const doc = { ...record.doc, IsDeleted: true, LastModifiedDate: now, LastModifiedById: actor, SystemModstamp: now };
    return this.store.put(object.name, record.id, doc, { gone: true });
  }

  // Lines of an opportunity go with it; other children lose the reference.
  cascade(object, record, actor) {
    for (const child of this.schema.objects.values()) {
      for (const field of child.fields.values()) {
        if (field.referenceTo !== object.name || !field.cascade) continue;
        for (const each of this.store.table(child.name).find(field.name, record.id)) this.remove(child, each, actor);
      }
    }
  }

  /** Client values, checked one by one and turned into what is stored. */
  values(object, body, permission) {
    const out = {};
    for (const [key, value] of Object.entries(body)) {
      if (key === "attributes") continue;
      const field = this.schema.field(object, key);
      if (!field) { this.foreign(object, key, value, out); continue; }
      if (!field[permission]) throw this.readOnly(field);
      out[field.name] = accept(field, value);
      if (field.type === "reference" && out[field.name]) this.checkReference(object, field, out[field.name]);
    }
    return out;
  }

  readOnly(field) {
    const advice = "Please check the security settings of this field and verify that it is read/write for your profile or permission set.";
    return refuse(400, "INVALID_FIELD_FOR_INSERT_UPDATE", `Unable to create/update fields: ${field.name}. ${advice}`, [field.name]);
  }

  // A parent named by its own external id: {"Account": {"Account_No__c": "A-1"}}.
  foreign(object, key, value, out) {
    const field = this.schema.relation(object, key);
    const names = value && typeof value === "object" ? Object.keys(value).filter((k) => k !== "attributes") : [];
    if (!field || names.length !== 1) throw noColumn(key, object.name);
    const parent = this.schema.find(field.referenceTo);
    const { field: lookup, found } = this.byExternal(parent, names[0], value[names[0]]);
    if (found.length !== 1) {
      throw refuse(400, "INVALID_FIELD", `Foreign key external ID: ${value[names[0]]} not found for field ${lookup.name} in entity ${parent.name}`, []);
    }
    out[field.name] = found[0].id;
  }

  checkReference(object, field, id) {
    if (field.referenceTo === "User" || field.name === "WhatId") return;
    const target = this.store.get(field.referenceTo, id);
    const parent = this.schema.find(field.referenceTo);
    if (!id.startsWith(parent.prefix)) throw refuse(400, "FIELD_INTEGRITY_EXCEPTION", `${field.name}: id value of incorrect type: ${id}`, [field.name]);
    if (!target || target.gone) throw refuse(400, "INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", []);
  }

  require(object, doc) {
    const missing = [];
    for (const field of object.fields.values()) {
      if (!field.nillable && field.type !== "boolean" && (doc[field.name] ?? null) === null) missing.push(field.name);
    }
    if (missing.length) throw refuse(400, "REQUIRED_FIELD_MISSING", `Required fields are missing: [${missing.join(", ")}]`, missing);
  }

  // Calculated fields, then uniqueness.
  finish(object, doc, id, given) {
    if (object.name === "Contact") doc.Name = [doc.FirstName, doc.LastName].filter(Boolean).join(" ");
    if (object.name === "Opportunity") {
      doc.IsClosed = String(doc.StageName).startsWith("Closed");
      doc.IsWon = doc.StageName === "Closed Won";
    }
    if (object.name === "OpportunityLineItem") this.price(doc, given);
    if (object.name === "Order__c" && !doc.Name) doc.Name = id;
    for (const field of object.fields.values()) {
      if (!field.unique || (doc[field.name] ?? null) === null) continue;
      const other = this.store.table(object.name).find(field.name, fold(doc[field.name])).find((r) => r.id !== id);
      if (other) throw refuse(400, "DUPLICATE_VALUE", `duplicate value found: ${field.name} duplicates value on record with id: ${other.id}`, []);
    }
  }

  price(doc, given) {
    if (doc.Product2Id) {
      const product = this.store.get("Product2", doc.Product2Id);
      doc.ProductCode ??= product?.doc.ProductCode ?? null;
      doc.Name = product?.doc.Name ?? null;
    }
    if ((given.UnitPrice || given.Quantity) && doc.UnitPrice && !given.TotalPrice) doc.TotalPrice = new Num(multiply(doc.Quantity.text, doc.UnitPrice.text));
  }
}

/** Text keys compare without case. */
export function fold(value) {
  if (value === null || value === undefined) return null;
  return String(value).toLowerCase();
}
