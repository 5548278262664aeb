// The Zendesk look-alike: routes of the Support API onto the rooms beside this file.
import crypto from "node:crypto";
import { Clock } from "../lib/clock.mjs";
import { Store } from "../lib/store.mjs";
import { stringify } from "../lib/json.mjs";
import { Records, instant } from "./records.mjs";
import { Auth } from "./auth.mjs";
import { Exports } from "./exporting.mjs";
import { Jobs } from "./jobs.mjs";
import { Webhooks, faultNames } from "./webhooks.mjs";
import { paginate } from "./paging.mjs";
import { customFields, kinds, stamps } from "./schema.mjs";
import { badToken, headers, invalid, notFound, refuse, tooMany } from "./errors.mjs";

const keyLife = 2 * 3600 * 1000;           // how long an idempotency key is remembered

export class Zendesk {
  constructor(settings = {}, file = null) {
    this.name = "zendesk";
    this.account = 21951111;
    this.settings = { mail: "agent@sandbox.test", api_token: "sandbox-token", client_id: "sandbox-client", client_secret: "sandbox-secret", token_seconds: 7200,
      rate_limit: 0, export_delay: 60, export_page: null, export_per_minute: 0, webhook_attempts: 5, webhook_retry_ms: 1000, links_host: null,
      fields: structuredClone(customFields), ...settings };
    this.clock = new Clock();
    this.store = new Store({ clock: this.clock, stamps, file });
    this.records = new Records(this);
    this.auth = new Auth(this);
    this.exports = new Exports(this);
    this.webhooks = new Webhooks(this);
    this.jobs = new Jobs(this);
    this.windows = new Map();              // requests counted in the running minute
    this.special = {
      expired_session: () => { this.auth.expire(); return badToken().reply; },
      lock_row: () => ({ status: 409, headers, body: { error: "DatabaseConflict", description: "Database collision" } }),
      html_error: (fault) => ({ status: fault.code ?? 502, headers: { "content-type": "text/html" }, body: "<html><body><h1>Bad Gateway</h1></body></html>" }),
      ...Object.fromEntries(faultNames.map((name) => [name, () => null])),
    };
    this.admin = {
      "POST expire_sessions": (p) => ({ expired: p.auth.expire() }),
      "POST expire_cursors": (p) => { p.exports.expire(); return { expired: true }; },
      "GET webhooks": (p) => ({ webhooks: p.webhooks.hooks, pending: p.webhooks.pending, held: p.webhooks.held.length, deliveries: p.webhooks.deliveries }),
      "POST webhooks": (p, r, [what]) => (what === "release" ? p.webhooks.release() : p.webhooks.add(JSON.parse(r.body))),
      "DELETE webhooks": (p) => { p.webhooks.hooks = []; },
    };
  }

  seed() {
    const users = this.store.table("users");
    if (users.records.size === 0) {
      const actor = this.store.write(() => this.records.create("users", { name: "Integration Agent", email: this.settings.mail, role: "admin" }, null)).result;
      this.store.write(() => this.records.create("users", { name: "Ada Agent", email: "ada@sandbox.test", role: "agent" }, actor.doc.id));
    }
    const [first, second] = users.records.values();
    this.agent = first.doc.id;             // who the API acts as
    this.person = second.doc.id;           // who "a user of that platform" is
  }

  wiped() { this.webhooks.clear(); this.jobs.clear(); this.windows.clear(); }
  stop() { this.jobs.clear(); this.webhooks.agent.destroy(); this.webhooks.hooks = []; }
  committed(request, changes) { this.webhooks.announce(changes); }

  handle(request) {
    if (request.path === "/oauth/tokens") return this.auth.grant(request);
    if (!request.path.startsWith("/api/v2/")) throw notFound();
    this.auth.check(request);
    this.limit("all", this.settings.rate_limit);
    const way = request.path.slice(8).replace(/\.json$/, "").split("/").filter(Boolean).map(decodeURIComponent);
    request.warnings = [];
    const key = request.method === "POST" ? request.headers["idempotency-key"] : undefined;
    const reply = key === undefined ? this.route(request, way) : this.once(request, key, () => this.route(request, way));
    if (request.warnings.length) reply.headers = { ...reply.headers, "x-zendesk-api-warn": this.warning(request, way) };
    return reply;
  }

