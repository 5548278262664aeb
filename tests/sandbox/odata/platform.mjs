// The ERP look-alike: an OData V4 service, its routes onto the rooms beside this file.
import { Clock } from "../lib/clock.mjs";
import { Store } from "../lib/store.mjs";
import { Failure } from "../lib/failure.mjs";
import { actions, complex, functions, sets, stamps, types } from "./model.mjs";
import { accept, keyValue, show } from "./edm.mjs";
import { Entities } from "./entities.mjs";
import { Clerk } from "./clerk.mjs";
import { Returns } from "./returns.mjs";
import { Renderer, contentType, styleOf } from "./render.mjs";
import { checkOptions, shape } from "./collection.mjs";
import { Batches } from "./batch.mjs";
import { Listing } from "./listing.mjs";
import { Sessions, required } from "./session.mjs";
import { edmx } from "./metadata.mjs";
import { preferences, queryOptions, segments } from "./uri.mjs";
import { badRequest, errorReply, notFound, refuse, xmlReply } from "./errors.mjs";

export class Erp {
  constructor(settings = {}, file = null) {
    this.name = "odata";
    this.settings = { root: "/odata/v4/erp", user: "sync", password: "sync-pw", csrf: false, require_etag: false, page_size: 1000, errors: "json",
      default_return: "representation", batch: true, ...settings };
    this.clock = new Clock();
    this.store = new Store({ clock: this.clock, stamps, file });
    this.entities = new Entities(this.store, this.clock, this.settings);
    this.clerk = new Clerk(this.entities, this.clock);
    this.staff = [this.clerk, new Returns(this.entities, this.clock)];
    this.sessions = new Sessions(this.settings, this.clock);
    this.listing = new Listing(this);
    this.batches = new Batches(this);
    this.renderer = new Renderer(this.entities, () => this.root);
    this.follow = (type, doc, name) => this.entities.follow(type, doc, name);
    this.special = {
      expired_session: () => { this.sessions.expire(); return this.settings.csrf ? required() : errorReply(401, "401", "Unauthorized", { headers: { "www-authenticate": 'Basic realm="Erp"' } }); },
      csrf_expired: () => { this.sessions.expire(); return required(); },
      xml_error: (fault) => xmlReply(fault.code ?? 500, fault.message ?? "An error occurred."),
      lock_row: () => errorReply(409, "ENTITY_LOCKED", "The entity is locked by another user."),
      stale_etag: () => errorReply(412, "412", "The ETag does not match the entity's."),
      method_not_allowed: () => errorReply(405, "405", "Method Not Allowed"),
    };
    this.admin = {
      "POST expire_sessions": (p) => ({ expired: p.sessions.expire() }),
      "POST expire_deltas": (p) => { p.listing.expire(); return { expired: true }; },
      "POST actions": (p, r, [name, no]) => p.actAsClerk(name, no, r.body ? r.json() : {}),
    };
  }

  get root() { return this.base + this.settings.root; }

  wiped() { this.listing.expire(); this.sessions.expire(); }

  handle(request) {
    try {
      return this.answer(request);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      if (this.settings.errors === "xml" && error.reply.body?.error) error.reply = xmlReply(error.reply.status, error.reply.body.error.message);
      throw error;
    }
  }

  answer(request) {
    const { root } = this.settings;
    if (request.path !== root && !request.path.startsWith(`${root}/`)) throw refuse(404, "404", `There is no service at ${request.path}.`);
    request.actor = this.sessions.authenticate(request);
    const fetched = this.sessions.fetch(request);
    this.sessions.check(request);
    request.style = styleOf(request);
    request.prefer = preferences(request.headers.prefer);
    request.options = queryOptions(request.search);
    checkOptions(request.options);
    const version = request.headers["odata-version"];
    if (version && !/^4\.0(1)?$/.test(version)) throw badRequest(`The OData-Version '${version}' is not supported.`);
    const reply = this.route(request, request.path.slice(root.length));
    reply.headers = { "odata-version": "4.0", ...reply.headers, ...fetched };
    return reply;
  }

  route(request, path) {
    if (path === "/$metadata") return { status: 200, headers: { "content-type": "application/xml;charset=utf-8" }, body: edmx() };
    if (path === "/$batch" && (request.method !== "POST" || !this.settings.batch)) throw refuse(501, "501", "$batch is not available.");
    if (path === "/$batch") return this.batches.answer(request);
    const way = segments(path);
    if (way.length === 0) return this.serviceDocument(request);
    const [first, ...rest] = way;
    if (functions[first.name] && first.key) return this.call(request, first);
    const type = sets[first.name];
    if (!type) throw notFound(first.name);
    if (!first.key) return this.set(request, type, rest);
    const key = this.entities.key(type, first.key);
    return rest.length ? this.below(request, type, key, rest) : this.one(request, type, key);
  }

