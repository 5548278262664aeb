// The Salesforce look-alike: routes of the REST API onto the rooms beside this file.
import { Clock } from "../lib/clock.mjs";
import { Store } from "../lib/store.mjs";
import { make } from "./ids.mjs";
import { Schema, stamps, standard } from "./schema.mjs";
import { Records } from "./records.mjs";
import { Queries } from "./query.mjs";
import { OAuth } from "./oauth.mjs";
import { Collections } from "./collections.mjs";
import { Composite } from "./composite.mjs";
import { Replication } from "./replication.mjs";
import { describe, summary } from "./describe.mjs";
import { badExternal, badJson, contentType, deadSession, errorReply, limitReached, locked, notFound, refuse } from "./errors.mjs";
import { show, stamp } from "./value.mjs";
import { adminRoutes } from "./desk.mjs";

const newest = 67;                         // Summer '26
const oldest = 31;                         // 21.0 to 30.0 were removed in Summer '25

export class Salesforce {
  constructor(settings = {}, file = null) {
    this.name = "salesforce";
    this.settings = { client_id: "sandbox-client", client_secret: "sandbox-secret", username: "integration@sandbox.test", password: "sandbox-password",
      refresh_token: "sandbox-refresh", run_as: true, audiences: [], public_key: null, session_seconds: 0, page_size: null, api_limit: 1000000,
      deleted_since: null, deleted_limit: 600000, updated_limit: 600000, replication_lag_ms: 0, lock_ms: 0, ...settings };
    this.refusedLocks = 0;
    this.held = new Map();                 // parent → when its lock ends (setting lock_ms)
    this.clock = new Clock();
    this.store = new Store({ clock: this.clock, stamps, file });
    this.schema = new Schema(standard);
    this.records = new Records(this.store, this.schema, this.clock);
    this.queries = new Queries(this.store, this.schema, this.clock, this.settings);
    this.oauth = new OAuth(this);
    this.collections = new Collections(this);
    this.composite = new Composite(this);
    this.replication = new Replication(this);
    this.organization = make("00D", 1);
    this.user = make("005", 1);            // who the API acts as
    this.person = make("005", 2);          // who "a user of that platform" is
    this.used = 0;
    this.admin = adminRoutes;
    this.special = {
      expired_session: (fault, request) => { this.oauth.expire(); return errorOf(deadSession()); },
      lock_row: (fault, request) => this.lockRow(fault, request),
      request_limit: () => errorOf(limitReached()),
      server_unavailable: () => errorReply(503, "SERVER_UNAVAILABLE", "Server Unavailable"),
    };
  }

  /** Users exist from the start; definitions added earlier come back with the state file. */
  seed() {
    const kept = this.store.table("_schema", { hidden: true });
    for (const { doc } of kept.records.values()) this.define(doc);
    this.records.prepare();
    if (this.store.table("User").records.size) return;
    this.store.write(() => {
      this.seedUser(this.user, "Integration User", this.settings.username);
      this.seedUser(this.person, "Ada Clerk", "ada@sandbox.test");
    });
  }

  seedUser(id, Name, Username) {
    const now = stamp(this.clock.now());
    const made = { CreatedDate: now, CreatedById: id, LastModifiedDate: now, LastModifiedById: id, SystemModstamp: now, OwnerId: id };
    this.store.put("User", id, { Id: id, IsDeleted: false, ...made, Name, Username, Email: Username, IsActive: true });
  }

  wiped() { this.used = 0; this.queries.expire(); }

  /** Adds an object, or fields to one. */
  define({ object, fields }) {
    if (object && !this.schema.find(object.name)) this.schema.add({ ...object, fields: object.fields ?? [] });
    for (const field of fields ?? []) this.schema.addField(object.name, field);
    this.records.prepare();
  }

  handle(request) {
    const { path } = request;
    if (path === "/services/oauth2/token") return this.oauth.token(request);
    if (path === "/services/oauth2/revoke") return this.oauth.revoke(request);
    if (path === "/services/data" || path === "/services/data/") return ok(versions());
    if (!this.oauth.valid(request)) throw deadSession();
    if (path.startsWith("/id/") || path === "/services/oauth2/userinfo") return this.oauth.identity();
    if (++this.used > this.settings.api_limit) throw limitReached();
    return this.resource(request);
  }

