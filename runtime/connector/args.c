/* A small validator: type, properties, required, additionalProperties, items, enum, lengths and item counts. */
#include "args.h"
#include "base/buf.h"
#include "base/nearest.h"
#include "codec/json_pointer.h"
#include <stdio.h>
#include <string.h>

#define DEPTH_MAX 32
#define PLACE_MAX 600

static const char *const type_names[] = {"object", "array", "string", "integer", "number", "boolean", "null"};
static const char *const schema_keys[] = {
    "type",     "properties", "required", "additionalProperties", "items", "enum",     "minLength", "maxLength",
    "minItems", "maxItems",   "default",  "description",          "title", "examples", "format",    "$schema"};

struct place {
    struct tl_buf text; /* a JSON pointer */
};

static const char *place_name(const struct place *place)
{
    return place->text.len ? place->text.ptr : "(the whole)";
}

static size_t enter(struct place *place, tl_str step)
{
    size_t was = place->text.len;
    tl_json_pointer_add(&place->text, step);
    return was;
}

static void leave(struct place *place, size_t was)
{
    place->text.len = was;
    if (place->text.ptr)
        place->text.ptr[was] = 0;
}

static bool known(tl_str word, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (tl_str_is(word, words[i]))
            return true;
    return false;
}

/* ---- the schema itself ---- */

static tl_code check_type_word(const struct place *place, const struct tl_json_value *type, struct tl_error *err)
{
    if (tl_json_is_string(type) && known(tl_json_text(type), type_names, TL_COUNT_OF(type_names)))
        return TL_OK;
    return tl_fail(err, TL_EINPUT, "schema %s: type %.*s is none of object array string integer number boolean null",
                   place_name(place), TL_STR_ARGS(tl_json_raw(type)));
}

static tl_code check_types(const struct place *place, const struct tl_json_value *type, struct tl_error *err)
{
    if (tl_json_type(type) != TL_JSON_IS_ARRAY)
        return check_type_word(place, type, err);
    struct tl_json_iter i = tl_json_iter(type);
    while (tl_json_next(&i)) {
        tl_code code = check_type_word(place, i.value, err);
        if (code != TL_OK)
            return code;
    }
    return TL_OK;
}

static tl_code check_schema(struct place *place, const struct tl_json_value *schema, int depth, struct tl_error *err);

static tl_code check_keyword(struct place *place, tl_str key, const struct tl_json_value *value, int depth,
                             struct tl_error *err)
{
    tl_code code = TL_OK;
    int64_t number;
    if (tl_str_is(key, "type"))
        return check_types(place, value, err);
    if (tl_str_is(key, "items"))
        return check_schema(place, value, depth + 1, err);
    if (tl_str_is(key, "properties")) {
        if (tl_json_type(value) != TL_JSON_IS_OBJECT)
            return tl_fail(err, TL_EINPUT, "schema %s: properties is no object", place_name(place));
        struct tl_json_iter i = tl_json_iter(value);
        while (code == TL_OK && tl_json_next(&i)) {
            size_t was = enter(place, i.key);
            code = check_schema(place, i.value, depth + 1, err);
            leave(place, was);
        }
        return code;
    }
    if ((tl_str_is(key, "required") || tl_str_is(key, "enum")) && tl_json_type(value) != TL_JSON_IS_ARRAY)
        return tl_fail(err, TL_EINPUT, "schema %s: %.*s is no list", place_name(place), TL_STR_ARGS(key));
    if (tl_str_is(key, "additionalProperties") && tl_json_type(value) != TL_JSON_IS_TRUE &&
        tl_json_type(value) != TL_JSON_IS_FALSE)
        return tl_fail(err, TL_EINPUT, "schema %s: additionalProperties is true or false here", place_name(place));
    if ((tl_str_starts(key, TL_STR("min")) || tl_str_starts(key, TL_STR("max"))) &&
        (!tl_json_i64(value, &number) || number < 0))
        return tl_fail(err, TL_EINPUT, "schema %s: %.*s is no whole number", place_name(place), TL_STR_ARGS(key));
    return TL_OK;
}

