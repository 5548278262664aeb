/* declarations.lua: a function and a class for each kind of declaration, from the rows that check them
 * (script/declarations.h). Thread: one. */
#include "describe.h"
#include "script/declarations.h"
#include <string.h>

/* What the rows do not say: the shapes of functions, and which names are meant. */
static const struct {
    const char *kind, *key, *type;
} precise[] = {
    {"", "steward", "Name.steward"},
    {"steward", "escalate", "Name.steward"},
    {"flow", "on", "Name.event|Name.event[]"},
    {"flow", "run", "fun(ctx: Ctx, e: Event, state: any): any"},
    {"flow", "order", "any[]"},
    {"every", "run", "fun(ctx: Ctx, e: tidelock.Event): any"},
    {"every", "order", "any[]"},
    {"expect", "after", "Name.event"},
    {"expect", "event", "Name.event|Name.event[]"},
    {"expect", "key", "string|fun(data: table): string|integer"},
    {"event", "key", "string|fun(data: table): string|integer"},
    {"event", "when", "fun(record: table, old?: table): any"},
    {"entity", "key", "string|string[]"},
    {"entity", "owner", "Name.target"},
    {"entity", "owners", "table<string, Name.target|function>"},
    {"entity", "copies", "table<string, Name.target[]>"},
    {"route", "to", "table<string, Name.system>"},
    {"system", "url", "string|tidelock.Setting"},
    {"system", "maintenance", "string|string[]"},
    {"system", "changes", "table<string, table>"},
};

static void either(struct tl_buf *out, const char *type)
{
    tl_buf_addf(out, "%s%s", out->len ? "|" : "", type);
}

/* The class of a declaration or of its part. */
static const char *class_of(struct tl_describing *d, const char *kind, const char *part)
{
    return tl_arena_printf(&d->classes.arena, "tidelock.%s%s%s", kind, part[0] ? "." : "", part);
}

static const char *type_of(struct tl_describing *d, const struct tl_declaration *rows, const struct tl_form_key *key)
{
    struct tl_buf out;
    for (size_t i = 0; i < TL_COUNT_OF(precise); i++)
        if (strcmp(precise[i].key, key->name) == 0 && (!precise[i].kind[0] || strcmp(precise[i].kind, rows->kind) == 0))
            return precise[i].type;
    tl_buf_init(&out, TL_DESCRIPTION_MAX);
    for (size_t i = 0; key->values && key->values[i]; i++)
        either(&out, tl_class_literal(&d->classes.arena, tl_str_z(key->values[i])));
    if (!key->values && (key->takes & TL_FORM_TEXT))
        either(&out, "string");
    if (key->takes & TL_FORM_INTEGER)
        either(&out, "integer");
    if (key->takes & TL_FORM_BOOLEAN)
        either(&out, "boolean");
    if (key->takes & TL_FORM_TABLE)
        either(&out, tl_declaration(rows->kind, key->name) ? class_of(d, rows->kind, key->name) : "table");
    if (key->takes & TL_FORM_FUNCTION)
        either(&out, "function");
    const char *type = tl_arena_copy(&d->classes.arena, tl_buf_str(&out));
    tl_buf_free(&out);
    return type;
}

static void print_class(struct tl_describing *d, struct tl_buf *out, const struct tl_declaration *rows)
{
    tl_buf_addf(out, "---%s\n---@class %s\n", rows->help, class_of(d, rows->kind, rows->part));
    for (size_t i = 0; i < rows->key_count; i++) {
        const struct tl_form_key *key = &rows->keys[i];
        if (!key->later)
            tl_buf_addf(out, "---@field %s%s %s%s\n", key->name, key->takes & TL_FORM_REQUIRED ? "" : "?",
                        type_of(d, rows, key), tl_class_help(&d->classes.arena, tl_str_z(key->help)));
    }
    if (rows->others)
        tl_buf_addf(out, "---@field [string] any %s\n", rows->others);
    tl_buf_add_char(out, '\n');
}

static bool is_flow(const struct tl_declaration *rows)
{
    return strcmp(rows->kind, "flow") == 0;
}

/* Each flow by its name, so that its function knows what event it is given. */
static void print_flows(struct tl_describing *d, struct tl_buf *out)
{
    size_t count;
    const struct tl_flow *flows = tl_bundle_flows(d->bundle, &count);
    for (size_t i = 0; i < count; i++)
        if (flows[i].origin == TL_FLOW_DECLARED)
            tl_buf_addf(out, "---@overload fun(name: %s): fun(body: %s)\n",
                        tl_class_literal(&d->classes.arena, tl_str_z(flows[i].name)), tl_flow_class(d, &flows[i]));
}

void tl_describe_kinds(struct tl_describing *d, struct tl_buf *out)
{
    size_t count;
    const struct tl_declaration *rows = tl_declarations(&count);
    tl_buf_add_z(out, "---@meta\n-- The kinds of declarations and their keys. Written by `tidelock editor`.\n\n");
    for (size_t i = 0; i < count; i++)
        print_class(d, out, &rows[i]);
    for (size_t i = 0; i < count; i++) {
        if (rows[i].part[0])
            continue;
        tl_buf_addf(out, "---%s\n---@param name string\n---@return fun(body: %s)\n", rows[i].help,
                    class_of(d, rows[i].kind, ""));
        if (is_flow(&rows[i]))
            print_flows(d, out);
        tl_buf_addf(out, "function %s(name) end\n\n", rows[i].kind);
    }
}
