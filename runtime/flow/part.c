/* Several integrations in one engine: whose a name is. */
#include "base/alloc.h"
#include "flow/schedule.h"
#include "plan.h"
#include "use.h"
#include <string.h>

static bool is_named(const struct tl_plan *plan, uint32_t part)
{
    return plan->parts[part]->name[0] != 0;
}

char *tl_plan_full(const struct tl_plan *plan, uint32_t part, tl_str name)
{
    if (!is_named(plan, part))
        return tl_str_dup(name);
    return tl_printf("%.*s@%s", TL_STR_ARGS(name), plan->parts[part]->name);
}

tl_str tl_plan_local(const struct tl_plan *plan, uint32_t part, tl_str name)
{
    const char *own = plan->parts[part]->name;
    size_t len = strlen(own);
    bool ends = len > 0 && name.len > len && name.ptr[name.len - len - 1] == '@' &&
                memcmp(name.ptr + name.len - len, own, len) == 0;
    return ends ? tl_str_n(name.ptr, name.len - len - 1) : name;
}

static bool is_tick(tl_str type)
{
    return tl_str_starts(type, TL_STR(TL_TYPE_TICK));
}

/* Cuts "<system>.<object>" there. False: it is no captured type. */
static bool cut_type(tl_str type, tl_str *system, tl_str *rest)
{
    ptrdiff_t dot = tl_str_find(type, '.');
    if (dot <= 0)
        return false;
    *system = tl_str_n(type.ptr, (size_t)dot);
    *rest = tl_str_from(type, (size_t)dot);
    return true;
}

static bool declares(const struct tl_plan *plan, uint32_t part, tl_str system)
{
    for (size_t i = 0; i < plan->system_count; i++) {
        if (plan->systems[i]->part == part && tl_str_eq(system, plan->systems[i]->local))
            return true;
    }
    return false;
}

char *tl_plan_full_type(const struct tl_plan *plan, uint32_t part, tl_str type)
{
    tl_str system, rest;
    if (is_tick(type))
        return tl_plan_full(plan, part, type);
    if (!is_named(plan, part) || !cut_type(type, &system, &rest) || !declares(plan, part, system))
        return tl_str_dup(type);
    return tl_printf("%.*s@%s%.*s", TL_STR_ARGS(system), plan->parts[part]->name, TL_STR_ARGS(rest));
}

tl_str tl_plan_local_type(const struct tl_plan *plan, uint32_t part, tl_str type, struct tl_arena *arena)
{
    tl_str system, rest;
    if (is_tick(type))
        return tl_plan_local(plan, part, type);
    if (!is_named(plan, part) || !cut_type(type, &system, &rest))
        return type;
    tl_str own = tl_plan_local(plan, part, system);
    if (own.len == system.len)
        return type;
    return tl_str_z(tl_arena_printf(arena, "%.*s%.*s", TL_STR_ARGS(own), TL_STR_ARGS(rest)));
}

int tl_plan_part(const struct tl_plan *plan, const char *name)
{
    for (size_t i = 0; i < plan->part_count; i++) {
        if (strcmp(plan->parts[i]->name, name) == 0)
            return (int)i;
    }
    return -1;
}

const char *tl_plan_revision(const struct tl_plan *plan, uint32_t flow)
{
    return plan->parts[plan->flows[flow]->part]->revision;
}

/* ---- built ---- */

static void add_stewards(struct tl_plan *plan, uint32_t part, const struct tl_engine_integration *from)
{
    size_t count = plan->steward_count + from->steward_count;
    plan->stewards = tl_realloc(plan->stewards, (count + 1) * sizeof *plan->stewards);
    for (size_t i = 0; i < from->steward_count; i++) {
        struct tl_steward *steward = &plan->stewards[plan->steward_count++];
        const char *escalate = from->stewards[i].escalate;
        *steward = from->stewards[i];
        steward->name = tl_plan_full(plan, part, tl_str_z(from->stewards[i].name));
        steward->escalate =
            escalate != NULL && escalate[0] != 0 ? tl_plan_full(plan, part, tl_str_z(escalate)) : tl_copy_z("");
    }
}

static void add_everys(struct tl_plan *plan, uint32_t part, const struct tl_engine_integration *from)
{
    size_t count = plan->every_count + from->every_count;
    plan->everys = tl_realloc(plan->everys, (count + 1) * sizeof *plan->everys);
    for (size_t i = 0; i < from->every_count; i++) {
        struct tl_every *every = &plan->everys[plan->every_count++];
        *every = from->everys[i];
        every->name = tl_plan_full(plan, part, tl_str_z(from->everys[i].name));
    }
}

tl_code tl_plan_add_part(struct tl_plan *plan, const struct tl_engine_integration *from, struct tl_error *err)
{
    if (plan->part_count > 0 && (from->name == NULL || from->name[0] == 0 || strchr(from->name, '@') != NULL))
        return tl_fail(err, TL_ECONFIG, "an integration beside the first needs a name without \"@\"");
    if (plan->part_count > 0 && tl_plan_part(plan, from->name) >= 0)
        return tl_fail(err, TL_ECONFIG, "integration \"%s\" is there twice", from->name);
    struct tl_plan_part *part = TL_NEW(struct tl_plan_part);
    uint32_t number = (uint32_t)plan->part_count;
    plan->parts = tl_realloc(plan->parts, (plan->part_count + 1) * sizeof *plan->parts);
    plan->parts[plan->part_count++] = part;
    part->name = tl_copy_z(number == 0 ? "" : from->name);
    part->revision = tl_copy_z(from->revision != NULL ? from->revision : "");
    part->bundle = from->bundle;
    part->routes = from->routes;
    part->route_count = from->route_count;
    part->scripts = from->bundle != NULL || from->flow_count > 0;
    bool named = from->steward != NULL && from->steward[0] != 0;
    part->steward = named ? tl_plan_full(plan, number, tl_str_z(from->steward)) : tl_copy_z("");
    add_stewards(plan, number, from);
    add_everys(plan, number, from);
    return TL_OK;
}

void tl_plan_part_free(struct tl_plan_part *part)
{
    tl_use_drop(part->use);
    tl_free(part->name);
    tl_free(part->revision);
    tl_free(part->steward);
    tl_free(part);
}

void tl_plan_stewards_free(struct tl_plan *plan)
{
    for (size_t i = 0; i < plan->steward_count; i++) {
        tl_free((void *)(uintptr_t)plan->stewards[i].name);
        tl_free((void *)(uintptr_t)plan->stewards[i].escalate);
    }
    tl_free(plan->stewards);
}

void tl_plan_everys_free(struct tl_plan *plan)
{
    for (size_t i = 0; i < plan->every_count; i++)
        tl_free((void *)(uintptr_t)plan->everys[i].name);
    tl_free(plan->everys);
}
