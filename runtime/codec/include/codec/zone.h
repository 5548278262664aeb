/* Time zones by IANA name: offsets at a moment, and local time to UTC with its gaps and overlaps (RFC 9636 TZif data,
 * versions 1 to 4, including the rule for the years after the table). Thread: any number of readers of one zone. */
#pragma once
#include "base/error.h"
#include "base/str.h"
#include "codec/timestamp.h"

struct tl_zone;

/* Reads the zone from the system's database (/usr/share/zoneinfo). `name` is "Europe/Berlin"; names that would leave
 * the directory are refused. Files above 256 KB are refused. TL_ENOTFOUND: no such zone; TL_EINPUT: bad name or data.
 * Blocks on a local file: load zones at start or on a loader thread and keep them. */
tl_code tl_zone_load(tl_str name, struct tl_zone **zone, struct tl_error *err);
/* From TZif bytes. Nothing of `bytes` is kept. */
tl_code tl_zone_parse(tl_str name, tl_str bytes, struct tl_zone **zone, struct tl_error *err);
/* NULL is allowed. */
void tl_zone_free(struct tl_zone *zone);
const char *tl_zone_name(const struct tl_zone *zone);

struct tl_zone_offset {
    int32_t seconds; /* east of UTC */
    bool dst;
    char abbreviation[16];
};
/* What holds at that moment (seconds since 1970 UTC). */
void tl_zone_at(const struct tl_zone *zone, int64_t epoch_seconds, struct tl_zone_offset *out);
/* The first change of offset after that moment; false when there is none. */
bool tl_zone_next_change(const struct tl_zone *zone, int64_t epoch_seconds, int64_t *change);

enum tl_zone_answer {
    TL_ZONE_ONE,     /* the local time happens once: earlier == later */
    TL_ZONE_OVERLAP, /* twice (clocks went back): earlier < later, both real */
    TL_ZONE_GAP      /* never (clocks went forward): `earlier` and `later` are both the moment of the change */
};
/* Moments (seconds since 1970 UTC) at which the zone's clocks show `local`; its fraction is ignored. */
enum tl_zone_answer tl_zone_to_utc(const struct tl_zone *zone, const struct tl_civil *local, int64_t *earlier,
                                   int64_t *later);
/* What the clocks show at that moment. */
struct tl_civil tl_zone_to_local(const struct tl_zone *zone, int64_t epoch_seconds);
