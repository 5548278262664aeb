/* UTF-8 and simple case mapping. Pure functions; the case tables are ranges searched by halving. Thread: any. */
#include "codec/utf8.h"
#include "base/attr.h"
#include "case_table.h"
#include "utf8_step.h"
#include <string.h>

#define REPLACEMENT 0xFFFDu

/* Offset of the first byte >= 0x80 at or after `at`. */
static size_t skip_ascii(const char *p, size_t at, size_t len)
{
    while (len - at >= 8) {
        uint64_t word;
        memcpy(&word, p + at, 8);
        if (word & 0x8080808080808080u)
            break;
        at += 8;
    }
    while (at < len && (unsigned char)p[at] < 0x80)
        at++;
    return at;
}

static size_t step_at(tl_str s, size_t at)
{
    const unsigned char *p = (const unsigned char *)s.ptr;
    return tl_utf8_step(p + at, p + s.len);
}

size_t tl_utf8_valid_prefix(tl_str s)
{
    size_t at = 0;
    for (;;) {
        at = skip_ascii(s.ptr, at, s.len);
        if (at == s.len)
            return at;
        size_t step = step_at(s, at);
        if (!step)
            return at;
        at += step;
    }
}

bool tl_utf8_valid(tl_str s)
{
    return tl_utf8_valid_prefix(s) == s.len;
}

bool tl_utf8_next(tl_str s, size_t *at, uint32_t *code)
{
    if (*at >= s.len)
        return false;
    unsigned char c = (unsigned char)s.ptr[*at];
    if (c < 0x80) {
        *code = c;
        *at += 1;
        return true;
    }
    size_t step = step_at(s, *at);
    *code = step ? tl_utf8_code((const unsigned char *)s.ptr + *at, step) : REPLACEMENT;
    *at += step ? step : 1;
    return true;
}

size_t tl_utf8_length(tl_str s)
{
    size_t count = 0;
    uint32_t code;
    for (size_t at = 0; tl_utf8_next(s, &at, &code);)
        count++;
    return count;
}

tl_str tl_utf8_first(tl_str s, size_t count)
{
    size_t at = 0;
    uint32_t code;
    while (count > 0 && tl_utf8_next(s, &at, &code))
        count--;
    return (tl_str){s.ptr, at};
}

size_t tl_utf8_put(char out[4], uint32_t code)
{
    if (code < 0x80) {
        out[0] = (char)code;
        return 1;
    }
    if (code < 0x800) {
        out[0] = (char)(0xC0 | (code >> 6));
        out[1] = (char)(0x80 | (code & 0x3F));
        return 2;
    }
    if (code < 0x10000) {
        if (code >= 0xD800 && code <= 0xDFFF)
            return 0;
        out[0] = (char)(0xE0 | (code >> 12));
        out[1] = (char)(0x80 | ((code >> 6) & 0x3F));
        out[2] = (char)(0x80 | (code & 0x3F));
        return 3;
    }
    if (code > 0x10FFFF)
        return 0;
    out[0] = (char)(0xF0 | (code >> 18));
    out[1] = (char)(0x80 | ((code >> 12) & 0x3F));
    out[2] = (char)(0x80 | ((code >> 6) & 0x3F));
    out[3] = (char)(0x80 | (code & 0x3F));
    return 4;
}

static uint32_t map_code(const struct tl_case_range *ranges, size_t count, uint32_t code)
{
    size_t low = 0, high = count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        const struct tl_case_range *r = &ranges[middle];
        if (code < r->first)
            high = middle;
        else if (code > r->last)
            low = middle + 1;
        else
            return (code - r->first) % r->step == 0 ? (uint32_t)((int32_t)code + r->delta) : code;
    }
    return code;
}

uint32_t tl_utf8_code_upper(uint32_t code)
{
    if (code < 0x80)
        return code >= 'a' && code <= 'z' ? code - 32 : code;
    return map_code(tl_case_upper, TL_COUNT_OF(tl_case_upper), code);
}

uint32_t tl_utf8_code_lower(uint32_t code)
{
    if (code < 0x80)
        return code >= 'A' && code <= 'Z' ? code + 32 : code;
    return map_code(tl_case_lower, TL_COUNT_OF(tl_case_lower), code);
}

static bool map_text(struct tl_buf *out, tl_str s, uint32_t (*map)(uint32_t))
{
    size_t at = 0;
    while (at < s.len) {
        size_t from = at;
        uint32_t code;
        char bytes[4];
        tl_utf8_next(s, &at, &code);
        bool foreign = code == REPLACEMENT && at - from == 1;
        size_t len = foreign ? 0 : tl_utf8_put(bytes, map(code));
        if (foreign ? !tl_buf_add(out, s.ptr + from, 1) : !tl_buf_add(out, bytes, len))
            return false;
    }
    return true;
}

bool tl_utf8_upper(struct tl_buf *out, tl_str s)
{
    return map_text(out, s, tl_utf8_code_upper);
}

bool tl_utf8_lower(struct tl_buf *out, tl_str s)
{
    return map_text(out, s, tl_utf8_code_lower);
}

bool tl_utf8_repair(struct tl_buf *out, tl_str s)
{
    for (;;) {
        size_t good = tl_utf8_valid_prefix(s);
        if (good && !tl_buf_add(out, s.ptr, good))
            return false;
        if (good == s.len)
            return true;
        if (!tl_buf_add(out, "\xEF\xBF\xBD", 3))
            return false;
        s = tl_str_from(s, good + 1);
    }
}

bool tl_utf8_steers(uint32_t code)
{
    return code < 0x20 || (code >= 0x7f && code < 0xa0) || (code >= 0x202a && code <= 0x202e) ||
           (code >= 0x2066 && code <= 0x2069);
}
