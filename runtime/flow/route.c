/* Which system a kind means, read from the payload by the route's JSON pointer, without Lua (rule 9). */
#include "plan.h"
#include "base/buf.h"
#include "codec/json_pointer.h"

static const struct tl_route *route_of(const struct tl_plan *plan, tl_str kind)
{
    for (size_t i = 0; i < plan->route_count; i++) {
        if (tl_str_is(kind, plan->routes[i].kind))
            return &plan->routes[i];
    }
    return NULL;
}

typedef int find_system(const struct tl_plan *plan, tl_str name);

static int by_route(const struct tl_plan *plan, const struct tl_route *route, tl_str payload, find_system *find,
                    struct tl_error *err)
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
                system = find(plan, tl_str_z(route->to[i].system));
        }
    }
    if (system < 0 && route->otherwise != NULL)
        system = find(plan, tl_str_z(route->otherwise));
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

int tl_plan_route(const struct tl_plan *plan, tl_str target, tl_str payload, struct tl_error *err)
{
    int system = tl_plan_system(plan, target);
    if (system >= 0)
        return system;
    const struct tl_route *route = route_of(plan, target);
    if (route != NULL)
        return by_route(plan, route, payload, tl_plan_system, err);
    size_t found = 0;
    for (size_t i = 0; i < plan->system_count; i++) {
        if (!plan->systems[i]->gone && tl_str_is(target, plan->systems[i]->kind)) {
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

int tl_plan_first_system(const struct tl_plan *plan, const struct tl_placing *place, tl_str payload)
{
    if (place->route == NULL)
        return place->system;
    return by_route(plan, place->route, payload, tl_plan_number, NULL);
}