  /** Everything under /services/data/vNN.0. */
  resource(request) {
    const parts = request.path.split("/").slice(1).map(decode);
    if (parts[parts.length - 1] === "") parts.pop();
    const m = /^v(\d+)\.0$/.exec(parts[2] ?? "");
    if (parts[0] !== "services" || parts[1] !== "data" || !m || Number(m[1]) > newest) throw notFound();
    if (Number(m[1]) < oldest) throw refuse(410, "UNSUPPORTED_API_VERSION", `The requested API version ${parts[2]} is no longer supported`);
    const method = request.query.get("_HttpMethod") ?? request.method;
    return this.route(request, method, m[1] + ".0", parts.slice(3));
  }

  route(request, method, version, [room, ...rest]) {
    switch (room) {
      case undefined: return ok(resources(version));
      case "limits": return ok(this.limits(rest, request));
      case "query": case "queryAll": return this.query(request, version, room === "queryAll", rest[0]);
      case "sobjects": return this.sobjects(request, method, version, rest);
      case "composite": return this.compositeRoute(request, method, version, rest);
      default: throw notFound();
    }
  }

  query(request, version, all, locator) {
    if (locator) return ok(this.queries.more(locator));
    const text = request.query.get("q");
    if (!text) throw refuse(400, "MALFORMED_QUERY", "A query string has to be specified");
    const asked = /batchSize=(\d+)/i.exec(request.headers["sforce-query-options"] ?? "");
    const batch = asked ? Math.min(2000, Math.max(200, Number(asked[1]))) : 2000;
    return ok(this.queries.run(text, { version, all, batch }));
  }

  limits([sub], request) {
    if (sub === "recordCount") {
      const names = (request.query.get("sObjects") ?? "").split(",").filter(Boolean);
      return { sObjects: names.map((name) => ({ count: [...this.store.table(this.records.object(name).name).live()].length, name })) };
    }
    const left = this.settings.api_limit - this.used;
    return { DailyApiRequests: { Max: this.settings.api_limit, Remaining: Math.max(0, left) }, DailyBulkV2QueryJobs: { Max: 10000, Remaining: 10000 },
      ConcurrentAsyncGetReportInstances: { Max: 200, Remaining: 200 }, DataStorageMB: { Max: 1024, Remaining: 1024 } };
  }

  sobjects(request, method, version, [name, ...rest]) {
    if (!name) return ok({ encoding: "UTF-8", maxBatchSize: 200, sobjects: [...this.schema.objects.values()].map((o) => summary(o, version)) });
    const object = this.records.object(name);
    if (rest.length === 0) {
      if (method === "POST") return this.create(request, object, version);
      return ok({ objectDescribe: summary(object, version), recentItems: [] });
    }
    if (rest[0] === "describe") return this.describe(request, object, version);
    if (rest[0] === "deleted") return ok(this.replication.deleted(object, request.query));
    if (rest[0] === "updated") return ok(this.replication.updated(object, request.query));
    // An external id may itself hold slashes that a client did not encode.
    if (rest.length > 1) return this.external(request, method, object, rest[0], rest.slice(1).join("/"), version);
    return this.one(request, method, object, rest[0], version);
  }

  describe(request, object, version) {
    const modified = new Date(this.schema.added).toUTCString();
    if (Date.parse(request.headers["if-modified-since"] ?? "") >= Date.parse(modified)) return { status: 304, headers: { "last-modified": modified } };
    return { ...ok(describe(this.schema, object, version)), headers: { "content-type": contentType, "last-modified": modified } };
  }

  create(request, object, version) {
    const body = this.row(request);
    const record = this.records.create(object, body, this.user);
    return created(object, record, version, { id: record.id, success: true, errors: [] });
  }