  serviceDocument(request) {
    const value = Object.keys(sets).map((name) => ({ name, kind: "EntitySet", url: name }));
    return this.ok(request, { "@odata.context": `${this.root}/$metadata`, value });
  }

  // A parameter may be an alias: CreditStatus(AccountNo=@a)?@a='A-1'.
  call(request, { name, key }) {
    const parameters = {};
    for (const parameter of functions[name].parameters) {
      let text = key[parameter];
      if (text?.startsWith("@")) text = request.options.get(text);
      parameters[parameter] = text === undefined ? null : keyValue({ type: "Edm.String" }, text);
      if (parameters[parameter] === null) throw badRequest(`The parameter '${parameter}' of function '${name}' is missing or is no string.`, parameter);
    }
    const { returns } = functions[name];
    const result = this.clerk.ask(name, parameters);
    const body = this.renderer.context(`Erp.${returns}`, request.style);
    for (const [field, property] of Object.entries(complex[returns])) body[field] = show(property, result[field], request.style.compatible);
    return this.ok(request, body);
  }

  set(request, type, rest) {
    if (rest[0]?.name === "$count") return this.listing.count(request, type);
    if (rest.length) throw notFound(rest[0].name);
    if (request.method === "GET" || request.method === "HEAD") return this.listing.list(request, type);
    if (request.method !== "POST") throw refuse(405, "405", `${request.method} is not allowed on an entity set.`, { headers: { allow: "GET, HEAD, POST" } });
    const record = this.entities.create(type, this.body(request, type), request.actor);
    return this.written(request, type, record, true);
  }

  one(request, type, key) {
    const record = this.entities.find(type, key);
    switch (request.method) {
      case "GET": case "HEAD": return this.read(request, type, record);
      case "PATCH": case "PUT": return this.upsert(request, type, key, record);
      case "DELETE":
        if (!record) throw notFound(type.set);
        this.entities.precondition(request, record);
        this.entities.remove(type, record);
        return { status: 204, headers: {} };
      default: throw refuse(405, "405", `${request.method} is not allowed on an entity.`, { headers: { allow: "GET, HEAD, PATCH, PUT, DELETE" } });
    }
  }

  read(request, type, record) {
    if (!record) throw notFound(type.set);
    const etag = this.entities.etag(record);
    if (request.headers["if-none-match"]?.split(",").some((t) => t.trim() === etag)) return { status: 304, headers: { etag } };
    const wanted = shape(type, request.options);
    const select = wanted.select ? `(${[...wanted.select].join(",")})` : "";
    const body = { ...this.renderer.context(`${type.set}${select}/$entity`, request.style), ...this.renderer.entity(type, record.doc, wanted, request.style, record) };
    return this.ok(request, body, { etag });
  }

  upsert(request, type, key, record) {
    this.entities.precondition(request, record);
    const given = this.body(request, type);
    given[key.field] = key.value;          // the address decides, whatever the body says
    if (!record) return this.written(request, type, this.entities.create(type, given, request.actor), true);
    const next = request.method === "PUT" ? this.entities.replace(type, record, given, request.actor) : this.entities.update(type, record, given, request.actor);
    return this.written(request, type, next, false);
  }

  written(request, type, record, created) {
    const address = `${this.root}/${this.renderer.address(type, record.doc)}`;
    const asked = request.prefer.get("return");
    const headers = { etag: this.entities.etag(record), ...(created ? { location: address } : {}), ...(asked ? { "preference-applied": `return=${asked}` } : {}) };
    if ((asked ?? this.settings.default_return) === "minimal") return { status: 204, headers: { ...headers, "odata-entityid": address } };
    const wanted = shape(type, request.options);
    for (const [name, link] of Object.entries(type.navigation)) {
      if (link.contained && !wanted.expand.some((e) => e.name === name)) wanted.expand.push({ name, type: types[link.to], many: true, options: new Map(), shape: shape(types[link.to], new Map()) });
    }
    const body = { ...this.renderer.context(`${type.set}/$entity`, request.style), ...this.renderer.entity(type, record.doc, wanted, request.style, record) };
    return { ...this.ok(request, body, headers), status: created ? 201 : 200 };
  }

  // What lies below an entity: an action, a navigation, a property.
  below(request, type, key, [segment, ...rest]) {
    const record = this.entities.find(type, key);
    if (!record) throw notFound(type.set);
    const action = segment.name.replace(/^Erp\./, "");
    const who = this.staff.find((s) => s.knows(type, action));
    if (who) return this.act(request, type, record, who, action);
    const link = type.navigation[segment.name];
    if (link) return this.navigate(request, type, record, segment, link, rest);
    const property = type.properties[segment.name];
    if (!property) throw notFound(segment.name);
    return this.property(request, type, record, segment.name, property, rest[0]?.name === "$value");
  }

