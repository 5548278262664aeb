/* Are all elements of an array different? By value: 1 and 1.0 are equal, {"a":1,"b":2} and {"b":2,"a":1} too. Elements
 * are sorted by a hash that equal values share, so a long array costs no more than its sorting. */
#include "base/alloc.h"
#include "base/hash.h"
#include "codec/decimal.h"
#include "validate.h"
#include <stdlib.h>

static const struct tl_hash_key salt = {0x7469646c6f636b31, 0x756e69717565};

struct element {
    uint64_t hash;
    const struct tl_json_value *value;
    size_t index;
};

static uint64_t hash_text(uint64_t kind, tl_str text)
{
    return tl_hash(&salt, text.ptr ? text.ptr : "", text.len) * 31 + kind;
}

static uint64_t hash_number(tl_str text)
{
    struct tl_decimal d = TL_DECIMAL_ZERO;
    struct tl_buf out;
    uint64_t hash = 7; /* numbers too long for a decimal share one */
    tl_buf_init(&out, SIZE_MAX / 2);
    if (tl_decimal_parse(text, &d, NULL) == TL_OK) {
        tl_decimal_trim(&d, &d);
        tl_decimal_print(&d, &out);
        hash = hash_text(3, tl_buf_str(&out));
    }
    tl_buf_free(&out);
    tl_decimal_free(&d);
    return hash;
}

static uint64_t hash_value(const struct tl_json_value *value)
{
    enum tl_json_type type = tl_json_type(value);
    uint64_t hash = (uint64_t)type * 0x9E3779B97F4A7C15u;
    struct tl_json_iter i = tl_json_iter(value);
    if (type == TL_JSON_IS_NUMBER)
        return hash_number(tl_json_text(value));
    if (type == TL_JSON_IS_STRING)
        return hash_text(5, tl_json_text(value));
    while (tl_json_next(&i)) {
        uint64_t part = hash_value(i.value);
        if (type == TL_JSON_IS_OBJECT)
            hash += (part ^ hash_text(11, i.key)) * 0xBF58476D1CE4E5B9u; /* in any order */
        else
            hash = (hash ^ part) * 0x94D049BB133111EBu;
    }
    return hash;
}

static int by_hash(const void *left, const void *right)
{
    const struct element *a = left, *b = right;
    if (a->hash != b->hash)
        return a->hash < b->hash ? -1 : 1;
    return (a->index > b->index) - (a->index < b->index);
}

bool tl_eval_unique(struct tl_eval *e, const struct tl_json_value *array, size_t *first, size_t *second)
{
    size_t count = tl_json_count(array), filled = 0;
    bool unique = true;
    if (count < 2)
        return true;
    struct element *elements = tl_alloc(count * sizeof(*elements));
    struct tl_json_iter i = tl_json_iter(array);
    for (; tl_json_next(&i); filled++)
        elements[filled] = (struct element){hash_value(i.value), i.value, filled};
    qsort(elements, filled, sizeof(*elements), by_hash);
    for (size_t a = 0; a < filled && unique; a++)
        for (size_t b = a + 1; b < filled && elements[b].hash == elements[a].hash && unique; b++) {
            unique = tl_eval_pay(e, 1 + tl_json_raw(elements[a].value).len / 16) &&
                     !tl_json_equal(elements[a].value, elements[b].value);
            *first = elements[a].index;
            *second = elements[b].index;
        }
    tl_free(elements);
    return unique;
}
