/* Strings and numbers of JSON texts: scanning, checking and decoding in one pass.
 * Invariant: nothing outside [at, end) is read; a decoded string is never longer than its escaped form. Thread: any. */
#include "json_scan.h"
#include "codec/hex.h"
#include "codec/utf8.h"
#include "utf8_step.h"
#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

static inline bool is_special(char c)
{
    unsigned char u = (unsigned char)c;
    return u < 0x20 || u >= 0x80 || u == '"' || u == '\\';
}

#define EVERY(byte) (0x0101010101010101u * (uint64_t)(byte))
#define HIGH EVERY(0x80)

/* Is one of the eight bytes special? None is below 0x80 - `below` once that is taken off. */
static inline bool any_special(uint64_t v)
{
    uint64_t quote = v ^ EVERY('"'), back = v ^ EVERY('\\');
    uint64_t hit = v | (v - EVERY(0x20)) | (quote - EVERY(1)) | (back - EVERY(1));
    return (hit & HIGH) != 0;
}

const char *tl_json_scan_plain(const char *at, const char *end)
{
#ifdef __SSE2__
    const __m128i quote = _mm_set1_epi8('"'), back = _mm_set1_epi8('\\'), blank = _mm_set1_epi8(0x20);
    while (end - at >= 16) {
        __m128i v = _mm_loadu_si128((const __m128i *)(const void *)at);
        /* compared as signed bytes, "below a blank" is both control characters and everything from 0x80 */
        __m128i hit =
            _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(v, quote), _mm_cmpeq_epi8(v, back)), _mm_cmplt_epi8(v, blank));
        int mask = _mm_movemask_epi8(hit);
        if (mask)
            return at + __builtin_ctz((unsigned)mask);
        at += 16;
    }
#endif
    for (uint64_t v; end - at >= 8; at += 8) {
        memcpy(&v, at, 8);
        if (any_special(v))
            break;
    }
    while (at < end && !is_special(*at))
        at++;
    return at;
}

/* Four hex digits at `at`; -1 when they are not there. */
static int32_t hex4(const char *at, const char *end)
{
    int32_t code = 0;
    if (end - at < 4)
        return -1;
    for (int i = 0; i < 4; i++) {
        int digit = tl_hex_digit(at[i]);
        if (digit < 0)
            return -1;
        code = code * 16 + digit;
    }
    return code;
}

/* `at` is behind "\u". Returns what follows the escape, or NULL with *why. */
static const char *unicode_escape(const char *at, const char *end, struct tl_buf *scratch, const char **why)
{
    int32_t code = hex4(at, end);
    char bytes[4];
    if (code < 0) {
        *why = "\\u needs four hex digits";
        return NULL;
    }
    at += 4;
    if (code >= 0xDC00 && code <= 0xDFFF) {
        *why = "the second half of a surrogate pair stands alone";
        return NULL;
    }
    if (code >= 0xD800 && code <= 0xDBFF) {
        int32_t low = end - at >= 6 && at[0] == '\\' && at[1] == 'u' ? hex4(at + 2, end) : -1;
        if (low < 0xDC00 || low > 0xDFFF) {
            *why = "the first half of a surrogate pair stands alone";
            return NULL;
        }
        at += 6;
        code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
    }
    tl_buf_add(scratch, bytes, tl_utf8_put(bytes, (uint32_t)code));
    return at;
}

/* `at` is at a backslash. Returns what follows the escape, or NULL with *why. */
static const char *escape(const char *at, const char *end, struct tl_buf *scratch, const char **why)
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    if (end - at < 2) {
        *why = "the string is not closed";
        return NULL;
    }
    if (at[1] == 'u')
        return unicode_escape(at + 2, end, scratch, why);
    const char *known = at[1] ? strchr(from, at[1]) : NULL;
    if (!known) {
        *why = "no such escape in a string";
        return NULL;
    }
    tl_buf_add_char(scratch, to[known - from]);
    return at + 2;
}

