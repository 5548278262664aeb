/* Equality of JSON values. Recursion goes as deep as the values, which TL_JSON_DEPTH_MAX bounds. Thread: any. */
#include "codec/decimal.h"
#include "codec/json.h"

static bool numbers_equal(tl_str a, tl_str b)
{
    struct tl_decimal x = TL_DECIMAL_ZERO, y = TL_DECIMAL_ZERO;
    if (tl_str_eq(a, b))
        return true;
    /* numbers beyond the bounds of a decimal are equal only as text */
    bool equal = tl_decimal_parse(a, &x, NULL) == TL_OK && tl_decimal_parse(b, &y, NULL) == TL_OK &&
                 tl_decimal_compare(&x, &y) == 0;
    tl_decimal_free(&x);
    tl_decimal_free(&y);
    return equal;
}

static bool arrays_equal(const struct tl_json_value *a, const struct tl_json_value *b)
{
    struct tl_json_iter i = tl_json_iter(a), j = tl_json_iter(b);
    if (tl_json_count(a) != tl_json_count(b))
        return false;
    while (tl_json_next(&i) && tl_json_next(&j))
        if (!tl_json_equal(i.value, j.value))
            return false;
    return true;
}

/* Members mostly come in the same order: that is tried first, and only what differs is searched. */
static bool objects_equal(const struct tl_json_value *a, const struct tl_json_value *b)
{
    struct tl_json_iter i = tl_json_iter(a), j = tl_json_iter(b);
    if (tl_json_count(a) != tl_json_count(b))
        return false;
    while (tl_json_next(&i) && tl_json_next(&j)) {
        const struct tl_json_value *other = tl_str_eq(i.key, j.key) ? j.value : tl_json_get_str(b, i.key);
        if (!other || !tl_json_equal(i.value, other))
            return false;
    }
    return true;
}

bool tl_json_equal(const struct tl_json_value *a, const struct tl_json_value *b)
{
    enum tl_json_type type = tl_json_type(a);
    if (type != tl_json_type(b))
        return false;
    switch (type) {
    case TL_JSON_IS_NUMBER:
        return numbers_equal(tl_json_text(a), tl_json_text(b));
    case TL_JSON_IS_STRING:
        return tl_str_eq(tl_json_text(a), tl_json_text(b));
    case TL_JSON_IS_ARRAY:
        return arrays_equal(a, b);
    case TL_JSON_IS_OBJECT:
        return objects_equal(a, b);
    default:
        return true;
    }
}
