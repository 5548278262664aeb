/* The text of one maintenance window, taken apart. Private to guard. */
#pragma once
#include "base/error.h"
#include "base/str.h"

struct tl_window_text {
    uint8_t days;   /* bit 0 Monday … bit 6 Sunday: on which it starts */
    int start, end; /* minutes after midnight; `end` ≤ `start` means the next day; 1440 is 24:00 */
    tl_str zone;    /* borrow: part of the text */
    const char *at; /* borrow: where it was read last, for errors */
};

/* TL_ECONFIG: what is wrong and what would be right. The zone's name is not looked up. */
TL_MUST_CHECK tl_code tl_window_text_parse(tl_str text, struct tl_window_text *out, struct tl_error *err);

/* What schedules share with windows. "Mon-Fri,Sun" or "daily"; bit 0 Monday. `text` is not empty. */
TL_MUST_CHECK tl_code tl_weekdays_parse(tl_str text, uint8_t *days, struct tl_error *err);
/* "02:00"; `end`: 24:00 is allowed. */
TL_MUST_CHECK tl_code tl_time_of_day_parse(tl_str text, bool end, int *minutes, struct tl_error *err);
