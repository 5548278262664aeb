// $filter: text to a function of an entity (vendor doc: OData URL Conventions 4.01, section 5.1.1).
import { Num } from "../lib/json.mjs";
import { compare as compareDecimals } from "../lib/decimal.mjs";
import { badRequest } from "./errors.mjs";
import { types } from "./model.mjs";

const pattern = /(\s+)|'((?:[^']|'')*)'|(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:\d{2}))|(\d{4}-\d{2}-\d{2})|([0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})|(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)|([A-Za-z_][\w]*(?:\/[A-Za-z_$][\w]*)*)|([(),:])/y;
const comparisons = new Set(["eq", "ne", "gt", "ge", "lt", "le"]);
const kinds = ["space", "string", "instant", "date", "guid", "number", "name", "sign"];

function tokens(text) {
  const out = [];
  pattern.lastIndex = 0;
  while (pattern.lastIndex < text.length) {
    const at = pattern.lastIndex;
    const m = pattern.exec(text);
    if (!m) throw badRequest(`Syntax error: character '${text[at]}' is not valid at position ${at} in '${text}'.`, "$filter");
    const i = m.findIndex((group, g) => g > 0 && group !== undefined);
    if (i > 1) out.push({ kind: kinds[i - 1], value: i === 2 ? m[i].replace(/''/g, "'") : m[i], at });
  }
  out.push({ kind: "end", value: "", at: text.length });
  return out;
}

/** Compiles a filter for a type. `follow(type, doc, name)` gives what a navigation leads to. */
export function compile(text, type, follow) {
  const compiler = new Compiler(text, follow);
  const node = compiler.or({ it: type });
  if (compiler.token.kind !== "end") compiler.fail();
  return { test: (doc) => node.value({ it: doc }) === true, since: node.floor ?? null };
}

class Compiler {
  constructor(text, follow) {
    this.text = text;
    this.follow = follow;
    this.list = tokens(text);
    this.at = 0;
  }

  get token() { return this.list[this.at]; }

  fail() { throw badRequest(`Syntax error at position ${this.token.at} in '${this.text}'.`, "$filter"); }

  word(value) { if (this.token.kind !== "name" || this.token.value !== value) return false; this.at++; return true; }

  sign(value) { if (this.token.kind !== "sign" || this.token.value !== value) return false; this.at++; return true; }

  need(value) { if (!this.sign(value)) this.fail(); }

  or(scope) {
    const parts = [this.and(scope)];
    while (this.word("or")) parts.push(this.and(scope));
    if (parts.length === 1) return parts[0];
    const floors = parts.map((p) => p.floor ?? null);
    const floor = floors.includes(null) ? null : Math.min(...floors);
    return { value: (s) => parts.some((p) => p.value(s) === true), type: "Edm.Boolean", floor };
  }

  and(scope) {
    const parts = [this.comparison(scope)];
    while (this.word("and")) parts.push(this.comparison(scope));
    if (parts.length === 1) return parts[0];
    const floor = parts.map((p) => p.floor ?? null).find((f) => f !== null) ?? null;
    return { value: (s) => parts.every((p) => p.value(s) === true), type: "Edm.Boolean", floor };
  }

  comparison(scope) {
    if (this.word("not")) {
      const part = this.comparison(scope);
      return { value: (s) => part.value(s) !== true, type: "Edm.Boolean" };
    }
    const left = this.operand(scope);
    if (this.token.kind !== "name") return left;
    if (this.word("in")) return this.membership(left, scope);
    const op = this.token.value;
    if (!comparisons.has(op)) return left;
    this.at++;
    const right = this.operand(scope);
    this.check(left, right);
    // A lower bound on ModifiedAt spares looking at everything when a client polls.
    const bounded = (op === "gt" || op === "ge" || op === "eq") && left.path === "ModifiedAt" && right.literal;
    return { value: (s) => compare(op, left.value(s), right.value(s)), type: "Edm.Boolean", floor: bounded ? Date.parse(right.literal) : null };
  }

  membership(left, scope) {
    this.need("(");
    const list = [];
    do { list.push(this.operand(scope)); } while (this.sign(","));
    this.need(")");
    return { value: (s) => { const v = left.value(s); return list.some((item) => compare("eq", v, item.value(s))); }, type: "Edm.Boolean" };
  }

  // A quoted date is a string, and a string is not comparable with a date: servers say so.
  check(left, right) {
    const kinds = [left.type, right.type].filter((t) => t && t !== "null").map(family);
    if (kinds.length === 2 && kinds[0] !== kinds[1]) {
      throw badRequest(`A binary operator with incompatible types was detected. Found operand types '${left.type}' and '${right.type}'.`, "$filter");
    }
  }

