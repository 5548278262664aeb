/* The JSON writer. Invariants: the bytes written so far are the beginning of a JSON text unless `why` is set or the
 * buffer overflowed; depth <= TL_JSON_DEPTH_MAX. Thread: one at a time. */
#include "codec/json_writer.h"
#include "codec/json.h"
#include "double_text.h"
#include "json_scan.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

void tl_json_writer_init(struct tl_json_writer *w, struct tl_buf *out)
{
    *w = (struct tl_json_writer){.out = out, .first = true};
}

void tl_json_writer_init_pretty(struct tl_json_writer *w, struct tl_buf *out, uint32_t indent)
{
    tl_json_writer_init(w, out);
    w->indent = indent;
}

static bool refuse(struct tl_json_writer *w, const char *why)
{
    if (!w->why)
        w->why = why;
    return false;
}

static bool in_object(const struct tl_json_writer *w)
{
    uint32_t level = w->depth - 1;
    return w->depth && ((w->nesting[level / 64] >> (level % 64)) & 1);
}

static void new_line(struct tl_json_writer *w)
{
    if (!w->indent)
        return;
    size_t blanks = (size_t)w->depth * w->indent;
    char *to = tl_buf_reserve(w->out, blanks + 1);
    if (!to)
        return;
    to[0] = '\n';
    memset(to + 1, ' ', blanks);
    w->out->len += blanks + 1;
    w->out->ptr[w->out->len] = '\0';
}

static void separate(struct tl_json_writer *w)
{
    if (!w->first)
        tl_buf_add_char(w->out, ',');
    w->first = false;
    new_line(w);
}

/* Before every value: is it allowed here? */
static bool begin_value(struct tl_json_writer *w)
{
    if (w->why)
        return false;
    if (w->depth == 0) {
        if (w->finished)
            return refuse(w, "a second value after the end");
        w->finished = true;
        return true;
    }
    if (in_object(w)) {
        if (!w->keyed)
            return refuse(w, "a value without a key inside an object");
        w->keyed = false;
    } else {
        separate(w);
    }
    return true;
}

static void begin(struct tl_json_writer *w, bool object)
{
    if (!begin_value(w))
        return;
    if (w->depth == TL_JSON_DEPTH_MAX) {
        refuse(w, "nested too deep");
        return;
    }
    uint64_t bit = (uint64_t)1 << (w->depth % 64);
    if (object)
        w->nesting[w->depth / 64] |= bit;
    else
        w->nesting[w->depth / 64] &= ~bit;
    w->depth++;
    w->first = true;
    tl_buf_add_char(w->out, object ? '{' : '[');
}

static void end(struct tl_json_writer *w, bool object)
{
    if (w->why)
        return;
    if (!w->depth || in_object(w) != object || w->keyed) {
        refuse(w, object ? "an object ends that is not open, or after a key" : "an array ends that is not open");
        return;
    }
    w->depth--;
    if (!w->first)
        new_line(w);
    w->first = false;
    tl_buf_add_char(w->out, object ? '}' : ']');
}

void tl_json_begin_object(struct tl_json_writer *w)
{
    begin(w, true);
}

void tl_json_end_object(struct tl_json_writer *w)
{
    end(w, true);
}

void tl_json_begin_array(struct tl_json_writer *w)
{
    begin(w, false);
}

void tl_json_end_array(struct tl_json_writer *w)
{
    end(w, false);
}

/* Nearly every key: in one piece. */
static bool key_plain(struct tl_json_writer *w, tl_str key)
{
    const char *end = key.ptr + key.len;
    char *from = tl_json_scan_plain(key.ptr, end) == end ? tl_buf_reserve(w->out, key.len + 4) : NULL, *to = from;
    if (!to)
        return false;
    if (!w->first)
        *to++ = ',';
    *to++ = '"';
    memcpy(to, key.ptr, key.len);
    memcpy(to + key.len, "\":", 3);
    w->out->len += (size_t)(to - from) + key.len + 2;
    w->first = false;
    w->keyed = true;
    return true;
}

