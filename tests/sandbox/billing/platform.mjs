// A JSON API as many are, of no vendor: every way of paging, keys and references, limits in headers, errors with codes.
// It is what the connector `rest` is tried against.
import crypto from "node:crypto";
import { Clock } from "../lib/clock.mjs";
import { Store } from "../lib/store.mjs";
import { Failure } from "../lib/failure.mjs";
import { stringify } from "../lib/json.mjs";
import { Announcer } from "./announcer.mjs";

const keyLife = 24 * 3600 * 1000;
const day = (ms) => new Date(ms).toISOString();

/** What a room of the API holds: its key field, and how its list is paged. */
const rooms = {
  customers: { key: "no", paging: "page" },
  invoices: { key: "number", paging: "offset" },
  payments: { key: "id", paging: "link" },
  entries: { key: "id", paging: "cursor" },
  credits: { key: "id", paging: "page" },
};

function refuse(status, code, message, more = {}, headers = {}) {
  return new Failure({ status, headers, body: { error: { code, message, ...more } } });
}

export class Billing {
  constructor(settings = {}, file = null) {
    this.name = "billing";
    this.settings = { api_key: "sandbox-key", client_id: "sandbox-client", client_secret: "sandbox-secret", page_size: 100, rate_limit: 0, rate_window: 60,
      lag_ms: 0, webhook_url: null, webhook_secret: null, ...settings };
    this.clock = new Clock();
    this.store = new Store({ clock: this.clock, stamps: ["updated_at", "version"], file });
    this.tokens = new Set();
    this.window = { start: 0, used: 0 };
    this.announcer = new Announcer(this);
    this.special = {
      expired_session: () => { this.tokens.clear(); return refuse(401, "token_expired", "the token has expired").reply; },
      lock_row: () => refuse(409, "locked", "the record is being changed by somebody else").reply,
      login_page: () => ({ status: 200, headers: { "content-type": "text/html" }, body: "<html>please log in</html>" }),
    };
  }

  seed() { for (const room of Object.keys(rooms)) this.store.table(room); }
  committed(request, changes) { this.announcer.announce(changes); }

  handle(request) {
    if (request.path === "/oauth/token") return this.grant(request);
    this.authenticate(request);
    this.limit();
    const [, version, room, key, ...rest] = request.path.split("/").map(decodeURIComponent);
    if (version !== "v1" || !rooms[room] || rest.length) throw refuse(404, "no_such_path", `there is no ${request.path}`);
    const once = request.method === "POST" && room === "invoices" ? request.headers["idempotency-key"] : undefined;
    return once === undefined ? this.route(request, room, key) : this.once(request, once, () => this.route(request, room, key));
  }

  grant(request) {
    const form = new URLSearchParams(request.body);
    if (form.get("client_id") !== this.settings.client_id || form.get("client_secret") !== this.settings.client_secret)
      throw new Failure({ status: 401, headers: {}, body: { error: "invalid_client", error_description: "unknown client or wrong secret" } });
    const token = crypto.randomBytes(16).toString("hex");
    this.tokens.add(token);
    return { status: 200, headers: {}, body: { access_token: token, token_type: "bearer", expires_in: 3600 } };
  }

  authenticate(request) {
    const [, token] = /^Bearer (\S+)$/.exec(request.headers.authorization ?? "") ?? [];
    if (token !== this.settings.api_key && !this.tokens.has(token)) throw refuse(401, "unauthenticated", "a valid key is needed");
  }

  limit() {
    const { rate_limit: most, rate_window: seconds } = this.settings;
    const start = Math.floor(this.clock.now() / 1000 / seconds) * seconds;
    if (this.window.start !== start) this.window = { start, used: 0 };
    if (most && ++this.window.used > most) throw refuse(429, "rate_limited", "too many requests");
  }

  /** The allowance is told with every answer, as a number and the second when it is full again. */
  decorate(request, reply) {
    const { rate_limit: most, rate_window: seconds } = this.settings;
    if (!most || !reply.headers || reply.hang) return;
    Object.assign(reply.headers, { "x-ratelimit-limit": String(most), "x-ratelimit-remaining": String(Math.max(0, most - this.window.used)), "x-ratelimit-reset": String(this.window.start + seconds) });
  }

  /** One effect for one key. */
  once(request, key, act) {
    const print = crypto.createHash("sha256").update(request.body).digest("base64");
    const kept = this.store.get("_keys", key);
    if (kept && this.clock.now() < kept.doc.until) {
      if (kept.doc.print !== print) throw refuse(422, "key_reused", "the key was used for another request");
      return { status: kept.doc.status, headers: {}, body: kept.doc.body };
    }
    this.store.table("_keys", { hidden: true });
    const reply = act();
    this.store.put("_keys", key, { print, until: this.clock.now() + keyLife, status: reply.status, body: reply.body });
    return reply;
  }

