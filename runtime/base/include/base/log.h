/* Structured log: one line an event, text or JSON, to standard error. An id ("journal.open") names the event for
 * searching; the message is for people; fields carry data. Secrets are never passed here. Thread: any; a line is
 * written with one write(2).
 *
 *     tl_log(TL_WARN, "system.paused", "system paused after 5 failures",
 *            TL_FSTR("system", name), TL_FINT("failures", 5));
 */
#pragma once
#include "base/str.h"

enum tl_log_level { TL_DEBUG, TL_INFO, TL_WARN, TL_ERROR };
enum tl_log_format { TL_LOG_TEXT, TL_LOG_JSON };

struct tl_log_field {
    const char *name; /* NULL ends the list */
    enum { TL_FIELD_STR, TL_FIELD_INT } kind;
    tl_str str;
    int64_t num;
};

#define TL_FSTR(name_, z_) ((struct tl_log_field){(name_), TL_FIELD_STR, tl_str_z(z_), 0})
#define TL_FSLICE(name_, s_) ((struct tl_log_field){(name_), TL_FIELD_STR, (s_), 0})
#define TL_FINT(name_, n_) ((struct tl_log_field){(name_), TL_FIELD_INT, TL_STR_NONE, (int64_t)(n_)})

/* Process-wide; set once at start, before threads. */
void tl_log_setup(enum tl_log_level least, enum tl_log_format format);
bool tl_log_on(enum tl_log_level level);
void tl_log_write(enum tl_log_level level, const char *id, const char *message, const struct tl_log_field *fields);
/* Tests read what would have been written; NULL restores standard error. `sink` gets one line without newline. */
void tl_log_sink(void (*sink)(void *ctx, tl_str line), void *ctx);

#define tl_log(level, id, message, ...)                                                                                \
    do {                                                                                                               \
        if (tl_log_on(level))                                                                                          \
            tl_log_write((level), (id), (message),                                                                     \
                         (const struct tl_log_field[]){__VA_ARGS__ __VA_OPT__(, ){NULL, TL_FIELD_STR, {NULL, 0}, 0}}); \
    } while (0)
