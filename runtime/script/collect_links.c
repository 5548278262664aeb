/* What refers to what: stewards, systems, kinds, maps, events; the internal flows of events; and what is
 * accepted here but enforced by a later package. Thread: one at a time. */
#include "base/nearest.h"
#include "collect.h"
#include <stdlib.h>
#include <string.h>

/* ---- internal flows ---- */

static struct tl_system_decl *system_named(struct tl_bundle *bundle, const char *name)
{
    for (size_t i = 0; i < bundle->systems.count; i++)
        if (strcmp(bundle->systems.items[i].name, name) == 0)
            return &bundle->systems.items[i];
    return NULL;
}

static void add_capture(struct tl_bundle *bundle, struct tl_system_decl *system, const char *object)
{
    for (size_t i = 0; i < system->capture_count; i++)
        if (strcmp(system->captures[i].object, object) == 0)
            return;
    struct tl_capture_decl *more = tl_arena_alloc(&bundle->arena, (system->capture_count + 1) * sizeof(*more));
    if (system->capture_count)
        memcpy(more, system->captures, system->capture_count * sizeof(*more));
    more[system->capture_count] = (struct tl_capture_decl){object, 0, "{}"};
    system->captures = more;
    system->capture_count++;
}

static void add_internal(struct tl_bundle *bundle, struct tl_event_type *event)
{
    const char *dot = strchr(event->from, '.');
    if (!dot || !dot[1]) {
        tl_complain(bundle, event->place, "'from' is a system or kind and its object (\"salesforce.Opportunity\"), not",
                    event->from, NULL);
        return;
    }
    tl_str target = tl_str_n(event->from, (size_t)(dot - event->from));
    const char **on = tl_arena_alloc(&bundle->arena, (bundle->systems.count + 1) * sizeof(char *));
    size_t count = 0;
    for (size_t i = 0; i < bundle->systems.count; i++) {
        struct tl_system_decl *system = &bundle->systems.items[i];
        if (!tl_str_is(target, system->name) && !tl_str_is(target, system->kind))
            continue;
        on[count++] = tl_arena_printf(&bundle->arena, "%s.%s", system->name, dot + 1);
        add_capture(bundle, system_named(bundle, system->name), dot + 1);
    }
    if (count == 0) {
        tl_need_target(bundle, event->place, tl_arena_copy(&bundle->arena, target));
        return;
    }
    struct tl_flow *flow = TL_LIST_ADD(bundle->flows);
    event->flow = (int)bundle->flows.count - 1;
    flow->name = tl_arena_printf(&bundle->arena, "event:%s", event->name);
    flow->on = on;
    flow->on_count = count;
    flow->internal = true;
    flow->origin = TL_FLOW_EVENT;
    flow->scope = flow->name;
    flow->steward = event->steward;
    flow->priority = TL_NORMAL;
    flow->place = event->place;
}

/* The map (on the top, when there is one) knows which field of the source it reads the key from; without a map it is
 * the key itself. */
static void find_key_field(struct tl_bundle *bundle, lua_State *L, struct tl_event_type *event)
{
    int top = lua_gettop(L);
    if (!event->from[0] || !event->key.pointer || strchr(event->key.pointer + 1, '/'))
        return;
    const char *name = event->key.pointer + 1;
    if (!event->map[0])
        event->key_field = name;
    else if (lua_istable(L, top) && lua_getfield(L, top, "sources") == LUA_TTABLE &&
             lua_getfield(L, -1, name) == LUA_TSTRING)
        event->key_field = tl_arena_copy(&bundle->arena, tl_str_z(lua_tostring(L, -1)));
    lua_settop(L, top);
}

static void check_event_map(struct tl_bundle *bundle, struct tl_script *script, struct tl_event_type *event)
{
    lua_State *L = script->L;
    if (!event->map[0]) {
        find_key_field(bundle, L, event);
        return;
    }
    tl_str left, right;
    lua_rawgeti(L, LUA_REGISTRYINDEX, script->maps);
    lua_pushstring(L, event->map);
    bool known = lua_rawget(L, -2) == LUA_TTABLE;
    find_key_field(bundle, L, event);
    const char *nearest = NULL;
    lua_pop(L, 1);
    if (!known) {
        lua_pushnil(L);
        while (lua_next(L, -2)) {
            const char *name = lua_tostring(L, -2);
            if (tl_nearest(tl_str_z(event->map), &name, 1))
                nearest = tl_arena_copy(&bundle->arena, tl_str_z(name));
            lua_pop(L, 1);
        }
        tl_complain(bundle, event->place, "there is no map", event->map, nearest);
    }
    lua_pop(L, 1);
    if (tl_map_sides(event->map, &left, &right)) {
        event->entity = tl_arena_copy(&bundle->arena, left);
        if (!tl_str_is(right, event->from))
            tl_findings_add(&bundle->findings, TL_FINDING_ERROR, event->place,
                            "event \"%s\" comes from \"%s\", but its map reads \"%.*s\"", event->name, event->from,
                            TL_STR_ARGS(right));
    }
}

