/* What is read as a point in time prints and reads back as the same point. */
#include "codec/timestamp.h"
#include <stdint.h>

static void check(const struct tl_timestamp *t, enum tl_time_form form, bool exact)
{
    char out[TL_TIMESTAMP_SIZE];
    struct tl_timestamp again;
    struct tl_error err;
    tl_str text = tl_timestamp_print(t, form, out);
    tl_must(text.len < TL_TIMESTAMP_SIZE && out[text.len] == '\0');
    tl_must(tl_timestamp_parse(text, form, &again, &err) == TL_OK);
    tl_must(!exact || (tl_timestamp_compare(t, &again) == 0 && again.offset == t->offset));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    tl_str text = tl_str_n(data, size);
    struct tl_timestamp t;
    struct tl_date date;
    struct tl_civil civil;
    if (tl_timestamp_parse(text, TL_TIME_ANY, &t, NULL) == TL_OK) {
        /* at the ends of the calendar an offset or a leap second may lead outside, where printing is clamped */
        bool inside = t.ms > -62135596800000 + 86400000 && t.ms < 253402300799999 - 86400000;
        check(&t, TL_TIME_RFC3339, inside);
        check(&t, TL_TIME_ODATA, inside);
        check(&t, TL_TIME_SALESFORCE, false);
        check(&t, TL_TIME_DATE, false);
        if (inside)
            check(&t, TL_TIME_ODATA2, t.ns == 0);
    }
    if (tl_date_parse(text, &date, NULL) == TL_OK) {
        char out[TL_TIMESTAMP_SIZE];
        tl_must(tl_str_eq(tl_date_print(&date, out), text));
    }
    if (tl_civil_parse(text, &civil, NULL) == TL_OK) {
        struct tl_civil again = tl_civil_from_ms(tl_civil_to_ms(&civil));
        tl_must(tl_civil_to_ms(&again) == tl_civil_to_ms(&civil));
    }
    return 0;
}
