/* The pull reader: the grammar of RFC 8259 over json_scan. No recursion: open containers are bits in `nesting`.
 * Invariants: start <= token <= at <= end; depth <= max_depth <= TL_JSON_DEPTH_MAX; after S_BAD nothing is read.
 * Thread: one at a time. */
#include "codec/json_reader.h"
#include "json_scan.h"
#include <string.h>

enum state {
    S_VALUE,      /* a value must follow */
    S_FIRST_ITEM, /* behind '[': a value or ']' */
    S_FIRST_KEY,  /* behind '{': a key or '}' */
    S_AFTER,      /* behind a value inside a container: ',' or its end */
    S_TAIL,       /* behind the one value */
    S_BAD
};

static const char too_deep[] = "nested deeper than the limit";

void tl_json_reader_init(struct tl_json_reader *r, tl_str text, const struct tl_json_limits *limits)
{
    size_t size = limits && limits->size ? limits->size : TL_JSON_SIZE;
    size_t depth = limits && limits->depth ? limits->depth : TL_JSON_DEPTH;
    r->text = TL_STR_NONE;
    r->integer = 0;
    r->is_int = false;
    r->depth = 0;
    r->start = r->at = r->token = text.len ? text.ptr : "";
    r->end = r->start + text.len;
    r->why = r->why_at = NULL;
    r->max_depth = depth > TL_JSON_DEPTH_MAX ? TL_JSON_DEPTH_MAX : (uint32_t)depth;
    r->state = S_VALUE;
    tl_buf_init(&r->scratch, text.len + 1);
    if (text.len > size || text.len > INT32_MAX) {
        r->why = "the text is larger than the limit";
        r->why_at = r->start;
        r->state = S_BAD;
    }
}

void tl_json_reader_deinit(struct tl_json_reader *r)
{
    tl_buf_free(&r->scratch);
}

static enum tl_json_token refuse(struct tl_json_reader *r, const char *at, const char *why)
{
    r->why = why;
    r->why_at = at;
    r->state = S_BAD;
    return TL_JSON_BAD;
}

static inline bool in_object(const struct tl_json_reader *r)
{
    uint32_t level = r->depth - 1;
    return (r->nesting[level / 64] >> (level % 64)) & 1;
}

static inline uint8_t after_value(const struct tl_json_reader *r)
{
    return r->depth ? S_AFTER : S_TAIL;
}

static enum tl_json_token open_container(struct tl_json_reader *r, bool object)
{
    uint32_t level = r->depth;
    if (level == r->max_depth)
        return refuse(r, r->at, too_deep);
    uint64_t bit = (uint64_t)1 << (level % 64);
    if (object)
        r->nesting[level / 64] |= bit;
    else
        r->nesting[level / 64] &= ~bit;
    r->depth++;
    r->at++;
    r->state = object ? S_FIRST_KEY : S_FIRST_ITEM;
    return object ? TL_JSON_BEGIN_OBJECT : TL_JSON_BEGIN_ARRAY;
}

static enum tl_json_token close_container(struct tl_json_reader *r, bool object)
{
    r->at++;
    r->depth--;
    r->state = after_value(r);
    return object ? TL_JSON_END_OBJECT : TL_JSON_END_ARRAY;
}

static enum tl_json_token read_word(struct tl_json_reader *r, const char *word, size_t len, enum tl_json_token token)
{
    if ((size_t)(r->end - r->at) < len || memcmp(r->at, word, len) != 0)
        return refuse(r, r->at, "expected a value; words are only true, false and null");
    r->at += len;
    r->state = after_value(r);
    return token;
}

/* Behind the opening quote. */
static bool read_text(struct tl_json_reader *r)
{
    struct tl_json_scanned got;
    tl_json_scan_string(r->at + 1, r->end, &r->scratch, &got);
    if (got.why) {
        refuse(r, got.at, got.why);
        return false;
    }
    r->at = got.at;
    r->text = got.text;
    return true;
}

static enum tl_json_token read_number(struct tl_json_reader *r)
{
    struct tl_json_scanned got;
    tl_json_scan_number(r->at, r->end, &got);
    if (got.why)
        return refuse(r, got.at, got.why);
    r->at = got.at;
    r->text = got.text;
    r->is_int = got.is_int;
    if (got.is_int)
        r->integer = got.integer;
    r->state = after_value(r);
    return TL_JSON_NUMBER;
}

static enum tl_json_token refuse_value(struct tl_json_reader *r)
{
    if (r->at == r->end)
        return refuse(r, r->at, "expected a value, the text ends");
    if (r->at == r->start && (unsigned char)*r->at == 0xEF)
        return refuse(r, r->at, "the text begins with a byte order mark; send it without");
    if (*r->at == '\'')
        return refuse(r, r->at, "expected a value; strings are written in double quotes");
    return refuse(r, r->at, "expected a value");
}