  // As recorded: a Ruby hash in a header.
  warning(request, [controller]) {
    const action = { POST: "create", PUT: "update", DELETE: "destroy" }[request.method] ?? "index";
    return `{:allowed_parameters=>{:controller=>"${controller}", :action=>"${action}", :unpermitted_keys=>${stringify(request.warnings)}, :invalid_values=>[]}}`;
  }

  limit(name, most) {
    if (!most) return;
    const minute = Math.floor(this.clock.now() / 60000);
    const window = this.windows.get(name);
    if (window?.minute !== minute) this.windows.set(name, { minute, used: 1 });
    else if (++window.used > most) {
      const failure = refuse(429, "APIRateLimitExceeded", "Number of allowed API requests per minute exceeded");
      failure.reply.headers = { ...headers, "retry-after": String(60 - (Math.floor(this.clock.now() / 1000) % 60)) };
      throw failure;
    }
  }

  /** One effect for one key: the stored reply comes again, other parameters are refused. */
  once(request, key, act) {
    if (key.length > 255) throw refuse(400, "IdempotentRequestError", "Idempotency-Key must not be longer than 255 characters");
    const print = crypto.createHash("sha256").update(`${request.url}\n${request.body}`).digest("base64");
    const kept = this.store.table("_keys", { hidden: true }).records.get(key);
    if (kept && !kept.gone && this.clock.now() < kept.doc.until) {
      if (kept.doc.print !== print) throw refuse(400, "IdempotentRequestError", "The request parameters do not match the ones of the first request with this Idempotency-Key");
      return { status: kept.doc.status, headers: { ...kept.doc.headers, "x-idempotency-lookup": "hit" }, body: kept.doc.body };
    }
    const reply = act();
    this.store.put("_keys", key, { print, until: this.clock.now() + keyLife, status: reply.status, headers: reply.headers, body: reply.body });
    return { ...reply, headers: { ...reply.headers, "x-idempotency-lookup": "miss" } };
  }

  route(request, [room, ...rest]) {
    if (kinds[room]) return this.resource(request, room, rest);
    switch (room) {
      case "incremental": return this.incremental(request, rest);
      case "organization_fields": case "user_fields": case "ticket_fields": return ok({ [room]: this.settings.fields[room], count: this.settings.fields[room].length, next_page: null, previous_page: null });
      case "job_statuses": return this.jobs.show(rest[0]);
      case "deleted_tickets": return this.deleted(request, rest);
      case "search": return this.search(request);
      default: throw notFound();
    }
  }

  resource(request, kind, [id, sub]) {
    const { method } = request;
    if (id === undefined) return method === "POST" ? this.create(request, kind) : this.list(request, kind);
    if (id === "create_or_update" && method === "POST" && kind !== "tickets") return this.createOrUpdate(request, kind);
    if (id === "create_or_update_many" && method === "POST" && kind !== "tickets") return this.jobs.start(kind, request.json()[kind]);
    if (id === "show_many") return this.showMany(request, kind);
    if (id === "search" && kind !== "tickets") return this.find(request, kind);
    if (id === "count") return ok({ count: { value: [...this.store.table(kind).live()].length, refreshed_at: this.clock.iso() } });
    if (id === "me" && kind === "users") return ok({ user: this.present(kind, this.records.live(kind, this.agent)) });
    if (sub === "comments" && kind === "tickets") return this.comments(request, this.records.live(kind, id));
    if (sub === "audits" && kind === "tickets") return this.audits(request, this.records.live(kind, id));
    if (sub === "tickets" && kind === "organizations") return this.page(request, "tickets", this.store.table("tickets").find("organization_id", this.records.live(kind, id).doc.id), `organizations/${id}/tickets`);
    if (sub) throw notFound();
    return this.one(request, kind, id);
  }

  one(request, kind, id) {
    const record = this.records.live(kind, id);
    switch (request.method) {
      case "GET": return ok({ [kinds[kind].one]: this.present(kind, record) });
      case "PUT": return this.changed(kind, this.records.update(kind, record, this.inner(request, kind), this.agent, request.warnings));
      case "DELETE": {
        const gone = this.records.remove(kind, record);
        return kind === "users" ? ok({ user: this.present(kind, gone) }) : { status: 204, headers: {} };
      }
      default: throw notFound();
    }
  }

