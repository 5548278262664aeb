// Webhooks sent out: one event for each thing that changed, signed, retried, and on demand doubled, late or out of order
// (vendor doc: "Webhook event types", "Verifying webhooks"; the body's shape is as recorded).
import crypto from "node:crypto";
import http from "node:http";
import https from "node:https";
import { stringify, same } from "../lib/json.mjs";
import { kinds } from "./schema.mjs";
import { instant } from "./records.mjs";

const retried = new Set([409, 429, 503]);
const timeout = 12000;
export const faultNames = ["webhook_duplicate", "webhook_reorder", "webhook_drop", "webhook_delay", "webhook_bad_signature"];

export class Webhooks {
  constructor(platform) {
    this.platform = platform;
    this.agent = new http.Agent({ keepAlive: true, maxSockets: 4 });
    this.hooks = [];
    this.clear();
  }

  clear() {
    this.deliveries = [];
    this.held = [];                        // deliveries that wait until others have overtaken them
    this.pending = 0;
    this.queue = [];
    this.busy = false;
    this.epoch = (this.epoch ?? 0) + 1;    // answers that belong to a time before a reset are ignored
  }

  add({ url, secret, events }) {
    const hook = { id: ulid(), url, secret: secret ?? crypto.randomBytes(32).toString("base64url"), events: events ?? null };
    this.hooks.push(hook);
    return hook;
  }

  /** Called after a commit with what it changed. */
  announce(changes) {
    if (this.hooks.length === 0) return;
    for (const change of changes) {
      if (change.op === "same" || (!kinds[change.object] && change.object !== "comments")) continue;
      for (const event of this.events(change)) this.publish(event);
    }
  }

  events({ object, id, op, fields }) {
    const versions = this.platform.store.history.records.get(`${object}/${id}`).versions;
    const now = versions[versions.length - 1].doc, before = versions[versions.length - 2]?.doc;
    if (object === "comments") return this.commented(now);
    const { one, watched } = kinds[object];
    if (op === "create") return [this.event(one, "created", now, {})];
    if (op === "delete") return [this.event(one, object === "tickets" ? "soft_deleted" : "deleted", now, {})];
    if (op === "undelete") return [this.event(one, "undeleted", now, {})];
    const out = [];
    for (const field of fields) {
      if (!watched[field]) continue;
      if (watched[field] === "custom_field_changed") out.push(...this.customEvents(one, field, now, before));
      else out.push(this.event(one, watched[field], now, { current: told(field, now[field]), previous: told(field, before[field]) }));
    }
    return out;
  }

  // The first comment is part of the ticket's creation.
  commented(comment) {
    const ticket = this.platform.store.get("tickets", comment.ticket_id)?.doc;
    const all = this.platform.store.table("comments").find("ticket_id", comment.ticket_id);
    if (!ticket || all.length < 2) return [];
    const author = { id: String(comment.author_id), is_staff: true };
    return [this.event("ticket", "comment_added", ticket, { comment: { id: String(comment.id), body: comment.body, is_public: comment.public, author } })];
  }

  customEvents(one, field, now, before) {
    const values = (doc) => (Array.isArray(doc[field]) ? Object.fromEntries(doc[field].map((f) => [f.id, f.value])) : doc[field]);
    const after = values(now), earlier = values(before);
    const known = this.platform.settings.fields[one === "ticket" ? "ticket_fields" : field];
    return Object.keys(after).filter((key) => !same(after[key], earlier[key])).map((key) => {
      const definition = known.find((f) => String(f.id) === key || f.key === key);
      return this.event(one, "custom_field_changed", now, { current: after[key], previous: earlier[key] ?? null,
        field: { id: String(definition.id), key: definition.key, title: definition.title, type: definition.type } });
    });
  }

  event(one, what, doc, event) {
    const { account, clock } = this.platform;
    return { account_id: account, id: crypto.randomUUID(), type: `zen:event-type:${one}.${what}`, time: new Date(clock.now()).toISOString(),
      subject: `zen:${one}:${doc.id}`, zendesk_event_version: "2022-06-20", event, detail: detail(one, doc) };
  }

  publish(event) {
    const body = stringify(event);
    for (const hook of this.hooks) {
      if (hook.events && !hook.events.some((e) => event.type === e || event.type.endsWith(`:${e}`) || event.type.startsWith(`zen:event-type:${e}.`))) continue;
      this.schedule({ hook, body, id: event.id, type: event.type, attempt: 1, signed: true });
    }
  }

  schedule(delivery) {
    const fault = this.platform.faults.pick({ method: "WEBHOOK", url: delivery.type, body: delivery.body });
    if (fault?.fault === "webhook_drop") return this.note(delivery, { dropped: true });
    this.pending++;
    if (fault?.fault === "webhook_bad_signature") delivery.signed = false;
    if (fault?.fault === "webhook_reorder") return this.held.push({ delivery, overtaken: fault.after ?? 1 });
    if (fault?.fault === "webhook_delay") return this.later(fault.ms ?? 1000, delivery);
    const copies = fault?.fault === "webhook_duplicate" ? fault.copies ?? 2 : 1;
    this.pending += copies - 1;
    for (let i = 0; i < copies; i++) this.queue.push({ ...delivery });
    this.overtake();
    return this.pump();
  }

