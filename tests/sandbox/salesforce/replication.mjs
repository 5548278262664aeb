// /deleted and /updated: which records changed in a window of time (vendor doc: "Get Deleted", "Get Updated").
import { refuse } from "./errors.mjs";
import { instant, stamp } from "./value.mjs";

const day = 86400000, minute = 60000;

export class Replication {
  constructor(platform) { this.platform = platform; }

  window(query, days) {
    const start = instant((query.get("start") ?? "").replace(" ", "+"));
    const end = instant((query.get("end") ?? "").replace(" ", "+"));
    const now = this.platform.clock.now();
    if (Number.isNaN(start) || Number.isNaN(end)) throw refuse(400, "INVALID_REPLICATION_DATE", "start and end must be valid dateTime values");
    if (start >= end) throw refuse(400, "INVALID_REPLICATION_DATE", "startDate must be before endDate");
    if (end - start < minute) throw refuse(400, "INVALID_REPLICATION_DATE", "endDate must be at least one minute greater than startDate");
    if (start < now - days * day) throw refuse(400, "INVALID_REPLICATION_DATE", `startDate cannot be more than ${days} days ago`);
    return { start, end: Math.min(end, now), asked: end };
  }

  /** `deleted_since` (setting) moves earliestDateAvailable, as a purge of the delete log does. */
  deleted(object, query) {
    const { start, end } = this.window(query, 30);
    const { settings, store, clock } = this.platform;
    const earliest = settings.deleted_since ? Date.parse(settings.deleted_since) : clock.now() - 15 * day;
    const rows = [];
    for (const record of store.table(object.name).since(Math.max(start, earliest))) {
      if (record.gone && record.changed <= end) rows.push({ id: record.id, deletedDate: stamp(record.changed) });
    }
    if (rows.length > settings.deleted_limit) throw refuse(400, "EXCEEDED_ID_LIMIT", "exceeded id limit");
    return { deletedRecords: rows, earliestDateAvailable: stamp(earliest), latestDateCovered: this.covered(end) };
  }

  updated(object, query) {
    const { start, end } = this.window(query, 30);
    const ids = [];
    for (const record of this.platform.store.table(object.name).since(start)) if (!record.gone && record.changed <= end) ids.push(record.id);
    if (ids.length > this.platform.settings.updated_limit) throw refuse(400, "EXCEEDED_ID_LIMIT", "exceeded id limit");
    return { ids, latestDateCovered: this.covered(end) };
  }

  // `replication_lag_ms` (setting): transactions still under way hold this date back.
  covered(end) { return stamp(Math.min(end, this.platform.clock.now() - (this.platform.settings.replication_lag_ms ?? 0))); }
}
