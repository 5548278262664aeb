/* The checker's engine: walks an object by its table of keys and keeps the place for messages. */
#include "manifest_check.h"
#include "base/duration.h"
#include "base/nearest.h"
#include "codec/json_pointer.h"
#include "vars.h"
#include <stdarg.h>
#include <stdio.h>

#define KEYS_MAX 48
#define WORDS_MAX 96

tl_code tl_manifest_refuse(struct tl_manifest_check *check, struct tl_error *err, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    tl_vfail(err, TL_ECONFIG, fmt, ap);
    va_end(ap);
    if (check->place.len)
        tl_error_prefix(err, "%s", check->place.ptr);
    return TL_ECONFIG;
}

size_t tl_manifest_enter(struct tl_manifest_check *check, tl_str step)
{
    size_t was = check->place.len;
    tl_json_pointer_add(&check->place, step);
    return was;
}

void tl_manifest_leave(struct tl_manifest_check *check, size_t was)
{
    check->place.len = was;
    if (check->place.ptr)
        check->place.ptr[was] = 0;
}

/* ---- names ---- */

bool tl_manifest_nearest(tl_str word, const struct tl_json_value *const *objects, size_t count, char *out, size_t size)
{
    char texts[WORDS_MAX][64];
    const char *words[WORDS_MAX];
    size_t known = 0;
    for (size_t o = 0; o < count; o++) {
        struct tl_json_iter i = tl_json_iter(objects[o]);
        while (known < WORDS_MAX && tl_json_next(&i)) {
            snprintf(texts[known], sizeof texts[0], "%.*s", TL_STR_ARGS(i.key));
            words[known] = texts[known];
            known++;
        }
    }
    const char *near = tl_nearest(word, words, known);
    if (near)
        snprintf(out, size, "%s", near);
    return near != NULL;
}

/* ---- templates ---- */

static bool request_name(tl_str name)
{
    static const char *const names[] = {"key", "version", "once_key", "idempotency_key", "marker", "object"};
    for (size_t i = 0; i < TL_COUNT_OF(names); i++)
        if (tl_str_is(name, names[i]))
            return true;
    return false;
}

/* "config.x.y" and the like: the first step must be a member. */
static bool is_member(struct tl_manifest_check *check, const struct tl_json_value *object, tl_str path)
{
    tl_str first;
    if (tl_str_cut(&path, '.', &first) && tl_json_get_str(object, first))
        return true;
    tl_manifest_nearest(first, &object, 1, check->near, sizeof check->near);
    return false;
}

static bool is_reserved(tl_str name)
{
    return tl_str_is(name, "args") || tl_str_starts(name, TL_STR("args.")) || tl_str_starts(name, TL_STR("session.")) ||
           tl_str_starts(name, TL_STR("option."));
}

static bool name_exists(void *ctx, tl_str name)
{
    struct tl_manifest_check *check = ctx;
    check->near[0] = 0;
    if (name.len == 0)
        return false;
    if (tl_str_starts(name, TL_STR("request.")))
        return request_name(tl_str_from(name, 8));
    if (tl_str_starts(name, TL_STR("auth.")))
        return check->in_auth;
    if (tl_str_starts(name, TL_STR("config.")))
        return is_member(check, check->config, tl_str_from(name, 7));
    if (check->names == TL_NAMES_ARGS)
        return is_reserved(name) || is_member(check, check->named, name);
    if (check->names == TL_NAMES_CAPTURE && tl_str_starts(name, TL_STR("option.")))
        return is_member(check, check->named, tl_str_from(name, 7));
    if (check->names == TL_NAMES_CAPTURE)
        return tl_str_starts(name, TL_STR("session.")) || tl_str_is(name, "cursor") || tl_str_is(name, "start");
    return true;
}

static tl_code check_template(struct tl_manifest_check *check, tl_str text, bool path, struct tl_error *err)
{
    struct tl_error why = {0};
    check->near[0] = 0;
    if (tl_template_names(text, path, name_exists, check, &why) == TL_OK)
        return TL_OK;
    bool near = check->near[0] != 0;
    return tl_manifest_refuse(check, err, "%s%s%s%s", why.text, near ? "; did you mean \"" : "", check->near,
                              near ? "\"?" : "");
}

