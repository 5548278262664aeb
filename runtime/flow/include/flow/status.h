/* What the engine is doing, as JSON for `tidelock status` and the console. Thread: any. */
#pragma once
#include "base/buf.h"
#include "flow/engine.h"

/* {"ready", "revision", "integrations":[{name, revision}] beside the first, "lanes":[{lane, queued, started, held,
 * turns}], "systems":[{name, kind, gate, until, breaker, cause, paused:{who,why,when}|null, window, next_window,
 * in_flight, concurrent, per_second, used_today, per_day}], "flows":[{name, unfinished, oldest (RFC 3339 or null),
 * paused:…|null, done, parked}], "schedules":[{name, expression, missed, next, previous, ticks, skipped}],
 * "exceptions", "captures":[{system, object, state, last_success, lag_ms, cursor, paused:…|null, error}],
 * "journal":{last, applied, room, segments, events, duplicates, conflicts}} Figures of the lanes are a moment old. */
TL_MUST_CHECK tl_code tl_engine_status(struct tl_engine *engine, struct tl_buf *out, struct tl_error *err);
/* Brings the gauges up to date before /metrics is printed:
 *   tidelock_units_unfinished{flow=…}, tidelock_exceptions_open, tidelock_gate_open{system=…},
 *   tidelock_capture_lag_seconds{capture=…}
 * counted as they happen: tidelock_units_total{ending=…}, tidelock_calls_total{system=…,class=…},
 *   tidelock_call_seconds{system=…}, tidelock_unit_seconds (accepted to ended), tidelock_units_unstarted_total */
void tl_engine_gauges(struct tl_engine *engine);
