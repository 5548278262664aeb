/* The text of one maintenance window, taken apart. Private to guard. */
#pragma once
#include "base/error.h"
#include "base/str.h"

struct tl_window_text {
    uint8_t days;   /* bit 0 Monday … bit 6 Sunday: on which it starts */
    int start, end; /* minutes after midnight; `end` ≤ `start` means the next day; 1440 is 24:00 */
    tl_str zone;    /* borrow: part of the text */
};

/* TL_ECONFIG: what is wrong and what would be right. The zone's name is not looked up. */
TL_MUST_CHECK tl_code tl_window_text_parse(tl_str text, struct tl_window_text *out, struct tl_error *err);
