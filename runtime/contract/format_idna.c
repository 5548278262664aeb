/* Labels of host names in Punycode (RFC 3492), and what IDNA 2008 allows in them (RFC 5892): letters, marks and digits
 * that are not upper case, its exceptions and its rules of context. Not looked at: compatibility forms beyond upper
 * case, the rule for labels in both directions (RFC 5893), and joining scripts beside Arabic. */
#include "category_table.h"
#include "codec/utf8.h"
#include "formats.h"
#include "regex_int.h"

enum { LABEL_MOST = 63 };

struct label {
    uint32_t codes[LABEL_MOST];
    size_t count;
};

/* ---- Punycode ---- */

enum { BASE = 36, T_MIN = 1, T_MAX = 26, SKEW = 38, DAMP = 700, BIAS = 72, FIRST = 128 };

static uint32_t adapt(uint32_t delta, uint32_t points, bool first)
{
    uint32_t k = 0;
    delta = first ? delta / DAMP : delta / 2;
    delta += delta / points;
    for (; delta > (BASE - T_MIN) * T_MAX / 2; k += BASE)
        delta /= BASE - T_MIN;
    return k + (BASE - T_MIN + 1) * delta / (delta + SKEW);
}

static uint32_t digit(char c)
{
    if (c >= '0' && c <= '9')
        return (uint32_t)(c - '0') + 26;
    if (c >= 'a' && c <= 'z')
        return (uint32_t)(c - 'a');
    return c >= 'A' && c <= 'Z' ? (uint32_t)(c - 'A') : BASE;
}

/* One number of variable length. */
static bool read_delta(tl_str *rest, uint32_t bias, uint32_t *at)
{
    uint32_t weight = 1;
    for (uint32_t k = BASE;; k += BASE) {
        uint32_t t = k <= bias ? T_MIN : k >= bias + T_MAX ? T_MAX : k - bias, d;
        if (!rest->len || (d = digit(rest->ptr[0])) == BASE || d > (UINT32_MAX - *at) / weight)
            return false;
        *rest = tl_str_from(*rest, 1);
        *at += d * weight;
        if (d < t)
            return true;
        if (weight > UINT32_MAX / (BASE - t))
            return false;
        weight *= BASE - t;
    }
}

static bool decode(tl_str text, struct label *out)
{
    uint32_t code = FIRST, at = 0, bias = BIAS;
    size_t plain = text.len;
    while (plain && text.ptr[plain - 1] != '-')
        plain--;
    out->count = 0;
    for (size_t i = 0; i + 1 < plain; i++) {
        char c = text.ptr[i];
        out->codes[out->count++] = c >= 'A' && c <= 'Z' ? (uint32_t)c + 32 : (uint32_t)c;
    }
    tl_str rest = tl_str_from(text, plain);
    while (rest.len) {
        uint32_t before = at, points = (uint32_t)out->count + 1;
        if (!read_delta(&rest, bias, &at) || out->count == LABEL_MOST)
            return false;
        bias = adapt(at - before, points, before == 0);
        if (at / points > TL_CODE_LAST - code)
            return false;
        code += at / points;
        at %= points;
        for (size_t i = out->count; i > at; i--)
            out->codes[i] = out->codes[i - 1];
        out->codes[at++] = code;
        out->count++;
    }
    return true;
}

/* ---- what a label may hold ---- */

static bool in(uint32_t code, const struct tl_code_range *ranges, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (code >= ranges[i].first && code <= ranges[i].last)
            return true;
    return false;
}
#define IN(code, ranges) in((code), (ranges), TL_COUNT_OF(ranges))

static const struct tl_code_range allowed[] = {
    {0xDF, 0xDF}, {0x3C2, 0x3C2}, {0x6FD, 0x6FE}, {0xF0B, 0xF0B}, {0x3007, 0x3007}};
static const struct tl_code_range forbidden[] = {{0x640, 0x640},   {0x7FA, 0x7FA},   {0x302E, 0x302F},
                                                 {0x3031, 0x3035}, {0x303B, 0x303B}, {0x1100, 0x11FF},
                                                 {0xA960, 0xA97F}, {0xD7B0, 0xD7FF}};
static const struct tl_code_range greek[] = {{0x370, 0x3FF}, {0x1F00, 0x1FFF}};
static const struct tl_code_range hebrew[] = {{0x591, 0x5F4}, {0xFB1D, 0xFB4F}};
static const struct tl_code_range east[] = {{0x2E80, 0x2FD5},   {0x3005, 0x3007},  {0x3021, 0x3029}, {0x3038, 0x303B},
                                            {0x3041, 0x309F},   {0x30A1, 0x30FA},  {0x30FD, 0x30FF}, {0x31F0, 0x31FF},
                                            {0x3400, 0x4DBF},   {0x4E00, 0x9FFF},  {0xF900, 0xFAD9}, {0xFF66, 0xFF9D},
                                            {0x1B000, 0x1B122}, {0x20000, 0x3134A}};
static const struct tl_code_range arabic_digits[] = {{0x660, 0x669}};
static const struct tl_code_range eastern_arabic_digits[] = {{0x6F0, 0x6F9}};
/* Arabic letters that join to the one before them only, and those that never join. */
static const struct tl_code_range arabic[] = {{0x620, 0x64A}, {0x66E, 0x66F}, {0x671, 0x6D3}, {0x6D5, 0x6D5},
                                              {0x6EE, 0x6EF}, {0x6FA, 0x6FC}, {0x6FF, 0x6FF}};
