/* Loading a manifest: its head, then the tables of keys, then what holds between its parts. */
#include "manifest.h"
#include "manifest_check.h"

#define FORMAT 1

/* ---- checks beyond the tables ---- */

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
        return tl_fail(err, TL_ECONFIG, "/id: must be a-z, 0-9 and _, beginning with a letter, at most 40 characters");
    if (!version_is_good(tl_json_get_text(root, "version")))
        return tl_fail(err, TL_ECONFIG, "/version: must be three numbers (\"1.2.0\")");
    tl_str abi = tl_json_get_text(root, "abi");
    if (!tl_str_starts(abi, TL_STR("1.")))
        return tl_fail(err, TL_EVERSION, "abi %.*s; this Tidelock speaks 1.0: rebuild the connector with its sdk",
                       TL_STR_ARGS(abi));
    return TL_OK;
}

tl_code tl_manifest_read(tl_str text, struct tl_manifest *out, struct tl_error *err)
{
    struct tl_json_limits limits = {.depth = TL_MANIFEST_DEPTH, .size = TL_MANIFEST_MAX};
    tl_code code = tl_json_parse(text, &limits, &out->doc, err);
    if (code != TL_OK)
        return TL_ECONFIG;
    out->root = tl_json_root(out->doc);
    if (tl_json_type(out->root) == TL_JSON_IS_OBJECT)
        return TL_OK;
    return tl_fail(err, TL_ECONFIG, "is %s, must be an object", tl_json_type_name(out->root));
}

tl_code tl_manifest_new(tl_str text, struct tl_manifest *out, struct tl_error *err)
{
    struct tl_manifest made = {0};
    tl_code code = tl_manifest_read(text, &made, err);
    if (code == TL_OK)
        code = check_head(made.root, err); /* first: another format may have other keys */
    if (code == TL_OK)
        code = tl_manifest_check_keys(made.root, tl_manifest_keys, tl_json_get(made.root, "config"), err);
    if (code == TL_OK)
        code = tl_manifest_check_sense(made.root, NULL, err);
    if (code == TL_OK) {
        *out = made;
    } else {
        tl_manifest_deinit(&made);
        tl_error_prefix(err, "manifest");
    }
    return code;
}

void tl_manifest_deinit(struct tl_manifest *manifest)
{
    tl_json_free(manifest->doc);
    *manifest = (struct tl_manifest){0};
}
