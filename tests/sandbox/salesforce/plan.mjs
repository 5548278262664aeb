// A parsed query made ready to run: paths resolved against the schema, conditions turned into functions.
import { compare as compareDecimals } from "../lib/decimal.mjs";
import { canonical } from "./ids.mjs";
import { refuse } from "./errors.mjs";
import { pointer } from "./lexer.mjs";
import { instant, isDecimal, stamp } from "./value.mjs";

const wsdl = "Please reference your WSDL or the describe call for the appropriate names.";
export const relationshipHint = "If you are attempting to use a custom relationship, be sure to append the '__r' after the custom relationship name.";
const loose = new Set(["string", "textarea", "email", "phone", "url", "picklist", "multipicklist"]);

export class Planner {
  constructor(schema, store, clock) {
    this.schema = schema;
    this.store = store;
    this.clock = clock;
  }

  object(tree) {
    const object = this.schema.find(tree.from);
    if (object) return object;
    const message = `sObject type '${tree.from}' is not supported. If you are attempting to use a custom object, be sure to append the '__c' after the entity name.`;
    throw this.located("INVALID_TYPE", `${message} ${wsdl}`, tree.text, tree.fromAt);
  }

  /** `Account.Owner.Name` to the steps to follow and the field at the end. */
  path(object, path, text, at) {
    const names = path.split(".");
    if (names.length > 1 && names[0].toLowerCase() === object.name.toLowerCase() && !this.schema.relation(object, names[0])) names.shift();
    const steps = [];
    let here = object;
    for (const name of names.slice(0, -1)) {
      const link = this.schema.relation(here, name);
      if (!link) throw this.missing(`Didn't understand relationship '${name}' in field path. ${relationshipHint}`, text, at);
      steps.push(link);
      here = this.schema.find(link.referenceTo);
    }
    const field = this.schema.field(here, names[names.length - 1]);
    if (!field) {
      const message = `No such column '${names[names.length - 1]}' on entity '${here.name}'. If you are attempting to use a custom field, be sure to append the '__c' after the custom field name.`;
      throw this.missing(`${message} ${wsdl}`, text, at);
    }
    return { steps, field, object: here };
  }

  missing(message, text, at) { return this.located("INVALID_FIELD", message, text, at); }

  located(code, message, text, at) {
    return refuse(400, code, `\n${pointer(text, at)}\nERROR at Row:1:Column:${at + 1}\n${message}`);
  }

  /** Follows a resolved path from a document; undefined where a parent is missing. */
  follow({ steps, field }, doc) {
    let here = doc;
    for (const step of steps) {
      const id = here[step.name];
      here = id ? this.store.get(step.referenceTo, id)?.doc : undefined;
      if (!here) return undefined;
    }
    return here[field.name] ?? (field.type === "boolean" ? false : null);
  }

  /** A condition to a function of a document. */
  condition(object, node, text) {
    if (!node) return () => true;
    if (node.op === "and" || node.op === "or") {
      const parts = node.parts.map((part) => this.condition(object, part, text));
      return node.op === "and" ? (doc) => parts.every((p) => p(doc)) : (doc) => parts.some((p) => p(doc));
    }
    if (node.op === "not") {
      const part = this.condition(object, node.part, text);
      return (doc) => !part(doc);
    }
    const path = this.path(object, node.path, text, node.at);
    const test = this.test(path.field, node);
    return (doc) => test(this.follow(path, doc) ?? null);
  }

  test(field, node) {
    if (node.op === "semi") return this.semi(node);
    if (node.op === "in") {
      const tests = node.values.map((value) => this.comparator(field, "=", value));
      return (v) => tests.some((t) => t(v));
    }
    if (node.op === "includes") {
      return (v) => v !== null && node.values.some((w) => w.value.split(";").every((part) => v.split(";").includes(part)));
    }
    if (node.op === "like") return this.like(field, node.value);
    return this.comparator(field, node.op, node.value);
  }

  semi(node) {
    const object = this.object(node.query);
    const path = this.path(object, node.query.items[0].path, node.query.text, node.query.items[0].at);
    const holds = this.condition(object, node.query.where, node.query.text);
    const keys = new Set();
    for (const { doc } of this.store.table(object.name).live()) if (holds(doc)) keys.add(this.follow(path, doc));
    return (v) => keys.has(v);
  }

  like(field, literal) {
    if (literal.kind !== "string") throw this.typeError(field, literal);
    const source = literal.value.replace(/[.*+?^${}()|[\]\\]/g, "\\$&").replace(/%/g, "[^]*").replace(/_/g, "[^]");
    const pattern = new RegExp(`^${source}$`, "i");
    return (v) => v !== null && pattern.test(String(v));
  }

