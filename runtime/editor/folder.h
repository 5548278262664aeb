/* The folder that editors read. Private to the room. */
#pragma once
#include "base/buf.h"
#include "base/error.h"

/* How a file of ours begins. */
#define TL_OURS "-- Written by `tidelock editor`"

enum { TL_WORDS_MAX = 1 << 20 };

/* The file's text; TL_EIO. `out` is cleared first. */
TL_MUST_CHECK tl_code tl_editor_read(const char *path, struct tl_buf *out, struct tl_error *err);
/* Calls `each` with the name of every .lua file in the folder, sorted, until one fails. TL_EIO. */
TL_MUST_CHECK tl_code tl_editor_each(const char *folder,
                                     tl_code (*each)(void *ctx, const char *name, struct tl_error *err), void *ctx,
                                     struct tl_error *err);
