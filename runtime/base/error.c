#include "base/error.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Ends a text that was cut so that the reader sees it, at a UTF-8 boundary. */
static void mark_cut(char *text, size_t size)
{
    static const char mark[] = "\xe2\x80\xa6";
    size_t at = size - sizeof mark;
    while (at > 0 && ((unsigned char)text[at] & 0xc0) == 0x80)
        at--;
    memcpy(text + at, mark, sizeof mark);
}

tl_code tl_vfail(struct tl_error *err, tl_code code, const char *fmt, va_list ap)
{
    if (err == NULL)
        return code;
    err->code = code;
    int len = vsnprintf(err->text, sizeof err->text, fmt, ap);
    if (len >= (int)sizeof err->text)
        mark_cut(err->text, sizeof err->text);
    return code;
}

tl_code tl_fail(struct tl_error *err, tl_code code, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    tl_vfail(err, code, fmt, ap);
    va_end(ap);
    return code;
}

void tl_error_prefix(struct tl_error *err, const char *fmt, ...)
{
    if (err == NULL)
        return;
    struct tl_error before = *err;
    va_list ap;
    va_start(ap, fmt);
    int len = vsnprintf(err->text, sizeof err->text, fmt, ap);
    va_end(ap);
    size_t at = len < 0 ? 0 : (size_t)len;
    if (at >= sizeof err->text - 3) {
        mark_cut(err->text, sizeof err->text);
        return;
    }
    if (snprintf(err->text + at, sizeof err->text - at, ": %s", before.text) >= (int)(sizeof err->text - at))
        mark_cut(err->text, sizeof err->text);
}

const char *tl_code_name(tl_code code)
{
    static const char *const names[] = {
#define X(code_, name_, exit_) name_,
        TL_CODES(X)
#undef X
    };
    return (unsigned)code < TL_CODE_COUNT ? names[code] : "unknown";
}

int tl_code_exit(tl_code code)
{
    static const int statuses[] = {
#define X(code_, name_, exit_) exit_,
        TL_CODES(X)
#undef X
    };
    return (unsigned)code < TL_CODE_COUNT ? statuses[code] : 1;
}

void tl_must_failed(const char *condition, const char *file, int line)
{
    fprintf(stderr, "tidelock: %s:%d: this cannot happen: !(%s)\n", file, line, condition);
    abort();
}
