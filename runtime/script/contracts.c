/* The contracts of a bundle: compiled when it loads, kept by what is emitted and put, and compared with those in use.
 * Thread: compiled with the bundle; checking: any; raising: that of the state. */
#include "contracts.h"
#include "codec/json_pointer.h"
#include "contract/compat.h"
#include "contract/schema.h"
#include "libs.h"
#include <string.h>

/* ---- compiling ---- */

bool tl_contract_text(const struct tl_bundle *bundle, tl_str uri, tl_str *text)
{
    for (size_t i = 0; i < bundle->sources.count; i++) {
        const struct tl_source *source = &bundle->sources.items[i];
        tl_str path = tl_str_z(source->path), id;
        struct tl_buf scratch;
        if (source->role == TL_SOURCE_STANDARD || !tl_str_starts(path, TL_STR("contracts/")))
            continue;
        tl_buf_init(&scratch, 4096);
        bool found =
            tl_str_eq(path, uri) ||
            (tl_json_pointer_text(source->text, TL_STR("/$id"), &scratch, &id, NULL) == TL_OK && tl_str_eq(id, uri));
        tl_buf_free(&scratch);
        if (found) {
            *text = source->text;
            return true;
        }
    }
    return false;
}

static bool resolve(void *ctx, tl_str uri, tl_str *text)
{
    return tl_contract_text(ctx, uri, text);
}

static void add_remarks(struct tl_bundle *bundle, const struct tl_schema *schema)
{
    size_t count;
    const struct tl_schema_remark *remarks = tl_schema_remarks(schema, &count);
    for (size_t i = 0; i < count; i++)
        tl_findings_add(&bundle->findings, TL_FINDING_WARNING,
                        (struct tl_place){remarks[i].document, (int)remarks[i].line}, "%s: %s", remarks[i].pointer,
                        remarks[i].text);
}

static struct tl_schema *compile(struct tl_bundle *bundle, const char *path)
{
    struct tl_schema_source source = {
        .text = tl_bundle_file(bundle, path), .name = tl_str_z(path), .resolve = resolve, .ctx = bundle};
    struct tl_schema *schema;
    struct tl_schema_fault fault;
    struct tl_error err;
    if (tl_schema_compile(&source, &schema, &fault, &err) == TL_OK) {
        add_remarks(bundle, schema);
        return schema;
    }
    tl_findings_add(&bundle->findings, TL_FINDING_ERROR, (struct tl_place){fault.document, (int)fault.line}, "%s%s%s",
                    fault.pointer, fault.pointer[0] ? ": " : "", fault.text);
    return NULL;
}

const struct tl_schema *tl_contract_need(struct tl_bundle *bundle, const char *path)
{
    for (const struct tl_contract *c = bundle->contracts; c; c = c->next)
        if (strcmp(c->path, path) == 0)
            return c->schema;
    struct tl_contract *contract = TL_ARENA_NEW(&bundle->arena, struct tl_contract);
    contract->path = tl_arena_copy(&bundle->arena, tl_str_z(path));
    contract->schema = compile(bundle, path);
    contract->next = bundle->contracts;
    bundle->contracts = contract;
    return contract->schema;
}

void tl_contracts_drop(struct tl_bundle *bundle)
{
    for (struct tl_contract *c = bundle->contracts; c; c = c->next)
        tl_schema_free(c->schema);
    bundle->contracts = NULL;
}

/* ---- keeping them ---- */

static tl_code keep(const struct tl_schema *schema, const char *what, tl_str name, tl_str data, struct tl_error *err)
{
    tl_code code = schema ? tl_schema_validate_text(schema, data, NULL, err) : TL_OK;
    if (code != TL_OK)
        tl_error_prefix(err, "%s %.*s", what, TL_STR_ARGS(name));
    return code;
}

tl_code tl_bundle_check_event(const struct tl_bundle *bundle, tl_str name, tl_str data, struct tl_error *err)
{
    const struct tl_event_type *type = tl_bundle_event(bundle, name);
    if (!type)
        return tl_fail(err, TL_ENOTFOUND, "no event \"%.*s\" is declared", TL_STR_ARGS(name));
    return keep(type->schema, "event", name, data, err);
}

tl_code tl_bundle_check_entity(const struct tl_bundle *bundle, tl_str name, tl_str data, struct tl_error *err)
{
    const struct tl_entity *entity = tl_bundle_entity(bundle, name);
    if (!entity)
        return tl_fail(err, TL_ENOTFOUND, "no entity \"%.*s\" is declared", TL_STR_ARGS(name));
    return keep(entity->schema, "entity", name, data, err);
}

