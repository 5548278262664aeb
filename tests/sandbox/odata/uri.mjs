// Resource paths: segments with their key predicates.
import { badRequest, notFound } from "./errors.mjs";

/** `SalesOrders(OrderNo='SO/1')/Items` to [{name, key}], where key is undefined, {"": literal} or {name: literal}. */
export function segments(path) {
  return split(path, "/").filter((s) => s !== "").map((raw) => {
    let text;
    try { text = decodeURIComponent(raw); } catch { throw badRequest(`The path segment '${raw}' is not well encoded.`); }
    const open = text.indexOf("(");
    if (open < 0) return { name: text };
    if (!text.endsWith(")")) throw notFound(text);
    return { name: text.slice(0, open), key: predicate(text.slice(open + 1, -1)) };
  });
}

function predicate(text) {
  const key = {};
  for (const part of split(text, ",")) {
    const m = /^\s*([A-Za-z_]\w*)=(.*)$/s.exec(part);
    if (m) key[m[1]] = m[2].trim(); else key[""] = part.trim();
  }
  return key;
}

// Splits at a character, but not inside quotes.
function split(text, at) {
  const out = [];
  let quoted = false, from = 0;
  for (let i = 0; i < text.length; i++) {
    if (text[i] === "'") quoted = !quoted;
    else if (text[i] === at && !quoted) { out.push(text.slice(from, i)); from = i + 1; }
  }
  out.push(text.slice(from));
  return out;
}

/** Query options, percent-decoded only: a plus stays a plus here, unlike in an HTML form. */
export function queryOptions(search) {
  const out = new Map();
  for (const pair of search.split("&")) {
    if (!pair) continue;
    const at = pair.indexOf("=");
    const name = at < 0 ? pair : pair.slice(0, at);
    try { out.set(decodeURIComponent(name), at < 0 ? "" : decodeURIComponent(pair.slice(at + 1))); }
    catch { throw badRequest(`The query option '${name}' is not well encoded.`); }
  }
  return out;
}

/** `Prefer: return=minimal, odata.maxpagesize=50` to a map. */
export function preferences(header) {
  const out = new Map();
  for (const part of String(header ?? "").split(/[,;]/)) {
    const [name, value = "true"] = part.trim().split("=");
    if (name) out.set(name.replace(/^odata\./, "").toLowerCase(), value.replace(/^"|"$/g, ""));
  }
  return out;
}
