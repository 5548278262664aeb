/* Writes JSON into a buffer. The writer sets commas, colons and escapes, and refuses what would not be JSON: a value
 * without key in an object, an unbalanced end, a string that is not UTF-8, a lexeme that is no number. A refusal is
 * remembered; the caller writes on and asks once, with tl_json_writer_done. Only `"`, `\` and control characters are
 * escaped, so equal values give equal bytes. Thread: one at a time. */
#pragma once
#include "base/buf.h"
#include "base/error.h"
#include "base/str.h"
#include "codec/json_reader.h"

struct tl_json_value;

struct tl_json_writer {
    struct tl_buf *out; /* borrow */
    const char *why;    /* static text of the first refusal, or NULL */
    uint32_t depth;
    uint32_t indent; /* blanks per level; 0: one line */
    bool first;      /* nothing written yet at this level */
    bool keyed;      /* a key waits for its value */
    bool finished;   /* the one value is complete */
    uint64_t nesting[TL_JSON_DEPTH_MAX / 64];
};

/* Appends to `out`, which the caller owns and whose maximum bounds the text. */
void tl_json_writer_init(struct tl_json_writer *w, struct tl_buf *out);
/* The same, for people: `indent` blanks per level, one member a line. */
void tl_json_writer_init_pretty(struct tl_json_writer *w, struct tl_buf *out, uint32_t indent);

void tl_json_begin_object(struct tl_json_writer *w);
void tl_json_end_object(struct tl_json_writer *w);
void tl_json_begin_array(struct tl_json_writer *w);
void tl_json_end_array(struct tl_json_writer *w);
void tl_json_key(struct tl_json_writer *w, const char *key);
void tl_json_key_str(struct tl_json_writer *w, tl_str key);
void tl_json_null(struct tl_json_writer *w);
void tl_json_write_bool(struct tl_json_writer *w, bool value);
void tl_json_int(struct tl_json_writer *w, int64_t value);
void tl_json_uint(struct tl_json_writer *w, uint64_t value);
/* A finite double in its shortest form that reads back the same; NaN and infinities are refused. */
void tl_json_double(struct tl_json_writer *w, double value);
/* UTF-8 only; anything else is refused. */
void tl_json_string(struct tl_json_writer *w, tl_str s);
void tl_json_string_z(struct tl_json_writer *w, const char *z); /* NULL writes null */
/* For messages and bytes of unknown origin shown to people: what is not UTF-8 becomes U+FFFD. Never refused. */
void tl_json_lossy(struct tl_json_writer *w, tl_str s);
/* A number as text; checked against the grammar of JSON numbers. */
void tl_json_number(struct tl_json_writer *w, tl_str lexeme);
/* One complete value, already JSON: copied as it is, not checked again. */
void tl_json_raw_value(struct tl_json_writer *w, tl_str json);
/* A value of a document, written anew: compact or indented like the rest, escapes made uniform, number texts kept.
 * NULL writes null. */
void tl_json_value(struct tl_json_writer *w, const struct tl_json_value *value);

/* "key": value in one call. */
void tl_json_put_string(struct tl_json_writer *w, const char *key, tl_str s);
void tl_json_put_z(struct tl_json_writer *w, const char *key, const char *z);
void tl_json_put_lossy(struct tl_json_writer *w, const char *key, tl_str s);
/* An empty slice writes null. */
void tl_json_put_or_null(struct tl_json_writer *w, const char *key, tl_str s);
void tl_json_put_int(struct tl_json_writer *w, const char *key, int64_t value);
void tl_json_put_uint(struct tl_json_writer *w, const char *key, uint64_t value);
void tl_json_put_bool(struct tl_json_writer *w, const char *key, bool value);
void tl_json_put_raw(struct tl_json_writer *w, const char *key, tl_str json);

/* TL_OK when exactly one complete value was written and everything fitted. TL_EFULL: the buffer's maximum;
 * TL_EINPUT: something that is not JSON (text says what). */
tl_code tl_json_writer_done(const struct tl_json_writer *w, struct tl_error *err);

/* Appends `"…"` with escapes, without a writer. False: not UTF-8 (nothing is appended) or the buffer is full. */
bool tl_json_quote(struct tl_buf *out, tl_str s);
/* Is it a JSON number? */
bool tl_json_is_number(tl_str s);
