/* Text of a schedule: refused with a reason and a place, or instants that ascend, the newest among them. */
#include "guard/schedule.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tl_error err = {0};
    struct tl_schedule *schedule;
    int64_t wall_s = 0;

    if (size < 5)
        return 0;
    memcpy(&wall_s, data, 4);
    if (tl_schedule_parse(tl_str_n(data + 5, size - 5), data[4] % 2 ? "Europe/Berlin" : NULL, &schedule, &err) !=
        TL_OK) {
        tl_must(strstr(err.text, "character ") != NULL);
        return 0;
    }
    int64_t first = tl_schedule_next(schedule, wall_s * 1000), second = TL_NEVER;
    tl_must(first > wall_s * 1000);
    if (first != TL_NEVER) {
        second = tl_schedule_next(schedule, first);
        tl_must(second > first);
        tl_must(tl_schedule_newest(schedule, wall_s * 1000, first) == first);
        (void)tl_schedule_note(schedule, first);
    }
    tl_schedule_free(schedule);
    return 0;
}
