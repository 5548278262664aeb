/* Loading a manifest: parse, check by the tables, then what the tables cannot say: versions, and names that must exist.
 */
#include "manifest.h"
#include "manifest_check.h"

#define FORMAT 1

/* ---- authentication kinds
 * ---------------------------------------------------------------------------------------------- */

struct auth_kind {
    const char *kind;
    const char *fields[6]; /* the usual ones; a leading '!' marks a required one */
};

static const struct auth_kind auth_kinds[] = {
    {"none", {NULL}},
    {"basic", {"!user", "!password", NULL}},
    {"token", {"!token", NULL}},
    {"oauth2_client_credentials", {"!client_id", "!client_secret", "scope", NULL}},
    {"oauth2_jwt", {"!client_id", "!key", "user", "audience", NULL}},
    {"oauth2_refresh", {"!client_id", "client_secret", "!refresh_token", "scope", NULL}},
    {"session", {"user", "password", NULL}},
};

static const struct auth_kind *auth_kind(tl_str kind)
{
    for (size_t i = 0; i < TL_COUNT_OF(auth_kinds); i++)
        if (tl_str_is(kind, auth_kinds[i].kind))
            return &auth_kinds[i];
    return NULL;
}

bool tl_auth_kind_known(tl_str kind)
{
    return auth_kind(kind) != NULL;
}

const char *tl_auth_field(tl_str kind, size_t i, bool *required)
{
    const struct auth_kind *of = auth_kind(kind);
    const char *field = of && i < TL_COUNT_OF(of->fields) ? of->fields[i] : NULL;
    *required = field && field[0] == '!';
    return field && field[0] == '!' ? field + 1 : field;
}

/* ---- checks beyond the tables
 * ------------------------------------------------------------------------------------------- */

static bool id_is_good(tl_str id)
{
    if (id.len == 0 || id.len > 40 || id.ptr[0] < 'a' || id.ptr[0] > 'z')
        return false;
    for (size_t i = 0; i < id.len; i++) {
        char c = id.ptr[i];
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'))
            return false;
    }
    return true;
}

static bool version_is_good(tl_str version)
{
    tl_str part;
    uint64_t number;
    int parts = 0;
    while (tl_str_cut(&version, '.', &part)) {
        if (!tl_str_u64(part, &number) || number > 1000000)
            return false;
        parts++;
    }
    return parts == 3;
}

static tl_code check_head(const struct tl_json_value *root, struct tl_error *err)
{
    int64_t format = tl_json_get_i64(root, "manifest", 0);
    if (format != FORMAT)
        return tl_fail(err, TL_EVERSION, "manifest format %lld; this Tidelock reads format %d", (long long)format,
                       FORMAT);
    if (!id_is_good(tl_json_get_text(root, "id")))
        return tl_fail(err, TL_ECONFIG, "id: must be a-z, 0-9 and _, beginning with a letter, at most 40 characters");
    if (!version_is_good(tl_json_get_text(root, "version")))
        return tl_fail(err, TL_ECONFIG, "version: must be three numbers (\"1.2.0\")");
    tl_str abi = tl_json_get_text(root, "abi");
    if (!tl_str_starts(abi, TL_STR("1.")))
        return tl_fail(err, TL_EVERSION, "abi %.*s; this Tidelock speaks 1.0: rebuild the connector with its sdk",
                       TL_STR_ARGS(abi));
    return TL_OK;
}

static const struct tl_json_value *operation(const struct tl_json_value *first, const struct tl_json_value *second,
                                             tl_str name)
{
    const struct tl_json_value *found = tl_json_get_str(tl_json_get(first, "operations"), name);
    return found ? found : tl_json_get_str(tl_json_get(second, "operations"), name);
}

static tl_code want_operation(const struct tl_json_value *root, const struct tl_json_value *of, tl_str place,
                              const char *key, const struct tl_json_value *user, struct tl_error *err)
{
    const struct tl_json_value *name = tl_json_get(tl_json_get(user, key), "operation");
    if (!name || operation(root, of, tl_json_text(name)))
        return TL_OK;
    return tl_fail(err, TL_ECONFIG, "%.*s.%s: there is no operation \"%.*s\"", TL_STR_ARGS(place), key,
                   TL_STR_ARGS(tl_json_text(name)));
}

