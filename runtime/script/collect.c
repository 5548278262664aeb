/* From the declarations of a state to the bundle's lists. Thread: that of the state. */
#include "collect.h"
#include "load.h"
#include <string.h>

static const struct {
    const char *kind;
    void (*read)(struct tl_form *form);
} readers[] = {{"integration", tl_collect_integration},
               {"steward", tl_collect_steward},
               {"system", tl_collect_system},
               {"route", tl_collect_route},
               {"entity", tl_collect_entity},
               {"event", tl_collect_event},
               {"flow", tl_collect_flow},
               {"every", tl_collect_every},
               {"expect", tl_collect_expect},
               {"map", tl_check_map},
               {"lens", tl_check_lens}};

static const char *copy_field(lua_State *L, int record, const char *name, struct tl_arena *arena)
{
    lua_getfield(L, record, name);
    const char *text = lua_tostring(L, -1) ? tl_arena_copy(arena, tl_str_z(lua_tostring(L, -1))) : "";
    lua_pop(L, 1);
    return text;
}

static void add_need(struct tl_bundle *bundle, const char *name, bool secret, struct tl_place place)
{
    if (strchr(name, '@')) /* what stands behind it would be another integration */
        tl_findings_add(&bundle->findings, TL_FINDING_ERROR, place,
                        "the name of a %s has no \"@\": \"%s\" would be one of another integration",
                        secret ? "secret" : "setting", name);
    for (size_t i = 0; i < bundle->needs.count; i++)
        if (bundle->needs.items[i].secret == secret && strcmp(bundle->needs.items[i].name, name) == 0)
            return;
    struct tl_need *need = TL_LIST_ADD(bundle->needs);
    *need = (struct tl_need){name, secret, place};
}

static void collect_one(struct tl_bundle *bundle, lua_State *L, int record, size_t reader)
{
    struct tl_form form = {.L = L, .bundle = bundle, .part = ""};
    form.kind = copy_field(L, record, "kind", &bundle->arena);
    form.name = copy_field(L, record, "name", &bundle->arena);
    form.place.file = copy_field(L, record, "file", &bundle->arena);
    lua_getfield(L, record, "line");
    form.place.line = (int)lua_tointeger(L, -1);
    lua_pop(L, 1);
    if (form.kind[0] == '$') {
        if (reader == 0)
            add_need(bundle, form.name, strcmp(form.kind, "$secret") == 0, form.place);
        return;
    }
    int type = lua_getfield(L, record, "body");
    form.table = lua_gettop(L);
    if (strcmp(readers[reader].kind, form.kind) == 0 && type == LUA_TTABLE)
        readers[reader].read(&form);
    else if (reader == 0 && type != LUA_TTABLE && tl_bundle_is_whole(bundle)) /* else it was not reached */
        tl_findings_add(&bundle->findings, TL_FINDING_ERROR, form.place, "%s \"%s\" has no body: write %s \"%s\" { … }",
                        form.kind, form.name, form.kind, form.name);
    lua_settop(L, record);
}

static int collect_all(lua_State *L)
{
    struct tl_bundle *bundle = lua_touserdata(L, 1);
    lua_rawgeti(L, LUA_REGISTRYINDEX, tl_script_of(L)->declarations);
    lua_Integer count = (lua_Integer)lua_rawlen(L, 2);
    for (size_t reader = 0; reader < TL_COUNT_OF(readers); reader++)
        for (lua_Integer i = 1; i <= count; i++) {
            lua_rawgeti(L, 2, i);
            collect_one(bundle, L, 3, reader);
            lua_settop(L, 2);
        }
    tl_collect_links(bundle, tl_script_of(L));
    tl_check_calls(bundle, tl_script_of(L));
    return 0;
}

void tl_collect(struct tl_bundle *bundle, struct tl_script *script)
{
    struct tl_error err;
    if (tl_script_protected(script, collect_all, bundle, 10000, &err) != TL_OK)
        tl_findings_add(&bundle->findings, TL_FINDING_ERROR, (struct tl_place){"", 0}, "%s", err.text);
    tl_assigned_drop(bundle);
}