static tl_code check_body(struct tl_manifest_check *check, const struct tl_json_value *value, struct tl_error *err)
{
    if (tl_json_is_string(value))
        return check_template(check, tl_json_text(value), false, err);
    tl_code code = TL_OK;
    struct tl_json_iter i = tl_json_iter(value);
    while (code == TL_OK && tl_json_next(&i))
        code = check_body(check, i.value, err);
    return code;
}

/* ---- forms ---- */

static tl_code check_place_text(struct tl_manifest_check *check, tl_str text, struct tl_error *err)
{
    if (tl_str_find(text, '{') >= 0)
        return check_template(check, text, false, err);
    if (tl_json_pointer_check(text, NULL) != TL_OK)
        return tl_manifest_refuse(check, err, "\"%.*s\" is no pointer (\"/a/0/b\"), no template and no {\"header\": …}",
                                  TL_STR_ARGS(text));
    return TL_OK;
}

static tl_code check_place(struct tl_manifest_check *check, const struct tl_json_value *value, int depth,
                           struct tl_error *err)
{
    tl_code code = TL_OK;
    struct tl_json_iter i = tl_json_iter(value);
    switch (tl_json_type(value)) {
    case TL_JSON_IS_STRING:
        return check_place_text(check, tl_json_text(value), err);
    case TL_JSON_IS_OBJECT:
        if (tl_json_count(value) == 1 && tl_json_is_string(tl_json_get(value, "header")))
            return check_template(check, tl_json_get_text(value, "header"), false, err);
        if (tl_json_count(value) == 1 && tl_json_is_string(tl_json_get(value, "pointer")))
            return check_place_text(check, tl_json_get_text(value, "pointer"), err);
        return tl_manifest_refuse(check, err,
                                  "a place that is an object is {\"header\": \"Name\"} or {\"pointer\": \"/a\"}");
    case TL_JSON_IS_ARRAY:
        while (code == TL_OK && depth == 0 && tl_json_next(&i))
            code = check_place(check, i.value, 1, err);
        return code;
    default:
        return tl_manifest_refuse(check, err, "is no place");
    }
}

static tl_code want_type(struct tl_manifest_check *check, const struct tl_json_value *value, enum tl_json_type type,
                         const char *what, struct tl_error *err)
{
    if (tl_json_type(value) == type)
        return TL_OK;
    return tl_manifest_refuse(check, err, "is %s, must be %s", tl_json_type_name(value), what);
}

/* Every member (or element) by one rule. */
static tl_code check_each(struct tl_manifest_check *check, const struct tl_key *key, const struct tl_json_value *value,
                          struct tl_error *err)
{
    bool is_list = key->form == TL_KEY_LIST || key->form == TL_KEY_TEXTS;
    tl_code code =
        want_type(check, value, is_list ? TL_JSON_IS_ARRAY : TL_JSON_IS_OBJECT, is_list ? "a list" : "an object", err);
    struct tl_key of = {.name = key->name, .of = key->of, .form = TL_KEY_OBJECT};
    of.form = key->form == TL_KEY_TEXTS       ? TL_KEY_TEXT
              : key->form == TL_KEY_TEMPLATES ? TL_KEY_TEMPLATE
              : key->form == TL_KEY_PLACES    ? TL_KEY_PLACE
                                              : TL_KEY_OBJECT;
    size_t index = 0;
    struct tl_json_iter i = tl_json_iter(value);
    while (code == TL_OK && tl_json_next(&i)) {
        char number[24];
        int n = snprintf(number, sizeof number, "%zu", index++);
        size_t was = tl_manifest_enter(check, is_list ? tl_str_n(number, (size_t)n) : i.key);
        code = tl_manifest_check_value(check, &of, i.value, err);
        tl_manifest_leave(check, was);
    }
    return code;
}

static tl_code check_count(struct tl_manifest_check *check, const struct tl_json_value *value, struct tl_error *err)
{
    int64_t number;
    if (tl_json_i64(value, &number) && number >= 0)
        return TL_OK;
    return tl_manifest_refuse(check, err, "must be a whole number");
}