  changed(kind, record) {
    const audit = kind === "tickets" ? { audit: this.audit(record) } : {};
    return ok({ [kinds[kind].one]: this.present(kind, record), ...audit });
  }

  audit(record) {
    return { id: record.seq + 6164000000000, ticket_id: record.doc.id, created_at: record.doc.updated_at, author_id: this.agent, metadata: { system: {}, custom: {} }, events: [],
      via: { channel: "api", source: { from: {}, to: {}, rel: null } } };
  }

  create(request, kind) {
    const record = this.records.create(kind, this.inner(request, kind), this.agent, request.warnings);
    return this.made(kind, record);
  }

  made(kind, record) {
    const reply = this.changed(kind, record);
    return { ...reply, status: 201, headers: { ...headers, location: this.url(kind, record) } };
  }

  // Organizations match by id or external_id, users also by email; several matches are an error, since external ids are not unique there.
  createOrUpdate(request, kind) { return this.upsert(kind, this.inner(request, kind), request.warnings); }

  upsert(kind, body, warnings = []) {
    const { id, ...rest } = body;
    let found = id ? [this.records.live(kind, id)] : [];
    if (!found.length && body.external_id) found = this.records.byExternal(kind, body.external_id);
    if (!found.length && kind === "users" && body.email) found = this.store.table(kind).find("email", String(body.email).toLowerCase());
    if (found.length > 1) throw invalid("external_id", `External: ${body.external_id} is used by ${found.length} records`, "AmbiguousValue");
    if (found.length === 1) return this.changed(kind, this.records.update(kind, found[0], rest, this.agent, warnings));
    return this.made(kind, this.records.create(kind, rest, this.agent, warnings));
  }

  list(request, kind) {
    const external = request.query.get("external_id");
    return this.page(request, kind, external !== null ? this.records.byExternal(kind, external) : this.store.table(kind).live(), kind);
  }

  find(request, kind) {
    const { query } = request;
    let found = [];
    if (query.has("external_id")) found = this.records.byExternal(kind, query.get("external_id"));
    else if (kind === "organizations" && query.has("name")) found = this.store.table(kind).find("name", query.get("name").toLowerCase());
    else if (query.has("query")) found = this.store.table(kind).find(kind === "users" ? "email" : "name", query.get("query").replace(/^email:/, "").toLowerCase());
    else throw refuse(400, "InvalidValue", "A search parameter is required");
    return this.page(request, kind, found, `${kind}/search`);
  }

