// The two ways of paging: cursors (page[size]), and offsets, which end after 100 pages.
import { notFound, refuse } from "./errors.mjs";

const most = 100;
const deepest = 100;

export function seal(value) { return Buffer.from(JSON.stringify(value)).toString("base64url"); }

export function unseal(text) {
  try { return JSON.parse(Buffer.from(text, "base64url").toString()); }
  catch { throw refuse(400, "InvalidCursor", "The cursor is not valid"); }
}

/** One page of documents in the form that the request chose. `base` is the absolute address without a query. */
export function paginate(request, docs, name, base) {
  const { query } = request;
  if (query.has("page[size]") || query.has("page[after]") || query.has("page[before]")) return byCursor(query, docs, name, base);
  return byOffset(query, docs, name, base);
}

function byCursor(query, docs, name, base) {
  const size = Math.min(most, Number(query.get("page[size]") ?? most));
  if (!(size > 0)) throw refuse(400, "InvalidPaginationParameter", "page[size] must be a positive number");
  const sort = query.get("sort") ?? "id";
  const field = sort.replace(/^-/, ""), sign = sort.startsWith("-") ? -1 : 1;
  const key = (doc) => [doc[field] ?? "", doc.id];
  const rows = docs.map((doc) => ({ doc, key: key(doc) })).sort((a, b) => order(a.key, b.key) * sign);
  const after = query.has("page[after]") ? unseal(query.get("page[after]")) : null;
  const before = query.has("page[before]") ? unseal(query.get("page[before]")) : null;
  const rest = after ? rows.filter((r) => order(r.key, after) * sign > 0) : before ? rows.filter((r) => order(r.key, before) * sign < 0) : rows;
  const page = before ? rest.slice(-size) : rest.slice(0, size);
  const has_more = rest.length > page.length;
  const ends = page.length ? { after: seal(page[page.length - 1].key), before: seal(page[0].key) } : { after: null, before: null };
  const link = (side) => (ends[side] ? `${base}?${new URLSearchParams([...[...query].filter(([k]) => !/^page\[(after|before|size)\]$/.test(k)), [`page[${side}]`, ends[side]], ["page[size]", String(size)]])}` : null);
  return { [name]: page.map((r) => r.doc), meta: { has_more, after_cursor: ends.after, before_cursor: ends.before }, links: { prev: link("before"), next: link("after") } };
}

function byOffset(query, docs, name, base) {
  const page = Number(query.get("page") ?? 1), size = Math.min(most, Number(query.get("per_page") ?? most));
  if (!(page >= 1) || !(size >= 1)) throw notFound();
  if (page > deepest) throw refuse(400, "InvalidPaginationDepth", `Number of pages exceeds the limit of ${deepest}. Use cursor pagination to read further.`);
  const sorted = [...docs].sort((a, b) => a.id - b.id);
  const link = (p) => `${base}?${new URLSearchParams([...[...query].filter(([k]) => k !== "page"), ["page", String(p)]])}`;
  const from = (page - 1) * size;
  return { [name]: sorted.slice(from, from + size), next_page: from + size < sorted.length ? link(page + 1) : null,
    previous_page: page > 1 ? link(page - 1) : null, count: sorted.length };
}

function order(a, b) {
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return a[i] < b[i] ? -1 : 1;
  return 0;
}
