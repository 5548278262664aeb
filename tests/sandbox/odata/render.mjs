// Entities as JSON: annotations, $select, $expand, IEEE754Compatible.
import { show, literal } from "./edm.mjs";
import { parts } from "./collection.mjs";
import { compile, order } from "./filter.mjs";

export class Renderer {
  constructor(entities, root) { this.entities = entities; this.root = root; }

  /** `SalesOrders(guid)`: an entity's canonical address below the service root. */
  address(type, doc) { return `${type.set}(${literal(type.properties[type.key], doc[type.key])})`; }

  entity(type, doc, shape, style, record = null) {
    const out = {};
    const etag = record ?? (type.set ? this.entities.store.get(type.set, doc[type.key]) : null);
    if (etag && style.metadata !== "none") out["@odata.etag"] = this.entities.etag(etag);
    for (const [name, property] of Object.entries(type.properties)) {
      if (!shape?.select || shape.select.has(name)) out[name] = show(property, doc[name], style.compatible);
    }
    for (const expand of shape?.expand ?? []) out[expand.name] = this.expanded(type, doc, expand, style);
    return out;
  }

  expanded(type, doc, { name, type: target, many, options, shape }, style) {
    const found = this.entities.follow(type, doc, name);
    if (!many) return found ? this.entity(target, found, shape, style) : null;
    const follow = (t, d, n) => this.entities.follow(t, d, n);
    let rows = options.has("$filter") ? found.filter(compile(options.get("$filter"), target, follow).test) : [...found];
    for (const by of parts(options.get("$orderby") ?? "").reverse()) {
      const [field, direction] = by.split(/\s+/);
      rows.sort((a, b) => order(a[field] ?? null, b[field] ?? null) * (direction === "desc" ? -1 : 1));
    }
    if (options.has("$top")) rows = rows.slice(0, Number(options.get("$top")));
    return rows.map((row) => this.entity(target, row, shape, style));
  }

  context(fragment, style) {
    return style.metadata === "none" ? {} : { "@odata.context": `${this.root()}/$metadata#${fragment}` };
  }
}

/** What the client's Accept header asks of the JSON. */
export function styleOf(request) {
  const accept = request.headers.accept ?? "";
  const m = /odata\.metadata=(none|minimal|full)/i.exec(accept);
  return { compatible: /IEEE754Compatible=true/i.test(accept), metadata: m ? m[1].toLowerCase() : "minimal" };
}

export function contentType(style) {
  return `application/json;odata.metadata=${style.metadata};odata.streaming=true;IEEE754Compatible=${style.compatible};charset=utf-8`;
}
