/* Reading a parsed document. Everything here is a pure function of the tape; NULL stands for "no value". Thread: any.
 */
#include "codec/json.h"
#include "base/alloc.h"
#include "codec/decimal.h"
#include "json_scan.h"
#include "json_value.h"
#include <string.h>

const struct tl_json_value *tl_json_root(const struct tl_json_doc *doc)
{
    return doc->nodes;
}

enum tl_json_type tl_json_type(const struct tl_json_value *value)
{
    return value ? (enum tl_json_type)value->type : TL_JSON_IS_NONE;
}

const char *tl_json_type_name(const struct tl_json_value *value)
{
    static const char *const names[] = {"nothing", "null", "boolean", "boolean", "number", "string", "array", "object"};
    return names[tl_json_type(value)];
}

static bool is_container(const struct tl_json_value *value)
{
    return value && (value->type == TL_JSON_IS_ARRAY || value->type == TL_JSON_IS_OBJECT);
}

static bool has_text(const struct tl_json_value *value)
{
    return value && (value->type == TL_JSON_IS_STRING || value->type == TL_JSON_IS_NUMBER);
}

size_t tl_json_count(const struct tl_json_value *value)
{
    return is_container(value) ? value->len : 0;
}

struct tl_json_iter tl_json_iter(const struct tl_json_value *container)
{
    struct tl_json_iter iter = {TL_STR_NONE, NULL, NULL, NULL, false};
    if (is_container(container)) {
        iter.at = container + 1;
        iter.end = container + container->span;
        iter.object = container->type == TL_JSON_IS_OBJECT;
    }
    return iter;
}

bool tl_json_next(struct tl_json_iter *iter)
{
    while (iter->at < iter->end) {
        const struct tl_json_value *node = iter->at;
        if (!iter->object) {
            iter->value = node;
            iter->at = node + node->span;
            return true;
        }
        iter->at = node + 1 + node[1].span;
        if (!node->overridden) {
            iter->key = (tl_str){node->text, node->len};
            iter->value = node + 1;
            return true;
        }
    }
    return false;
}

const struct tl_json_value *tl_json_get_str(const struct tl_json_value *object, tl_str key)
{
    if (tl_json_type(object) != TL_JSON_IS_OBJECT)
        return NULL;
    uint32_t hash = tl_json_key_hash(key);
    const struct tl_json_value *end = object + object->span;
    for (const struct tl_json_value *node = object + 1; node < end; node += 1 + node[1].span)
        if (node->hash == hash && !node->overridden && tl_str_eq(key, (tl_str){node->text, node->len}))
            return node + 1;
    return NULL;
}

const struct tl_json_value *tl_json_get(const struct tl_json_value *object, const char *key)
{
    return tl_json_get_str(object, tl_str_z(key));
}

const struct tl_json_value *tl_json_item(const struct tl_json_value *array, size_t index)
{
    if (tl_json_type(array) != TL_JSON_IS_ARRAY || index >= array->len)
        return NULL;
    const struct tl_json_value *node = array + 1;
    while (index-- > 0)
        node += node->span;
    return node;
}

tl_str tl_json_text(const struct tl_json_value *value)
{
    return has_text(value) ? (tl_str){value->text, value->len} : TL_STR_NONE;
}

char *tl_json_dup(const struct tl_json_value *value)
{
    return has_text(value) ? tl_str_dup(tl_json_text(value)) : NULL;
}

tl_str tl_json_raw(const struct tl_json_value *value)
{
    return value ? (tl_str){value->raw, value->raw_len} : TL_STR_NONE;
}

bool tl_json_is_string(const struct tl_json_value *value)
{
    return tl_json_type(value) == TL_JSON_IS_STRING;
}

bool tl_json_is_null(const struct tl_json_value *value)
{
    return tl_json_type(value) == TL_JSON_IS_NULL;
}

bool tl_json_bool(const struct tl_json_value *value)
{
    return tl_json_type(value) == TL_JSON_IS_TRUE;
}

bool tl_json_u64(const struct tl_json_value *value, uint64_t *out)
{
    return tl_json_type(value) == TL_JSON_IS_NUMBER && tl_str_u64(tl_json_text(value), out);
}

bool tl_json_i64(const struct tl_json_value *value, int64_t *out)
{
    struct tl_json_scanned got;
    if (tl_json_type(value) != TL_JSON_IS_NUMBER)
        return false;
    tl_json_scan_number(value->text, value->text + value->len, &got);
    if (!got.is_int) {
        bool zero = tl_str_is(tl_json_text(value), "-0");
        if (zero)
            *out = 0;
        return zero;
    }
    *out = got.integer;
    return true;
}

bool tl_json_is(const struct tl_json_value *value, const char *z)
{
    return tl_json_is_string(value) && tl_str_is(tl_json_text(value), z);
}

tl_str tl_json_get_text(const struct tl_json_value *object, const char *key)
{
    return tl_json_text(tl_json_get(object, key));
}

int64_t tl_json_get_i64(const struct tl_json_value *object, const char *key, int64_t otherwise)
{
    int64_t value = otherwise;
    tl_json_i64(tl_json_get(object, key), &value);
    return value;
}

bool tl_json_get_bool(const struct tl_json_value *object, const char *key, bool otherwise)
{
    enum tl_json_type type = tl_json_type(tl_json_get(object, key));
    return type == TL_JSON_IS_TRUE || (type != TL_JSON_IS_FALSE && otherwise);
}

size_t tl_json_offset(const struct tl_json_doc *doc, const struct tl_json_value *value)
{
    return value ? (size_t)(value->raw - doc->text) : 0;
}

void tl_json_place(const struct tl_json_doc *doc, const struct tl_json_value *value, size_t *line, size_t *column)
{
    tl_json_count_lines(doc->text, doc->text + tl_json_offset(doc, value), line, column);
}
