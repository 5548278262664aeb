// Creating and changing tickets, organizations and users, with the rules of the Support API.
import { Num } from "../lib/json.mjs";
import { invalid, notFound, refuse } from "./errors.mjs";
import { kinds, priorities, statuses, ticketTypes } from "./schema.mjs";

const idBase = 6130000000000;              // ids have 13 digits now; tickets are counted from 1

export const instant = (ms) => new Date(Math.floor(ms / 1000) * 1000).toISOString().replace(".000Z", "Z");
const folded = (v) => (v === null || v === undefined ? null : String(v).toLowerCase());

export class Records {
  constructor(platform) {
    this.platform = platform;
    this.prepare();
  }

  get store() { return this.platform.store; }

  prepare() {
    for (const kind of Object.keys(kinds)) this.store.table(kind).index("external_id", (doc) => folded(doc.external_id));
    this.store.table("organizations").index("name", (doc) => folded(doc.name));
    this.store.table("users").index("email", (doc) => folded(doc.email));
    this.store.table("tickets").index("organization_id", (doc) => doc.organization_id);
    this.store.table("comments").index("ticket_id", (doc) => doc.ticket_id);
  }

  nextId(kind) {
    const n = this.store.table(kind).records.size + 1;
    const offset = { tickets: 0, organizations: 100000000, users: 200000000, comments: 300000000 }[kind];
    return kind === "tickets" ? n : idBase + offset + n * 128;
  }

  live(kind, id) {
    const record = this.store.get(kind, id);
    if (!record || record.gone) throw notFound();
    return record;
  }

  byExternal(kind, value) { return this.store.table(kind).find("external_id", folded(value)); }

  /** Known keys; the rest is ignored, and told in X-Zendesk-API-Warn. */
  permitted(kind, body, warnings) {
    const { one, writable } = kinds[kind];
    const out = {};
    for (const [key, value] of Object.entries(body)) {
      if (writable.includes(key)) out[key] = value; else warnings.push(`${one}.${key}`);
    }
    return out;
  }

  create(kind, body, actor, warnings = []) {
    const given = this.permitted(kind, body, warnings);
    const id = this.nextId(kind);
    const now = instant(this.platform.clock.now());
    const doc = { id, ...structuredClone(kinds[kind].blank), created_at: now, updated_at: now };
    if (kind === "tickets") this.newTicket(doc, given, actor);
    this.apply(kind, doc, given, warnings, actor);
    this.judge(kind, doc, given, null);
    const record = this.store.put(kind, id, doc);
    if (kind === "tickets") this.comment(doc, { ...(given.comment ?? { body: doc.description }), metadata: given.metadata }, actor, now);
    return record;
  }

  newTicket(doc, given, actor) {
    const body = given.comment?.body ?? given.comment?.html_body ?? given.description;
    if (!body) throw invalid("base", "Description: cannot be blank", "BlankValue");
    Object.assign(doc, { description: body, requester_id: actor, submitter_id: actor });
  }

  update(kind, record, body, actor, warnings = []) {
    const given = this.permitted(kind, body, warnings);
    if (kind === "tickets") this.guard(record.doc, given);
    const now = instant(this.platform.clock.now());
    const doc = { ...record.doc, updated_at: now };
    if (kind === "tickets") delete given.description;      // read-only once created: it is the first comment
    this.apply(kind, doc, given, warnings, actor);
    this.judge(kind, doc, given, record.id);
    const next = this.store.put(kind, record.id, doc);
    if (given.comment) this.comment(doc, { ...given.comment, metadata: given.metadata }, actor, now);
    return next;
  }

  // A closed ticket stays closed; safe_update refuses to overwrite what it has not seen.
  guard(doc, given) {
    if (doc.status === "closed") throw invalid("status", "Status: closed prevents ticket update", "InvalidValue");
    if (given.safe_update === true && Date.parse(given.updated_stamp) < Date.parse(doc.updated_at)) {
      throw refuse(409, "UpdateConflict", "Safe Update prevented the update due to outdated ticket data. Please fetch the latest ticket data and try again.");
    }
  }

  apply(kind, doc, given, warnings, actor) {
    for (const [key, value] of Object.entries(given)) {
      switch (key) {
        case "comment": case "safe_update": case "updated_stamp": case "metadata": case "skip_verify_email": case "identities": case "email_ccs": break;
        case "custom_fields": doc.custom_fields = this.ticketFields(doc.custom_fields, value, warnings); break;
        case "organization_fields": case "user_fields": doc[key] = this.keyedFields(kind, key, doc[key], value, warnings); break;
        case "requester": doc.requester_id = this.requester(value, actor); break;
        case "additional_tags": doc.tags = tagList([...doc.tags, ...value]); break;
        case "remove_tags": doc.tags = doc.tags.filter((t) => !value.includes(t)); break;
        case "tags": doc.tags = tagList(value); break;
        case "subject": doc.subject = doc.raw_subject = value; break;
        case "external_id": doc.external_id = value === null || value === "" ? null : String(value); break;
        default: doc[key] = value;
      }
    }
  }

