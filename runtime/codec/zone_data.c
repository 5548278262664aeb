/* The end of a zone in memory. Thread: one at a time. */
#include "zone_data.h"
#include "base/alloc.h"

void tl_zone_free(struct tl_zone *zone)
{
    if (!zone)
        return;
    tl_free(zone->name);
    tl_free(zone->changes);
    tl_free(zone->types);
    tl_free(zone);
}
