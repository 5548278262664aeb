/* Files and standard input read whole, with a bound. */
#pragma once
#include "base/buf.h"
#include "base/error.h"
#include "codec/json_writer.h"

/* Appends the file's bytes; "-" is standard input. TL_EINPUT past the buffer's maximum, TL_EIO names the file. */
TL_MUST_CHECK tl_code tl_stream_read(const char *path, struct tl_buf *out, struct tl_error *err);
/* Writes all of it to standard output; TL_EIO when nobody reads any more. */
TL_MUST_CHECK tl_code tl_stream_print(tl_str text, struct tl_error *err);
/* Writes the finished document and a newline to standard output, and frees `out`, which `w` wrote to. */
TL_MUST_CHECK tl_code tl_stream_print_json(struct tl_json_writer *w, struct tl_buf *out, struct tl_error *err);
