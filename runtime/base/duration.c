#include "base/duration.h"
#include <stdio.h>

static const struct {
    const char *unit;
    int64_t ms;
} units[] = {{"w", 604800000}, {"d", 86400000}, {"h", 3600000}, {"m", 60000}, {"s", 1000}, {"ms", 1}};

tl_code tl_duration_parse(tl_str text, int64_t *ms, struct tl_error *err)
{
    size_t digits = 0;
    while (digits < text.len && text.ptr[digits] >= '0' && text.ptr[digits] <= '9')
        digits++;
    uint64_t number = 0;
    bool ok = tl_str_u64((tl_str){text.ptr, digits}, &number);
    for (size_t i = 0; ok && i < TL_COUNT_OF(units); i++) {
        if (!tl_str_is(tl_str_from(text, digits), units[i].unit))
            continue;
        if (number > (uint64_t)(INT64_MAX / units[i].ms))
            break;
        *ms = (int64_t)number * units[i].ms;
        return TL_OK;
    }
    return tl_fail(
        err, TL_EINPUT,
        "\"%.*s\" is not a duration: write a whole number and one of ms, s, m, h, d, w, as in \"500ms\" or \"30d\"",
        TL_STR_ARGS(text));
}

void tl_duration_print(int64_t ms, char out[24])
{
    for (size_t i = 0; i < TL_COUNT_OF(units); i++) {
        if (ms % units[i].ms == 0 && (ms != 0 || units[i].ms == 1000)) {
            snprintf(out, 24, "%lld%s", (long long)(ms / units[i].ms), units[i].unit);
            return;
        }
    }
}
