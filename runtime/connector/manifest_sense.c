/* What the tables of keys cannot say about a manifest: names that must exist elsewhere in it. */
#include "base/nearest.h"
#include "manifest.h"
#include "manifest_check.h"
#include <stdio.h>

#define WORDS_MAX 96

/* ---- operations that something refers to
 * ------------------------------------------------------------------------------------------- */

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

/* `user`.`key` is an object that may name an operation. */
static tl_code want_operation(struct tl_manifest_check *check, const struct tl_json_value *root,
                              const struct tl_json_value *of, const char *key, const struct tl_json_value *user,
                              struct tl_error *err)
{
    const struct tl_json_value *name = tl_json_get(tl_json_get(user, key), "operation");
    if (!name || operation(root, of, tl_json_text(name)))
        return TL_OK;
    size_t was = tl_manifest_enter(check, tl_str_z(key));
    tl_manifest_enter(check, TL_STR("operation"));
    tl_code code = refuse_operation(check, root, of, tl_json_text(name), err);
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
        code = want_operation(check, root, of, "lookup_by", i.value, err);
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
            code = want_operation(check, root, of, "read", i.value, err);
        tl_manifest_leave(check, at);
    }
    tl_manifest_leave(check, was);
    return code;
}

/* ---- the webhook
 * -------------------------------------------------------------------------------------------------------------------
 */

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

/* ---- the whole
 * ---------------------------------------------------------------------------------------------------------------------
 */

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

tl_code tl_manifest_check_sense(const struct tl_json_value *root, const struct tl_json_value *of, struct tl_error *err)
{
    struct tl_manifest_check check = {0};
    tl_buf_init(&check.place, 400);
    tl_code code = want_operation(&check, root, of, "probe", root, err);
    if (code == TL_OK)
        code = check_lookups(&check, root, of, err);
    if (code == TL_OK)
        code = check_changes(&check, root, of, err);
    if (code == TL_OK)
        code = check_webhook(&check, root, err);
    tl_buf_free(&check.place);
    return code;
}