  one(request, method, object, id, version) {
    switch (method) {
      case "GET": case "HEAD": return ok(this.view(object, this.records.live(object, id), version, request.query.get("fields")));
      case "PATCH": this.records.update(object, this.unlocked(request, this.records.live(object, id)), this.row(request), this.user); return nothing();
      case "DELETE": this.records.remove(object, this.unlocked(request, this.records.live(object, id)), this.user); return nothing();
      default: throw refuse(405, "METHOD_NOT_ALLOWED", `HTTP Method '${method}' not allowed. Allowed are HEAD,GET,PATCH,DELETE`);
    }
  }

  external(request, method, object, fieldName, value, version) {
    if (method === "PATCH" || method === "POST") return this.upsert(request, object, fieldName, value, version);
    const { found } = this.records.byExternal(object, fieldName, value);
    if (found.length === 0) throw notFound();
    if (found.length > 1) return many(object, found, version);
    return this.one(request, method, object, found[0].id, version);
  }

  // 201 created, 200 with a body for an update since 46.0 (204 before), 300 when the value is not unique.
  upsert(request, object, fieldName, value, version) {
    const { field, found } = this.records.byExternal(object, fieldName, value);
    if (found.length > 1) return many(object, found, version);
    const body = this.row(request);
    for (const key of Object.keys(body)) {
      if (key.toLowerCase() === field.name.toLowerCase()) throw refuse(400, "INVALID_FIELD", `The ${field.name} field should not be specified in the sobject data.`, [field.name]);
    }
    this.lockParents(request, body);
    const late = Number(version) >= 46;
    if (found.length === 1) {
      const record = this.records.update(object, this.unlocked(request, found[0]), body, this.user);
      return late ? ok({ id: record.id, success: true, errors: [], created: false }) : nothing();
    }
    const record = this.records.create(object, { ...body, [field.name]: value }, this.user);
    return created(object, record, version, { id: record.id, success: true, errors: [], ...(late ? { created: true } : {}) });
  }

  /** One row of a collection upsert. */
  upsertRow(object, fieldName, row) {
    const name = Object.keys(row).find((key) => key.toLowerCase() === fieldName.toLowerCase());
    if (fieldName.toLowerCase() === "id") return this.upsertById(object, row, name);
    const value = name === undefined ? null : row[name];
    if (value === null || value === "") throw refuse(400, "MISSING_ARGUMENT", `${fieldName} not specified`, [fieldName]);
    const { found } = this.records.byExternal(object, fieldName, value);
    if (found.length > 1) throw refuse(400, "DUPLICATE_EXTERNAL_ID", `${fieldName}: more than one record found for external id field: [${found.map((r) => r.id).join(", ")}]`, [fieldName]);
    if (found.length === 1) return { record: this.records.update(object, found[0], row, this.user), created: false };
    return { record: this.records.create(object, row, this.user), created: true };
  }

  upsertById(object, { id, Id, ...row }) {
    const key = id ?? Id;
    if (!key) return { record: this.records.create(object, row, this.user), created: true };
    return { record: this.records.update(object, this.records.live(object, key), row, this.user), created: false };
  }

  compositeRoute(request, method, version, [room, name, field]) {
    if (room === undefined && method === "POST") return ok(this.composite.run(request));
    if (room !== "sobjects") throw notFound();
    if (!name) return ok(this.collection(request, method));
    const object = this.records.object(name);
    if (field && method === "PATCH") return ok(this.collections.upsert(request, object, this.lookup(object, field)));
    if (method === "POST") { const { ids, fields } = this.json(request); return ok(this.collections.retrieve(object, ids ?? [], fields ?? [], version)); }
    if (method === "GET") return ok(this.collections.retrieve(object, split(request, "ids"), split(request, "fields"), version));
    throw notFound();
  }

  lookup(object, name) {
    const field = this.schema.field(object, name);
    if (!field || !(field.externalId || field.idLookup)) throw badExternal(name);
    return field.name;
  }

  collection(request, method) {
    switch (method) {
      case "POST": return this.collections.create(request);
      case "PATCH": return this.collections.update(request);
      case "DELETE": return this.collections.remove(request);
      default: throw notFound();
    }
  }