/* Steps over a run of non-ASCII text, as far as it is UTF-8. */
static const char *skip_multibyte(const char *at, const char *end)
{
    while (at < end && (unsigned char)*at >= 0x80) {
        size_t step = tl_utf8_step((const unsigned char *)at, (const unsigned char *)end);
        if (!step)
            break;
        at += step;
    }
    return at;
}

void tl_json_scan_string(const char *at, const char *end, struct tl_buf *scratch, struct tl_json_scanned *out)
{
    const char *piece = at; /* begin of what is not yet in scratch */
    bool decoded = false;
    out->why = NULL;
    for (;;) {
        at = tl_json_scan_plain(at, end);
        if (at == end) {
            out->why = "the string is not closed";
            break;
        }
        if (*at == '"') {
            if (decoded) {
                tl_buf_add(scratch, piece, (size_t)(at - piece));
                out->text = tl_buf_str(scratch);
            } else {
                out->text = (tl_str){piece, (size_t)(at - piece)};
            }
            at++;
            break;
        }
        if (*at == '\\') {
            if (!decoded)
                tl_buf_clear(scratch);
            decoded = true;
            tl_buf_add(scratch, piece, (size_t)(at - piece));
            const char *next = escape(at, end, scratch, &out->why);
            if (!next)
                break;
            at = piece = next;
        } else if ((unsigned char)*at >= 0x80) {
            const char *next = skip_multibyte(at, end);
            if (next == at) {
                out->why = "not UTF-8";
                break;
            }
            at = next;
        } else {
            out->why = "a control character must be escaped in a string";
            break;
        }
    }
    out->at = at;
}

static inline const char *skip_digits(const char *at, const char *end)
{
    while (at < end && (unsigned char)(*at - '0') <= 9)
        at++;
    return at;
}

static bool whole_number(const char *digits, size_t count, bool negative, int64_t *out)
{
    uint64_t value = 0;
    if (count > 19 || (negative && digits[0] == '0'))
        return false;
    for (size_t i = 0; i < count; i++)
        value = value * 10 + (uint64_t)(digits[i] - '0');
    if (value > (uint64_t)INT64_MAX + (negative ? 1 : 0))
        return false;
    *out = (int64_t)(negative ? 0 - value : value);
    return true;
}

void tl_json_scan_number(const char *at, const char *end, struct tl_json_scanned *out)
{
    const char *start = at;
    bool negative = *at == '-';
    out->why = NULL;
    out->is_int = false;
    if (negative)
        at++;
    const char *digits = at;
    at = skip_digits(at, end);
    size_t count = (size_t)(at - digits);
    bool plain = true;
    if (count == 0)
        out->why = "a number needs a digit after its minus";
    else if (digits[0] == '0' && count > 1)
        out->why = "a number may not begin with 0";
    if (!out->why && at < end && *at == '.') {
        const char *fraction = at + 1;
        plain = false;
        at = skip_digits(fraction, end);
        if (at == fraction)
            out->why = "a number needs a digit after its point";
    }
    if (!out->why && at < end && (*at == 'e' || *at == 'E')) {
        plain = false;
        at++;
        if (at < end && (*at == '+' || *at == '-'))
            at++;
        const char *exponent = at;
        at = skip_digits(exponent, end);
        if (at == exponent)
            out->why = "a number needs a digit in its exponent";
    }
    out->at = at;
    if (out->why)
        return;
    out->text = (tl_str){start, (size_t)(at - start)};
    if (plain)
        out->is_int = whole_number(digits, count, negative, &out->integer);
}

void tl_json_count_lines(const char *start, const char *at, size_t *line, size_t *column)
{
    const char *begin = start;
    *line = 1;
    for (const char *p = start; p < at; p++)
        if (*p == '\n') {
            (*line)++;
            begin = p + 1;
        }
    *column = 1 + tl_utf8_length((tl_str){begin, (size_t)(at - begin)});
}
