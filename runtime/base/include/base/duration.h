/* Durations as people write them: a whole number and one of ms s m h d w ("500ms", "30d"), nothing else. Thread: any.
 */
#pragma once
#include "base/error.h"
#include "base/str.h"

/* To milliseconds. TL_EINPUT names the text and the units. */
TL_MUST_CHECK tl_code tl_duration_parse(tl_str text, int64_t *ms, struct tl_error *err);
/* The shortest exact form ("90s", "2m"); at most 24 bytes with the NUL. */
void tl_duration_print(int64_t ms, char out[24]);
