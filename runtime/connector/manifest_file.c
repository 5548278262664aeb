/* What a system's own file says: operations beside the connector's, or, for a connector that is told everything by the
 * file (`rest`), all of a manifest but its head. The connector's head and the file become one manifest, so that nothing
 * else in this room needs to know where it came from. */
#include "base/buf.h"
#include "codec/json_writer.h"
#include "manifest.h"
#include "manifest_check.h"

/* ---- no code ---- */

static tl_code refuse_code_in(struct tl_manifest_check *check, const struct tl_json_value *value, struct tl_error *err)
{
    if (!tl_json_get_bool(value, "code", false) && !tl_json_is(tl_json_get(value, "scheme"), "code"))
        return TL_OK;
    return tl_manifest_refuse(check, err, "a file cannot bring code; only the connector can");
}

static tl_code refuse_code(const struct tl_json_value *root, struct tl_error *err)
{
    static const char *const maps[] = {"operations", "changes", "auth"}, *const objects[] = {"webhook", "probe"};
    struct tl_manifest_check check = {0};
    tl_code code = TL_OK;
    tl_buf_init(&check.place, 400);
    for (size_t m = 0; code == TL_OK && m < TL_COUNT_OF(maps); m++) {
        struct tl_json_iter i = tl_json_iter(tl_json_get(root, maps[m]));
        while (code == TL_OK && tl_json_next(&i)) {
            tl_manifest_enter(&check, tl_str_z(maps[m]));
            tl_manifest_enter(&check, i.key);
            code = refuse_code_in(&check, i.value, err);
            tl_manifest_leave(&check, 0);
        }
    }
    for (size_t o = 0; code == TL_OK && o < TL_COUNT_OF(objects); o++) {
        tl_manifest_enter(&check, tl_str_z(objects[o]));
        code = refuse_code_in(&check, tl_json_get(root, objects[o]), err);
        tl_manifest_leave(&check, 0);
    }
    tl_buf_free(&check.place);
    return code;
}

/* ---- added operations ---- */

tl_code tl_manifest_extra_new(tl_str text, const struct tl_manifest *of, struct tl_manifest *out, struct tl_error *err)
{
    struct tl_manifest made = {0};
    tl_code code = tl_manifest_read(text, &made, err);
    if (code == TL_OK)
        code = tl_manifest_check_keys(made.root, tl_manifest_extra_keys, tl_json_get(of->root, "config"), err);
    if (code == TL_OK)
        code = refuse_code(made.root, err);
    if (code == TL_OK)
        code = tl_manifest_check_sense(made.root, of->root, err);
    if (code == TL_OK)
        *out = made;
    else
        tl_manifest_deinit(&made);
    return code;
}

/* ---- all of it ---- */

static void put(struct tl_json_writer *writer, tl_str key, const struct tl_json_value *value)
{
    tl_json_key_str(writer, key);
    tl_json_value(writer, value);
}

/* The settings of both; where both name one, the file's. */
static void put_config(struct tl_json_writer *writer, const struct tl_json_value *of, const struct tl_json_value *file)
{
    const struct tl_json_value *theirs = tl_json_get(file, "config");
    tl_json_key(writer, "config");
    tl_json_begin_object(writer);
    struct tl_json_iter i = tl_json_iter(tl_json_get(of, "config"));
    while (tl_json_next(&i))
        if (!tl_json_get_str(theirs, i.key))
            put(writer, i.key, i.value);
    i = tl_json_iter(theirs);
    while (tl_json_next(&i))
        put(writer, i.key, i.value);
    tl_json_end_object(writer);
}

static tl_code join(const struct tl_json_value *of, const struct tl_json_value *file, struct tl_manifest *out,
                    struct tl_error *err)
{
    struct tl_buf text;
    struct tl_json_writer writer;
    tl_buf_init(&text, 2 * TL_MANIFEST_MAX);
    tl_json_writer_init(&writer, &text);
    tl_json_begin_object(&writer);
    struct tl_json_iter i = tl_json_iter(of);
    while (tl_json_next(&i))
        if (!tl_str_is(i.key, "config") && !tl_json_get_str(file, i.key))
            put(&writer, i.key, i.value);
    put_config(&writer, of, file);
    i = tl_json_iter(file);
    while (tl_json_next(&i))
        if (!tl_str_is(i.key, "config"))
            put(&writer, i.key, i.value);
    tl_json_end_object(&writer);
    tl_code code = tl_json_writer_done(&writer, err);
    if (code == TL_OK)
        code = tl_manifest_read(tl_buf_str(&text), out, err);
    tl_buf_free(&text);
    return code;
}

tl_code tl_manifest_by_file_new(tl_str text, const struct tl_manifest *of, struct tl_manifest *out,
                                struct tl_error *err)
{
    struct tl_manifest file = {0}, made = {0};
    tl_code code = tl_manifest_read(text, &file, err);
    if (code == TL_OK)
        code = join(of->root, file.root, &made, err);
    if (code == TL_OK)
        code = tl_manifest_check_keys(file.root, tl_manifest_file_keys, tl_json_get(made.root, "config"), err);
    if (code == TL_OK)
        code = refuse_code(file.root, err);
    if (code == TL_OK)
        code = tl_manifest_check_sense(made.root, NULL, err);
    tl_manifest_deinit(&file);
    if (code == TL_OK)
        *out = made;
    else
        tl_manifest_deinit(&made);
    return code;
}
