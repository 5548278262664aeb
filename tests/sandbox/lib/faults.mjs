// The fault engine: armed faults, which request they hit, and how often.
import { generator } from "./chance.mjs";

const general = ["drop_before_commit", "drop_after_commit", "truncate", "slow", "hang", "status", "429", "503"];

export class Faults {
  constructor(extra = []) {
    this.names = new Set([...general, ...extra]);
    this.clear();
  }

  clear() { this.armed = []; this.next = 1; }

  /** Arms one fault; throws an Error with a plain message when the description makes no sense. */
  arm(spec) {
    const name = String(spec.fault ?? "");
    if (!this.names.has(name)) throw new Error(`unknown fault "${name}"; known: ${[...this.names].join(" ")}`);
    const match = spec.match ?? {};
    const armed = {
      ...spec, fault: name, id: this.next++, seen: 0, hits: 0,
      // Deliveries that a platform makes itself are matched as method WEBHOOK, with the event type for a path.
      method: name.startsWith("webhook_") ? "WEBHOOK" : match.method ? String(match.method).toUpperCase() : null,
      path: match.path ? new RegExp(match.path) : null,
      inBody: match.body ? new RegExp(match.body) : null,
      chance: spec.rate === undefined ? null : generator(spec.seed ?? 1),
    };
    this.armed.push(armed);
    return armed;
  }

  disarm(id) { this.armed = this.armed.filter((f) => f.id !== id); }

  /** The first armed fault that hits this request, counted; null for none. */
  pick({ method, url, body }) {
    for (const fault of this.armed) {
      if (fault.method ? fault.method !== method : method === "WEBHOOK") continue;
      if (fault.path && !fault.path.test(url)) continue;
      if (fault.inBody && !fault.inBody.test(body ?? "")) continue;
      if (due(fault)) return fault;
    }
    return null;
  }

  list() {
    return this.armed.map(({ chance, method, path, inBody, ...rest }) => rest);
  }
}

// `skip` lets the first matches pass, `times` bounds the hits, `every` hits each k-th match, `rate` a share of them.
function due(fault) {
  fault.seen++;
  if (fault.seen <= (fault.skip ?? 0)) return false;
  if (fault.times !== undefined && fault.hits >= fault.times) return false;
  if (fault.every !== undefined && (fault.seen - (fault.skip ?? 0)) % fault.every !== 0) return false;
  if (fault.chance && fault.chance() >= fault.rate) return false;
  fault.hits++;
  return true;
}