  overtake() {
    for (const held of this.held) held.overtaken--;
    for (const held of this.held.filter((h) => h.overtaken <= 0)) this.queue.push(held.delivery);
    this.held = this.held.filter((h) => h.overtaken > 0);
  }

  /** Lets go what still waits to be overtaken. */
  release() {
    for (const { delivery } of this.held.splice(0)) this.queue.push(delivery);
    this.pump();
  }

  later(ms, delivery) {
    const { epoch } = this;
    setTimeout(() => { if (epoch === this.epoch) { this.queue.push(delivery); this.pump(); } }, ms).unref();
  }

  // One at a time, so that order is broken only on demand. A failed one is tried again later and blocks nobody.
  pump() {
    if (this.busy || this.queue.length === 0) return;
    this.busy = true;
    const delivery = this.queue.shift();
    const { epoch } = this;
    this.post(delivery, (outcome) => {
      if (epoch !== this.epoch) return;
      this.busy = false;
      this.note(delivery, outcome);
      this.settle(delivery, outcome);
      this.pump();
    });
  }

  settle(delivery, { status, error }) {
    const { webhook_attempts, webhook_retry_ms } = this.platform.settings;
    if ((error || retried.has(status)) && delivery.attempt < webhook_attempts) {
      return this.later(webhook_retry_ms * 2 ** (delivery.attempt - 1), { ...delivery, attempt: delivery.attempt + 1 });
    }
    this.pending--;
    return undefined;
  }

  note({ hook, id, type, attempt, invocation }, outcome) {
    this.deliveries.push({ webhook: hook.id, event: id, type, attempt, invocation, time: new Date().toISOString(), ...outcome });
  }

  post(delivery, done) {
    const { hook, body } = delivery;
    delivery.invocation = ulid();
    const timestamp = instant(this.platform.clock.now());
    const signature = delivery.signed ? sign(hook.secret, timestamp, body) : sign(`${hook.secret}x`, timestamp, body);
    const headers = { "content-type": "application/json; charset=utf-8", "content-length": Buffer.byteLength(body), "user-agent": "Zendesk Webhook",
      "X-Zendesk-Account-Id": String(this.platform.account), "X-Zendesk-Webhook-Id": hook.id, "X-Zendesk-Webhook-Invocation-Id": delivery.invocation,
      "X-Zendesk-Webhook-Signature": signature, "X-Zendesk-Webhook-Signature-Timestamp": timestamp };
    const url = new URL(hook.url);
    const client = url.protocol === "https:" ? https : http;
    let ended = false;
    const end = (outcome) => { if (!ended) { ended = true; done(outcome); } };
    const request = client.request(url, { method: "POST", headers, timeout, agent: url.protocol === "https:" ? undefined : this.agent }, (response) => {
      response.resume();
      response.on("end", () => end({ status: response.statusCode }));
      response.on("error", (e) => end({ error: e.message }));
    });
    request.on("timeout", () => request.destroy(new Error("timeout")));
    request.on("error", (e) => end({ error: e.message }));
    request.end(body);
  }
}

/** base64(HMAC-SHA256(secret as it is, timestamp + body)) */
export function sign(secret, timestamp, body) {
  return crypto.createHmac("sha256", secret).update(timestamp + body).digest("base64");
}

// In events ids are texts, "0" is no organization, "" no external id; status and the like are upper-case.
function detail(one, doc) {
  const id = (v) => (v === null || v === undefined ? null : String(v));
  const upper = (v) => (v === null ? null : String(v).toUpperCase());
  const common = { id: String(doc.id), external_id: doc.external_id ?? "", created_at: doc.created_at, updated_at: doc.updated_at };
  if (one === "organization") return { ...common, name: doc.name, shared_comments: doc.shared_comments, shared_tickets: doc.shared_tickets };
  if (one === "user") return { ...common, default_group_id: id(doc.default_group_id) ?? "0", email: doc.email, organization_id: id(doc.organization_id) ?? "0", role: doc.role };
  return { ...common, actor_id: id(doc.submitter_id), assignee_id: id(doc.assignee_id), brand_id: id(doc.brand_id), custom_status: id(doc.custom_status_id),
    description: doc.description, form_id: id(doc.ticket_form_id), group_id: id(doc.group_id), is_public: doc.is_public, organization_id: id(doc.organization_id) ?? "0",
    priority: upper(doc.priority), requester_id: id(doc.requester_id), status: upper(doc.status), subject: doc.subject, submitter_id: id(doc.submitter_id),
    tags: doc.tags, type: upper(doc.type), via: { channel: "web_service" } };
}

function told(field, value) {
  if (field.endsWith("_id") && value !== null && value !== undefined) return String(value);
  return ["status", "priority", "type"].includes(field) && value ? String(value).toUpperCase() : value ?? null;
}

const crockford = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

function ulid() {
  let text = "";
  for (let time = Date.now(); text.length < 10; time = Math.floor(time / 32)) text = crockford[time % 32] + text;
  for (const byte of crypto.randomBytes(16)) text += crockford[byte & 31];
  return text;
}
