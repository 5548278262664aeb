/* Fields by the manifest: type, required, default, one_of, secret; unknown ones with the nearest word. */
#include "config.h"
#include "auth_kind.h"
#include "base/buf.h"
#include "base/duration.h"
#include "base/nearest.h"
#include "codec/json_pointer.h"
#include "codec/json_writer.h"
#include "codec/uri.h"
#include "manifest.h"
#include <stdio.h>
#include <string.h>

#define CONFIG_MAX (4u << 20)
#define WORDS_MAX 96

static const char *const runtime_keys[] = {
    "connector",  "kind",      "auth",    "limits", "retry", "breaker", "maintenance", "redelivers_for",
    "operations", "isolation", "steward", "mark",   "fresh", "changes", "timeout",     "batch"};

/* ---- one value ---- */

static bool is_text(const struct tl_json_value *value)
{
    return tl_json_type(value) == TL_JSON_IS_STRING;
}

static bool is_url(const struct tl_json_value *value)
{
    struct tl_uri uri;
    return is_text(value) && tl_uri_split(tl_json_text(value), &uri, NULL) == TL_OK && uri.userinfo.len == 0;
}

static bool is_pointer(const struct tl_json_value *value)
{
    return is_text(value) && tl_json_pointer_check(tl_json_text(value), NULL) == TL_OK;
}

static bool is_name(const struct tl_json_value *value)
{
    tl_str text = tl_json_text(value);
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] == '/' || (unsigned char)text.ptr[i] <= ' ' || text.ptr[i] == 127)
            return false;
    return is_text(value) && text.len != 0;
}

static bool is_integer(const struct tl_json_value *value)
{
    int64_t number;
    return tl_json_i64(value, &number);
}

static bool is_number(const struct tl_json_value *value)
{
    return tl_json_type(value) == TL_JSON_IS_NUMBER;
}

static bool is_boolean(const struct tl_json_value *value)
{
    return tl_json_type(value) == TL_JSON_IS_TRUE || tl_json_type(value) == TL_JSON_IS_FALSE;
}

static bool is_duration(const struct tl_json_value *value)
{
    int64_t ms;
    return is_text(value) && tl_duration_parse(tl_json_text(value), &ms, NULL) == TL_OK;
}

static bool is_list(const struct tl_json_value *value)
{
    return tl_json_type(value) == TL_JSON_IS_ARRAY;
}

static bool is_object(const struct tl_json_value *value)
{
    return tl_json_type(value) == TL_JSON_IS_OBJECT;
}

/* The types that manifest_keys.c takes. */
static const struct field_type {
    const char *name;
    bool (*fits)(const struct tl_json_value *value);
    const char *words;
} field_types[] = {
    {"string", is_text, "a text"},
    {"url", is_url, "a URL without user and password, like \"https://api.example.com\""},
    {"pointer", is_pointer, "a JSON pointer, like \"/order/id\""},
    {"name", is_name, "a name without blanks and slashes"},
    {"integer", is_integer, "an integer"},
    {"number", is_number, "a number"},
    {"boolean", is_boolean, "true or false"},
    {"duration", is_duration, "a duration, like \"500ms\", \"30s\" or \"2h\""},
    {"list", is_list, "a list"},
    {"object", is_object, "a table with names"},
};

static const struct field_type *type_of(const struct tl_json_value *field)
{
    size_t at = 0;
    while (at + 1 < TL_COUNT_OF(field_types) && !tl_str_is(tl_json_get_text(field, "type"), field_types[at].name))
        at++;
    return &field_types[at];
}

/* Secrets may be a list: the present one and those being rotated out. */
static bool secret_fits(const struct tl_json_value *field, const struct tl_json_value *value)
{
    if (!tl_json_get_bool(field, "secret", false) || tl_json_type(value) != TL_JSON_IS_ARRAY)
        return false;
    struct tl_json_iter i = tl_json_iter(value);
    while (tl_json_next(&i))
        if (!type_of(field)->fits(i.value))
            return false;
    return tl_json_count(value) > 0;
}

static tl_code check_one_of(const struct tl_json_value *field, tl_str name, const struct tl_json_value *value,
                            const char *what, struct tl_error *err)
{
    const struct tl_json_value *list = tl_json_get(field, "one_of");
    struct tl_json_iter i = tl_json_iter(list);
    while (tl_json_next(&i))
        if (tl_json_equal(i.value, value))
            return TL_OK;
    return list ? tl_fail(err, TL_ECONFIG, "%s%.*s: must be one of %.*s", what, TL_STR_ARGS(name),
                          TL_STR_ARGS(tl_json_raw(list)))
                : TL_OK;
}