void tl_json_key_str(struct tl_json_writer *w, tl_str key)
{
    if (w->why)
        return;
    if (!in_object(w) || w->keyed) {
        refuse(w, "a key where none belongs");
        return;
    }
    if (!w->indent && key.len && key_plain(w, key))
        return;
    separate(w);
    if (!tl_json_quote(w->out, key) && !w->out->overflow)
        refuse(w, "a key is not UTF-8");
    tl_buf_add(w->out, ": ", w->indent ? 2 : 1);
    w->keyed = true;
}

void tl_json_key(struct tl_json_writer *w, const char *key)
{
    tl_json_key_str(w, tl_str_z(key));
}

void tl_json_null(struct tl_json_writer *w)
{
    if (begin_value(w))
        tl_buf_add(w->out, "null", 4);
}

void tl_json_write_bool(struct tl_json_writer *w, bool value)
{
    if (begin_value(w))
        tl_buf_add_z(w->out, value ? "true" : "false");
}

/* `value` in digits, filled from the end of `room`; returns the first. */
static char *digits_of(uint64_t value, char *room_end)
{
    char *p = room_end;
    do {
        *--p = (char)('0' + value % 10);
        value /= 10;
    } while (value);
    return p;
}

void tl_json_int(struct tl_json_writer *w, int64_t value)
{
    char room[24], *room_end = room + sizeof room;
    if (!begin_value(w))
        return;
    char *p = digits_of(value < 0 ? 0 - (uint64_t)value : (uint64_t)value, room_end);
    if (value < 0)
        *--p = '-';
    tl_buf_add(w->out, p, (size_t)(room_end - p));
}

void tl_json_uint(struct tl_json_writer *w, uint64_t value)
{
    char room[24], *room_end = room + sizeof room;
    if (!begin_value(w))
        return;
    char *p = digits_of(value, room_end);
    tl_buf_add(w->out, p, (size_t)(room_end - p));
}

void tl_json_double(struct tl_json_writer *w, double value)
{
    char text[32];
    if (!isfinite(value)) {
        refuse(w, "a number that is not finite");
        return;
    }
    if (begin_value(w))
        tl_buf_add(w->out, text, tl_double_print(value, text));
}

void tl_json_string(struct tl_json_writer *w, tl_str s)
{
    if (begin_value(w) && !tl_json_quote(w->out, s) && !w->out->overflow)
        refuse(w, "a string is not UTF-8");
}

void tl_json_string_z(struct tl_json_writer *w, const char *z)
{
    if (z)
        tl_json_string(w, tl_str_z(z));
    else
        tl_json_null(w);
}

void tl_json_number(struct tl_json_writer *w, tl_str lexeme)
{
    if (!tl_json_is_number(lexeme))
        refuse(w, "a number that JSON cannot write");
    else if (begin_value(w))
        tl_buf_add_str(w->out, lexeme);
}

void tl_json_raw_value(struct tl_json_writer *w, tl_str json)
{
    if (begin_value(w))
        tl_buf_add_str(w->out, json);
}

static void write_container(struct tl_json_writer *w, const struct tl_json_value *value, bool object)
{
    struct tl_json_iter iter = tl_json_iter(value);
    begin(w, object);
    while (!w->why && tl_json_next(&iter)) {
        if (object)
            tl_json_key_str(w, iter.key);
        tl_json_value(w, iter.value);
    }
    end(w, object);
}

void tl_json_value(struct tl_json_writer *w, const struct tl_json_value *value)
{
    switch (tl_json_type(value)) {
    case TL_JSON_IS_STRING:
        tl_json_string(w, tl_json_text(value));
        break;
    case TL_JSON_IS_ARRAY:
    case TL_JSON_IS_OBJECT: /* as deep as the document, which is bounded */
        write_container(w, value, tl_json_type(value) == TL_JSON_IS_OBJECT);
        break;
    case TL_JSON_IS_NONE:
        tl_json_null(w);
        break;
    default:
        tl_json_raw_value(w, tl_json_raw(value));
    }
}

tl_code tl_json_writer_done(const struct tl_json_writer *w, struct tl_error *err)
{
    if (w->why)
        return tl_fail(err, TL_EINPUT, "not written as JSON: %s", w->why);
    if (w->out->overflow)
        return tl_fail(err, TL_EFULL, "the JSON text passes its limit of %zu bytes", w->out->max);
    if (w->depth || !w->finished)
        return tl_fail(err, TL_EINPUT, "not written as JSON: the value is not complete");
    return TL_OK;
}
