/* The lexical half of the JSON reader: strings and numbers. Private to the room.
 * Each function starts at `at`, which lies inside [at, end), and never reads at or past `end`. Thread: any. */
#pragma once
#include "base/buf.h"
#include "base/str.h"

/* First byte at or after `at` that is `"`, `\`, a control character or not ASCII; `end` when there is none. */
const char *tl_json_scan_plain(const char *at, const char *end);

struct tl_json_scanned {
    const char *at;  /* behind what was read, or where it went wrong */
    const char *why; /* NULL, or static text of what is wrong at `at` */
    tl_str text;     /* decoded string, or number as written */
    int64_t integer;
    bool is_int;
};
/* `at` is behind the opening quote. Escapes are decoded into `scratch`, which is cleared first and only used then. */
void tl_json_scan_string(const char *at, const char *end, struct tl_buf *scratch, struct tl_json_scanned *out);
/* `at` is at '-' or a digit. */
void tl_json_scan_number(const char *at, const char *end, struct tl_json_scanned *out);

/* Line and column (1-based, in code points) of `at`. */
void tl_json_count_lines(const char *start, const char *at, size_t *line, size_t *column);

static inline bool tl_json_is_blank(char c)
{
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

static inline const char *tl_json_skip_blanks(const char *at, const char *end)
{
    while (at < end && (unsigned char)*at <= ' ' && tl_json_is_blank(*at))
        at++;
    return at;
}
