// The admin API under /_admin/: what tests steer and independent checkers read. It is no part of the vendor's API.
import { stringifyText } from "./json.mjs";
import { Failure } from "./failure.mjs";

const routes = {
  "GET state": state,
  "GET log": log,
  "GET writes": writes,
  "POST reset": reset,
  "GET faults": (p) => ({ faults: p.faults.list() }),
  "POST faults": arm,
  "DELETE faults": disarm,
  "GET settings": (p) => p.settings,
  "POST settings": (p, r) => { Object.assign(p.settings, plain(r)); p.configured?.(); return p.settings; },
  "GET clock": (p) => ({ now: p.clock.iso(), offset_ms: p.clock.offset }),
  "POST clock": clock,
  "GET records": list,
  "POST records": (p, r, [object]) => change(p, () => p.userCreate(object, r.json())),
  "PATCH records": (p, r, [object, id]) => change(p, () => p.userUpdate(object, id, r.json())),
  "DELETE records": (p, r, [object, id]) => change(p, () => p.userDelete(object, id)),
};

/** Answers one admin request. */
export function admin(platform, request) {
  const [name = "", ...rest] = request.path.split("/").slice(2).map(decodeURIComponent);
  const known = { ...routes, ...platform.admin };
  const route = known[`${request.method} ${name}`];
  if (name === "") return json(200, { platform: platform.name, routes: Object.keys(known) });
  if (!route) return json(404, { error: `no admin route ${request.method} ${name}`, routes: Object.keys(known) });
  try {
    return json(200, route(platform, request, rest) ?? {});
  } catch (error) {
    if (error instanceof Failure) return json(error.reply.status, { refused: error.reply.body });
    return json(400, { error: error.message });
  }
}

function json(status, body) {
  return { status, headers: { "content-type": "application/json" }, body: stringifyText(body) };
}

// Settings and faults are for JavaScript, so plain numbers are right here.
function plain(request) { return request.body ? JSON.parse(request.body) : {}; }

function state(platform, request) {
  const only = request.query.get("object");
  const objects = {};
  for (const table of platform.store.tables.values()) {
    if (table.hidden || (only && table.name !== only)) continue;
    objects[table.name] = [...table.records.values()].map((r) => ({ id: r.id, rev: r.rev, gone: r.gone, doc: r.doc }));
  }
  return { platform: platform.name, time: platform.clock.iso(), requests: platform.log.n, objects };
}

function log(platform, request) {
  const q = request.query;
  if (q.get("view") === "writes") return writes(platform, request);
  const number = (name) => (q.has(name) ? Number(q.get(name)) : undefined);
  const committed = q.has("committed") ? q.get("committed") === "true" : undefined;
  const entries = platform.log.list({ since: number("since"), limit: number("limit"), status: number("status"), committed,
    method: q.get("method"), path: q.get("path"), object: q.get("object") });
  return { last: platform.log.n, dropped: platform.log.dropped, entries };
}

function writes(platform, request) {
  const q = request.query;
  return { records: platform.store.history.list({ object: q.get("object"), id: q.get("id") }) };
}

function reset(platform) {
  platform.store.clear();
  platform.log.clear();
  platform.faults.clear();
  platform.clock.offset = 0;
  platform.seed?.(false);
  platform.wiped?.();
  return { reset: true };
}

function arm(platform, request) {
  const given = plain(request);
  const specs = Array.isArray(given) ? given : [given];
  return { armed: specs.map((spec) => platform.faults.arm(spec).id) };
}

function disarm(platform, request, [id]) {
  if (id) platform.faults.disarm(Number(id)); else platform.faults.clear();
  return { faults: platform.faults.list() };
}

function clock(platform, request) {
  platform.clock.advance(Number(plain(request).advance_ms ?? 0));
  return { now: platform.clock.iso(), offset_ms: platform.clock.offset };
}

function list(platform, request, [object, id]) {
  const table = platform.store.tables.get(object);
  if (!table) return { records: [] };
  const all = id ? [table.records.get(id)].filter(Boolean) : [...table.live()];
  return { records: all.map((r) => ({ id: r.id, rev: r.rev, gone: r.gone, doc: r.doc })) };
}

// A change made "by a person in that platform": same rules, no API request, so no request number.
function change(platform, fn) {
  const { result, changes } = platform.store.write(fn);
  platform.committed?.(null, changes);
  return { record: result && { id: result.id, rev: result.rev, gone: result.gone, doc: result.doc }, changes };
}
