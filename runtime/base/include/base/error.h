/* The one way to report errors. A function that can fail returns a tl_code and takes, as its last argument, a
 * `struct tl_error *` (NULL allowed) that it fills with a sentence: what failed, where, and what to do next.
 * On TL_OK the error is not touched. Callers add context with tl_error_prefix. Thread: any. */
#pragma once
#include "base/attr.h"
#include <stdarg.h>

/* code, name, exit status of the command line (sysexits where one fits) */
#define TL_CODES(X)                                                                                                    \
    X(TL_OK, "ok", 0)                                                                                                  \
    X(TL_EFAILED, "failed", 1)       /* an operation did not succeed, for a reason of its own */                       \
    X(TL_EDIFFERS, "differs", 2)     /* done, with differences or findings */                                          \
    X(TL_EUSAGE, "usage", 64)        /* the command's words are wrong */                                               \
    X(TL_EINPUT, "bad-input", 65)    /* data from outside that cannot be used */                                       \
    X(TL_ENOSERVER, "no-server", 69) /* no Tidelock answers there */                                                   \
    X(TL_EACCESS, "not-allowed", 77) /* permission, signature, credentials */                                          \
    X(TL_EIO, "io", 74)              /* disk or socket */                                                              \
    X(TL_EFULL, "full", 75)          /* no space, or a limit reached: try again later */                               \
    X(TL_ENOTFOUND, "not-found", 1)                                                                                    \
    X(TL_ECORRUPT, "corrupt", 70)    /* data of ours that fails its checks */                                          \
    X(TL_EVERSION, "version", 78)    /* a format or ABI this program does not know */                                  \
    X(TL_ECONFIG, "config", 78)      /* an integration, setting or file is wrong */                                    \
    X(TL_ECANCELLED, "cancelled", 1) /* shut down or withdrawn before it ended */                                      \
    X(TL_ETIMEOUT, "timeout", 1)                                                                                       \
    X(TL_EBUG, "bug", 70) /* something that cannot happen did */

typedef enum tl_code {
#define X(code, name, exit_status) code,
    TL_CODES(X)
#undef X
        TL_CODE_COUNT
} tl_code;

struct tl_error {
    tl_code code;
    char text[1024]; /* one or more sentences, UTF-8, no trailing newline; cut with "…" when longer */
};

/* Fills `err` (unless NULL) and returns `code`, so that `return tl_fail(err, TL_EIO, "…")` reads well. */
tl_code tl_fail(struct tl_error *err, tl_code code, const char *fmt, ...) TL_PRINTF(3, 4);
tl_code tl_vfail(struct tl_error *err, tl_code code, const char *fmt, va_list ap);
/* Puts "context: " before the text. */
void tl_error_prefix(struct tl_error *err, const char *fmt, ...) TL_PRINTF(2, 3);
const char *tl_code_name(tl_code code);
int tl_code_exit(tl_code code);

/* "Cannot happen": prints file, line and sentence, and aborts. Stays in release builds. */
#define tl_must(condition)                                                                                             \
    do {                                                                                                               \
        if (!(condition))                                                                                              \
            tl_must_failed(#condition, __FILE__, __LINE__);                                                            \
    } while (0)
TL_NORETURN void tl_must_failed(const char *condition, const char *file, int line);