  view(object, record, version, only) {
    const names = only ? only.split(",") : [...object.fields.keys()];
    const out = { attributes: this.attributes(object, record.id, version) };
    for (const name of names) {
      const field = this.schema.field(object, name.trim());
      if (!field) throw refuse(400, "INVALID_FIELD", `No such column '${name}' on entity '${object.name}'.`);
      out[field.name] = show(field, record.doc[field.name]);
    }
    if (only) out.Id = record.id;
    return out;
  }

  attributes(object, id, version) { return { type: object.name, url: `/services/data/v${version}/sobjects/${object.name}/${id}` }; }

  json(request) {
    try { return request.json(); } catch (error) { throw badJson(`${error.message} at [line:1, column:1]`); }
  }

  row(request) {
    const body = this.json(request);
    if (!body || typeof body !== "object" || Array.isArray(body)) throw badJson("Unexpected character at [line:1, column:1]");
    return body;
  }

  /** A write locks the parents that it names. With `lock_ms` they stay locked that long for every other request. */
  lockParents(request, row) {
    if (!this.settings.lock_ms) return;
    const now = Date.now();
    for (const name of parents) {
      const parent = row?.[name];
      if (parent === undefined || parent === null) continue;
      const key = JSON.stringify(parent), held = this.held.get(key);
      if (held && held.until > now && held.request !== request.n) {
        this.refusedLocks++;
        throw locked(typeof parent === "string" ? parent : key);
      }
      this.held.set(key, { until: now + this.settings.lock_ms, request: request.n });
    }
  }

  unlocked(request, record) { if (request.lockRows?.(0)) throw locked(record.id); return record; }

  // In a collection the fault takes single rows: the first, or every `rows`-th.
  lockRow(fault, request) {
    if (!request.path.includes("/composite/")) return errorOf(locked(request.path.split("/").pop()));
    request.lockRows = (i) => (fault.rows ? i % fault.rows === 0 : i === 0);
    return null;
  }

  // Every REST reply tells the use of the day (vendor doc: "Sforce-Limit-Info").
  decorate(request, reply) {
    if (!request.path.startsWith("/services/data")) return;
    reply.headers = { ...reply.headers, "sforce-limit-info": `api-usage=${this.used}/${this.settings.api_limit}` };
  }

  redact(request) {
    if (!request.path.startsWith("/services/oauth2/")) return undefined;
    return request.body.replace(/((?:assertion|password|client_secret|refresh_token|token)=)[^&]*/g, "$1(kept back)");
  }


  crash(error) { return errorReply(500, "UNKNOWN_EXCEPTION", String(error.message)); }

  userCreate(name, body) { return this.records.create(this.records.object(name), body, this.person); }
  userUpdate(name, id, body) { const object = this.records.object(name); return this.records.update(object, this.records.live(object, id), body, this.person); }
  userDelete(name, id) { const object = this.records.object(name); return this.records.remove(object, this.records.live(object, id), this.person); }
}

const parents = ["AccountId", "Account", "ParentId", "OpportunityId", "Opportunity"];
const ok = (body) => ({ status: 200, headers: { "content-type": contentType }, body });
const nothing = () => ({ status: 204 });
const errorOf = (failure) => failure.reply;
const split = (request, name) => (request.query.get(name) ?? "").split(",").filter(Boolean);

function created(object, record, version, body) {
  return { status: 201, headers: { "content-type": contentType, location: `/services/data/v${version}/sobjects/${object.name}/${record.id}` }, body };
}

function many(object, found, version) {
  return { status: 300, headers: { "content-type": contentType }, body: found.map((r) => `/services/data/v${version}/sobjects/${object.name}/${r.id}`) };
}

function versions() {
  const out = [];
  for (let v = oldest; v <= newest; v++) out.push({ label: `Version ${v}`, url: `/services/data/v${v}.0`, version: `${v}.0` });
  return out;
}

function resources(version) {
  return Object.fromEntries(["limits", "query", "queryAll", "sobjects", "composite"].map((name) => [name, `/services/data/v${version}/${name}`]));
}

function decode(part) {
  try { return decodeURIComponent(part); } catch { return part; }
}