  // A small part of the search language: type: and field:value.
  search(request) {
    const words = (request.query.get("query") ?? "").match(/\w+:(?:"[^"]*"|\S+)/g) ?? [];
    const terms = words.map((w) => { const at = w.indexOf(":"); return [w.slice(0, at), w.slice(at + 1).replace(/^"|"$/g, "").toLowerCase()]; });
    const type = terms.find(([name]) => name === "type")?.[1];
    const results = [];
    for (const [kind, { one }] of Object.entries(kinds)) {
      if (type && type !== one) continue;
      for (const record of this.store.table(kind).live()) {
        const hit = terms.every(([name, value]) => name === "type" || [].concat(record.doc[name] ?? []).some((v) => String(v).toLowerCase() === value));
        if (hit) results.push({ ...this.present(kind, record), result_type: one });
      }
    }
    return ok({ results, facets: null, next_page: null, previous_page: null, count: results.length });
  }

  showMany(request, kind) {
    const split = (name) => (request.query.get(name) ?? "").split(",").filter(Boolean);
    const ids = split("ids"), externals = split("external_ids");
    if (ids.length + externals.length > 100) throw tooMany();
    const found = [...ids.map((id) => this.store.get(kind, id)).filter((r) => r && !r.gone), ...externals.flatMap((e) => this.records.byExternal(kind, e))];
    return ok({ [kind]: found.map((r) => this.present(kind, r)), count: found.length, next_page: null, previous_page: null });
  }

  page(request, kind, records, path) {
    const docs = [...records].map((r) => this.present(kind, r));
    return ok(paginate(request, docs, kind, `${this.linksBase()}/api/v2/${path}.json`));
  }

  comments(request, ticket) {
    const docs = this.store.table("comments").find("ticket_id", ticket.doc.id).map((r) => r.doc);
    return ok(paginate(request, docs, "comments", `${this.linksBase()}/api/v2/tickets/${ticket.id}/comments.json`));
  }

  // Of a ticket's changes only those with a comment are kept here.
  audits(request, ticket) {
    const docs = this.store.table("comments").find("ticket_id", ticket.doc.id).map(({ doc }) => ({ id: doc.audit_id, ticket_id: doc.ticket_id, created_at: doc.created_at, author_id: doc.author_id,
      metadata: doc.metadata, events: [{ id: doc.id, type: "Comment", author_id: doc.author_id, body: doc.body, html_body: doc.html_body, plain_body: doc.plain_body, public: doc.public, attachments: [], audit_id: doc.audit_id }],
      via: { channel: "api", source: { from: {}, to: {}, rel: null } } }));
    return ok(paginate(request, docs, "audits", `${this.linksBase()}/api/v2/tickets/${ticket.id}/audits.json`));
  }

  deleted(request, [id, verb]) {
    if (id && verb === "restore" && request.method === "PUT") {
      const record = this.store.get("tickets", id);
      if (!record?.gone) throw notFound();
      this.store.put("tickets", id, { ...record.doc, status: "open", updated_at: instant(this.clock.now()) });
      return ok({});
    }
    const docs = [...this.store.table("tickets").records.values()].filter((r) => r.gone).map(({ doc }) => ({ id: doc.id, subject: doc.subject, description: doc.description, deleted_at: doc.updated_at, previous_state: "open" }));
    return ok(paginate(request, docs, "deleted_tickets", `${this.linksBase()}/api/v2/deleted_tickets.json`));
  }

  incremental(request, [kind, mode]) {
    if (!kinds[kind]) throw notFound();
    this.limit("export", this.settings.export_per_minute);
    return ok(mode === "cursor" ? this.exports.cursor(kind, request.query) : this.exports.time(kind, request.query));
  }

  /** A record as the API shows it. */
  present(kind, record) {
    const { id, ...rest } = record.doc;
    const out = { url: this.url(kind, record), id, ...rest };
    if (kind === "tickets") Object.assign(out, { via: { channel: "api", source: { from: {}, to: {}, rel: null } }, fields: rest.custom_fields, generated_timestamp: Math.floor(record.changed / 1000) });
    return out;
  }

  url(kind, record) { return `${this.linksBase()}/api/v2/${kind}/${record.id}.json`; }

  // Recorded bodies carry links on another host; `links_host` (setting) does the same.
  linksBase() { return this.settings.links_host ?? this.base; }

  inner(request, kind) {
    let body;
    try { body = request.json(); } catch { throw refuse(400, "InvalidRequest", "The request body is not well-formed JSON"); }
    const inner = body?.[kinds[kind].one];
    if (!inner || typeof inner !== "object" || Array.isArray(inner)) throw refuse(422, "Unprocessable Entity", `Parameter ${kinds[kind].one} is required`);
    return inner;
  }

  // Every spelling of the rate headers that has been seen.
  decorate(request, reply) {
    if (!reply.status || !request.path.startsWith("/api/")) return;
    const most = this.settings.rate_limit || 700;
    const used = this.settings.rate_limit ? this.windows.get("all")?.used ?? 0 : 1;
    const left = String(Math.max(0, most - used)), reset = String(60 - (Math.floor(this.clock.now() / 1000) % 60));
    reply.headers = { "x-rate-limit": String(most), "x-rate-limit-remaining": left, "ratelimit-limit": String(most), "ratelimit-remaining": left, "ratelimit-reset": reset,
      "rate-limit": String(most), "rate-limit-remaining": left, "rate-limit-reset": reset, "x-zendesk-api-version": "v2", ...reply.headers };
  }

  redact(request) { return request.path === "/oauth/tokens" ? "(kept back)" : undefined; }
  crash(error) { return { status: 500, headers, body: { error: "InternalError", description: String(error.message) } }; }

  kind(name) { if (!kinds[name]) throw new Error(`no object ${name}`); return name; }
  userCreate(name, body) { return this.records.create(this.kind(name), body, this.person); }
  userUpdate(name, id, body) { return this.records.update(this.kind(name), this.records.live(name, id), body, this.person); }
  userDelete(name, id) { return this.records.remove(this.kind(name), this.records.live(name, id)); }
}

const ok = (body) => ({ status: 200, headers, body });