static tl_code check_value(const struct tl_json_value *field, tl_str name, const struct tl_json_value *value,
                           const char *what, struct tl_error *err)
{
    tl_str help = tl_json_get_text(field, "help");
    const struct field_type *type = type_of(field);
    if (!type->fits(value) && !secret_fits(field, value)) {
        bool shown = is_text(value) && !tl_json_get_bool(field, "secret", false);
        tl_str is = shown ? tl_json_raw(value) : tl_str_z(tl_json_type_name(value));
        return tl_fail(err, TL_ECONFIG, "%s%.*s: is %.*s, must be %s%s%.*s", what, TL_STR_ARGS(name), TL_STR_ARGS(is),
                       type->words, help.len ? ": " : "", TL_STR_ARGS(help));
    }
    return check_one_of(field, name, value, what, err);
}

/* ---- all of them ---- */

static bool is_known(const char *const *known, size_t count, tl_str name)
{
    for (size_t i = 0; i < count; i++)
        if (tl_str_is(name, known[i]))
            return true;
    return false;
}

static tl_code refuse_unknown(const struct tl_json_value *fields, tl_str name, const char *const *known,
                              size_t known_count, const char *what, struct tl_error *err)
{
    char texts[WORDS_MAX][48];
    const char *words[WORDS_MAX];
    size_t count = 0;
    struct tl_json_iter i = tl_json_iter(fields);
    while (count < WORDS_MAX && tl_json_next(&i)) {
        snprintf(texts[count], sizeof texts[0], "%.*s", TL_STR_ARGS(i.key));
        words[count] = texts[count];
        count++;
    }
    for (size_t k = 0; k < known_count && count < WORDS_MAX; k++)
        words[count++] = known[k];
    const char *near = tl_nearest(name, words, count);
    return tl_fail(err, TL_ECONFIG, "%s%.*s: there is no such field%s%s%s", what, TL_STR_ARGS(name),
                   near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
}

static void put(struct tl_json_writer *out, tl_str name, const struct tl_json_value *value)
{
    if (!out)
        return;
    tl_json_key_str(out, name);
    tl_json_raw_value(out, tl_json_raw(value));
}

tl_code tl_fields_read(const struct tl_json_value *fields, const struct tl_json_value *object, const char *const *known,
                       size_t known_count, const char *what, bool lenient, struct tl_json_writer *out,
                       struct tl_json_writer *open, struct tl_error *err)
{
    struct tl_json_iter i = tl_json_iter(object);
    while (tl_json_next(&i))
        if (!tl_json_get_str(fields, i.key) && !is_known(known, known_count, i.key))
            return refuse_unknown(fields, i.key, known, known_count, what, err);
    i = tl_json_iter(fields);
    while (tl_json_next(&i)) {
        const struct tl_json_value *value = tl_json_get_str(object, i.key);
        bool later = lenient && tl_json_is_null(value);
        if (!value || (tl_json_is_null(value) && !lenient))
            value = tl_json_get(i.value, "default");
        if (!value && tl_json_get_bool(i.value, "required", false))
            return tl_fail(err, TL_ECONFIG, "%s%.*s: is missing%s%.*s", what, TL_STR_ARGS(i.key),
                           tl_json_get(i.value, "help") ? ": " : "", TL_STR_ARGS(tl_json_get_text(i.value, "help")));
        if (!value || later)
            continue;
        tl_code code = check_value(i.value, i.key, value, what, err);
        if (code != TL_OK)
            return code;
        put(out, i.key, value);
        if (!tl_json_get_bool(i.value, "secret", false))
            put(open, i.key, value);
    }
    return TL_OK;
}

/* ---- auth ---- */

static tl_code refuse_kind(const struct tl_json_value *schemes, tl_str kind, struct tl_error *err)
{
    struct tl_buf all;
    tl_buf_init(&all, 300);
    struct tl_json_iter i = tl_json_iter(schemes);
    while (tl_json_next(&i))
        tl_buf_addf(&all, "%s%.*s", all.len ? ", " : "", TL_STR_ARGS(i.key));
    tl_fail(err, TL_ECONFIG, "auth.kind \"%.*s\": this connector has %s", TL_STR_ARGS(kind),
            all.len ? all.ptr : "none");
    tl_buf_free(&all);
    return TL_ECONFIG;
}

static tl_code check_usual_fields(const struct tl_json_value *fields, tl_str kind, const struct tl_json_value *auth,
                                  bool lenient, struct tl_error *err)
{
    bool required;
    const char *name;
    for (size_t i = 0; (name = tl_auth_field(kind, i, &required)); i++) {
        const struct tl_json_value *value = tl_json_get(auth, name);
        if (tl_json_get(fields, name))
            continue; /* declared by the manifest: checked there */
        if (required && (!value || (tl_json_is_null(value) && !lenient)))
            return tl_fail(err, TL_ECONFIG, "auth.%s: is missing for kind \"%.*s\"", name, TL_STR_ARGS(kind));
        if (value && !tl_json_is_string(value) && !(lenient && tl_json_is_null(value)))
            return tl_fail(err, TL_ECONFIG, "auth.%s: is %s, must be a text", name, tl_json_type_name(value));
    }
    return TL_OK;
}

static tl_code check_auth(const struct tl_json_value *manifest, const struct tl_json_value *auth, bool lenient,
                          struct tl_json_writer *out, struct tl_error *err)
{
    const struct tl_json_value *schemes = tl_json_get(manifest, "auth");
    const char *known[8] = {"kind"};
    size_t count = 1;
    bool required;
    tl_str kind = auth ? tl_json_get_text(auth, "kind") : TL_STR("none");
    const struct tl_json_value *scheme = tl_json_get_str(schemes, kind);
    bool none = tl_str_is(kind, "none") && (!schemes || scheme);
    if (!scheme && !none)
        return !auth ? tl_fail(err, TL_ECONFIG, "auth: is missing; this connector needs credentials")
                     : refuse_kind(schemes, kind, err);
    const char *name;
    for (size_t i = 0; (name = tl_auth_field(kind, i, &required)) && count < TL_COUNT_OF(known); i++)
        known[count++] = name;
    const struct tl_json_value *fields = tl_json_get(scheme, "fields");
    tl_code code = check_usual_fields(fields, kind, auth, lenient, err);
    if (code == TL_OK)
        code = tl_fields_read(fields, auth, known, count, "auth.", lenient, out, NULL, err);
    for (size_t k = 0; code == TL_OK && k < count; k++)
        if (!tl_json_get(fields, known[k]) && tl_json_get(auth, known[k]))
            put(out, tl_str_z(known[k]), tl_json_get(auth, known[k]));
    return code;
}

/* ---- the whole ---- */

static tl_code finish(struct tl_json_writer *writer, struct tl_buf *text, struct tl_json_doc **doc,
                      struct tl_error *err)
{
    tl_json_end_object(writer);
    tl_code code = tl_json_writer_done(writer, err);
    return code == TL_OK ? tl_json_parse(tl_buf_str(text), NULL, doc, err) : code;
}

tl_code tl_config_read(const struct tl_json_value *manifest, tl_str settings, bool lenient, struct tl_config_docs *out,
                       struct tl_error *err)
{
    struct tl_json_doc *given = NULL;
    struct tl_config_docs docs = {0};
    struct tl_buf texts[3];
    struct tl_json_writer writers[3];
    tl_code code = tl_json_parse(settings, NULL, &given, err);
    if (code != TL_OK)
        return TL_ECONFIG;
    for (int i = 0; i < 3; i++) {
        tl_buf_init(&texts[i], CONFIG_MAX);
        tl_json_writer_init(&writers[i], &texts[i]);
        tl_json_begin_object(&writers[i]);
    }
    const struct tl_json_value *root = tl_json_root(given);
    if (tl_json_type(root) != TL_JSON_IS_OBJECT)
        code = tl_fail(err, TL_ECONFIG, "the settings are %s, must be an object", tl_json_type_name(root));
    if (code == TL_OK)
        code = tl_fields_read(tl_json_get(manifest, "config"), root, runtime_keys, TL_COUNT_OF(runtime_keys), "",
                              lenient, &writers[0], &writers[1], err);
    if (code == TL_OK)
        code = check_auth(manifest, tl_json_get(root, "auth"), lenient, &writers[2], err);
    struct tl_json_doc **const into[] = {&docs.config, &docs.open_config, &docs.auth};
    for (int i = 0; code == TL_OK && i < 3; i++)
        code = finish(&writers[i], &texts[i], into[i], err);
    for (int i = 0; i < 3; i++)
        tl_buf_free(&texts[i]);
    tl_json_free(given);
    if (code == TL_OK)
        *out = docs;
    else
        tl_config_deinit(&docs);
    return code;
}

void tl_config_deinit(struct tl_config_docs *docs)
{
    tl_json_free(docs->config);
    tl_json_free(docs->open_config);
    tl_json_free(docs->auth);
    *docs = (struct tl_config_docs){0};
}
