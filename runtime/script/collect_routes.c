/* Routes: what they name, that a kind with several systems has one, and that what they read is there. A misspelt field
 * would send everything to `otherwise`. Thread: one at a time. */
#include "collect.h"
#include "contract/shape.h"
#include <string.h>

static bool is_system(const struct tl_bundle *bundle, const char *name)
{
    for (size_t i = 0; i < bundle->systems.count; i++) {
        if (strcmp(bundle->systems.items[i].name, name) == 0)
            return true;
    }
    return false;
}

static void need_system(struct tl_bundle *bundle, const struct tl_route *route, const char *name)
{
    if (!is_system(bundle, name))
        tl_complain(bundle, route->place, "there is no system", name, tl_bundle_nearest_target(bundle, tl_str_z(name)));
}

static void check_names(struct tl_bundle *bundle, const struct tl_route *route)
{
    size_t of_kind = 0;
    for (size_t s = 0; s < bundle->systems.count; s++)
        of_kind += strcmp(bundle->systems.items[s].kind, route->kind) == 0;
    if (!of_kind)
        tl_complain(bundle, route->place, "no system is of the kind", route->kind, NULL);
    for (size_t t = 0; t < route->to_count; t++)
        need_system(bundle, route, route->to[t].system);
    if (route->otherwise)
        need_system(bundle, route, route->otherwise);
}

/* ---- what they read ---- */

static bool uses(const struct tl_flow *flow, const char *kind)
{
    for (size_t i = 0; i < flow->target_count; i++) {
        if (strcmp(flow->targets[i], kind) == 0)
            return true;
    }
    return false;
}

/* False: the contract has no such member; `closed`: and refuses it. */
static bool has(const struct tl_schema *schema, const char *pointer, bool *closed)
{
    struct tl_shape shape = tl_shape_of(schema), member;
    tl_str rest = tl_str_z(pointer), name;
    *closed = false;
    if (strchr(pointer, '~') != NULL) /* an escaped name: not followed */
        return true;
    (void)tl_str_cut(&rest, '/', &name); /* what stands before the first one is empty */
    for (bool more = true; more; shape = member) {
        more = tl_str_cut(&rest, '/', &name);
        if (!more)
            name = rest;
        enum tl_member found = tl_shape_member(&shape, name, &member);
        *closed = tl_shape_is_closed(&shape);
        if (found != TL_MEMBER_KNOWN)
            return found == TL_MEMBER_ANY;
    }
    return true;
}

static void check_event(struct tl_bundle *bundle, const struct tl_route *route, const struct tl_flow *flow,
                        const char *type)
{
    bool closed;
    const struct tl_event_type *event = tl_bundle_event(bundle, tl_str_z(type));
    if (event == NULL || event->schema == NULL || has(event->schema, route->by, &closed))
        return;
    tl_findings_add(&bundle->findings, closed ? TL_FINDING_ERROR : TL_FINDING_WARNING, route->place,
                    "route \"%s\" is by %s, which the contract of \"%s\" does not have: flow \"%s\" would always meet "
                    "%s",
                    route->kind, route->by, type, flow->name, route->otherwise ? "`otherwise`" : "an exception");
}

static void check_users(struct tl_bundle *bundle, const struct tl_route *route)
{
    for (size_t f = 0; f < bundle->flows.count; f++) {
        const struct tl_flow *flow = &bundle->flows.items[f];
        if (!uses(flow, route->kind))
            continue;
        if (flow->origin == TL_FLOW_EVERY)
            tl_findings_add(&bundle->findings, TL_FINDING_ERROR, flow->place,
                            "ctx.%s is routed by %s, and a tick has no such field: name the system", route->kind,
                            route->by);
        for (size_t i = 0; flow->origin == TL_FLOW_DECLARED && i < flow->on_count; i++)
            check_event(bundle, route, flow, flow->on[i]);
    }
}

/* ---- the whole ---- */

static void need_route(struct tl_bundle *bundle)
{
    for (size_t i = 0; i < bundle->systems.count; i++)
        for (size_t k = 0; k < i; k++)
            if (strcmp(bundle->systems.items[i].kind, bundle->systems.items[k].kind) == 0 &&
                !tl_bundle_route(bundle, tl_str_z(bundle->systems.items[i].kind)))
                tl_findings_add(&bundle->findings, TL_FINDING_ERROR, bundle->systems.items[i].place,
                                "several systems are of the kind \"%s\" and no route says which is meant",
                                bundle->systems.items[i].kind);
}

void tl_check_routes(struct tl_bundle *bundle)
{
    for (size_t i = 0; i < bundle->routes.count; i++) {
        check_names(bundle, &bundle->routes.items[i]);
        check_users(bundle, &bundle->routes.items[i]);
    }
    need_route(bundle);
}
