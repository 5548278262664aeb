/* Reads TZif (RFC 9636). The file, all integers big-endian:
 *   header, 44 bytes: "TZif", version ('\0', '2', '3', '4'), 15 reserved bytes, six 32-bit counts: UT indicators,
 *   standard indicators, leap seconds, changes, types, name characters.
 *   block: changes (4 or 8 bytes each), change types (1 each), types (6 each: offset 4, dst 1, name index 1), names,
 *   leap seconds (4 or 8, +4), standard indicators, UT indicators.
 *   From version 2: the first block has 4-byte times and is skipped, a second header and block with 8-byte times
 *   follow, then "\n<POSIX TZ rule>\n". Thread: any. */
#include "base/alloc.h"
#include "zone_data.h"
#include <string.h>

#define HEADER 44
#define COUNT_MAX 100000
#define OFFSET_MAX (26 * 3600)

struct counts {
    uint32_t ut, standard, leap, changes, types, names;
};

static uint32_t be32(const char *p)
{
    const unsigned char *u = (const unsigned char *)p;
    return (uint32_t)u[0] << 24 | (uint32_t)u[1] << 16 | (uint32_t)u[2] << 8 | u[3];
}

static int64_t be_time(const char *p, size_t size)
{
    if (size == 4)
        return (int32_t)be32(p);
    return (int64_t)((uint64_t)be32(p) << 32 | be32(p + 4));
}

static bool take_header(tl_str *s, char *version, struct counts *c)
{
    if (s->len < HEADER || memcmp(s->ptr, "TZif", 4) != 0)
        return false;
    const char *p = s->ptr + 20;
    *version = s->ptr[4];
    *c = (struct counts){be32(p), be32(p + 4), be32(p + 8), be32(p + 12), be32(p + 16), be32(p + 20)};
    *s = tl_str_from(*s, HEADER);
    return c->ut <= COUNT_MAX && c->standard <= COUNT_MAX && c->leap <= COUNT_MAX && c->changes <= COUNT_MAX &&
           c->types >= 1 && c->types <= 256 && c->names <= COUNT_MAX;
}

static size_t block_size(const struct counts *c, size_t time)
{
    return c->changes * (time + 1) + (size_t)c->types * 6 + c->names + c->leap * (time + 4) + c->standard + c->ut;
}

static bool read_types(struct tl_zone *zone, const char *p, const char *names, const struct counts *c)
{
    zone->type_count = c->types;
    zone->types = tl_zalloc(c->types, sizeof *zone->types);
    for (uint32_t i = 0; i < c->types; i++, p += 6) {
        struct tl_zone_offset *type = &zone->types[i];
        unsigned char at = (unsigned char)p[5];
        type->seconds = (int32_t)be32(p);
        type->dst = p[4] != 0;
        if (at >= c->names || type->seconds > OFFSET_MAX || type->seconds < -OFFSET_MAX)
            return false;
        size_t len = strnlen(names + at, c->names - at);
        if (len >= sizeof type->abbreviation)
            return false;
        memcpy(type->abbreviation, names + at, len);
    }
    return true;
}

static bool read_changes(struct tl_zone *zone, const char *p, const struct counts *c, size_t time)
{
    const char *types = p + c->changes * time;
    zone->change_count = c->changes;
    zone->changes = tl_zalloc(c->changes + 1, sizeof *zone->changes);
    for (uint32_t i = 0; i < c->changes; i++) {
        struct tl_zone_change *change = &zone->changes[i];
        change->at = be_time(p + i * time, time);
        change->type = (uint8_t)types[i];
        /* beyond what arithmetic on moments can hold, and out of order, is not a zone */
        if (change->type >= c->types || change->at > INT64_MAX / 4 || change->at < INT64_MIN / 4 ||
            (i && change->at <= change[-1].at))
            return false;
    }
    return true;
}

static bool read_block(struct tl_zone *zone, const char *p, const struct counts *c, size_t time)
{
    const char *types = p + c->changes * (time + 1);
    return c->leap == 0 && read_types(zone, types, types + (size_t)c->types * 6, c) && read_changes(zone, p, c, time);
}

/* "\nCET-1CEST,M3.5.0,M10.5.0/3\n"; empty between the line ends means there is no rule. */
static bool read_footer(struct tl_zone *zone, tl_str s)
{
    if (s.len < 2 || s.ptr[0] != '\n')
        return false;
    s = tl_str_from(s, 1);
    ptrdiff_t end = tl_str_find(s, '\n');
    if (end < 0)
        return false;
    return end == 0 || tl_zone_rule_parse((tl_str){s.ptr, (size_t)end}, &zone->rule);
}

static bool read_file(struct tl_zone *zone, tl_str s)
{
    struct counts c;
    char version;
    if (!take_header(&s, &version, &c) || s.len < block_size(&c, 4))
        return false;
    if (version == '\0')
        return read_block(zone, s.ptr, &c, 4);
    s = tl_str_from(s, block_size(&c, 4));
    if (!take_header(&s, &version, &c) || s.len < block_size(&c, 8))
        return false;
    return read_block(zone, s.ptr, &c, 8) && read_footer(zone, tl_str_from(s, block_size(&c, 8)));
}

tl_code tl_zone_parse(tl_str name, tl_str bytes, struct tl_zone **zone, struct tl_error *err)
{
    struct tl_zone *read = TL_NEW(struct tl_zone);
    read->name = tl_str_dup(name);
    if (!read_file(read, bytes)) {
        tl_zone_free(read);
        return tl_fail(err, TL_EINPUT, "the data of time zone '%.*s' is not TZif without leap seconds",
                       TL_STR_ARGS(name));
    }
    *zone = read;
    return TL_OK;
}
