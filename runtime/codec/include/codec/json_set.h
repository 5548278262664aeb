/* One value of a JSON text replaced or added, everything else kept as it is. Thread: any. */
#pragma once
#include "base/buf.h"
#include "base/error.h"
#include "base/str.h"

/* Appends `raw` with the value at `pointer` (JSON Pointer) being `value` (JSON). The last step may name a member that
 * is not there yet, or be "-" for a new last element; everything before it must exist. TL_EINPUT: not JSON, no pointer,
 * or a step that leads nowhere, which the text names. TL_EFULL: the buffer's maximum. */
tl_code tl_json_set(tl_str raw, tl_str pointer, tl_str value, struct tl_buf *out, struct tl_error *err) TL_MUST_CHECK;
