#include "when.h"
#include "base/clock.h"
#include "base/duration.h"
#include "codec/timestamp.h"

tl_code tl_when_parse(const char *option, const char *text, int64_t *ms, struct tl_error *err)
{
    struct tl_timestamp at;
    int64_t ago;
    if (tl_duration_parse(tl_str_z(text), &ago, NULL) == TL_OK) {
        *ms = tl_wall_ms() - ago;
        return TL_OK;
    }
    tl_code code = tl_timestamp_parse(tl_str_z(text), TL_TIME_RFC3339 | TL_TIME_DATE, &at, err);
    if (code != TL_OK)
        return tl_fail(err, TL_EUSAGE, "%s takes a time (2026-03-01T08:00:00Z) or how long ago (90m, 2h, 3d), not '%s'",
                       option, text);
    *ms = at.ms;
    return *ms >= 1 ? TL_OK : tl_fail(err, TL_EUSAGE, "%s: '%s' is before 1970", option, text);
}
