/* Times on the command line. */
#pragma once
#include "base/error.h"
#include <stdint.h>

/* A time (2026-03-01T08:00:00Z, 2026-03-01) or how long ago (90m, 2h, 3d), in ms since 1970. `option` is named when it
 * is neither: TL_EUSAGE. */
TL_MUST_CHECK tl_code tl_when_parse(const char *option, const char *text, int64_t *ms, struct tl_error *err);