static tl_code check_schema(struct place *place, const struct tl_json_value *schema, int depth, struct tl_error *err)
{
    if (tl_json_type(schema) != TL_JSON_IS_OBJECT)
        return tl_fail(err, TL_EINPUT, "schema %s: is no object", place_name(place));
    if (depth > DEPTH_MAX)
        return tl_fail(err, TL_EINPUT, "schema %s: nested more than %d deep", place_name(place), DEPTH_MAX);
    struct tl_json_iter i = tl_json_iter(schema);
    while (tl_json_next(&i)) {
        if (!known(i.key, schema_keys, TL_COUNT_OF(schema_keys))) {
            const char *near = tl_nearest(i.key, schema_keys, TL_COUNT_OF(schema_keys));
            return tl_fail(err, TL_EINPUT, "schema %s: keyword %.*s is not one a manifest may use%s%s",
                           place_name(place), TL_STR_ARGS(i.key), near ? "; did you mean " : "", near ? near : "");
        }
        tl_code code = check_keyword(place, i.key, i.value, depth, err);
        if (code != TL_OK)
            return code;
    }
    return TL_OK;
}

tl_code tl_args_schema_check(const struct tl_json_value *schema, struct tl_error *err)
{
    struct place place;
    tl_buf_init(&place.text, PLACE_MAX);
    tl_code code = check_schema(&place, schema, 0, err);
    tl_buf_free(&place.text);
    return code;
}

/* ---- a value ---- */

/* 3, 3.0 and 3e0 are integers: no digit but 0 after the point, no negative exponent. Good enough for arguments: larger
 * forms (1.5e1) are refused, and nobody writes them. */
static bool is_integer(const struct tl_json_value *value)
{
    tl_str text = tl_json_text(value);
    ptrdiff_t dot = tl_str_find(text, '.');
    tl_str fraction = dot >= 0 ? tl_str_from(text, (size_t)dot + 1) : TL_STR_NONE;
    for (size_t i = 0; i < fraction.len; i++)
        if (fraction.ptr[i] != '0')
            return false;
    return tl_str_find(text, 'e') < 0 && tl_str_find(text, 'E') < 0;
}

static bool type_fits(tl_str type, const struct tl_json_value *value)
{
    switch (tl_json_type(value)) {
    case TL_JSON_IS_NULL:
        return tl_str_is(type, "null");
    case TL_JSON_IS_TRUE:
    case TL_JSON_IS_FALSE:
        return tl_str_is(type, "boolean");
    case TL_JSON_IS_NUMBER:
        return tl_str_is(type, "number") || (tl_str_is(type, "integer") && is_integer(value));
    case TL_JSON_IS_STRING:
        return tl_str_is(type, "string");
    case TL_JSON_IS_ARRAY:
        return tl_str_is(type, "array");
    case TL_JSON_IS_OBJECT:
        return tl_str_is(type, "object");
    default:
        return false;
    }
}

static tl_code check_type(const struct place *place, const struct tl_json_value *schema,
                          const struct tl_json_value *value, struct tl_error *err)
{
    const struct tl_json_value *type = tl_json_get(schema, "type");
    if (!type || type_fits(tl_json_text(type), value))
        return TL_OK;
    struct tl_json_iter i = tl_json_iter(tl_json_type(type) == TL_JSON_IS_ARRAY ? type : NULL);
    while (tl_json_next(&i))
        if (type_fits(tl_json_text(i.value), value))
            return TL_OK;
    return tl_fail(err, TL_EINPUT, "%s: is %s, wanted is %.*s", place_name(place), tl_json_type_name(value),
                   TL_STR_ARGS(tl_json_raw(type)));
}

static tl_code check_enum(const struct place *place, const struct tl_json_value *schema,
                          const struct tl_json_value *value, struct tl_error *err)
{
    const struct tl_json_value *list = tl_json_get(schema, "enum");
    if (!list)
        return TL_OK;
    struct tl_json_iter i = tl_json_iter(list);
    while (tl_json_next(&i))
        if (tl_json_equal(i.value, value))
            return TL_OK;
    return tl_fail(err, TL_EINPUT, "%s: is none of %.*s", place_name(place), TL_STR_ARGS(tl_json_raw(list)));
}

static tl_code check_count(const struct place *place, const struct tl_json_value *schema, const char *least,
                           const char *most, size_t count, const char *of, struct tl_error *err)
{
    int64_t low = tl_json_get_i64(schema, least, 0), high = tl_json_get_i64(schema, most, INT64_MAX);
    if ((int64_t)count < low)
        return tl_fail(err, TL_EINPUT, "%s: has %zu %s, at least %lld are wanted", place_name(place), count, of,
                       (long long)low);
    if ((int64_t)count > high)
        return tl_fail(err, TL_EINPUT, "%s: has %zu %s, at most %lld are allowed", place_name(place), count, of,
                       (long long)high);
    return TL_OK;
}

