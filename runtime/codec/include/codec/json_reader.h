/* Reads JSON (RFC 8259, strict) token by token, in one pass and without building anything: the caller builds what it
 * wants (Lua tables, a tape, nothing). Everything is checked on the way: grammar, UTF-8, escapes and surrogate pairs,
 * depth, size. A number is handed out as its text; nothing is ever rounded. Duplicate keys are handed out as they come:
 * a builder lets the last one win. The input is borrowed until the last token was read. Thread: one at a time. */
#pragma once
#include "base/buf.h"
#include "base/error.h"
#include "base/str.h"

#define TL_JSON_DEPTH 128                /* default nesting limit; `[]` has depth 1 */
#define TL_JSON_DEPTH_MAX 1024           /* a higher limit is cut to this */
#define TL_JSON_SIZE (64u * 1024 * 1024) /* default limit of the text, in bytes */

/* 0 in a field means its default. A NULL pointer to limits means all defaults. */
struct tl_json_limits {
    size_t depth; /* nested arrays and objects */
    size_t size;  /* bytes of text; never above 2 GB */
};

enum tl_json_token {
    TL_JSON_BAD, /* refused; stays so. tl_json_reader_error says why and where */
    TL_JSON_END, /* the one value is complete and nothing but blanks follows; stays so */
    TL_JSON_NULL,
    TL_JSON_TRUE,
    TL_JSON_FALSE,
    TL_JSON_NUMBER, /* `text` is the number as written; `is_int` and `integer` are set */
    TL_JSON_STRING, /* `text` is the decoded string */
    TL_JSON_KEY,    /* `text` is the decoded key; the next token begins its value */
    TL_JSON_BEGIN_OBJECT,
    TL_JSON_END_OBJECT,
    TL_JSON_BEGIN_ARRAY,
    TL_JSON_END_ARRAY
};

struct tl_json_reader {
    /* --- of the last token, for the caller --- */
    tl_str text;     /* borrow: in the input, or in `scratch` when it had escapes; valid until the next read */
    int64_t integer; /* of a number with is_int */
    bool is_int;     /* digits with an optional minus that fit 64 bits, and not -0 */
    uint32_t depth;  /* open arrays and objects */
    /* --- private --- */
    const char *start, *at, *end;
    const char *token; /* where the last token begins in the input */
    struct tl_buf scratch;
    const char *why; /* static text of the refusal */
    const char *why_at;
    uint32_t max_depth;
    uint8_t state;
    uint64_t nesting[TL_JSON_DEPTH_MAX / 64]; /* bit per level: 1 = object */
};

/* `text` is borrowed and need not be NUL-terminated. Never fails: a text over the size limit is refused by the first
 * read. Release with tl_json_reader_deinit. */
void tl_json_reader_init(struct tl_json_reader *reader, tl_str text, const struct tl_json_limits *limits);
void tl_json_reader_deinit(struct tl_json_reader *reader);
/* The next token. */
enum tl_json_token tl_json_read(struct tl_json_reader *reader);
/* Just after TL_JSON_BEGIN_* or a scalar, or TL_JSON_KEY (then: the value that follows): reads to the end of that value
 * and gives its bytes as written, without blanks around it. All of it is checked. False: TL_JSON_BAD. */
bool tl_json_read_raw(struct tl_json_reader *reader, enum tl_json_token began, tl_str *raw);
/* Byte offset of the last token in the input. */
size_t tl_json_reader_offset(const struct tl_json_reader *reader);
/* After TL_JSON_BAD: fills `err` with "line 3, column 14: …" (1-based; columns count code points) and returns
 * TL_EINPUT. TL_OK when nothing was refused. */
tl_code tl_json_reader_error(const struct tl_json_reader *reader, struct tl_error *err);
/* Checks a whole text. TL_EINPUT with line and column. */
tl_code tl_json_check(tl_str text, const struct tl_json_limits *limits, struct tl_error *err);
