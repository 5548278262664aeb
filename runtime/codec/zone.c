/* Time zones: what holds at a moment, and from wall-clock time to moments. Invariants: changes ascend; every type index
 * is below type_count; type_count >= 1; offsets are within 26 hours of UTC. Thread: any number of readers. */
#include "codec/zone.h"
#include "base/alloc.h"
#include "zone_data.h"
#include <stdio.h>
#include <string.h>

#define ZONE_DIRECTORY "/usr/share/zoneinfo"
#define FILE_MAX (256 * 1024)
#define OFFSET_MAX (26 * 3600)

const char *tl_zone_name(const struct tl_zone *zone)
{
    return zone->name;
}

/* Letters, digits, _ + - in parts between single slashes: nothing that could leave the directory. */
static bool is_zone_name(tl_str name)
{
    bool begin = true;
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];
        bool slash = c == '/';
        bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
                     c == '+' || c == '-';
        if (!(slash && !begin) && !plain)
            return false;
        begin = slash;
    }
    return name.len > 0 && name.len < 100 && !begin;
}

tl_code tl_zone_load(tl_str name, struct tl_zone **zone, struct tl_error *err)
{
    if (!is_zone_name(name))
        return tl_fail(err, TL_EINPUT, "'%.*s' is no zone name; write it like Europe/Berlin",
                       (int)(name.len < 100 ? name.len : 100), name.len ? name.ptr : "");
    char *path = tl_printf("%s/%.*s", ZONE_DIRECTORY, TL_STR_ARGS(name));
    FILE *file = fopen(path, "rbe");
    tl_free(path);
    if (!file)
        return tl_fail(err, TL_ENOTFOUND, "there is no time zone '%.*s' in %s", TL_STR_ARGS(name), ZONE_DIRECTORY);
    char *bytes = tl_alloc(FILE_MAX + 1);
    size_t len = fread(bytes, 1, FILE_MAX + 1, file);
    fclose(file);
    tl_code code = len > FILE_MAX ? tl_fail(err, TL_EINPUT, "the file of time zone '%.*s' is larger than %d bytes",
                                            TL_STR_ARGS(name), FILE_MAX)
                                  : tl_zone_parse(name, (tl_str){bytes, len}, zone, err);
    tl_free(bytes);
    return code;
}

/* How many changes are at or before that moment. */
static size_t changes_until(const struct tl_zone *zone, int64_t at)
{
    size_t low = 0, high = zone->change_count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (zone->changes[middle].at <= at)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void by_rule(const struct tl_zone_rule *rule, int64_t at, struct tl_zone_offset *out)
{
    out->dst = tl_zone_rule_is_dst(rule, at);
    out->seconds = out->dst ? rule->dst : rule->standard;
    memcpy(out->abbreviation, out->dst ? rule->dst_name : rule->standard_name, sizeof out->abbreviation);
}

void tl_zone_at(const struct tl_zone *zone, int64_t at, struct tl_zone_offset *out)
{
    size_t passed = changes_until(zone, at);
    if (passed == zone->change_count && zone->rule.present)
        by_rule(&zone->rule, at, out);
    else
        *out = zone->types[passed ? zone->changes[passed - 1].type : 0];
}

static int32_t offset_at(const struct tl_zone *zone, int64_t at)
{
    struct tl_zone_offset offset;
    tl_zone_at(zone, at, &offset);
    return offset.seconds;
}

bool tl_zone_next_change(const struct tl_zone *zone, int64_t at, int64_t *change)
{
    for (size_t i = changes_until(zone, at); i < zone->change_count; i++)
        if (offset_at(zone, zone->changes[i].at) != offset_at(zone, zone->changes[i].at - 1)) {
            *change = zone->changes[i].at;
            return true;
        }
    int64_t last = zone->change_count ? zone->changes[zone->change_count - 1].at : INT64_MIN;
    return zone->rule.present && zone->rule.dst != zone->rule.standard &&
           tl_zone_rule_next(&zone->rule, at > last ? at : last, change);
}

/* Walks the stretches of equal offset around the local time: the zone shows it at local - offset, if that moment lies
 * in the stretch. Where no stretch has it, the change that jumps over it is the answer. */
enum tl_zone_answer tl_zone_to_utc(const struct tl_zone *zone, const struct tl_civil *local, int64_t *earlier,
                                   int64_t *later)
{
    struct tl_civil whole = *local;
    whole.ns = 0;
    int64_t wall = tl_civil_to_ms(&whole) / 1000, from = wall - OFFSET_MAX, to = 0, jumped = from;
    int hits = 0;
    for (bool more = true; more && from <= wall + OFFSET_MAX; from = to) {
        int32_t offset = offset_at(zone, from);
        int64_t moment = wall - offset;
        more = tl_zone_next_change(zone, from, &to);
        if (moment >= from && (!more || moment < to)) {
            if (hits++ == 0)
                *earlier = moment;
            *later = moment;
        } else if (moment >= from && more) {
            jumped = to; /* the clocks had not come this far when this stretch ended */
        }
    }
    if (hits == 0) {
        *earlier = *later = jumped;
        return TL_ZONE_GAP;
    }
    return *earlier == *later ? TL_ZONE_ONE : TL_ZONE_OVERLAP;
}

struct tl_civil tl_zone_to_local(const struct tl_zone *zone, int64_t at)
{
    const int64_t limit = INT64_MAX / 2000; /* far outside the calendar */
    at = at > limit ? limit : at < -limit ? -limit : at;
    return tl_civil_from_ms((at + offset_at(zone, at)) * 1000);
}
