/* What the tables of keys cannot say about a manifest: names that must exist elsewhere in it. */
#include "manifest.h"
#include "manifest_check.h"

/* ---- operations that something refers to ---- */

static const struct tl_json_value *operation(const struct tl_json_value *first, const struct tl_json_value *second,
                                             tl_str name)
{
    const struct tl_json_value *found = tl_json_get_str(tl_json_get(first, "operations"), name);
    return found ? found : tl_json_get_str(tl_json_get(second, "operations"), name);
}

static tl_code refuse_operation(struct tl_manifest_check *check, const struct tl_json_value *root,
                                const struct tl_json_value *of, tl_str name, struct tl_error *err)
{
    char near[64];
    const struct tl_json_value *const in[] = {tl_json_get(root, "operations"), tl_json_get(of, "operations")};
    bool has = tl_manifest_nearest(name, in, TL_COUNT_OF(in), near, sizeof near);
    return tl_manifest_refuse(check, err, "there is no operation \"%.*s\"%s%s%s", TL_STR_ARGS(name),
                              has ? "; did you mean \"" : "", has ? near : "", has ? "\"?" : "");
}

/* `user`.`key` is an object that may name an operation, which is called to look at something. */
static tl_code want_read(struct tl_manifest_check *check, const struct tl_json_value *root,
                         const struct tl_json_value *of, const char *key, const struct tl_json_value *user,
                         struct tl_error *err)
{
    const struct tl_json_value *name = tl_json_get(tl_json_get(user, key), "operation");
    const struct tl_json_value *named = operation(root, of, tl_json_text(name));
    tl_str effect = tl_json_get_text(named, "effect");
    if (!name || tl_str_is(effect, "read"))
        return TL_OK;
    size_t was = tl_manifest_enter(check, tl_str_z(key));
    tl_manifest_enter(check, TL_STR("operation"));
    tl_code code = TL_OK;
    if (named)
        code = tl_manifest_refuse(check, err,
                                  "\"%.*s\" is no read, its effect is \"%.*s\": it is called to look, and "
                                  "must change nothing",
                                  TL_STR_ARGS(tl_json_text(name)), TL_STR_ARGS(effect));
    else
        code = refuse_operation(check, root, of, tl_json_text(name), err);
    tl_manifest_leave(check, was);
    return code;
}

static tl_code check_lookups(struct tl_manifest_check *check, const struct tl_json_value *root,
                             const struct tl_json_value *of, struct tl_error *err)
{
    tl_code code = TL_OK;
    struct tl_json_iter i = tl_json_iter(tl_json_get(root, "operations"));
    size_t was = tl_manifest_enter(check, TL_STR("operations"));
    while (code == TL_OK && tl_json_next(&i)) {
        size_t at = tl_manifest_enter(check, i.key);
        code = want_read(check, root, of, "lookup_by", i.value, err);
        tl_manifest_leave(check, at);
    }
    tl_manifest_leave(check, was);
    return code;
}

static tl_code check_changes(struct tl_manifest_check *check, const struct tl_json_value *root,
                             const struct tl_json_value *of, struct tl_error *err)
{
    tl_code code = TL_OK;
    struct tl_json_iter i = tl_json_iter(tl_json_get(root, "changes"));
    size_t was = tl_manifest_enter(check, TL_STR("changes"));
    while (code == TL_OK && tl_json_next(&i)) {
        size_t at = tl_manifest_enter(check, i.key);
        const struct tl_json_value *poll = tl_json_get(i.value, "poll");
        if (!tl_json_get_bool(i.value, "code", false) && !poll && !tl_json_get(i.value, "read"))
            code = tl_manifest_refuse(check, err, "needs \"code\": true, \"poll\" or \"read\"");
        else if (poll && !tl_json_get(i.value, "key"))
            code = tl_manifest_refuse(check, err, "needs \"key\": where a record's id is");
        else
            code = want_read(check, root, of, "read", i.value, err);
        tl_manifest_leave(check, at);
    }
    tl_manifest_leave(check, was);
    return code;
}

/* ---- where requests go ---- */

/* "https://host:1" of a text that begins with it, or nothing: then it is a path, or a template says. */
static tl_str origin_of(tl_str text)
{
    tl_str scheme, rest = text;
    size_t end = 0;
    if (!tl_str_cut(&rest, ':', &scheme) || !tl_str_starts(rest, TL_STR("//")))
        return TL_STR_NONE;
    for (size_t i = 0; i < scheme.len; i++)
        if (scheme.ptr[i] == '{' || scheme.ptr[i] == '/' || scheme.ptr[i] == '?')
            return TL_STR_NONE;
    for (end = scheme.len + 3; end < text.len && text.ptr[end] != '/' && text.ptr[end] != '?'; end++)
        if (text.ptr[end] == '{')
            return TL_STR_NONE;
    return tl_str_n(text.ptr, end);
}

static bool is_web(tl_str origin)
{
    return tl_str_starts(origin, TL_STR("https://")) || tl_str_starts(origin, TL_STR("http://"));
}

static bool is_declared(const struct tl_json_value *root, tl_str origin)
{
    tl_str host = origin, scheme;
    struct tl_json_iter i = tl_json_iter(tl_json_get(root, "hosts"));
    if (tl_str_eq(origin_of(tl_json_get_text(root, "base")), origin))
        return true;
    bool cut = tl_str_cut(&host, '/', &scheme);
    host = tl_str_from(host, 1);
    while (cut && tl_json_next(&i)) {
        tl_str pattern = tl_json_text(i.value), suffix = tl_str_from(pattern, 1);
        bool below = tl_str_starts(pattern, TL_STR("*.")) && host.len > suffix.len &&
                     tl_str_eq(suffix, tl_str_from(host, host.len - suffix.len));
        if (below || tl_str_eq(pattern, host) || tl_str_eq(origin_of(pattern), origin))
            return true;
    }
    return false;
}

