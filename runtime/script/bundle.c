/* What a bundle has: its files and its declarations. Thread: as script/bundle.h says. */
#include "script/bundle.h"
#include "base/nearest.h"
#include "bundle_private.h"
#include "codec/json_pointer.h"
#include "load.h"
#include <string.h>

const struct tl_finding *tl_bundle_findings(const struct tl_bundle *bundle, size_t *count)
{
    *count = bundle->findings.count;
    return bundle->findings.items;
}

size_t tl_bundle_errors(const struct tl_bundle *bundle)
{
    return bundle->findings.errors;
}

const char *tl_bundle_integration(const struct tl_bundle *bundle)
{
    return bundle->integration;
}

const char *tl_bundle_steward(const struct tl_bundle *bundle)
{
    return bundle->steward;
}

const char *tl_bundle_hash(const struct tl_bundle *bundle)
{
    return bundle->hash;
}

#define LIST(name, list, type)                                                                                         \
    const struct type *name(const struct tl_bundle *bundle, size_t *count)                                             \
    {                                                                                                                  \
        *count = bundle->list.count;                                                                                   \
        return bundle->list.items;                                                                                     \
    }
LIST(tl_bundle_stewards, stewards, tl_steward)
LIST(tl_bundle_needs, needs, tl_need)
LIST(tl_bundle_systems, systems, tl_system_decl)
LIST(tl_bundle_routes, routes, tl_route)
LIST(tl_bundle_entities, entities, tl_entity)
LIST(tl_bundle_events, events, tl_event_type)
LIST(tl_bundle_flows, flows, tl_flow)
LIST(tl_bundle_everys, everys, tl_every)
LIST(tl_bundle_expectations, expectations, tl_expectation)

const struct tl_system_decl *tl_bundle_system(const struct tl_bundle *bundle, tl_str name)
{
    for (size_t i = 0; i < bundle->systems.count; i++)
        if (tl_str_is(name, bundle->systems.items[i].name))
            return &bundle->systems.items[i];
    return NULL;
}

const struct tl_route *tl_bundle_route(const struct tl_bundle *bundle, tl_str kind)
{
    for (size_t i = 0; i < bundle->routes.count; i++)
        if (tl_str_is(kind, bundle->routes.items[i].kind))
            return &bundle->routes.items[i];
    return NULL;
}

const struct tl_event_type *tl_bundle_event(const struct tl_bundle *bundle, tl_str name)
{
    for (size_t i = 0; i < bundle->events.count; i++)
        if (tl_str_is(name, bundle->events.items[i].name))
            return &bundle->events.items[i];
    return NULL;
}

const struct tl_entity *tl_bundle_entity(const struct tl_bundle *bundle, tl_str name)
{
    for (size_t i = 0; i < bundle->entities.count; i++)
        if (tl_str_is(name, bundle->entities.items[i].name))
            return &bundle->entities.items[i];
    return NULL;
}

tl_str tl_bundle_file(const struct tl_bundle *bundle, const char *path)
{
    const struct tl_source *source = tl_bundle_source(bundle, path, false);
    return source ? source->text : TL_STR_NONE;
}

bool tl_bundle_file_at(const struct tl_bundle *bundle, size_t i, struct tl_bundle_file *out)
{
    for (size_t at = 0; at < bundle->sources.count; at++) {
        const struct tl_source *source = &bundle->sources.items[at];
        if (source->role == TL_SOURCE_STANDARD || i-- != 0)
            continue;
        *out = (struct tl_bundle_file){source->path, source->text};
        return true;
    }
    return false;
}

static bool is_quoted(tl_str source, tl_str text)
{
    const char *at = source.ptr, *end = source.ptr + source.len;
    for (; at != NULL && (at = memmem(at, (size_t)(end - at), text.ptr, text.len)) != NULL; at++) {
        const char *after = at + text.len;
        if (at > source.ptr && after < end && at[-1] == *after && (*after == '"' || *after == '\''))
            return true;
    }
    return false;
}

bool tl_bundle_names(const struct tl_bundle *bundle, tl_str text)
{
    for (size_t i = 0; text.len > 0 && i < bundle->sources.count; i++) {
        const struct tl_source *source = &bundle->sources.items[i];
        bool words = source->role == TL_SOURCE_MAIN || source->role == TL_SOURCE_LIB ||
                     tl_str_starts(tl_str_z(source->path), TL_STR("contracts/"));
        if (words && source->text.len > 0 && is_quoted(source->text, text))
            return true;
    }
    return false;
}

const struct tl_source *tl_bundle_source(const struct tl_bundle *bundle, const char *path, bool standard)
{
    for (size_t i = 0; i < bundle->sources.count; i++) {
        const struct tl_source *source = &bundle->sources.items[i];
        if ((source->role == TL_SOURCE_STANDARD) == standard && strcmp(source->path, path) == 0)
            return source;
    }
    return NULL;
}

