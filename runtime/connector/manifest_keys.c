/* The tables of keys: what stands where in a manifest. sdk/docs/manifest.md says the same for people. */
#include "args.h"
#include "auth_kind.h"
#include "base/duration.h"
#include "base/nearest.h"
#include "codec/json_pointer.h"
#include "guard/failure.h"
#include "manifest.h"
#include "manifest_check.h"

#define END                                                                                                            \
    {                                                                                                                  \
        .name = NULL                                                                                                   \
    }

/* ---- single words ---- */

static tl_code one_of(struct tl_manifest_check *check, const struct tl_json_value *value, const char *const *words,
                      size_t count, struct tl_error *err)
{
    struct tl_buf all;
    for (size_t i = 0; i < count; i++)
        if (tl_json_is(value, words[i]))
            return TL_OK;
    tl_buf_init(&all, 400);
    for (size_t i = 0; i < count; i++)
        tl_buf_addf(&all, "%s%s", i ? ", " : "", words[i]);
    const char *near = tl_nearest(tl_json_text(value), words, count);
    tl_manifest_refuse(check, err, "%.*s must be one of %s%s%s%s", TL_STR_ARGS(tl_json_raw(value)), all.ptr,
                       near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
    tl_buf_free(&all);
    return TL_ECONFIG;
}

#define ONE_OF(name, ...)                                                                                              \
    static tl_code name(struct tl_manifest_check *check, const struct tl_json_value *value, struct tl_error *err)      \
    {                                                                                                                  \
        static const char *const words[] = {__VA_ARGS__};                                                              \
        return one_of(check, value, words, TL_COUNT_OF(words), err);                                                   \
    }

ONE_OF(check_method, "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
ONE_OF(check_effect, "read", "idempotent", "keyed", "unsafe")
ONE_OF(check_body_as, "json", "form", "text")
ONE_OF(check_field_type, "string", "url", "pointer", "name", "integer", "number", "boolean", "duration", "list",
       "object")
ONE_OF(check_client, "body", "basic")
ONE_OF(check_token_body, "form", "json")
ONE_OF(check_algorithm, "RS256", "ES256")
ONE_OF(check_hmac_algorithm, "sha256")
ONE_OF(check_hmac_form, "hex", "base64")
ONE_OF(check_wait_unit, "s", "ms", "epoch")

static tl_code check_class(struct tl_manifest_check *check, const struct tl_json_value *value, struct tl_error *err)
{
    static const char *const words[] = {"retry",    "auth", "quota",  "data",        "missing",
                                        "conflict", "gap",  "config", "unsupported", "bug"};
    enum tl_failure failure;
    if (tl_failure_parse(tl_json_text(value), &failure))
        return TL_OK;
    const char *near = tl_nearest(tl_json_text(value), words, TL_COUNT_OF(words));
    return tl_manifest_refuse(check, err,
                              "%.*s is no failure class (retry auth quota data missing conflict gap config "
                              "unsupported bug, or done)%s%s%s",
                              TL_STR_ARGS(tl_json_raw(value)), near ? "; did you mean \"" : "", near ? near : "",
                              near ? "\"?" : "");
}

static tl_code check_status_word(struct tl_manifest_check *check, const struct tl_json_value *value,
                                 struct tl_error *err)
{
    int64_t number;
    tl_str text = tl_json_text(value);
    if (tl_json_i64(value, &number) && number >= 100 && number <= 599)
        return TL_OK;
    if (tl_json_is_string(value) && text.len == 3 && text.ptr[0] >= '1' && text.ptr[0] <= '5' &&
        tl_str_is(tl_str_from(text, 1), "xx"))
        return TL_OK;
    return tl_manifest_refuse(check, err, "%.*s is no status (404, \"5xx\", or a list)",
                              TL_STR_ARGS(tl_json_raw(value)));
}

static tl_code check_status(struct tl_manifest_check *check, const struct tl_json_value *value, struct tl_error *err)
{
    if (tl_json_type(value) != TL_JSON_IS_ARRAY)
        return check_status_word(check, value, err);
    tl_code code = TL_OK;
    struct tl_json_iter i = tl_json_iter(value);
    while (code == TL_OK && tl_json_next(&i))
        code = check_status_word(check, i.value, err);
    return code;
}

static tl_code check_pointers(struct tl_manifest_check *check, const struct tl_json_value *value, struct tl_error *err)
{
    struct tl_json_iter i = tl_json_iter(value);
    if (!tl_json_is_string(value) && tl_json_type(value) != TL_JSON_IS_ARRAY)
        return tl_manifest_refuse(check, err, "must be a pointer or a list of pointers");
    if (tl_json_is_string(value) && tl_json_pointer_check(tl_json_text(value), NULL) != TL_OK)
        return tl_manifest_refuse(check, err, "must be a JSON pointer like \"/a/0/b\"");
    while (tl_json_next(&i))
        if (!tl_json_is_string(i.value) || tl_json_pointer_check(tl_json_text(i.value), NULL) != TL_OK)
            return tl_manifest_refuse(check, err, "must be a list of pointers");
    return TL_OK;
}

/* ---- config fields ---- */

static const struct tl_key field_keys[] = {
    {"type", TL_KEY_CHECK, true, NULL, check_field_type},
    {"required", TL_KEY_BOOL, false, NULL, NULL},
    {"secret", TL_KEY_BOOL, false, NULL, NULL},
    {"default", TL_KEY_ANY, false, NULL, NULL},
    {"one_of", TL_KEY_TEXTS, false, NULL, NULL},
    {"help", TL_KEY_TEXT, false, NULL, NULL},
    END,
};

/* ---- errors ---- */

static const struct tl_key wait_keys[] = {
    {"header", TL_KEY_TEXT, false, NULL, NULL},
    {"pointer", TL_KEY_POINTER, false, NULL, NULL},
    {"unit", TL_KEY_CHECK, false, NULL, check_wait_unit},
    END,
};

static tl_code check_wait(struct tl_manifest_check *check, const struct tl_json_value *value, struct tl_error *err)
{
    if (tl_json_type(value) == TL_JSON_IS_OBJECT)
        return tl_manifest_check_object(check, value, wait_keys, err);
    int64_t ms;
    return tl_json_is_string(value) && tl_duration_parse(tl_json_text(value), &ms, NULL) == TL_OK
               ? TL_OK
               : tl_manifest_refuse(check, err, "must be a duration, or {\"header\": …}");
}

#define CONDITION_KEYS                                                                                                 \
    {"status", TL_KEY_CHECK, false, NULL, check_status}, {"pointer", TL_KEY_CHECK, false, NULL, check_pointers},       \
        {"header", TL_KEY_TEXT, false, NULL, NULL}, {"equals", TL_KEY_ANY, false, NULL, NULL},                         \
        {"in", TL_KEY_TEXTS, false, NULL, NULL}, {"contains", TL_KEY_TEXT, false, NULL, NULL},                         \
    {                                                                                                                  \
        "starts", TL_KEY_TEXT, false, NULL, NULL                                                                       \
    }

static const struct tl_key condition_keys[] = {CONDITION_KEYS, END};
static const struct tl_key error_keys[] = {
    CONDITION_KEYS,
    {"class", TL_KEY_CHECK, true, NULL, check_class},
    {"wait", TL_KEY_CHECK, false, NULL, check_wait},
    {"unknown", TL_KEY_BOOL, false, NULL, NULL},
    {"message", TL_KEY_TEXT, false, NULL, NULL},
    END,
};

/* ---- operations ---- */

static tl_code check_schema(struct tl_manifest_check *check, const struct tl_json_value *value, struct tl_error *err)
{
    struct tl_error why = {0};
    if (tl_args_schema_check(value, &why) == TL_OK)
        return TL_OK;
    return tl_manifest_refuse(check, err, "%s", why.text);
}

static const struct tl_key lookup_keys[] = {
    {"operation", TL_KEY_TEXT, true, NULL, NULL},   {"args", TL_KEY_BODY, false, NULL, NULL},
    {"matches", TL_KEY_POINTER, false, NULL, NULL}, {"id", TL_KEY_POINTER, false, NULL, NULL},
    {"version", TL_KEY_POINTER, false, NULL, NULL}, END,
};
static const struct tl_key created_keys[] = {{"status", TL_KEY_CHECK, true, NULL, check_status}, END};

static tl_code check_created(struct tl_manifest_check *check, const struct tl_json_value *value, struct tl_error *err)
{
    if (tl_json_type(value) == TL_JSON_IS_OBJECT)
        return tl_manifest_check_object(check, value, created_keys, err);
    if (tl_json_is_string(value) || tl_json_type(value) == TL_JSON_IS_TRUE)
        return TL_OK;
    return tl_manifest_refuse(check, err, "must be {\"status\": 201}, a pointer or true");
}

static const struct tl_key result_keys[] = {
    {"document", TL_KEY_POINTER, false, NULL, NULL},       {"id", TL_KEY_PLACE, false, NULL, NULL},
    {"version", TL_KEY_PLACE, false, NULL, NULL},          {"url", TL_KEY_PLACE, false, NULL, NULL},
    {"created", TL_KEY_CHECK, false, NULL, check_created}, END,
};

static const struct tl_key next_keys[] = {
    {"link", TL_KEY_TEXT, false, NULL, NULL},    {"header", TL_KEY_TEXT, false, NULL, NULL},
    {"param", TL_KEY_TEXT, false, NULL, NULL},   {"value", TL_KEY_PLACE, false, NULL, NULL},
    {"page", TL_KEY_COUNT, false, NULL, NULL},   {"offset", TL_KEY_COUNT, false, NULL, NULL},
    {"pointer", TL_KEY_TEXT, false, NULL, NULL}, END,
};

static tl_code check_next(struct tl_manifest_check *check, const struct tl_json_value *value, struct tl_error *err)
{
    static const char *const ways[] = {"value", "page", "offset"};
    static const struct tl_key place = {"next", TL_KEY_PLACE, false, NULL, NULL};
    if (tl_json_type(value) != TL_JSON_IS_OBJECT)
        return tl_manifest_check_value(check, &place, value, err);
    size_t found = 0;
    tl_code code = tl_manifest_check_object(check, value, next_keys, err);
    for (size_t i = 0; i < TL_COUNT_OF(ways); i++)
        found += tl_json_get(value, ways[i]) != NULL;
    if (code != TL_OK)
        return code;
    if (found != (tl_json_get(value, "param") ? 1 : 0))
        return tl_manifest_refuse(
            check, err, "\"param\" goes with one of \"value\" (a place), \"page\" and \"offset\" (the first number)");
    if (!found && tl_json_count(value) != 1)
        return tl_manifest_refuse(
            check, err,
            "must be a place, {\"link\": \"next\"}, or {\"param\": …} with \"value\", \"page\" or \"offset\"");
    return TL_OK;
}

#define NEXT_KEYS                                                                                                      \
    {"size", TL_KEY_TEMPLATE, false, NULL, NULL},                                                                      \
    {                                                                                                                  \
        "total", TL_KEY_PLACE, false, NULL, NULL                                                                       \
    }

static const struct tl_key paging_keys[] = {
    {"items", TL_KEY_POINTER, true, NULL, NULL},
    {"next", TL_KEY_CHECK, true, NULL, check_next},
    {"more", TL_KEY_PLACE, false, NULL, NULL},
    {"max_items", TL_KEY_COUNT, false, NULL, NULL},
    {"max_pages", TL_KEY_COUNT, false, NULL, NULL},
    NEXT_KEYS,
    END,
};
static const struct tl_key writes_keys[] = {
    {"object", TL_KEY_TEMPLATE, true, NULL, NULL}, {"record", TL_KEY_POINTER, false, NULL, NULL}, END};

static tl_code check_parents(struct tl_manifest_check *check, const struct tl_json_value *value, struct tl_error *err)
{
    struct tl_json_iter i = tl_json_iter(value);
    bool good = tl_json_type(value) == TL_JSON_IS_ARRAY && tl_json_count(value) > 0;
    while (tl_json_next(&i))
        good &= tl_json_text(i.value).len > 0 && tl_json_text(i.value).ptr[0] == '/';
    return good ? TL_OK : tl_manifest_refuse(check, err, "must be a list of JSON pointers into the args");
}

static const struct tl_key many_keys[] = {
    {"rows", TL_KEY_COUNT, true, NULL, NULL},
    {"bytes", TL_KEY_COUNT, false, NULL, NULL},
    {"object", TL_KEY_POINTER, false, NULL, NULL},
    {"key", TL_KEY_POINTER, false, NULL, NULL},
    {"timeout", TL_KEY_DURATION, false, NULL, NULL},
    {"objects", TL_KEY_TEXTS, false, NULL, NULL},
    {"keys", TL_KEY_TEXTS, false, NULL, NULL},
    {"parents", TL_KEY_CHECK, false, NULL, check_parents},
    END,
};

static tl_code check_missing(struct tl_manifest_check *check, const struct tl_json_value *value, struct tl_error *err)
{
    if (tl_json_type(value) == TL_JSON_IS_TRUE || tl_json_is(value, "done"))
        return TL_OK;
    return tl_manifest_refuse(check, err, "must be true or \"done\"");
}

static const struct tl_key operation_keys[] = {
    {"summary", TL_KEY_TEXT, false, NULL, NULL},
    {"effect", TL_KEY_CHECK, true, NULL, check_effect},
    {"key_ttl", TL_KEY_DURATION, false, NULL, NULL},
    {"settle", TL_KEY_DURATION, false, NULL, NULL},
    {"lookup_by", TL_KEY_OBJECT, false, lookup_keys, NULL},
    {"args", TL_KEY_CHECK, false, NULL, check_schema},
    {"code", TL_KEY_BOOL, false, NULL, NULL},
    {"method", TL_KEY_CHECK, false, NULL, check_method},
    {"path", TL_KEY_PATH, false, NULL, NULL},
    {"query", TL_KEY_TEMPLATES, false, NULL, NULL},
    {"headers", TL_KEY_TEMPLATES, false, NULL, NULL},
    {"body", TL_KEY_BODY, false, NULL, NULL},
    {"body_as", TL_KEY_CHECK, false, NULL, check_body_as},
    {"content_type", TL_KEY_TEXT, false, NULL, NULL},
    {"ok", TL_KEY_CHECK, false, NULL, check_status},
    {"result", TL_KEY_OBJECT, false, result_keys, NULL},
    {"missing", TL_KEY_CHECK, false, NULL, check_missing},
    {"paging", TL_KEY_OBJECT, false, paging_keys, NULL},
    {"writes", TL_KEY_OBJECT, false, writes_keys, NULL},
    {"many", TL_KEY_OBJECT, false, many_keys, NULL},
    {"errors", TL_KEY_LIST, false, error_keys, NULL},
    {"deprecated", TL_KEY_TEXT, false, NULL, NULL},
    END,
};

/* Can our key reach the platform at all? */
static bool mentions(const struct tl_json_value *operation, const char *name)
{
    tl_str raw = tl_json_raw(operation);
    size_t n = tl_str_z(name).len;
    for (size_t i = 0; i + n <= raw.len; i++)
        if (tl_str_eq((tl_str){raw.ptr + i, n}, tl_str_z(name)))
            return true;
    return false;
}

static tl_code check_operation_sense(struct tl_manifest_check *check, const struct tl_json_value *op,
                                     struct tl_error *err)
{
    bool code = tl_json_get_bool(op, "code", false);
    if (!code && (!tl_json_get(op, "method") || !tl_json_get(op, "path")))
        return tl_manifest_refuse(check, err, "needs \"method\" and \"path\", or \"code\": true");
    if (code && (tl_json_get(op, "path") || tl_json_get(op, "body")))
        return tl_manifest_refuse(check, err, "has both code and a path: one of them is never used");
    if (tl_json_get(op, "many") && (!code || !tl_json_is(tl_json_get(op, "effect"), "idempotent")))
        return tl_manifest_refuse(check, err, "has \"many\": only an idempotent operation with code can have it");
    tl_str method = tl_json_get_text(op, "method");
    bool writes = tl_str_is(method, "PUT") || tl_str_is(method, "PATCH") || tl_str_is(method, "DELETE");
    if (writes && tl_json_is(tl_json_get(op, "effect"), "read"))
        return tl_manifest_refuse(check, err, "is a %.*s with the effect \"read\": one of them is wrong",
                                  TL_STR_ARGS(method));
    if (!tl_json_is(tl_json_get(op, "effect"), "keyed"))
        return TL_OK;
    if (!tl_json_get(op, "key_ttl"))
        return tl_manifest_refuse(check, err, "is keyed: \"key_ttl\" must say how long the platform keeps the key");
    if (!code && !mentions(op, "{request.idempotency_key}"))
        return tl_manifest_refuse(check, err, "is keyed, but {request.idempotency_key} is nowhere sent");
    return TL_OK;
}

static tl_code check_operations(struct tl_manifest_check *check, const struct tl_json_value *value,
                                struct tl_error *err)
{
    if (tl_json_type(value) != TL_JSON_IS_OBJECT)
        return tl_manifest_refuse(check, err, "must be an object");
    tl_code code = TL_OK;
    struct tl_json_iter i = tl_json_iter(value);
    while (code == TL_OK && tl_json_next(&i)) {
        size_t was = tl_manifest_enter(check, i.key);
        const struct tl_json_value *args = tl_json_get(i.value, "args");
        bool closed = !tl_json_get_bool(args, "additionalProperties", true);
        check->names = closed ? TL_NAMES_ARGS : TL_NAMES_ANY;
        check->named = tl_json_get(args, "properties");
        code = tl_manifest_check_object(check, i.value, operation_keys, err);
        check->names = TL_NAMES_ANY;
        if (code == TL_OK)
            code = check_operation_sense(check, i.value, err);
        tl_manifest_leave(check, was);
    }
    return code;
}

/* ---- authentication ---- */

static const struct tl_key auth_keys[] = {
    {"fields", TL_KEY_MAP, false, field_keys, NULL},
    {"help", TL_KEY_TEXT, false, NULL, NULL},
    {"expired", TL_KEY_LIST, false, condition_keys, NULL},
    {"user", TL_KEY_TEMPLATE, false, NULL, NULL},
    {"password", TL_KEY_TEMPLATE, false, NULL, NULL},
    {"header", TL_KEY_TEXT, false, NULL, NULL},
    {"value", TL_KEY_TEMPLATE, false, NULL, NULL},
    {"query", TL_KEY_TEXT, false, NULL, NULL},
    {"token_url", TL_KEY_PATH, false, NULL, NULL},
    {"client", TL_KEY_CHECK, false, NULL, check_client},
    {"scope", TL_KEY_TEMPLATE, false, NULL, NULL},
    {"audience", TL_KEY_TEMPLATE, false, NULL, NULL},
    {"issuer", TL_KEY_TEMPLATE, false, NULL, NULL},
    {"subject", TL_KEY_TEMPLATE, false, NULL, NULL},
    {"algorithm", TL_KEY_CHECK, false, NULL, check_algorithm},
    {"lifetime", TL_KEY_DURATION, false, NULL, NULL},
    {"form", TL_KEY_TEMPLATES, false, NULL, NULL},
    {"body", TL_KEY_CHECK, false, NULL, check_token_body},
    {"token", TL_KEY_PLACE, false, NULL, NULL},
    {"expires_in", TL_KEY_PLACE, false, NULL, NULL},
    {"refresh_token", TL_KEY_PLACE, false, NULL, NULL},
    {"session", TL_KEY_PLACES, false, NULL, NULL},
    {"code", TL_KEY_BOOL, false, NULL, NULL},
    {"login", TL_KEY_OBJECT, false, operation_keys, NULL},
    {"cookies", TL_KEY_BOOL, false, NULL, NULL},
    END,
};

static tl_code check_auth_sense(struct tl_manifest_check *check, tl_str kind, const struct tl_json_value *scheme,
                                struct tl_error *err)
{
    if (!tl_auth_kind_known(kind))
        return tl_manifest_refuse(check, err,
                                  "is no kind of authentication (none basic token oauth2_jwt "
                                  "oauth2_client_credentials oauth2_refresh session)");
    if (tl_str_starts(kind, TL_STR("oauth2")) && !tl_json_get(scheme, "token_url"))
        return tl_manifest_refuse(check, err, "needs \"token_url\"");
    if (tl_str_is(kind, "session") && !tl_json_get_bool(scheme, "code", false) && !tl_json_get(scheme, "login"))
        return tl_manifest_refuse(check, err, "needs \"code\": true or \"login\"");
    return TL_OK;
}

static tl_code check_auth(struct tl_manifest_check *check, const struct tl_json_value *value, struct tl_error *err)
{
    if (tl_json_type(value) != TL_JSON_IS_OBJECT)
        return tl_manifest_refuse(check, err, "must be an object");
    tl_code code = TL_OK;
    check->in_auth = true;
    struct tl_json_iter i = tl_json_iter(value);
    while (code == TL_OK && tl_json_next(&i)) {
        size_t was = tl_manifest_enter(check, i.key);
        code = tl_manifest_check_object(check, i.value, auth_keys, err);
        if (code == TL_OK)
            code = check_auth_sense(check, i.key, i.value, err);
        tl_manifest_leave(check, was);
    }
    check->in_auth = false;
    return code;
}

static const struct tl_key csrf_fetch_keys[] = {
    {"method", TL_KEY_CHECK, false, NULL, check_method}, {"path", TL_KEY_PATH, true, NULL, NULL}, END};
static const struct tl_key csrf_keys[] = {
    {"fetch", TL_KEY_OBJECT, true, csrf_fetch_keys, NULL},
    {"header", TL_KEY_TEXT, true, NULL, NULL},
    {"send", TL_KEY_TEXT, false, NULL, NULL},
    {"methods", TL_KEY_TEXTS, false, NULL, NULL},
    {"lost", TL_KEY_LIST, false, condition_keys, NULL},
    END,
};

/* ---- what it says, captures, webhooks ---- */

static const struct tl_key quota_keys[] = {
    {"name", TL_KEY_TEXT, true, NULL, NULL},
    {"window", TL_KEY_DURATION, false, NULL, NULL},
    {"header", TL_KEY_TEXT, false, NULL, NULL},
    {"form", TL_KEY_TEXT, false, NULL, NULL},
    {"limit", TL_KEY_TEXT, false, NULL, NULL},
    {"used", TL_KEY_TEXT, false, NULL, NULL},
    {"remaining", TL_KEY_TEXT, false, NULL, NULL},
    {"reset", TL_KEY_TEXT, false, NULL, NULL},
    {"unit", TL_KEY_CHECK, false, NULL, check_wait_unit},
    END,
};
static const struct tl_key warning_keys[] = {{"header", TL_KEY_TEXT, false, NULL, NULL},
                                             {"pointer", TL_KEY_POINTER, false, NULL, NULL},
                                             {"means", TL_KEY_TEXT, false, NULL, NULL},
                                             END};
static const struct tl_key read_keys[] = {{"operation", TL_KEY_TEXT, true, NULL, NULL},
                                          {"args", TL_KEY_BODY, false, NULL, NULL},
                                          {"record", TL_KEY_POINTER, false, NULL, NULL},
                                          END};
static const struct tl_key max_keys[] = {
    {"max", TL_KEY_POINTER, true, NULL, NULL}, {"overlap", TL_KEY_DURATION, false, NULL, NULL}, END};

static tl_code check_cursor(struct tl_manifest_check *check, const struct tl_json_value *value, struct tl_error *err)
{
    if (tl_json_get(value, "max"))
        return tl_manifest_check_object(check, value, max_keys, err);
    static const struct tl_key place = {"cursor", TL_KEY_PLACE, false, NULL, NULL};
    return tl_manifest_check_value(check, &place, value, err);
}

static const struct tl_key poll_keys[] = {
    {"path", TL_KEY_PATH, true, NULL, NULL},
    {"query", TL_KEY_TEMPLATES, false, NULL, NULL},
    {"headers", TL_KEY_TEMPLATES, false, NULL, NULL},
    {"items", TL_KEY_POINTER, true, NULL, NULL},
    {"cursor", TL_KEY_CHECK, true, NULL, check_cursor},
    {"more", TL_KEY_OBJECT, false, condition_keys, NULL},
    {"next", TL_KEY_CHECK, false, NULL, check_next},
    NEXT_KEYS,
    {"ordered", TL_KEY_BOOL, false, NULL, NULL},
    {"deleted", TL_KEY_OBJECT, false, condition_keys, NULL},
    {"start", TL_KEY_TEXT, false, NULL, NULL},
    {"errors", TL_KEY_LIST, false, error_keys, NULL},
    END,
};
static const struct tl_key changes_keys[] = {
    {"summary", TL_KEY_TEXT, false, NULL, NULL},
    {"key", TL_KEY_PLACE, false, NULL, NULL},
    {"version", TL_KEY_PLACE, false, NULL, NULL},
    {"deleted", TL_KEY_OBJECT, false, condition_keys, NULL},
    {"config", TL_KEY_MAP, false, field_keys, NULL},
    {"code", TL_KEY_BOOL, false, NULL, NULL},
    {"poll", TL_KEY_OBJECT, false, poll_keys, NULL},
    {"read", TL_KEY_OBJECT, false, read_keys, NULL},
    END,
};

/* Templates of a capture may name its settings; there are no arguments. */
static tl_code check_changes(struct tl_manifest_check *check, const struct tl_json_value *value, struct tl_error *err)
{
    if (tl_json_type(value) != TL_JSON_IS_OBJECT)
        return tl_manifest_refuse(check, err, "must be an object");
    tl_code code = TL_OK;
    struct tl_json_iter i = tl_json_iter(value);
    while (code == TL_OK && tl_json_next(&i)) {
        size_t was = tl_manifest_enter(check, i.key);
        check->names = TL_NAMES_CAPTURE;
        check->named = tl_json_get(i.value, "config");
        code = tl_manifest_check_object(check, i.value, changes_keys, err);
        check->names = TL_NAMES_ANY;
        tl_manifest_leave(check, was);
    }
    return code;
}

static tl_code check_scheme(struct tl_manifest_check *check, const struct tl_json_value *value, struct tl_error *err)
{
    static const char *const words[] = {"standard", "github", "zendesk", "hmac", "token", "none", "code"};
    if (tl_json_type(value) != TL_JSON_IS_ARRAY)
        return one_of(check, value, words, TL_COUNT_OF(words), err);
    tl_code code = TL_OK;
    struct tl_json_iter i = tl_json_iter(value);
    while (code == TL_OK && tl_json_next(&i))
        code = one_of(check, i.value, words, TL_COUNT_OF(words), err);
    return code;
}

/* The event's object: a plain word, or a place. */
static tl_code check_object(struct tl_manifest_check *check, const struct tl_json_value *value, struct tl_error *err)
{
    static const struct tl_key as_place = {"object", TL_KEY_PLACE, false, NULL, NULL};
    tl_str text = tl_json_text(value);
    if (tl_json_is_string(value) && text.len && text.ptr[0] != '/' && tl_str_find(text, '{') < 0)
        return TL_OK;
    return tl_manifest_check_value(check, &as_place, value, err);
}

static const struct tl_key reply_keys[] = {{"status", TL_KEY_COUNT, false, NULL, NULL},
                                           {"headers", TL_KEY_TEMPLATES, false, NULL, NULL},
                                           {"body", TL_KEY_TEXT, false, NULL, NULL},
                                           END};
static const struct tl_key webhook_keys[] = {
    {"scheme", TL_KEY_CHECK, true, NULL, check_scheme},
    {"secret", TL_KEY_TEXT, false, NULL, NULL},
    {"header", TL_KEY_TEMPLATE, false, NULL, NULL},
    {"algorithm", TL_KEY_CHECK, false, NULL, check_hmac_algorithm},
    {"form", TL_KEY_CHECK, false, NULL, check_hmac_form},
    {"prefix", TL_KEY_TEXT, false, NULL, NULL},
    {"content_types", TL_KEY_TEXTS, false, NULL, NULL},
    {"code", TL_KEY_BOOL, false, NULL, NULL},
    {"split", TL_KEY_TEMPLATE, false, NULL, NULL},
    {"type", TL_KEY_PLACE, false, NULL, NULL},
    {"object", TL_KEY_CHECK, false, NULL, check_object},
    {"key", TL_KEY_PLACE, false, NULL, NULL},
    {"version", TL_KEY_PLACE, false, NULL, NULL},
    {"dedupe", TL_KEY_PLACE, false, NULL, NULL},
    {"payload", TL_KEY_TEMPLATE, false, NULL, NULL},
    {"deleted", TL_KEY_OBJECT, false, condition_keys, NULL},
    {"hint", TL_KEY_BOOL, false, NULL, NULL},
    {"ignore", TL_KEY_LIST, false, condition_keys, NULL},
    {"reply", TL_KEY_OBJECT, false, reply_keys, NULL},
    END,
};
static const struct tl_key probe_keys[] = {{"operation", TL_KEY_TEXT, false, NULL, NULL},
                                           {"args", TL_KEY_BODY, false, NULL, NULL},
                                           {"code", TL_KEY_BOOL, false, NULL, NULL},
                                           END};

/* ---- the whole ---- */

/* What a system's file may say too, when its connector is told everything by it. */
#define PLATFORM_KEYS                                                                                                  \
    {"vendor", TL_KEY_TEXT, false, NULL, NULL}, {"title", TL_KEY_TEXT, false, NULL, NULL},                             \
        {"docs", TL_KEY_TEXT, false, NULL, NULL}, {"config", TL_KEY_MAP, false, field_keys, NULL},                     \
        {"hosts", TL_KEY_TEXTS, false, NULL, NULL}, {"base", TL_KEY_PATH, false, NULL, NULL},                          \
        {"headers", TL_KEY_TEMPLATES, false, NULL, NULL}, {"auth", TL_KEY_CHECK, false, NULL, check_auth},             \
        {"csrf", TL_KEY_OBJECT, false, csrf_keys, NULL}, {"operations", TL_KEY_CHECK, false, NULL, check_operations},  \
        {"errors", TL_KEY_LIST, false, error_keys, NULL}, {"error_message", TL_KEY_PLACE, false, NULL, NULL},          \
        {"error_code", TL_KEY_PLACE, false, NULL, NULL}, {"quota", TL_KEY_LIST, false, quota_keys, NULL},              \
        {"warnings", TL_KEY_LIST, false, warning_keys, NULL}, {"changes", TL_KEY_CHECK, false, NULL, check_changes},   \
        {"webhook", TL_KEY_OBJECT, false, webhook_keys, NULL},                                                         \
    {                                                                                                                  \
        "probe", TL_KEY_OBJECT, false, probe_keys, NULL                                                                \
    }

const struct tl_key tl_manifest_keys[] = {
    {"manifest", TL_KEY_COUNT, true, NULL, NULL},
    {"id", TL_KEY_TEXT, true, NULL, NULL},
    {"version", TL_KEY_TEXT, true, NULL, NULL},
    {"abi", TL_KEY_TEXT, true, NULL, NULL},
    {"licence", TL_KEY_TEXT, true, NULL, NULL},
    {"by_file", TL_KEY_BOOL, false, NULL, NULL},
    PLATFORM_KEYS,
    END,
};

const struct tl_key tl_manifest_file_keys[] = {PLATFORM_KEYS, END};

const struct tl_key tl_manifest_extra_keys[] = {
    {"operations", TL_KEY_CHECK, true, NULL, check_operations},
    {"errors", TL_KEY_LIST, false, error_keys, NULL},
    END,
};