static tl_code check_path(struct tl_manifest_check *check, const struct tl_json_value *root,
                          const struct tl_json_value *user, struct tl_error *err)
{
    tl_str origin = origin_of(tl_json_get_text(user, "path"));
    if (origin.len == 0 || (is_web(origin) && is_declared(root, origin)))
        return TL_OK;
    size_t was = tl_manifest_enter(check, TL_STR("path"));
    tl_code code = is_web(origin)
                       ? tl_manifest_refuse(check, err,
                                            "goes to %.*s, which is neither in \"hosts\" nor the origin of \"base\": "
                                            "nothing would be sent there",
                                            TL_STR_ARGS(origin))
                       : tl_manifest_refuse(check, err, "%.*s: only http and https are spoken", TL_STR_ARGS(origin));
    tl_manifest_leave(check, was);
    return code;
}

static tl_code check_paths(struct tl_manifest_check *check, const struct tl_json_value *root, const char *in,
                           const char *below, struct tl_error *err)
{
    tl_code code = TL_OK;
    struct tl_json_iter i = tl_json_iter(tl_json_get(root, in));
    size_t was = tl_manifest_enter(check, tl_str_z(in));
    while (code == TL_OK && tl_json_next(&i)) {
        size_t at = tl_manifest_enter(check, i.key);
        if (below != NULL)
            tl_manifest_enter(check, tl_str_z(below));
        code = check_path(check, root, below != NULL ? tl_json_get(i.value, below) : i.value, err);
        tl_manifest_leave(check, at);
    }
    tl_manifest_leave(check, was);
    return code;
}

static tl_code check_base(struct tl_manifest_check *check, const struct tl_json_value *root, struct tl_error *err)
{
    tl_str origin = origin_of(tl_json_get_text(root, "base"));
    if (origin.len == 0 || is_web(origin))
        return TL_OK;
    size_t was = tl_manifest_enter(check, TL_STR("base"));
    tl_code code = tl_manifest_refuse(check, err, "%.*s: only http and https are spoken", TL_STR_ARGS(origin));
    tl_manifest_leave(check, was);
    return code;
}

/* ---- the webhook ---- */

static bool is_scheme(const struct tl_json_value *scheme, const char *word)
{
    struct tl_json_iter i = tl_json_iter(scheme);
    while (tl_json_next(&i))
        if (tl_json_is(i.value, word))
            return true;
    return tl_json_is(scheme, word);
}

static tl_code check_secret(struct tl_manifest_check *check, const struct tl_json_value *root,
                            const struct tl_json_value *webhook, struct tl_error *err)
{
    const struct tl_json_value *scheme = tl_json_get(webhook, "scheme"), *config = tl_json_get(root, "config");
    tl_str secret = tl_json_get_text(webhook, "secret");
    char near[64];
    bool needs = !is_scheme(scheme, "none") && !is_scheme(scheme, "code");
    if (secret.len == 0)
        return needs ? tl_manifest_refuse(check, err, "needs \"secret\": the config field that holds it") : TL_OK;
    if (tl_str_starts(secret, TL_STR("auth.")) || tl_json_get_str(config, secret))
        return TL_OK;
    bool has = tl_manifest_nearest(secret, &config, 1, near, sizeof near);
    size_t was = tl_manifest_enter(check, TL_STR("secret"));
    tl_code code = tl_manifest_refuse(check, err, "there is no config field \"%.*s\"%s%s%s", TL_STR_ARGS(secret),
                                      has ? "; did you mean \"" : "", has ? near : "", has ? "\"?" : "");
    tl_manifest_leave(check, was);
    return code;
}

static tl_code check_webhook(struct tl_manifest_check *check, const struct tl_json_value *root, struct tl_error *err)
{
    const struct tl_json_value *webhook = tl_json_get(root, "webhook");
    bool by_code = tl_json_get_bool(webhook, "code", false);
    size_t was = tl_manifest_enter(check, TL_STR("webhook"));
    tl_code code = TL_OK;
    if (webhook && !by_code) {
        bool named = tl_json_get(webhook, "version") || tl_json_get(webhook, "dedupe");
        if (!tl_json_get(webhook, "object"))
            code = tl_manifest_refuse(check, err, "needs \"object\" (or \"code\": true)");
        else if (!tl_json_get(webhook, "key"))
            code = tl_manifest_refuse(check, err, "needs \"key\": where the record's id is");
        else if (!tl_json_get_bool(webhook, "hint", false) && !named)
            code = tl_manifest_refuse(check, err, "needs \"version\" or \"dedupe\", or is a \"hint\"");
    }
    if (code == TL_OK && webhook)
        code = check_secret(check, root, webhook, err);
    tl_manifest_leave(check, was);
    return code;
}

/* ---- the whole ---- */

tl_code tl_manifest_check_sense(const struct tl_json_value *root, const struct tl_json_value *of, struct tl_error *err)
{
    struct tl_manifest_check check = {0};
    tl_buf_init(&check.place, 400);
    tl_code code = want_read(&check, root, of, "probe", root, err);
    if (code == TL_OK)
        code = check_lookups(&check, root, of, err);
    if (code == TL_OK)
        code = check_changes(&check, root, of, err);
    if (code == TL_OK)
        code = check_base(&check, root, err);
    if (code == TL_OK)
        code = check_paths(&check, root, "operations", NULL, err);
    if (code == TL_OK)
        code = check_paths(&check, root, "changes", "poll", err);
    if (code == TL_OK)
        code = check_webhook(&check, root, err);
    tl_buf_free(&check.place);
    return code;
}