  comparator(field, op, literal) {
    if (literal.kind === "null") return op === "=" ? (v) => v === null : op === "!=" ? (v) => v !== null : () => false;
    if (literal.kind === "relative" && (field.type === "date" || field.type === "datetime")) return this.span(field, op, literal.value);
    const right = this.operand(field, literal);
    const order = orderOf(field);
    switch (op) {
      case "=": return (v) => v !== null && order(v, right) === 0;
      case "!=": return (v) => v === null || order(v, right) !== 0;
      case "<": return (v) => v !== null && order(v, right) < 0;
      case "<=": return (v) => v !== null && order(v, right) <= 0;
      case ">": return (v) => v !== null && order(v, right) > 0;
      default: return (v) => v !== null && order(v, right) >= 0;
    }
  }

  // Dates and numbers are unquoted in SOQL, texts are quoted; anything else is an error there too.
  operand(field, literal) {
    const { kind, value } = literal;
    if (loose.has(field.type)) { if (kind === "string") return value.toLowerCase(); }
    else if (field.type === "id" || field.type === "reference") {
      if (kind === "string") return canonical(value) ?? this.badId(value);
    } else if (isDecimal(field)) { if (kind === "number") return value; }
    else if (field.type === "int") { if (kind === "number") return Number(value); }
    else if (field.type === "boolean") { if (kind === "boolean") return value; }
    else if (field.type === "date") { if (kind === "date") return value; }
    else if (field.type === "datetime" && kind === "datetime") return new Date(instant(value)).toISOString().replace("Z", "+0000");
    throw this.typeError(field, literal);
  }

  badId(value) { throw refuse(400, "INVALID_QUERY_FILTER_OPERATOR", `invalid ID field: ${value}`); }

  typeError(field, literal) {
    const quoted = literal.kind === "string";
    const type = field.type === "datetime" ? "dateTime" : field.type;
    const rule = loose.has(field.type) || field.type === "id" ? "should be enclosed in quotes" : quoted ? "should not be enclosed in quotes" : "must have the right form";
    return refuse(400, "INVALID_FIELD", `value of filter criterion for field '${field.name}' must be of type ${type} and ${rule}`);
  }

  // TODAY and its like are spans: equal means within, greater means after the end (vendor doc: "Date Formats and Date Literals").
  span(field, op, word) {
    const day = 86400000;
    const count = Number(word.split(":")[1] ?? 1);
    const today = Math.floor(this.clock.now() / day);
    const [first, last] = word === "TODAY" ? [0, 0] : word === "YESTERDAY" ? [-1, -1] : word === "TOMORROW" ? [1, 1] : word.startsWith("LAST") ? [-count, 0] : [1, count];
    const text = (n) => (field.type === "date" ? new Date(n * day).toISOString().slice(0, 10) : stamp(n * day));
    const from = text(today + first), to = text(today + last + 1);
    const tests = { "=": (v) => v >= from && v < to, "!=": (v) => v < from || v >= to, "<": (v) => v < from, "<=": (v) => v < to, ">": (v) => v >= to, ">=": (v) => v >= from };
    return (v) => (v === null ? op === "!=" : tests[op](v));
  }

  /** A comparison of documents for ORDER BY; Id breaks ties so that pages are stable. */
  ordering(object, order, text) {
    const keys = order.map((o) => ({ ...o, resolved: this.path(object, o.path, text, o.at) }));
    return (a, b) => {
      for (const key of keys) {
        const result = this.orderBy(key, a, b);
        if (result) return result;
      }
      return a.Id < b.Id ? -1 : a.Id > b.Id ? 1 : 0;
    };
  }

  orderBy({ resolved, descending, nulls }, a, b) {
    const x = this.follow(resolved, a) ?? null, y = this.follow(resolved, b) ?? null;
    if (x === null || y === null) {
      if (x === y) return 0;
      return (x === null) === (nulls === "FIRST") ? -1 : 1;
    }
    const result = orderOf(resolved.field)(x, loose.has(resolved.field.type) ? String(y).toLowerCase() : y);
    return descending ? -result : result;
  }

  /** A lower bound on SystemModstamp that every match must meet, so that polling need not look at everything. */
  floor(node) {
    if (!node) return null;
    if (node.op === "and") return node.parts.map((p) => this.floor(p)).find((f) => f !== null) ?? null;
    if (node.op === "or") {
      const floors = node.parts.map((p) => this.floor(p));
      return floors.includes(null) ? null : Math.min(...floors);
    }
    const bounded = (node.op === ">" || node.op === ">=" || node.op === "=") && node.path?.toLowerCase() === "systemmodstamp";
    return bounded && node.value.kind === "datetime" ? instant(node.value.value) : null;
  }
}

function orderOf(field) {
  if (loose.has(field.type)) return (v, w) => byText(String(v).toLowerCase(), w);
  if (isDecimal(field)) return (v, w) => compareDecimals(v, w);
  if (field.type === "int") return (v, w) => v - w;
  return byText;
}

const byText = (v, w) => (v < w ? -1 : v > w ? 1 : 0);

