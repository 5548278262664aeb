/* Changes a person makes to a payload: a JSON object {"/pointer": value, …}, carried out in its order. Thread: any. */
#pragma once
#include "base/buf.h"
#include "base/error.h"
#include "base/str.h"

#define TL_PAYLOAD_CHANGES_MAX 64

/* Is it such an object? TL_EINPUT says what is wrong. */
TL_MUST_CHECK tl_code tl_payload_change_check(tl_str changes, struct tl_error *err);
/* Appends `payload` with the changes. TL_EINPUT: one leads nowhere (the text names it), or the payload is not JSON. */
TL_MUST_CHECK tl_code tl_payload_change(tl_str payload, tl_str changes, struct tl_buf *out, struct tl_error *err);
