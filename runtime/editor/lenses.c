/* lens.lua: the lenses of one integration, each by its title, with the entity that it gets and puts. Thread: one. */
#include "codec/json.h"
#include "describe.h"
#include "script/lens.h"
#include <string.h>

static const char *class_of(struct tl_describing *d, tl_str title)
{
    return tl_arena_printf(&d->classes.arena, "Lens.%s", tl_class_word(&d->classes.arena, title, false));
}

/* The entity on the left of "account@1 <-> salesforce.Account". */
static const char *entity_of(struct tl_describing *d, tl_str title)
{
    size_t count;
    const struct tl_entity *entities = tl_bundle_entities(d->bundle, &count);
    for (size_t i = 0; i < count; i++)
        if (tl_str_starts(title, tl_str_z(entities[i].name)) && title.len > strlen(entities[i].name) &&
            title.ptr[strlen(entities[i].name)] == ' ')
            return tl_entity_class(d, &entities[i]);
    return "table";
}

static void print_lens(struct tl_describing *d, struct tl_buf *out, tl_str title)
{
    const char *class = class_of(d, title), *entity = entity_of(d, title);
    const char *local = tl_class_word(&d->classes.arena, tl_str_z(class), false);
    tl_buf_addf(out,
                "---@class %s: tidelock.Lens\nlocal %s = {}\n\n"
                "---The entity that a platform's record is.\n---@param record table\n---@return %s entity\n"
                "function %s.get(record) end\n\n"
                "---The platform's record that an entity is; over `old`, which is not changed and whose other fields "
                "stay.\n---@param entity %s\n---@param old? table\n---@return table record\n"
                "function %s.put(entity, old) end\n\n",
                class, local, entity, local, entity, local);
}

/* The titles; none while the integration has errors. */
static void read_titles(struct tl_describing *d, struct tl_buf *text, struct tl_json_doc **doc)
{
    *doc = NULL;
    if (tl_bundle_errors(d->bundle) == 0 && tl_lens_lineage(d->bundle, NULL, text, NULL) == TL_OK)
        (void)!tl_json_parse_borrowed(tl_buf_str(text), NULL, doc, NULL);
}

void tl_describe_lenses(struct tl_describing *d, struct tl_buf *out)
{
    struct tl_buf text;
    struct tl_json_doc *doc;
    tl_buf_init(&text, TL_DESCRIPTION_MAX);
    read_titles(d, &text, &doc);
    const struct tl_json_value *list = doc ? tl_json_root(doc) : NULL;
    tl_buf_add_z(out, "---@meta\n-- The lenses of this integration by their titles. Written by `tidelock editor`.\n\n");
    for (struct tl_json_iter i = tl_json_iter(list); tl_json_next(&i);)
        print_lens(d, out, tl_json_text(tl_json_get(i.value, "lens")));
    tl_buf_add_z(out, "---Both ways: lens \"account@1 <-> salesforce.Account\" { … }\n---@param title string\n"
                      "---@return fun(fields: table): tidelock.Lens\n");
    for (struct tl_json_iter i = tl_json_iter(list); tl_json_next(&i);) {
        tl_str title = tl_json_text(tl_json_get(i.value, "lens"));
        tl_buf_addf(out, "---@overload fun(title: %s): fun(fields: table): %s\n",
                    tl_class_literal(&d->classes.arena, title), class_of(d, title));
    }
    tl_buf_add_z(out, "function lens(title) end\n");
    tl_json_free(doc);
    tl_buf_free(&text);
}
