/* Any bytes as a time zone: what is taken must answer at every moment, and local times must come back. */
#include "codec/zone.h"
#include <stdint.h>

static void check_moment(const struct tl_zone *zone, int64_t at)
{
    struct tl_zone_offset offset;
    int64_t earlier, later, change;
    tl_zone_at(zone, at, &offset);
    if (tl_zone_next_change(zone, at, &change))
        tl_must(change > at);
    struct tl_civil local = tl_zone_to_local(zone, at);
    if (local.date.year < 1 || local.date.year > 9999)
        return;
    enum tl_zone_answer answer = tl_zone_to_utc(zone, &local, &earlier, &later);
    tl_must(answer != TL_ZONE_GAP && earlier <= at && at <= later);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tl_zone *zone;
    if (tl_zone_parse(TL_STR("fuzz"), tl_str_n(data, size), &zone, NULL) != TL_OK)
        return 0;
    static const int64_t moments[] = {0, -1, 1715931751, 4102444800, -2208988800, INT64_MAX, INT64_MIN, 1711846800};
    for (size_t i = 0; i < TL_COUNT_OF(moments); i++)
        check_moment(zone, moments[i]);
    tl_zone_free(zone);
    return 0;
}
