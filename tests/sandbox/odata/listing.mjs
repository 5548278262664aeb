// Lists as answers: pages with their next links, counts, and delta links.
import { goneDelta, page, seal, shape, unseal } from "./collection.mjs";

export class Listing {
  constructor(platform) {
    this.platform = platform;
    this.generation = 0;                   // delta links of an earlier one have expired
  }

  expire() { this.generation++; }

  count(request, type) {
    const { total } = page({ type, options: new Map([["$filter", request.options.get("$filter")]].filter(([, v]) => v !== undefined)), source: (since) => this.docs(type, since), follow: this.platform.follow });
    return { status: 200, headers: { "content-type": "text/plain;charset=utf-8" }, body: String(total) };
  }

  *docs(type, since) {
    const table = this.platform.store.table(type.set);
    for (const record of since === null ? table.live() : table.since(since)) if (!record.gone) yield record.doc;
  }

  list(request, type, source = (since) => this.docs(type, since), fragment = type.set, address = fragment) {
    const { options, style, prefer } = request;
    if (options.has("$deltatoken")) return this.delta(request, type);
    const wanted = shape(type, options);
    const asked = Number(prefer.get("maxpagesize") ?? 0);
    const pageSize = asked > 0 ? Math.min(asked, this.platform.settings.page_size) : this.platform.settings.page_size;
    const tracking = prefer.has("track-changes");
    const result = page({ type, options, source, follow: this.platform.follow, pageSize });
    const select = wanted.select ? `(${[...wanted.select].join(",")})` : "";
    const body = this.platform.renderer.context(`${fragment}${select}`, style);
    if (options.get("$count") === "true") body["@odata.count"] = result.total;
    body.value = result.docs.map((doc) => this.platform.renderer.entity(type, doc, wanted, style));
    const seq = result.delta ?? (tracking ? this.platform.store.seq : undefined);
    if (result.next) body["@odata.nextLink"] = this.link(address, options, { $skiptoken: seal({ ...result.next, delta: seq }) }, ["$skip", "$top"]);
    else if (seq !== undefined) body["@odata.deltaLink"] = this.deltaLink(type, options, seq);
    const applied = [asked > 0 ? `odata.maxpagesize=${asked}` : "", tracking ? "odata.track-changes" : ""].filter(Boolean).join(", ");
    return this.platform.ok(request, body, applied ? { "preference-applied": applied } : {});
  }

  link(address, options, more, without) {
    const pairs = [...options].filter(([name]) => !(name in more) && !without.includes(name)).concat(Object.entries(more));
    return `${this.platform.root}/${address}?${pairs.map(([k, v]) => `${encodeURIComponent(k).replace("%24", "$")}=${encodeURIComponent(v)}`).join("&")}`;
  }

  deltaLink(type, options, seq) {
    return this.link(type.set, options, { $deltatoken: seal({ seq, generation: this.generation }) }, ["$skiptoken", "$orderby", "$top", "$skip", "$count"]);
  }

  // Changed rows, then removed ones: 4.0 calls them $deletedEntity, 4.01 @removed.
  delta(request, type) {
    const { options, style } = request;
    const { seq, generation } = unseal(options.get("$deltatoken"), "$deltatoken");
    if (generation !== this.generation) throw goneDelta(`${this.platform.root}/${type.set}`);
    const late = request.headers["odata-maxversion"] === "4.01";
    const wanted = shape(type, options);
    const value = [];
    const changed = [...this.platform.store.table(type.set).after(seq)];
    const asked = Number(request.prefer.get("maxpagesize") ?? 0), size = Math.min(asked > 0 ? asked : Infinity, this.platform.settings.page_size);
    const shown = changed.slice(0, size), last = shown.at(-1)?.seq;
    for (const record of shown) {
      const id = this.platform.renderer.address(type, record.doc);
      if (!record.gone) value.push(this.platform.renderer.entity(type, record.doc, wanted, style, record));
      else value.push(late ? { "@removed": { reason: "deleted" }, "@id": id } : { "@odata.context": `${this.platform.root}/$metadata#${type.set}/$deletedEntity`, id, reason: "deleted" });
    }
    const link = shown.length < changed.length ? { "@odata.nextLink": this.deltaLink(type, options, last) } : { "@odata.deltaLink": this.deltaLink(type, options, this.platform.store.seq) };
    const body = { ...this.platform.renderer.context(`${type.set}/$delta`, style), value, ...link };
    return this.platform.ok(request, body, { "preference-applied": "odata.track-changes" });
  }
}
