/* Canonical JSON. Recursion goes as deep as the value, which TL_JSON_DEPTH_MAX bounds. Thread: any. */
#include "codec/canonical.h"
#include "base/alloc.h"
#include "codec/decimal.h"
#include "codec/json_writer.h"
#include "codec/utf8.h"
#include "double_text.h"
#include <math.h>
#include <stdlib.h>

struct member {
    tl_str key;
    const struct tl_json_value *value;
};

static tl_code put(const struct tl_json_value *value, enum tl_canonical form, struct tl_buf *out, struct tl_error *err);

/* UTF-16 puts U+E000..U+FFFF behind the surrogates of U+10000 and above; code points and bytes do not. */
static uint32_t utf16_rank(uint32_t code)
{
    if (code >= 0x10000)
        return code - 0x10000 + 0xD800;
    return code >= 0xE000 ? code + 0x200000 : code;
}

static int by_utf16(const void *x, const void *y)
{
    tl_str a = ((const struct member *)x)->key, b = ((const struct member *)y)->key;
    size_t i = 0, j = 0;
    for (;;) {
        uint32_t c = 0, d = 0;
        bool more_a = tl_utf8_next(a, &i, &c), more_b = tl_utf8_next(b, &j, &d);
        if (!more_a || !more_b)
            return (int)more_a - (int)more_b;
        if (c != d)
            return utf16_rank(c) < utf16_rank(d) ? -1 : 1;
    }
}

static tl_code put_object(const struct tl_json_value *object, enum tl_canonical form, struct tl_buf *out,
                          struct tl_error *err)
{
    size_t count = tl_json_count(object), i = 0;
    struct member *members = tl_zalloc(count + 1, sizeof *members);
    struct tl_json_iter iter = tl_json_iter(object);
    tl_code code = TL_OK;
    while (tl_json_next(&iter))
        members[i++] = (struct member){iter.key, iter.value};
    qsort(members, count, sizeof *members, by_utf16);
    tl_buf_add_char(out, '{');
    for (i = 0; i < count && code == TL_OK; i++) {
        if (i)
            tl_buf_add_char(out, ',');
        tl_json_quote(out, members[i].key);
        tl_buf_add_char(out, ':');
        code = put(members[i].value, form, out, err);
    }
    tl_buf_add_char(out, '}');
    tl_free(members);
    return code;
}

static tl_code put_array(const struct tl_json_value *array, enum tl_canonical form, struct tl_buf *out,
                         struct tl_error *err)
{
    struct tl_json_iter iter = tl_json_iter(array);
    tl_code code = TL_OK;
    bool first = true;
    tl_buf_add_char(out, '[');
    while (code == TL_OK && tl_json_next(&iter)) {
        if (!first)
            tl_buf_add_char(out, ',');
        first = false;
        code = put(iter.value, form, out, err);
    }
    tl_buf_add_char(out, ']');
    return code;
}

/* Trimmed; in digits where ECMAScript would write digits, else with an exponent. */
static tl_code put_exact(tl_str text, struct tl_buf *out, struct tl_error *err)
{
    struct tl_decimal d = TL_DECIMAL_ZERO;
    tl_code code = tl_decimal_parse(text, &d, err);
    if (code == TL_OK) {
        tl_decimal_trim(&d, &d);
        if (d.scale < 0 && (int64_t)tl_decimal_digits(&d) - d.scale <= 21)
            code = tl_decimal_print_plain(&d, out, err);
        else
            tl_decimal_print(&d, out);
    }
    tl_decimal_free(&d);
    return code;
}

static tl_code put_double(tl_str text, struct tl_buf *out, struct tl_error *err)
{
    struct tl_decimal d = TL_DECIMAL_ZERO;
    char printed[32];
    tl_code code = tl_decimal_parse(text, &d, err);
    double value = code == TL_OK ? tl_decimal_to_double(&d) : 0;
    tl_decimal_free(&d);
    if (code != TL_OK)
        return code;
    if (!isfinite(value))
        return tl_fail(err, TL_EINPUT, "the number %.*s is beyond a double", TL_STR_ARGS(text));
    tl_buf_add(out, printed, tl_double_print(value, printed));
    return TL_OK;
}

static tl_code put(const struct tl_json_value *value, enum tl_canonical form, struct tl_buf *out, struct tl_error *err)
{
    switch (tl_json_type(value)) {
    case TL_JSON_IS_OBJECT:
        return put_object(value, form, out, err);
    case TL_JSON_IS_ARRAY:
        return put_array(value, form, out, err);
    case TL_JSON_IS_NUMBER:
        return (form == TL_CANONICAL_JCS ? put_double : put_exact)(tl_json_text(value), out, err);
    case TL_JSON_IS_STRING:
        tl_json_quote(out, tl_json_text(value));
        return TL_OK;
    default:
        tl_buf_add_str(out, tl_json_raw(value));
        return TL_OK;
    }
}

tl_code tl_json_canonical(const struct tl_json_value *value, enum tl_canonical form, struct tl_buf *out,
                          struct tl_error *err)
{
    tl_code code = put(value, form, out, err);
    if (code == TL_OK && out->overflow)
        return tl_fail(err, TL_EFULL, "the canonical JSON text passes its limit of %zu bytes", out->max);
    return code;
}