  act(request, type, record, who, name) {
    if (request.method !== "POST") throw refuse(405, "405", `${name} is an action: use POST.`, { headers: { allow: "POST" } });
    this.entities.precondition(request, record);
    const next = who.act(name, record, request.body ? this.json(request) : {}, request.actor);
    return this.written(request, type, next, false);
  }

  navigate(request, type, record, segment, link, rest) {
    const target = types[link.to];
    const found = this.follow(type, record.doc, segment.name);
    if (!link.many) {
      if (!found) return { status: 204, headers: {} };
      const theirs = { field: target.key, value: found[target.key] };
      return rest.length ? this.below(request, target, theirs, rest) : this.read(request, target, this.entities.find(target, theirs));
    }
    if (rest[0]?.name === "$count") return { status: 200, headers: { "content-type": "text/plain;charset=utf-8" }, body: String(found.length) };
    const at = `${this.renderer.address(type, record.doc)}/${segment.name}`;
    if (!segment.key) return this.listing.list(request, target, () => found, at, at);
    const row = found.find((doc) => String(doc[target.key]) === String(keyValue(target.properties[target.key], segment.key[""] ?? segment.key[target.key] ?? "")));
    if (!row) throw notFound(segment.name);
    return this.ok(request, { ...this.renderer.context(`${at}/$entity`, request.style), ...this.renderer.entity(target, row, shape(target, request.options), request.style) });
  }

  property(request, type, record, name, property, raw) {
    const value = show(property, record.doc[name], request.style.compatible);
    if (value === null) return { status: 204, headers: {} };
    if (raw) return { status: 200, headers: { "content-type": "text/plain;charset=utf-8" }, body: String(value) };
    return this.ok(request, { ...this.renderer.context(`${this.renderer.address(type, record.doc)}/${name}`, request.style), value });
  }

  body(request, type) {
    const media = request.headers["content-type"] ?? "application/json";
    if (!/^application\/json/i.test(media)) throw refuse(415, "415", `The media type '${media}' is not supported.`);
    const body = this.json(request);
    if (!body || typeof body !== "object" || Array.isArray(body)) throw badRequest("The request body must be a JSON object.");
    return this.entities.values(type, body, /IEEE754Compatible=true/i.test(media));
  }

  json(request) {
    try { return request.json(); } catch (error) { throw badRequest(`The request body is not well-formed JSON: ${error.message}`); }
  }

  ok(request, body, headers = {}) {
    return { status: 200, headers: { "content-type": contentType(request.style), ...headers }, body };
  }

  crash(error) { return errorReply(500, "500", String(error.message)); }

  typeOf(set) { if (!sets[set]) throw new Error(`no entity set ${set}`); return sets[set]; }

  // Numbers may come either way here: people type them.
  typed(type, body) {
    return this.entities.values(type, relaxed(type, body), false);
  }

  userCreate(set, body) { const type = this.typeOf(set); return this.entities.create(type, this.typed(type, body), "clerk"); }

  byAnyKey(type, id) {
    for (const field of [type.key, ...(type.alternate ?? [])]) {
      const found = this.entities.find(type, { field, value: id });
      if (found) return found;
    }
    throw notFound(type.set);
  }

  userUpdate(set, id, body) { const type = this.typeOf(set); return this.entities.update(type, this.byAnyKey(type, id), this.typed(type, body), "clerk"); }
  userDelete(set, id) { const type = this.typeOf(set); return this.entities.remove(type, this.byAnyKey(type, id)); }

  actAsClerk(name, no, body) {
    const type = types[Object.keys(actions).find((t) => name in actions[t])];
    if (!type) throw new Error(`no action ${name}`);
    const who = this.staff.find((s) => s.knows(type, name));
    const { result, changes } = this.store.write(() => who.act(name, this.byAnyKey(type, no), body, "clerk"));
    return { record: { id: result.id, rev: result.rev, doc: result.doc }, changes };
  }
}

function relaxed(type, body) {
  const out = {};
  for (const [name, value] of Object.entries(body)) {
    const link = type.navigation[name];
    const number = ["Edm.Decimal", "Edm.Int64"].includes(type.properties[name]?.type);
    out[name] = link && Array.isArray(value) ? value.map((row) => relaxed(types[link.to], row)) : number && typeof value === "string" ? accept(name, type.properties[name], value, true) : value;
  }
  return out;
}