static enum tl_json_token read_value(struct tl_json_reader *r)
{
    r->token = r->at;
    switch (r->at < r->end ? *r->at : '\0') {
    case '"':
        if (!read_text(r))
            return TL_JSON_BAD;
        r->state = after_value(r);
        return TL_JSON_STRING;
    case '{':
        return open_container(r, true);
    case '[':
        return open_container(r, false);
    case 't':
        return read_word(r, "true", 4, TL_JSON_TRUE);
    case 'f':
        return read_word(r, "false", 5, TL_JSON_FALSE);
    case 'n':
        return read_word(r, "null", 4, TL_JSON_NULL);
    case '-':
    case '0':
    case '1':
    case '2':
    case '3':
    case '4':
    case '5':
    case '6':
    case '7':
    case '8':
    case '9':
        return read_number(r);
    default:
        return refuse_value(r);
    }
}

static enum tl_json_token read_key(struct tl_json_reader *r)
{
    r->token = r->at;
    if (r->at == r->end || *r->at != '"')
        return refuse(r, r->at, "expected a key in double quotes");
    if (!read_text(r))
        return TL_JSON_BAD;
    r->at = tl_json_skip_blanks(r->at, r->end);
    if (r->at == r->end || *r->at != ':')
        return refuse(r, r->at, "expected ':' after the key");
    r->at++;
    r->state = S_VALUE;
    return TL_JSON_KEY;
}

static enum tl_json_token read_after(struct tl_json_reader *r)
{
    bool object = in_object(r);
    r->token = r->at;
    if (r->at < r->end && *r->at == ',') {
        r->at = tl_json_skip_blanks(r->at + 1, r->end);
        return object ? read_key(r) : read_value(r);
    }
    if (r->at < r->end && *r->at == (object ? '}' : ']'))
        return close_container(r, object);
    return refuse(r, r->at, object ? "expected ',' or '}'" : "expected ',' or ']'");
}

enum tl_json_token tl_json_read(struct tl_json_reader *r)
{
    if (r->state == S_BAD)
        return TL_JSON_BAD;
    r->at = tl_json_skip_blanks(r->at, r->end);
    switch (r->state) {
    case S_AFTER:
        return read_after(r);
    case S_VALUE:
        return read_value(r);
    case S_FIRST_KEY:
        r->token = r->at;
        return r->at < r->end && *r->at == '}' ? close_container(r, true) : read_key(r);
    case S_FIRST_ITEM:
        r->token = r->at;
        return r->at < r->end && *r->at == ']' ? close_container(r, false) : read_value(r);
    default:
        r->token = r->at;
        return r->at == r->end ? TL_JSON_END : refuse(r, r->at, "expected the end of the text");
    }
}

bool tl_json_read_raw(struct tl_json_reader *r, enum tl_json_token began, tl_str *raw)
{
    if (began == TL_JSON_KEY)
        began = tl_json_read(r);
    const char *from = r->token;
    if (began == TL_JSON_BEGIN_OBJECT || began == TL_JSON_BEGIN_ARRAY) {
        uint32_t outside = r->depth - 1;
        while (r->depth > outside)
            if (tl_json_read(r) == TL_JSON_BAD)
                return false;
    } else if (began == TL_JSON_BAD) {
        return false;
    }
    *raw = (tl_str){from, (size_t)(r->at - from)};
    return true;
}

size_t tl_json_reader_offset(const struct tl_json_reader *r)
{
    return (size_t)(r->token - r->start);
}

tl_code tl_json_reader_error(const struct tl_json_reader *r, struct tl_error *err)
{
    size_t line, column;
    if (!r->why)
        return TL_OK;
    tl_json_count_lines(r->start, r->why_at, &line, &column);
    if (r->why == too_deep)
        return tl_fail(err, TL_EINPUT, "line %zu, column %zu: %s of %u", line, column, r->why, r->max_depth);
    return tl_fail(err, TL_EINPUT, "line %zu, column %zu: %s", line, column, r->why);
}

tl_code tl_json_check(tl_str text, const struct tl_json_limits *limits, struct tl_error *err)
{
    struct tl_json_reader r;
    enum tl_json_token token;
    tl_json_reader_init(&r, text, limits);
    do
        token = tl_json_read(&r);
    while (token != TL_JSON_END && token != TL_JSON_BAD);
    tl_code code = tl_json_reader_error(&r, err);
    tl_json_reader_deinit(&r);
    return code;
}