  ticketFields(before, given, warnings) {
    const known = new Map(this.platform.settings.fields.ticket_fields.map((f) => [f.id, f]));
    const out = new Map(before.map((f) => [f.id, f.value]));
    const pairs = Array.isArray(given) ? given : Object.entries(given).map(([id, value]) => ({ id, value }));
    for (const { id, value } of pairs) {
      const field = known.get(Number(id));
      if (!field) { warnings.push(`ticket.custom_fields.${id}`); continue; }
      out.set(field.id, this.fieldValue(field, value));
    }
    return [...out].map(([id, value]) => ({ id, value }));
  }

  keyedFields(kind, key, before, given, warnings) {
    const known = new Map(this.platform.settings.fields[key].map((f) => [f.key, f]));
    const out = { ...before };
    for (const [name, value] of Object.entries(given ?? {})) {
      const field = known.get(name);
      if (!field) { warnings.push(`${kinds[kind].one}.${key}.${name}`); continue; }
      out[name] = this.fieldValue(field, value);
    }
    return out;
  }

  // A decimal field's value is text there; a checkbox is never null.
  fieldValue(field, value) {
    if (value === null || value === "") return field.type === "checkbox" ? false : null;
    const text = value instanceof Num ? value.text : String(value);
    if (field.type === "checkbox") return text === "true" || text === "1";
    if (field.type === "decimal" && !/^-?\d+(\.\d+)?$/.test(text)) throw invalid("base", `${field.title}: is invalid`, "InvalidFormat");
    if (field.type === "integer" && !/^-?\d+$/.test(text)) throw invalid("base", `${field.title}: is invalid`, "InvalidFormat");
    return field.type === "integer" ? Number(text) : text;
  }

  requester(given, actor) {
    const found = given.email ? this.store.table("users").find("email", folded(given.email))[0] : null;
    return found ? found.doc.id : this.create("users", { name: given.name ?? given.email, email: given.email ?? null }, actor).doc.id;
  }

  judge(kind, doc, given, id) {
    if (kind === "tickets") return this.judgeTicket(doc);
    if (!doc.name) throw invalid("name", "Name: cannot be blank", "BlankValue");
    const other = (index, value) => value !== null && value !== undefined && this.store.table(kind).find(index, folded(value)).some((r) => r.id !== id);
    if (kind === "organizations" && other("name", doc.name)) throw invalid("name", `Name: ${doc.name} has already been taken`, "DuplicateValue");
    if (kind === "users") {
      if (doc.email !== null && !/^[^@\s]+@[^@\s]+$/.test(doc.email)) throw invalid("email", `Email: ${doc.email} is not properly formatted`, "InvalidFormat");
      if (other("email", doc.email)) throw invalid("email", `Email: ${doc.email} is already being used by another user`, "DuplicateValue");
      if (given.organization_id) this.mustExist("organizations", given.organization_id, "organization", "Organization");
    }
    return undefined;
  }

  judgeTicket(doc) {
    if (!statuses.includes(doc.status)) throw invalid("status", `Status: ${doc.status} is not valid`, "InvalidValue");
    if (doc.priority !== null && !priorities.includes(doc.priority)) throw invalid("priority", `Priority: ${doc.priority} is not valid`, "InvalidValue");
    if (doc.type !== null && !ticketTypes.includes(doc.type)) throw invalid("type", `Type: ${doc.type} is not valid`, "InvalidValue");
    if (doc.organization_id) this.mustExist("organizations", doc.organization_id, "organization", "Organization");
    if (doc.requester_id) this.mustExist("users", doc.requester_id, "requester", "Requester");
  }

  mustExist(kind, id, field, label) {
    const record = this.store.get(kind, id);
    if (!record || record.gone) throw invalid(field, `${label}: is invalid`, "InvalidValue");
  }

  comment(ticket, given, actor, now) {
    const id = this.nextId("comments");
    const body = given.body ?? given.html_body ?? "";
    return this.store.put("comments", id, { id, ticket_id: ticket.id, type: "Comment", author_id: given.author_id ?? actor, body, html_body: `<div class="zd-comment" dir="auto"><p dir="auto">${body}</p></div>`,
      plain_body: body, public: given.public ?? true, attachments: [], audit_id: id + 1, created_at: now, metadata: { system: {}, custom: given.metadata ?? {} } });
  }

  /** Deleting is soft: a ticket shows as deleted in exports, a user as inactive. */
  remove(kind, record) {
    const now = instant(this.platform.clock.now());
    const mark = kind === "tickets" ? { status: "deleted" } : kind === "users" ? { active: false } : {};
    return this.store.put(kind, record.id, { ...record.doc, ...mark, updated_at: now }, { gone: true });
  }
}

// Tags are lower-case words, each once.
function tagList(list) {
  const words = (Array.isArray(list) ? list : String(list).split(/[\s,]+/)).map((t) => String(t).toLowerCase()).filter(Boolean);
  return [...new Set(words)].sort();
}