static const struct tl_code_range joins_before[] = {{0x622, 0x625}, {0x627, 0x627}, {0x629, 0x629}, {0x62F, 0x632},
                                                    {0x648, 0x648}, {0x671, 0x673}, {0x675, 0x677}, {0x688, 0x699},
                                                    {0x6C0, 0x6C0}, {0x6C3, 0x6CB}, {0x6CD, 0x6CD}, {0x6CF, 0x6CF},
                                                    {0x6D2, 0x6D3}, {0x6D5, 0x6D5}, {0x6EE, 0x6EF}};
static const struct tl_code_range joins_never[] = {{0x621, 0x621}, {0x674, 0x674}};
static const uint32_t viramas[] = {
    0x94D,   0x9CD,   0xA4D,   0xACD,   0xB4D,   0xBCD,   0xC4D,   0xCCD,   0xD3B,   0xD3C,   0xD4D,   0xDCA,   0xE3A,
    0xEBA,   0xF84,   0x1039,  0x103A,  0x1714,  0x1715,  0x1734,  0x17D2,  0x1A60,  0x1B44,  0x1BAA,  0x1BAB,  0x1BF2,
    0x1BF3,  0x2D7F,  0xA806,  0xA82C,  0xA8C4,  0xA953,  0xA9C0,  0xAAF6,  0xABED,  0x10A3F, 0x11046, 0x11070, 0x1107F,
    0x110B9, 0x11133, 0x11134, 0x111C0, 0x11235, 0x112EA, 0x1134D, 0x11442, 0x114C2, 0x115BF, 0x1163F, 0x116B6, 0x1172B,
    0x11839, 0x1193D, 0x1193E, 0x119E0, 0x11A34, 0x11A47, 0x11A99, 0x11C3F, 0x11D44, 0x11D45, 0x11D97,
};

static enum tl_category category_of(uint32_t code)
{
    size_t low = 0, high = TL_COUNT_OF(tl_category_runs);
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (tl_category_runs[middle] >> 5 <= code)
            low = middle;
        else
            high = middle;
    }
    return (enum tl_category)(tl_category_runs[low] & 31);
}

static bool is_mark(uint32_t code)
{
    enum tl_category c = category_of(code);
    return c == TL_CATEGORY_MN || c == TL_CATEGORY_MC || c == TL_CATEGORY_ME;
}

static bool is_virama(uint32_t code)
{
    for (size_t i = 0; i < TL_COUNT_OF(viramas); i++)
        if (viramas[i] == code)
            return true;
    return false;
}

/* Between two letters that would join if it were not there; marks in between do not count. */
static bool parts_joining(const struct label *l, size_t at)
{
    size_t before = at, after = at + 1;
    while (before > 0 && category_of(l->codes[before - 1]) == TL_CATEGORY_MN)
        before--;
    while (after < l->count && category_of(l->codes[after]) == TL_CATEGORY_MN)
        after++;
    if (before == 0 || after == l->count)
        return false;
    uint32_t left = l->codes[before - 1], right = l->codes[after];
    return IN(left, arabic) && !IN(left, joins_before) && !IN(left, joins_never) && IN(right, arabic) &&
           !IN(right, joins_never);
}

static bool has(const struct label *l, const struct tl_code_range *ranges, size_t count)
{
    for (size_t i = 0; i < l->count; i++)
        if (in(l->codes[i], ranges, count))
            return true;
    return false;
}

/* RFC 5892, appendix A; *rules is false when the code point has no rule of context. */
static bool fits_context(const struct label *l, size_t at, bool *rules)
{
    uint32_t before = at > 0 ? l->codes[at - 1] : 0, after = at + 1 < l->count ? l->codes[at + 1] : 0;
    *rules = true;
    switch (l->codes[at]) {
    case 0xB7:
        return before == 'l' && after == 'l';
    case 0x375:
        return IN(after, greek);
    case 0x5F3:
    case 0x5F4:
        return IN(before, hebrew);
    case 0x30FB:
        return has(l, east, TL_COUNT_OF(east));
    case 0x200C:
        return is_virama(before) || parts_joining(l, at);
    case 0x200D:
        return is_virama(before);
    default:
        *rules = false;
        return true;
    }
}

static bool allowed_code(uint32_t code)
{
    const uint32_t letters_marks_digits = 1u << TL_CATEGORY_LL | 1u << TL_CATEGORY_LO | 1u << TL_CATEGORY_LM |
                                          1u << TL_CATEGORY_MN | 1u << TL_CATEGORY_MC | 1u << TL_CATEGORY_ND;
    if (code < 128)
        return (code >= 'a' && code <= 'z') || (code >= '0' && code <= '9') || code == '-';
    if (IN(code, allowed))
        return true;
    return !IN(code, forbidden) && tl_utf8_code_lower(code) == code &&
           (letters_marks_digits >> category_of(code) & 1u) != 0;
}

bool tl_format_a_label(tl_str text)
{
    struct label l;
    if (!text.len || text.len > LABEL_MOST || !decode(text, &l) || !l.count || is_mark(l.codes[0]))
        return false;
    if (l.count > 3 && l.codes[2] == '-' && l.codes[3] == '-')
        return false;
    if (l.codes[0] == '-' || l.codes[l.count - 1] == '-')
        return false;
    for (size_t i = 0; i < l.count; i++) {
        bool context;
        if (!fits_context(&l, i, &context) || (!context && !allowed_code(l.codes[i])))
            return false;
    }
    return !has(&l, arabic_digits, TL_COUNT_OF(arabic_digits)) ||
           !has(&l, eastern_arabic_digits, TL_COUNT_OF(eastern_arabic_digits));
}