/* Names of operations that something refers to. */
static tl_code check_references(const struct tl_json_value *root, const struct tl_json_value *of, struct tl_error *err)
{
    tl_code code = want_operation(root, of, TL_STR("(the whole)"), "probe", root, err);
    struct tl_json_iter i = tl_json_iter(tl_json_get(root, "operations"));
    while (code == TL_OK && tl_json_next(&i))
        code = want_operation(root, of, i.key, "lookup_by", i.value, err);
    i = tl_json_iter(tl_json_get(root, "changes"));
    while (code == TL_OK && tl_json_next(&i)) {
        code = want_operation(root, of, i.key, "read", i.value, err);
        if (code == TL_OK && !tl_json_get_bool(i.value, "code", false) && !tl_json_get(i.value, "poll") &&
            !tl_json_get(i.value, "read"))
            return tl_fail(err, TL_ECONFIG, "changes.%.*s: needs \"code\": true, \"poll\" or \"read\"",
                           TL_STR_ARGS(i.key));
    }
    return code;
}

static tl_code check_webhook(const struct tl_json_value *root, struct tl_error *err)
{
    const struct tl_json_value *webhook = tl_json_get(root, "webhook");
    if (!webhook || tl_json_get_bool(webhook, "code", false))
        return TL_OK;
    if (!tl_json_get(webhook, "object"))
        return tl_fail(err, TL_ECONFIG, "webhook: needs \"object\" (or \"code\": true)");
    if (!tl_json_get(webhook, "key"))
        return tl_fail(err, TL_ECONFIG, "webhook: needs \"key\": where the record's id is");
    if (!tl_json_get_bool(webhook, "hint", false) && !tl_json_get(webhook, "version") &&
        !tl_json_get(webhook, "dedupe"))
        return tl_fail(err, TL_ECONFIG, "webhook: needs \"version\" or \"dedupe\", or is a \"hint\"");
    return TL_OK;
}

static tl_code check_all(const struct tl_json_value *root, const struct tl_key *keys,
                         const struct tl_json_value *config, struct tl_error *err)
{
    struct tl_manifest_check check = {.config = config};
    tl_buf_init(&check.place, 400);
    tl_code code = tl_manifest_check_object(&check, root, keys, err);
    tl_buf_free(&check.place);
    return code;
}

static tl_code parse(tl_str text, struct tl_manifest *out, struct tl_error *err)
{
    struct tl_json_limits limits = {.depth = TL_MANIFEST_DEPTH, .size = TL_MANIFEST_MAX};
    tl_code code = tl_json_parse(text, &limits, &out->doc, err);
    if (code != TL_OK)
        return TL_ECONFIG;
    out->root = tl_json_root(out->doc);
    return TL_OK;
}

tl_code tl_manifest_new(tl_str text, struct tl_manifest *out, struct tl_error *err)
{
    struct tl_manifest made = {0};
    tl_code code = parse(text, &made, err);
    if (code == TL_OK && tl_json_type(made.root) != TL_JSON_IS_OBJECT)
        code = tl_fail(err, TL_ECONFIG, "is %s, must be an object", tl_json_type_name(made.root));
    if (code == TL_OK)
        code = check_head(made.root, err); /* first: another format may have other keys */
    if (code == TL_OK)
        code = check_all(made.root, tl_manifest_keys, tl_json_get(made.root, "config"), err);
    if (code == TL_OK)
        code = check_references(made.root, NULL, err);
    if (code == TL_OK)
        code = check_webhook(made.root, err);
    if (code == TL_OK) {
        *out = made;
    } else {
        tl_manifest_deinit(&made);
        tl_error_prefix(err, "manifest");
    }
    return code;
}

static tl_code refuse_code(const struct tl_json_value *root, struct tl_error *err)
{
    struct tl_json_iter i = tl_json_iter(tl_json_get(root, "operations"));
    while (tl_json_next(&i))
        if (tl_json_get_bool(i.value, "code", false))
            return tl_fail(err, TL_ECONFIG, "operations.%.*s: a file cannot bring code; only the connector can",
                           TL_STR_ARGS(i.key));
    return TL_OK;
}

tl_code tl_manifest_extra_new(tl_str text, const struct tl_manifest *of, struct tl_manifest *out, struct tl_error *err)
{
    struct tl_manifest made = {0};
    tl_code code = parse(text, &made, err);
    if (code == TL_OK)
        code = check_all(made.root, tl_manifest_extra_keys, tl_json_get(of->root, "config"), err);
    if (code == TL_OK)
        code = refuse_code(made.root, err);
    if (code == TL_OK)
        code = check_references(made.root, of->root, err);
    if (code == TL_OK) {
        *out = made;
    } else {
        tl_manifest_deinit(&made);
        tl_error_prefix(err, "operations file");
    }
    return code;
}

void tl_manifest_deinit(struct tl_manifest *manifest)
{
    tl_json_free(manifest->doc);
    *manifest = (struct tl_manifest){0};
}
