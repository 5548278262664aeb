/* Which system a kind means, read from the payload by the route's JSON pointer, without Lua (rule 9). */
#include "plan.h"
#include "base/buf.h"
#include "codec/json_pointer.h"

static const struct tl_route *route_of(const struct tl_plan *plan, uint32_t part, tl_str kind)
{
    const struct tl_plan_part *of = plan->parts[part];
    for (size_t i = 0; i < of->route_count; i++) {
        if (tl_str_is(kind, of->routes[i].kind))
            return &of->routes[i];
    }
    return NULL;
}

/* A system as its integration names it. */
static int own_system(const struct tl_plan *plan, uint32_t part, tl_str name, bool gone_too)
{
    for (size_t i = 0; i < plan->system_count; i++) {
        const struct tl_plan_system *system = plan->systems[i];
        if (system->part == part && tl_str_eq(name, system->local) && (gone_too || !system->gone))
            return (int)i;
    }
    return -1;
}

static int by_route(const struct tl_plan *plan, uint32_t part, const struct tl_route *route, tl_str payload,
                    bool gone_too, struct tl_error *err)
{
    struct tl_buf scratch;
    tl_buf_init(&scratch, 65536);
    tl_str value;
    struct tl_error why;
    int system = -1;
    tl_code code = tl_json_pointer_text(payload, tl_str_z(route->by), &scratch, &value, &why);
    if (code == TL_OK) {
        for (size_t i = 0; system < 0 && i < route->to_count; i++) {
            if (tl_str_is(value, route->to[i].value))
                system = own_system(plan, part, tl_str_z(route->to[i].system), gone_too);
        }
    }
    if (system < 0 && route->otherwise != NULL)
        system = own_system(plan, part, tl_str_z(route->otherwise), gone_too);
    if (system < 0) {
        if (code != TL_OK)
            tl_fail(err, TL_EINPUT, "route \"%s\" (%s:%d): no value at %s, and nothing stands under otherwise",
                    route->kind, route->place.file, route->place.line, route->by);
        else
            tl_fail(err, TL_EINPUT, "route \"%s\" (%s:%d): \"%.*s\" at %s is none of its values", route->kind,
                    route->place.file, route->place.line, TL_STR_ARGS(value), route->by);
    }
    tl_buf_free(&scratch);
    return system;
}

int tl_plan_route(const struct tl_plan *plan, uint32_t part, tl_str target, tl_str payload, struct tl_error *err)
{
    int system = own_system(plan, part, target, false);
    if (system >= 0)
        return system;
    const struct tl_route *route = route_of(plan, part, target);
    if (route != NULL)
        return by_route(plan, part, route, payload, false, err);
    size_t found = 0;
    for (size_t i = 0; i < plan->system_count; i++) {
        if (!plan->systems[i]->gone && plan->systems[i]->part == part && tl_str_is(target, plan->systems[i]->kind)) {
            system = (int)i;
            found++;
        }
    }
    if (found == 1)
        return system;
    tl_fail(err, TL_EINPUT,
            found == 0 ? "there is no system or kind \"%.*s\"" : "kind \"%.*s\" has several systems and no route",
            TL_STR_ARGS(target));
    return -1;
}

int tl_plan_first_system(const struct tl_plan *plan, const struct tl_plan_flow *flow, const struct tl_placing *place,
                         tl_str payload)
{
    if (place->route == NULL)
        return place->system;
    return by_route(plan, flow->part, place->route, payload, true, NULL);
}
