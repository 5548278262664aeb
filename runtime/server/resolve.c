/* Puts the values of settings and secrets where a declaration names them. */
#include "codec/json_writer.h"
#include "server/settings.h"

struct resolve {
    struct tl_settings *settings;
    const char *owner;
    struct tl_arena *arena;
    struct tl_json_writer w;
    tl_str missing;
};

/* {"$setting":"n"} or {"$secret":"n"}: the name and which; false for any other value. */
static bool reference(const struct tl_json_value *value, bool *secret, tl_str *name)
{
    if (tl_json_count(value) != 1)
        return false;
    *name = tl_json_get_text(value, "$setting");
    *secret = name->ptr == NULL;
    if (*secret)
        *name = tl_json_get_text(value, "$secret");
    return name->ptr != NULL;
}

static void write_reference(struct resolve *r, bool secret, tl_str name)
{
    tl_str value;
    if (r->settings != NULL && tl_settings_of(r->settings, r->owner, secret, name, r->arena, &value)) {
        tl_json_string(&r->w, value);
        return;
    }
    if (r->missing.len == 0)
        r->missing = tl_str_z(r->owner[0] != '\0' ? tl_arena_printf(r->arena, "%.*s@%s", TL_STR_ARGS(name), r->owner)
                                                  : tl_arena_copy(r->arena, name));
    tl_json_null(&r->w);
}

/* Recursion is bounded by the depth limit of the parser. */
static void write_value(struct resolve *r, const struct tl_json_value *value)
{
    enum tl_json_type type = tl_json_type(value);
    bool secret;
    tl_str name;
    if (type == TL_JSON_IS_OBJECT && reference(value, &secret, &name)) {
        write_reference(r, secret, name);
    } else if (type == TL_JSON_IS_OBJECT || type == TL_JSON_IS_ARRAY) {
        struct tl_json_iter i = tl_json_iter(value);
        type == TL_JSON_IS_OBJECT ? tl_json_begin_object(&r->w) : tl_json_begin_array(&r->w);
        while (tl_json_next(&i)) {
            if (type == TL_JSON_IS_OBJECT)
                tl_json_key_str(&r->w, i.key);
            write_value(r, i.value);
        }
        type == TL_JSON_IS_OBJECT ? tl_json_end_object(&r->w) : tl_json_end_array(&r->w);
    } else {
        tl_json_value(&r->w, value);
    }
}

tl_code tl_settings_resolve(struct tl_settings *settings, const char *owner, tl_str json, struct tl_buf *out,
                            struct tl_arena *arena, tl_str *missing, struct tl_error *err)
{
    struct tl_json_doc *doc = NULL;
    tl_code code = tl_json_parse(json, NULL, &doc, err);
    if (code != TL_OK)
        return code;
    struct resolve r = {.settings = settings, .owner = owner, .arena = arena};
    tl_json_writer_init(&r.w, out);
    write_value(&r, tl_json_root(doc));
    *missing = r.missing;
    tl_json_free(doc);
    return tl_json_writer_done(&r.w, err);
}