static tl_code check_value(struct place *place, const struct tl_json_value *schema, const struct tl_json_value *value,
                           int depth, struct tl_error *err);

static tl_code refuse_unknown(const struct place *place, const struct tl_json_value *properties, tl_str key,
                              struct tl_error *err)
{
    const char *words[64];
    char copies[64][48];
    size_t count = 0;
    struct tl_json_iter i = tl_json_iter(properties);
    while (count < 64 && tl_json_next(&i)) {
        if (i.key.len >= sizeof copies[0])
            continue;
        memcpy(copies[count], i.key.ptr, i.key.len);
        copies[count][i.key.len] = 0;
        words[count] = copies[count];
        count++;
    }
    const char *near = tl_nearest(key, words, count);
    return tl_fail(err, TL_EINPUT, "%s: there is no %.*s%s%s", place_name(place), TL_STR_ARGS(key),
                   near ? "; did you mean " : "", near ? near : "");
}

static tl_code check_members(struct place *place, const struct tl_json_value *schema, const struct tl_json_value *value,
                             int depth, struct tl_error *err)
{
    const struct tl_json_value *properties = tl_json_get(schema, "properties");
    bool closed = tl_json_type(tl_json_get(schema, "additionalProperties")) == TL_JSON_IS_FALSE;
    struct tl_json_iter i = tl_json_iter(tl_json_get(schema, "required"));
    while (tl_json_next(&i))
        if (!tl_json_get_str(value, tl_json_text(i.value)))
            return tl_fail(err, TL_EINPUT, "%s: %.*s is missing", place_name(place),
                           TL_STR_ARGS(tl_json_text(i.value)));
    i = tl_json_iter(value);
    while (tl_json_next(&i)) {
        const struct tl_json_value *of = tl_json_get_str(properties, i.key);
        if (!of && closed)
            return refuse_unknown(place, properties, i.key, err);
        size_t was = enter(place, i.key);
        tl_code code = of ? check_value(place, of, i.value, depth + 1, err) : TL_OK;
        leave(place, was);
        if (code != TL_OK)
            return code;
    }
    return TL_OK;
}

static tl_code check_items(struct place *place, const struct tl_json_value *schema, const struct tl_json_value *value,
                           int depth, struct tl_error *err)
{
    const struct tl_json_value *of = tl_json_get(schema, "items");
    tl_code code = check_count(place, schema, "minItems", "maxItems", tl_json_count(value), "items", err);
    size_t index = 0;
    struct tl_json_iter i = tl_json_iter(value);
    while (code == TL_OK && of && tl_json_next(&i)) {
        char number[24];
        snprintf(number, sizeof number, "%zu", index++);
        size_t was = enter(place, tl_str_z(number));
        code = check_value(place, of, i.value, depth + 1, err);
        leave(place, was);
    }
    return code;
}

static size_t code_points(tl_str s)
{
    size_t count = 0;
    for (size_t i = 0; i < s.len; i++)
        count += ((unsigned char)s.ptr[i] & 0xc0) != 0x80;
    return count;
}

static tl_code check_value(struct place *place, const struct tl_json_value *schema, const struct tl_json_value *value,
                           int depth, struct tl_error *err)
{
    tl_code code = check_type(place, schema, value, err);
    if (code == TL_OK)
        code = check_enum(place, schema, value, err);
    if (code != TL_OK || depth > DEPTH_MAX)
        return code;
    switch (tl_json_type(value)) {
    case TL_JSON_IS_OBJECT:
        return check_members(place, schema, value, depth, err);
    case TL_JSON_IS_ARRAY:
        return check_items(place, schema, value, depth, err);
    case TL_JSON_IS_STRING:
        return check_count(place, schema, "minLength", "maxLength", code_points(tl_json_text(value)), "characters",
                           err);
    default:
        return TL_OK;
    }
}

tl_code tl_args_check(const struct tl_json_value *schema, const struct tl_json_value *value, struct tl_error *err)
{
    if (!schema)
        return TL_OK;
    struct place place;
    tl_buf_init(&place.text, PLACE_MAX);
    tl_code code = check_value(&place, schema, value, 0, err);
    tl_buf_free(&place.text);
    return code;
}
