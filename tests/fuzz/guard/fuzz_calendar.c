/* Text of a maintenance window: refused with a reason, or a calendar that answers sensibly at any moment. */
#include "guard/calendar.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tl_error err = {0};
    int64_t wall_s = 0, change_ms;
    size_t which;

    if (size < 5)
        return 0;
    memcpy(&wall_s, data, 5); /* some 30,000 years, so that years after 9999 come too */
    wall_s %= 250000000000;
    struct tl_calendar *calendar = tl_calendar_new();
    if (tl_calendar_add(calendar, tl_str_n(data + 5, size - 5), &err) == TL_OK) {
        bool inside = tl_calendar_at(calendar, wall_s * 1000, &change_ms, &which);
        tl_must(change_ms == TL_NEVER || change_ms > wall_s * 1000);
        tl_must(!inside || which == 0);
    } else {
        tl_must(err.text[0] != '\0');
    }
    tl_calendar_free(calendar);
    return 0;
}