static void check_flow(struct tl_bundle *bundle, const struct tl_flow *flow)
{
    tl_need_steward(bundle, flow->place, flow->steward);
    for (size_t i = 0; flow->origin == TL_FLOW_DECLARED && i < flow->on_count; i++)
        if (!tl_bundle_event(bundle, tl_str_z(flow->on[i])))
            tl_complain(bundle, flow->place, "there is no event", flow->on[i],
                        tl_bundle_nearest_event(bundle, tl_str_z(flow->on[i])));
}

/* What the program says about the connectors. */
static void check_connectors(struct tl_bundle *bundle)
{
    for (size_t i = 0; bundle->options.check_system && i < bundle->systems.count; i++) {
        const struct tl_system_decl *system = &bundle->systems.items[i];
        struct tl_error err = {TL_OK, ""};
        if (bundle->options.check_system(bundle->options.ctx, system, &err) != TL_OK)
            tl_findings_add(&bundle->findings, TL_FINDING_ERROR, system->place, "%s", err.text);
    }
}

static void say_later(struct tl_bundle *bundle)
{
    for (size_t i = 0; i < bundle->flows.count; i++)
        if (bundle->flows.items[i].latest)
            tl_findings_add(&bundle->findings, TL_FINDING_WARNING, bundle->flows.items[i].place,
                            "'latest' is checked for form; older versions are skipped with the entities package");
    if (bundle->entities.count == 0)
        return;
    struct tl_place place = bundle->entities.items[0].place;
    tl_findings_add(&bundle->findings, TL_FINDING_WARNING, place,
                    "owner, owners, copies, on_conflict and on_delete are checked for form; they are enforced with the "
                    "entities package");
}

static int by_object(const void *a, const void *b)
{
    return strcmp(((const struct tl_capture_decl *)a)->object, ((const struct tl_capture_decl *)b)->object);
}

void tl_collect_links(struct tl_bundle *bundle, struct tl_script *script)
{
    if (!bundle->integration[0])
        tl_findings_add(&bundle->findings, TL_FINDING_ERROR, (struct tl_place){"integration.lua", 0},
                        "integration \"name\" { steward = … } is missing");
    tl_need_steward(bundle, bundle->integration_place, bundle->steward);
    for (size_t i = 0; i < bundle->stewards.count; i++)
        tl_need_steward(bundle, bundle->stewards.items[i].place, bundle->stewards.items[i].escalate);
    for (size_t i = 0; i < bundle->entities.count; i++) {
        tl_need_steward(bundle, bundle->entities.items[i].place, bundle->entities.items[i].steward);
        tl_need_target(bundle, bundle->entities.items[i].place, bundle->entities.items[i].owner);
    }
    for (size_t i = 0; i < bundle->events.count; i++) {
        struct tl_event_type *event = &bundle->events.items[i];
        tl_need_steward(bundle, event->place, event->steward);
        check_event_map(bundle, script, event);
        if (event->from[0])
            add_internal(bundle, event);
    }
    for (size_t i = 0; i < bundle->flows.count; i++)
        check_flow(bundle, &bundle->flows.items[i]);
    tl_check_everys(bundle);
    tl_check_expectations(bundle);
    tl_check_routes(bundle);
    check_connectors(bundle);
    say_later(bundle);
    for (size_t i = 0; i < bundle->systems.count; i++) {
        struct tl_system_decl *system = &bundle->systems.items[i];
        if (system->capture_count) {
            struct tl_capture_decl *sorted = tl_arena_alloc(&bundle->arena, system->capture_count * sizeof(*sorted));
            memcpy(sorted, system->captures, system->capture_count * sizeof(*sorted));
            qsort(sorted, system->capture_count, sizeof(*sorted), by_object);
            system->captures = sorted;
        }
    }
}
