/* Schedules (`every "02:00 Europe/Berlin" { … }`): each planned instant becomes one event of type "tick:<name>", source
 * "schedule", key = name, dedupe key "<name>/<instant>", payload
 *     {"local": the instant as the zone's clocks show it, "missed": how many instants before it had no tick of their
 *      own (1000: that or more), "name", "planned": RFC 3339 UTC, "previous": the planned instant before it that had a
 *      tick, or null}
 * in one commit with the schedule's row, so an instant has one tick whatever happens. Its flow takes it like any event:
 * in order, with retries, exceptions, a trace. */
#pragma once
#include "flow/engine.h"

#define TL_TYPE_TICK "tick:"
#define TL_SOURCE_SCHEDULE "schedule"
/* Row: key = name; value = {"expression", "upto" (RFC 3339; everything up to then has been dealt with), "previous"
 * (RFC 3339 or null), "ticks", "skipped"}. A schedule that is new, or whose expression is another than the row's,
 * begins now; the row of one that is gone goes. */
#define TL_TABLE_SCHEDULE "schedule"