bool tl_bundle_is_whole(const struct tl_bundle *bundle)
{
    for (size_t i = 0; i < bundle->sources.count; i++)
        if (bundle->sources.items[i].broken)
            return false;
    return true;
}

bool tl_bundle_is_target(const struct tl_bundle *bundle, tl_str name)
{
    for (size_t i = 0; i < bundle->systems.count; i++)
        if (tl_str_is(name, bundle->systems.items[i].name) || tl_str_is(name, bundle->systems.items[i].kind))
            return true;
    return false;
}

const char *tl_bundle_nearest_event(const struct tl_bundle *bundle, tl_str name)
{
    for (size_t i = 0; i < bundle->events.count; i++)
        if (tl_nearest(name, &bundle->events.items[i].name, 1))
            return bundle->events.items[i].name;
    return NULL;
}

bool tl_bundle_is_flow(const struct tl_bundle *bundle, tl_str name)
{
    for (size_t i = 0; i < bundle->flows.count; i++)
        if (!bundle->flows.items[i].internal && tl_str_is(name, bundle->flows.items[i].name))
            return true;
    return false;
}

const char *tl_bundle_nearest_flow(const struct tl_bundle *bundle, tl_str name)
{
    for (size_t i = 0; i < bundle->flows.count; i++)
        if (!bundle->flows.items[i].internal && tl_nearest(name, &bundle->flows.items[i].name, 1))
            return bundle->flows.items[i].name;
    return NULL;
}

const char *tl_bundle_nearest_target(const struct tl_bundle *bundle, tl_str name)
{
    for (size_t i = 0; i < bundle->systems.count; i++) {
        const char *words[] = {bundle->systems.items[i].name, bundle->systems.items[i].kind};
        const char *nearest = tl_nearest(name, words, 2);
        if (nearest)
            return nearest;
    }
    return NULL;
}

/* The strictest class among the systems of a kind; UNKNOWN when one of them lacks the operation. */
enum tl_effect_class tl_bundle_effect(const struct tl_bundle *bundle, tl_str target, tl_str operation,
                                      const char **nearest)
{
    enum tl_effect_class strictest = TL_EFFECT_READ;
    if (!bundle->options.effect_class)
        return strictest;
    for (size_t i = 0; i < bundle->systems.count; i++) {
        const struct tl_system_decl *system = &bundle->systems.items[i];
        if (!tl_str_is(target, system->name) && !tl_str_is(target, system->kind))
            continue;
        enum tl_effect_class effect = bundle->options.effect_class(bundle->options.ctx, system, operation, nearest);
        if (effect == TL_EFFECT_UNKNOWN)
            return effect;
        if (effect > strictest)
            strictest = effect;
    }
    return strictest;
}

static const struct tl_system_decl *by_route(const struct tl_bundle *bundle, const struct tl_route *route,
                                             tl_str payload, struct tl_error *err)
{
    struct tl_buf scratch;
    tl_buf_init(&scratch, 4096);
    tl_str value;
    const char *system = route->otherwise;
    bool found = tl_json_pointer_text(payload, tl_str_z(route->by), &scratch, &value, NULL) == TL_OK;
    for (size_t i = 0; found && i < route->to_count; i++)
        if (tl_str_is(value, route->to[i].value))
            system = route->to[i].system;
    if (!system && found)
        tl_fail(err, TL_EINPUT, "route \"%s\": %s is \"%.*s\", which names no system", route->kind, route->by,
                TL_STR_ARGS(value));
    else if (!system)
        tl_fail(err, TL_EINPUT, "route \"%s\": the payload has no %s", route->kind, route->by);
    tl_buf_free(&scratch);
    return system ? tl_bundle_system(bundle, tl_str_z(system)) : NULL;
}

const struct tl_system_decl *tl_bundle_route_to(const struct tl_bundle *bundle, tl_str target, tl_str payload,
                                                struct tl_error *err)
{
    const struct tl_system_decl *system = tl_bundle_system(bundle, target);
    if (system)
        return system;
    const struct tl_route *route = tl_bundle_route(bundle, target);
    if (route)
        return by_route(bundle, route, payload, err);
    for (size_t i = 0; i < bundle->systems.count; i++)
        if (tl_str_is(target, bundle->systems.items[i].kind)) {
            if (system) {
                tl_fail(err, TL_ECONFIG, "several systems are of kind \"%.*s\" and no route says which",
                        TL_STR_ARGS(target));
                return NULL;
            }
            system = &bundle->systems.items[i];
        }
    if (!system)
        tl_fail(err, TL_ECONFIG, "no system or kind is called \"%.*s\"", TL_STR_ARGS(target));
    return system;
}