  route(request, room, key) {
    if (key === undefined) return request.method === "POST" ? this.create(request, room) : this.list(request, room);
    switch (request.method) {
      case "GET": return this.shown(200, this.live(room, key));
      case "PUT": return this.write(request, room, key);
      case "DELETE": this.matches(request, this.live(room, key)); this.store.put(room, key, this.stamped(this.live(room, key).doc, true), { gone: true }); return { status: 204, headers: {} };
      default: throw refuse(405, "method_not_allowed", `${request.method} is not for a single record`);
    }
  }

  live(room, key) {
    const record = this.store.get(room, key);
    if (!record || record.gone) throw refuse(404, "not_found", `there is no ${room.slice(0, -1)} ${key}`);
    return record;
  }

  shown(status, record) { return { status, headers: { etag: `"${record.rev}"` }, body: { data: record.doc } }; }
  stamped(doc, deleted = false) { return { ...doc, deleted, updated_at: day(this.clock.now() - this.settings.lag_ms) }; }

  matches(request, record) {
    const wanted = request.headers["if-match"];
    if (wanted && wanted !== `"${record.rev}"`) throw refuse(412, "changed_meanwhile", `the record is at "${record.rev}"`);
  }

  write(request, room, key) {
    const before = this.store.get(room, key);
    const body = this.checked(request, room);
    if (before && !before.gone) this.matches(request, before);
    const record = this.store.put(room, key, this.stamped({ ...body, [rooms[room].key]: key }));
    return this.shown(before && !before.gone ? 200 : 201, record);
  }

  create(request, room) {
    const body = this.checked(request, room);
    const { key } = rooms[room];
    const number = String(this.store.table(room).records.size + 1);
    const record = this.store.put(room, number, this.stamped({ ...body, [key]: number }));
    const reply = this.shown(201, record);
    return { ...reply, headers: { ...reply.headers, location: `/v1/${room}/${number}` } };
  }

  checked(request, room) {
    let body;
    try { body = request.json(); } catch { throw refuse(400, "bad_json", "the body is not JSON"); }
    const wanted = { customers: "name", invoices: "customer", credits: "reference" }[room];
    if (wanted && !body[wanted]) throw refuse(422, "invalid", `${wanted} must not be empty`, { field: wanted });
    return body;
  }

  // Records by the time of their change, the deleted ones too when changes are asked for.
  list(request, room) {
    const { query } = request, since = query.get("updated_since");
    let all = since === null ? [...this.store.table(room).live()] : [...this.store.table(room).since(Date.parse(since) || 0)];
    for (const field of ["reference", "customer"]) if (query.has(field)) all = all.filter((r) => String(r.doc[field]) === query.get(field));
    if (since !== null) all = all.filter((r) => r.doc.updated_at >= day(Date.parse(since) || 0));
    return this.page(request, room, all.map((r) => r.doc));
  }

  page(request, room, all) {
    const { query } = request, size = Math.min(Number(query.get("limit") ?? query.get("per_page") ?? this.settings.page_size), this.settings.page_size);
    const from = (at) => all.slice(at, at + size);
    const ok = (body, headers = {}) => ({ status: 200, headers, body });
    switch (rooms[room].paging) {
      case "page": return ok({ data: from((Number(query.get("page") ?? 1) - 1) * size), total: all.length });
      case "offset": return ok({ data: from(Number(query.get("offset") ?? 0)) });
      case "link": {
        const page = Number(query.get("page") ?? 1);
        const link = page * size < all.length ? { link: `<${this.base}/v1/${room}?page=${page + 1}>; rel="next", <${this.base}/v1/${room}?page=1>; rel="first"` } : {};
        return ok(from((page - 1) * size), link);
      }
      default: {
        const at = query.has("after") ? this.after(all, query.get("after")) : 0;
        const items = from(at);
        return ok({ [room]: items, next: at + size < all.length ? cursorOf(items.at(-1)) : null, cursor: items.length ? cursorOf(items.at(-1)) : query.get("after") });
      }
    }
  }

  // A cursor is good as long as the record it names is there.
  after(all, cursor) {
    const at = all.findIndex((doc) => cursorOf(doc) === cursor);
    if (at < 0) throw refuse(410, "cursor_expired", "start again");
    return at + 1;
  }

  // What a person does there.
  userCreate(object, body) { return this.store.put(object, String(body[rooms[object].key]), this.stamped(body)); }
  userUpdate(object, id, body) { return this.store.put(object, id, this.stamped({ ...this.store.get(object, id)?.doc, ...body })); }
  userDelete(object, id) { return this.store.put(object, id, this.stamped(this.store.get(object, id).doc, true), { gone: true }); }
}

function cursorOf(doc) { return Buffer.from(stringify(doc.id)).toString("base64url"); }
