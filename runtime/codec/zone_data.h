/* A zone in memory. Private to the room. */
#pragma once
#include "codec/zone.h"
#include "zone_rule.h"

struct tl_zone_change {
    int64_t at;   /* seconds since 1970 UTC */
    uint8_t type; /* from then on */
};

struct tl_zone {
    char *name;                     /* own */
    struct tl_zone_change *changes; /* own */
    size_t change_count;
    struct tl_zone_offset *types; /* own; types[0] holds before the first change */
    size_t type_count;
    struct tl_zone_rule rule; /* after the last change, when present */
};
