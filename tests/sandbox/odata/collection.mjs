// Reading collections: system query options, server-driven pages, and delta links.
import { Num } from "../lib/json.mjs";
import { compile, order } from "./filter.mjs";
import { badRequest, refuse } from "./errors.mjs";
import { types } from "./model.mjs";

const known = new Set(["$filter", "$select", "$expand", "$orderby", "$top", "$skip", "$count", "$format", "$skiptoken", "$deltatoken"]);

/** Splits at commas or semicolons outside parentheses and quotes. */
export function parts(text, at = ",") {
  const out = [];
  let depth = 0, quoted = false, from = 0;
  for (let i = 0; i < text.length; i++) {
    const c = text[i];
    if (c === "'") quoted = !quoted;
    else if (quoted) continue;
    else if (c === "(") depth++;
    else if (c === ")") depth--;
    else if (c === at && depth === 0) { out.push(text.slice(from, i)); from = i + 1; }
  }
  out.push(text.slice(from));
  return out.map((p) => p.trim()).filter(Boolean);
}

/** $select and $expand of a type, checked: {select: Set|null, expand: [{name, type, many, options}]}. */
export function shape(type, options) {
  const select = options.get("$select");
  const names = select && select !== "*" ? parts(select) : null;
  for (const name of names ?? []) {
    if (!type.properties[name] && !type.navigation[name]) throw badRequest(`Could not find a property named '${name}' on type 'Erp.${type.name}'.`, "$select");
  }
  const expand = parts(options.get("$expand") ?? "").map((part) => {
    const m = /^(\w+)(?:\((.*)\))?$/s.exec(part);
    const link = m && type.navigation[m[1]];
    if (!link) throw badRequest(`The navigation property '${part}' does not exist on type 'Erp.${type.name}'.`, "$expand");
    const inner = new Map(parts(m[2] ?? "", ";").map((o) => [o.slice(0, o.indexOf("=")), o.slice(o.indexOf("=") + 1)]));
    return { name: m[1], type: types[link.to], many: !!link.many, options: inner, shape: shape(types[link.to], inner) };
  });
  return { select: names && new Set(names), expand };
}

export function checkOptions(options) {
  for (const name of options.keys()) if (name.startsWith("$") && !known.has(name)) throw badRequest(`The query option '${name}' is not supported.`, name);
}

function count(options, name) {
  if (!options.has(name)) return null;
  const value = options.get(name);
  if (!/^\d+$/.test(value)) throw badRequest(`Invalid value '${value}' for ${name}.`, name);
  return Number(value);
}

/** The comparison keys of $orderby, ending with the entity's key so that the order is total. */
function ordering(type, text, follow) {
  const keys = parts(text ?? "").map((part) => {
    const m = /^(\S+)(?:\s+(asc|desc))?$/.exec(part);
    const steps = m?.[1].split("/") ?? [];
    const last = steps.pop();
    let here = type;
    for (const step of steps) here = types[here.navigation[step]?.to] ?? {};
    if (!here.properties?.[last]) throw badRequest(`Could not find a property named '${part}' on type 'Erp.${type.name}'.`, "$orderby");
    const value = (doc) => walk(type, doc, steps, follow)?.[last] ?? null;
    return { value, sign: m[2] === "desc" ? -1 : 1 };
  });
  return [...keys, { value: (doc) => doc[type.key], sign: 1 }];
}

function walk(type, doc, steps, follow) {
  let here = doc, at = type;
  for (const step of steps) {
    if (!here) return null;
    here = follow(at, here, step);
    at = types[at.navigation[step].to];
  }
  return here;
}

function compareBy(keys, a, b) {
  for (let i = 0; i < keys.length; i++) {
    const result = order(a[i], b[i]) * keys[i].sign;
    if (result) return result;
  }
  return 0;
}

/** Filter, order, skip, top and one page. `source` gives documents, `since` narrows it to newer ones. */
export function page({ type, options, source, follow, pageSize }) {
  const filter = options.has("$filter") ? compile(options.get("$filter"), type, follow) : null;
  const docs = [];
  for (const doc of source(filter?.since ?? null)) if (!filter || filter.test(doc)) docs.push(doc);
  const keys = ordering(type, options.get("$orderby"), follow);
  const rows = docs.map((doc) => ({ doc, at: keys.map((k) => k.value(doc)) })).sort((a, b) => compareBy(keys, a.at, b.at));
  const token = options.has("$skiptoken") ? unseal(options.get("$skiptoken"), "$skiptoken") : null;
  const skip = token ? 0 : count(options, "$skip") ?? 0;
  const top = token ? token.left : count(options, "$top");
  let rest = token ? rows.filter((r) => compareBy(keys, r.at, token.at) > 0) : rows.slice(skip);
  if (top !== null && top !== undefined) rest = rest.slice(0, top);
  const cut = pageSize && rest.length > pageSize ? rest.slice(0, pageSize) : rest;
  const next = cut.length < rest.length ? { at: cut[cut.length - 1].at, left: top === null || top === undefined ? null : top - cut.length, delta: token?.delta } : null;
  return { total: docs.length, docs: cut.map((r) => r.doc), next, delta: token?.delta };
}

/** Opaque tokens: clients follow them as they are. A decimal is kept apart from a text of digits. */
export function seal(value) {
  const at = value.at?.map((v) => (v instanceof Num ? { decimal: v.text } : v));
  return Buffer.from(JSON.stringify({ ...value, at })).toString("base64url");
}

export function unseal(text, name) {
  try {
    const value = JSON.parse(Buffer.from(text, "base64url").toString());
    value.at = value.at?.map((v) => (v?.decimal ? new Num(v.decimal) : v));
    return value;
  } catch { throw badRequest(`The value of ${name} is not one that this service gave out.`, name); }
}

export function goneDelta(location) {
  return refuse(410, "410", "The delta link has expired. Start again from a full read.", { headers: { location } });
}