static tl_code check_duration(struct tl_manifest_check *check, const struct tl_json_value *value, struct tl_error *err)
{
    int64_t ms;
    if (tl_json_is_string(value) && tl_duration_parse(tl_json_text(value), &ms, NULL) == TL_OK)
        return TL_OK;
    return tl_manifest_refuse(check, err, "must be a duration like \"500ms\", \"30s\", \"2h\"");
}

static tl_code check_text(struct tl_manifest_check *check, const struct tl_key *key, const struct tl_json_value *value,
                          struct tl_error *err)
{
    tl_code code = want_type(check, value, TL_JSON_IS_STRING, "a text", err);
    if (code != TL_OK || key->form == TL_KEY_TEXT)
        return code;
    if (key->form == TL_KEY_POINTER && tl_json_pointer_check(tl_json_text(value), NULL) != TL_OK)
        return tl_manifest_refuse(check, err, "must be a JSON pointer like \"/a/0/b\"");
    if (key->form == TL_KEY_POINTER)
        return TL_OK;
    return check_template(check, tl_json_text(value), key->form == TL_KEY_PATH, err);
}

tl_code tl_manifest_check_value(struct tl_manifest_check *check, const struct tl_key *key,
                                const struct tl_json_value *value, struct tl_error *err)
{
    switch (key->form) {
    case TL_KEY_ANY:
        return TL_OK;
    case TL_KEY_TEXT:
    case TL_KEY_POINTER:
    case TL_KEY_TEMPLATE:
    case TL_KEY_PATH:
        return check_text(check, key, value, err);
    case TL_KEY_BOOL:
        if (tl_json_type(value) == TL_JSON_IS_TRUE || tl_json_type(value) == TL_JSON_IS_FALSE)
            return TL_OK;
        return tl_manifest_refuse(check, err, "must be true or false");
    case TL_KEY_COUNT:
        return check_count(check, value, err);
    case TL_KEY_DURATION:
        return check_duration(check, value, err);
    case TL_KEY_PLACE:
        return check_place(check, value, 0, err);
    case TL_KEY_OBJECT:
        return tl_manifest_check_object(check, value, key->of, err);
    case TL_KEY_BODY:
        return check_body(check, value, err);
    case TL_KEY_CHECK:
        return key->check(check, value, err);
    default:
        return check_each(check, key, value, err);
    }
}

static const struct tl_key *find_key(const struct tl_key *keys, tl_str name)
{
    for (; keys->name; keys++)
        if (tl_str_is(name, keys->name))
            return keys;
    return NULL;
}

static tl_code refuse_key(struct tl_manifest_check *check, const struct tl_key *keys, tl_str name, struct tl_error *err)
{
    const char *words[KEYS_MAX];
    size_t count = 0;
    for (; keys->name && count < KEYS_MAX; keys++)
        words[count++] = keys->name;
    const char *near = tl_nearest(name, words, count);
    return tl_manifest_refuse(check, err, "there is no key \"%.*s\" here%s%s%s", TL_STR_ARGS(name),
                              near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
}

tl_code tl_manifest_check_object(struct tl_manifest_check *check, const struct tl_json_value *value,
                                 const struct tl_key *keys, struct tl_error *err)
{
    tl_code code = want_type(check, value, TL_JSON_IS_OBJECT, "an object", err);
    struct tl_json_iter i = tl_json_iter(value);
    while (code == TL_OK && tl_json_next(&i)) {
        const struct tl_key *key = find_key(keys, i.key);
        if (!key && tl_str_starts(i.key, TL_STR("x-")))
            continue;
        if (!key)
            return refuse_key(check, keys, i.key, err);
        size_t was = tl_manifest_enter(check, i.key);
        code = tl_manifest_check_value(check, key, i.value, err);
        tl_manifest_leave(check, was);
    }
    for (const struct tl_key *key = keys; code == TL_OK && key->name; key++)
        if (key->required && !tl_json_get(value, key->name))
            return tl_manifest_refuse(check, err, "\"%s\" is missing", key->name);
    return code;
}

tl_code tl_manifest_check_keys(const struct tl_json_value *root, const struct tl_key *keys,
                               const struct tl_json_value *config, struct tl_error *err)
{
    struct tl_manifest_check check = {.config = config};
    tl_buf_init(&check.place, 400);
    tl_code code = tl_manifest_check_object(&check, root, keys, err);
    tl_buf_free(&check.place);
    return code;
}