  operand(scope) {
    const { kind, value } = this.token;
    if (this.sign("(")) {
      const inner = this.or(scope);
      this.need(")");
      return inner;
    }
    if (kind === "end" || kind === "sign") this.fail();
    this.at++;
    switch (kind) {
      case "string": return constant(value, "Edm.String");
      case "number": return constant(new Num(value), "Edm.Decimal");
      case "guid": return constant(value.toLowerCase(), "Edm.Guid");
      case "date": return constant(value, "Edm.Date");
      case "instant": return { ...constant(new Date(value).toISOString(), "Edm.DateTimeOffset"), literal: value };
      default: return this.named(value, scope);
    }
  }

  named(name, scope) {
    if (name === "null") return constant(null, "null");
    if (name === "true" || name === "false") return constant(name === "true", "Edm.Boolean");
    if (this.token.kind === "sign" && this.token.value === "(") {
      const steps = name.split("/");
      const last = steps.pop();
      return last === "any" || last === "all" ? this.lambda(last, steps, scope) : this.call(name, scope);
    }
    return this.path(name, scope);
  }

  call(name, scope) {
    const fn = functions[name];
    if (!fn) throw badRequest(`An unknown function with name '${name}' was found.`, "$filter");
    this.need("(");
    const args = [this.operand(scope)];
    while (this.sign(",")) args.push(this.operand(scope));
    this.need(")");
    return { value: (s) => { const v = args.map((a) => a.value(s)); return v.includes(null) ? null : fn.run(...v); }, type: fn.type };
  }

  path(name, scope) {
    const steps = name.split("/");
    const first = steps.length > 1 && scope[steps[0]] ? steps.shift() : "it";
    const walk = this.steps(scope[first], steps.slice(0, -1));
    const last = steps[steps.length - 1];
    const property = walk.type.properties[last];
    if (!property) throw badRequest(`Could not find a property named '${last}' on type 'Erp.${walk.type.name}'.`, "$filter");
    return { value: (s) => walk.go(s[first])?.[last] ?? null, type: property.type, path: first === "it" && steps.length === 1 ? last : null };
  }

  steps(type, names) {
    const stops = [];
    let here = type;
    for (const name of names) {
      const link = here.navigation[name];
      if (!link) throw badRequest(`Could not find a property named '${name}' on type 'Erp.${here.name}'.`, "$filter");
      stops.push([here, name]);
      here = types[link.to];
    }
    return { type: here, go: (doc) => stops.reduce((d, [t, name]) => (d ? this.follow(t, d, name) : null), doc) };
  }

  lambda(kind, names, scope) {
    this.need("(");
    const walk = this.steps(scope.it, names);
    if (this.sign(")")) return { value: (s) => (walk.go(s.it) ?? []).length > 0, type: "Edm.Boolean" };
    const variable = this.token.value;
    this.at++;
    this.need(":");
    const inner = this.or({ ...scope, [variable]: walk.type });
    this.need(")");
    const method = kind === "any" ? "some" : "every";
    return { value: (s) => (walk.go(s.it) ?? [])[method]((row) => inner.value({ ...s, [variable]: row }) === true), type: "Edm.Boolean" };
  }
}

const constant = (value, type) => ({ value: () => value, type });

const functions = {
  contains: { run: (a, b) => a.includes(b), type: "Edm.Boolean" },
  startswith: { run: (a, b) => a.startsWith(b), type: "Edm.Boolean" },
  endswith: { run: (a, b) => a.endsWith(b), type: "Edm.Boolean" },
  tolower: { run: (a) => a.toLowerCase(), type: "Edm.String" },
  toupper: { run: (a) => a.toUpperCase(), type: "Edm.String" },
  trim: { run: (a) => a.trim(), type: "Edm.String" },
  length: { run: (a) => a.length, type: "Edm.Int32" },
};

function family(type) {
  if (type === "Edm.Int32" || type === "Edm.Int64" || type === "Edm.Decimal") return "number";
  return type;
}

/** Order of two values of one type; null is lowest. */
export function order(a, b) {
  if (a === null || b === null) return a === b ? 0 : a === null ? -1 : 1;
  if (a instanceof Num || b instanceof Num) return compareDecimals(a, b);
  return a < b ? -1 : a > b ? 1 : 0;
}

function compare(op, a, b) {
  if (a === null || b === null) return op === "eq" ? a === b : op === "ne" ? a !== b : false;
  const o = order(a, b);
  switch (op) {
    case "eq": return o === 0;
    case "ne": return o !== 0;
    case "gt": return o > 0;
    case "ge": return o >= 0;
    case "lt": return o < 0;
    default: return o <= 0;
  }
}