static void raise_unless(lua_State *L, tl_code code, const struct tl_error *err)
{
    if (code == TL_OK)
        return;
    struct tl_run_result failure = {.cls = TL_STR("data"), .code = TL_STR("contract"), .message = tl_str_z(err->text)};
    tl_error_push(L, &failure);
    lua_error(L);
}

void tl_event_contract_check(lua_State *L, const struct tl_event_type *type, tl_str json)
{
    struct tl_error err;
    raise_unless(L, keep(type->schema, "event", tl_str_z(type->name), json, &err), &err);
}

void tl_entity_contract_check(lua_State *L, const char *entity, tl_str json)
{
    struct tl_error err;
    tl_code code = tl_bundle_check_entity(tl_script_of(L)->bundle, tl_str_z(entity), json, &err);
    raise_unless(L, code == TL_ENOTFOUND ? TL_OK : code, &err); /* a map may write what is no entity */
}

/* ---- against those in use ---- */

/* `whose` is the version before: "the version in use". */
static void compare(struct tl_bundle *bundle, struct tl_place place, const char *what, const char *name,
                    const char *whose, const struct tl_schema *before, const struct tl_schema *after)
{
    struct tl_differences differences;
    if (!before || !after)
        return; /* has a finding of its own, here or there */
    tl_schema_compare(before, after, &differences);
    for (size_t i = 0; i < differences.count; i++) {
        const struct tl_difference *d = &differences.items[i];
        if (d->breaks)
            tl_findings_add(&bundle->findings, TL_FINDING_ERROR, place,
                            "the contract of %s \"%s\" breaks %s of %s: %s%s%s (%s); give it a new "
                            "version, \"%.*s@N\"",
                            what, name, tl_breaks_words(d->breaks), whose, d->pointer, d->pointer[0] ? ": " : "",
                            d->text, d->rule, (int)(strchr(name, '@') ? strchr(name, '@') - name : (long)strlen(name)),
                            name);
    }
    tl_differences_free(&differences);
}

static void say_gone(struct tl_bundle *bundle, const char *what, const char *name)
{
    tl_findings_add(&bundle->findings, TL_FINDING_WARNING, (struct tl_place){"integration.lua", 0},
                    "%s \"%s\" is in use and no longer declared: what still reads or sends it will find nothing", what,
                    name);
}

void tl_bundle_check_against(struct tl_bundle *bundle, const struct tl_bundle *in_use)
{
    for (size_t i = 0; i < in_use->entities.count; i++) {
        const struct tl_entity *was = &in_use->entities.items[i], *is = tl_bundle_entity(bundle, tl_str_z(was->name));
        if (is)
            compare(bundle, is->place, "entity", is->name, "the version in use", was->schema, is->schema);
        else
            say_gone(bundle, "entity", was->name);
    }
    for (size_t i = 0; i < in_use->events.count; i++) {
        const struct tl_event_type *was = &in_use->events.items[i], *is = tl_bundle_event(bundle, tl_str_z(was->name));
        if (is)
            compare(bundle, is->place, "event", is->name, "the version in use", was->schema, is->schema);
        else
            say_gone(bundle, "event", was->name);
    }
    tl_findings_sort(&bundle->findings);
}

static const struct tl_schema *contract_of(const struct tl_bundle *bundle, bool entity, const char *name,
                                           struct tl_place *place)
{
    const struct tl_entity *is = entity ? tl_bundle_entity(bundle, tl_str_z(name)) : NULL;
    const struct tl_event_type *type = entity ? NULL : tl_bundle_event(bundle, tl_str_z(name));
    if (is != NULL)
        *place = is->place;
    else if (type != NULL)
        *place = type->place;
    return is != NULL ? is->schema : type != NULL ? type->schema : NULL;
}

void tl_bundle_check_again(struct tl_bundle *bundle, bool entity, const char *name, const char *revision,
                           const struct tl_bundle *earlier, const char *why)
{
    struct tl_place place = {"integration.lua", 0}, there;
    const char *what = entity ? "entity" : "event";
    const struct tl_schema *is = contract_of(bundle, entity, name, &place);
    char whose[64];
    snprintf(whose, sizeof whose, "revision %.12s, which declared it last", revision);
    if (earlier != NULL)
        compare(bundle, place, what, name, whose, contract_of(earlier, entity, name, &there), is);
    else
        tl_findings_add(&bundle->findings, TL_FINDING_ERROR, place,
                        "the contract that %s \"%s\" had in %s cannot be read, so this one cannot be judged: %s; give "
                        "it a new version",
                        what, name, whose, why);
    tl_findings_sort(&bundle->findings);
}
