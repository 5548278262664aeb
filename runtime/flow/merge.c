/* Numbers first (a flow or system keeps its own for as long as the engine lives, one that comes back has its old one
 * again), then what flows take from when on, then, while lanes stand still, the plan itself. */
#include "merge.h"
#include "activation.h"
#include "base/alloc.h"
#include "capture_int.h"
#include "engine_int.h"
#include "use.h"
#include <string.h>

/* ---- numbers ---- */

static void number_flows(struct tl_merge *merge, const struct tl_plan *plan)
{
    const struct tl_plan *fresh = merge->fresh;
    merge->flows = tl_zalloc(fresh->flow_count + 1, sizeof *merge->flows);
    merge->flow_count = plan->flow_count;
    for (size_t g = 0; g < fresh->flow_count; g++) {
        int known = tl_plan_flow(plan, tl_str_z(fresh->flows[g]->name));
        merge->flows[g] = known >= 0 ? (uint32_t)known : (uint32_t)merge->flow_count++;
    }
}

static void number_systems(struct tl_merge *merge, const struct tl_plan *plan)
{
    const struct tl_plan *fresh = merge->fresh;
    merge->systems = tl_zalloc(fresh->system_count + 1, sizeof *merge->systems);
    merge->system_count = plan->system_count;
    for (size_t g = 0; g < fresh->system_count; g++) {
        int known = tl_plan_number(plan, tl_str_z(fresh->systems[g]->name));
        merge->systems[g] = known >= 0 ? (uint32_t)known : (uint32_t)merge->system_count++;
    }
}

static void number_parts(struct tl_merge *merge, const struct tl_plan *plan)
{
    const struct tl_plan *fresh = merge->fresh;
    merge->parts = tl_zalloc(fresh->part_count + 1, sizeof *merge->parts);
    merge->same = tl_zalloc(plan->part_count + fresh->part_count + 1, sizeof *merge->same);
    merge->part_count = plan->part_count;
    for (size_t g = 0; g < fresh->part_count; g++) {
        int known = tl_plan_part(plan, fresh->parts[g]->name);
        uint32_t number = known >= 0 ? (uint32_t)known : (uint32_t)merge->part_count++;
        merge->parts[g] = number;
        merge->same[number] = known >= 0 && strcmp(plan->parts[known]->revision, fresh->parts[g]->revision) == 0;
    }
}

bool tl_merge_has_flow(const struct tl_merge *merge, const struct tl_plan *plan, uint32_t flow)
{
    return tl_plan_flow(merge->fresh, tl_str_z(plan->flows[flow]->name)) >= 0;
}

bool tl_merge_has_system(const struct tl_merge *merge, const struct tl_plan *plan, uint32_t system)
{
    return tl_plan_number(merge->fresh, tl_str_z(plan->systems[system]->name)) >= 0;
}

/* ---- what flows take ---- */

static bool takes_on(const struct tl_merge *merge, const struct tl_plan *plan, tl_str type,
                     const struct tl_plan_sub *sub)
{
    int fresh = tl_plan_flow(merge->fresh, tl_str_z(plan->flows[sub->flow]->name));
    if (fresh < 0)
        return false;
    char *const *on = merge->fresh->flows[fresh]->on;
    for (size_t i = 0; on[i] != NULL; i++) {
        if (tl_str_is(type, on[i]))
            return true;
    }
    return tl_plan_open_sub(&merge->fresh->types, type, (uint32_t)fresh) != NULL;
}

/* What is taken now goes on, or ends with the cut. */
static void carry_on(struct tl_merge *merge, const struct tl_plan *plan)
{
    size_t i = 0;
    tl_str name;
    void *value;
    while (tl_map_next(&plan->types, &i, &name, &value)) {
        const struct tl_plan_type *type = value;
        for (size_t s = 0; s < type->count; s++) {
            const struct tl_plan_sub *sub = &type->subs[s];
            bool ends = sub->until == TL_COMMIT_NEVER && !takes_on(merge, plan, name, sub);
            tl_plan_subscribe(&merge->types, name, sub->flow, sub->from, ends ? merge->cut + 1 : sub->until);
        }
    }
}

static void take_up(struct tl_merge *merge, tl_str type, uint32_t flow, bool always)
{
    if (tl_plan_open_sub(&merge->types, type, flow) == NULL)
        tl_plan_subscribe(&merge->types, type, flow, always ? 0 : merge->cut + 1, TL_COMMIT_NEVER);
}

static void take_up_all(struct tl_merge *merge, const struct tl_plan *plan)
{
    const struct tl_plan *fresh = merge->fresh;
    size_t i = 0;
    tl_str name;
    void *value;
    while (tl_map_next(&fresh->types, &i, &name, &value)) { /* started and replayed runs */
        const struct tl_plan_type *type = value;
        for (size_t s = 0; s < type->count; s++) {
            uint32_t flow = merge->flows[type->subs[s].flow];
            take_up(merge, name, flow, flow >= plan->flow_count);
        }
    }
    for (size_t g = 0; g < fresh->flow_count; g++) {
        for (char *const *on = fresh->flows[g]->on; *on != NULL; on++)
            take_up(merge, tl_str_z(*on), merge->flows[g], false);
    }
}

void tl_merge_init(struct tl_merge *merge, struct tl_engine *engine, struct tl_plan *fresh, uint64_t cut,
                   uint64_t floor)
{
    *merge = (struct tl_merge){.fresh = fresh, .cut = cut};
    tl_map_init(&merge->types);
    number_parts(merge, &engine->plan);
    number_flows(merge, &engine->plan);
    number_systems(merge, &engine->plan);
    carry_on(merge, &engine->plan);
    take_up_all(merge, &engine->plan);
    tl_activation_prune(engine, &merge->types, floor);
}

void tl_merge_put_flows(const struct tl_merge *merge, struct tl_engine *engine, struct tl_batch *batch)
{
    const struct tl_plan *plan = &engine->plan;
    for (uint32_t f = TL_FLOW_GAP + 1; f < plan->flow_count; f++)
        tl_activation_put_flow(&merge->types, f, plan->flows[f]->name, batch);
    for (size_t g = 0; g < merge->fresh->flow_count; g++) {
        if (merge->flows[g] >= plan->flow_count)
            tl_activation_put_flow(&merge->types, merge->flows[g], merge->fresh->flows[g]->name, batch);
    }
}

/* ---- systems ---- */

#define SWAP(type, a, b)                                                                                               \
    do {                                                                                                               \
        type swapped = (a);                                                                                            \
        (a) = (b);                                                                                                     \
        (b) = swapped;                                                                                                 \
    } while (0)

static void take_system(struct tl_plan_system *to, struct tl_plan_system *from)
{
    bool another = to->system != from->system;
    SWAP(char *, to->kind, from->kind);
    SWAP(struct tl_use *, to->use, from->use);
    to->decl = from->decl;
    to->system = from->system;
    to->retry = from->retry;
    to->timeout_ms = from->timeout_ms;
    to->redelivers_ms = from->redelivers_ms;
    to->cap = from->cap;
    to->gone = false;
    tl_gate_configure(to->gate, &from->limits, tl_now());
    from->limits.calendar = NULL;
    if (another)
        tl_gate_renew(to->gate, tl_now());
}

static void lose_system(struct tl_plan_system *system)
{
    system->gone = true;
    system->decl = NULL;
    system->system = NULL;
    tl_use_drop(system->use);
    system->use = NULL;
}

static void apply_systems(struct tl_merge *merge, struct tl_plan *plan)
{
    struct tl_plan *fresh = merge->fresh;
    size_t before = plan->system_count;
    for (uint32_t s = 0; s < before; s++) {
        if (!plan->systems[s]->gone && !tl_merge_has_system(merge, plan, s))
            lose_system(plan->systems[s]);
    }
    plan->systems = tl_realloc(plan->systems, (merge->system_count + 1) * sizeof *plan->systems);
    size_t left = 0;
    for (size_t g = 0; g < fresh->system_count; g++) {
        struct tl_plan_system *system = fresh->systems[g];
        if (merge->systems[g] < before) {
            take_system(plan->systems[merge->systems[g]], system);
            fresh->systems[left++] = system;
            continue;
        }
        system->part = merge->parts[system->part];
        tl_plan_open_gate(system);
        plan->systems[plan->system_count++] = system;
    }
    fresh->system_count = left;
}

/* ---- flows ---- */

static bool texts_differ(const char *a, const char *b)
{
    return (a == NULL) != (b == NULL) || (a != NULL && strcmp(a, b) != 0);
}

/* A function of another bundle may say something else. */
static bool order_differs(const struct tl_placing *a, const struct tl_placing *b, bool same)
{
    return texts_differ(a->scope, b->scope) || texts_differ(a->pointer, b->pointer) || a->ordered != b->ordered ||
           a->function != b->function || (a->function && (!same || a->revision != NULL));
}

static bool placing_differs(const struct tl_placing *a, const struct tl_placing *b, bool same)
{
    return order_differs(a, b, same) || a->priority != b->priority || a->system != b->system ||
           ((a->route != NULL || b->route != NULL) && !same);
}

/* What an earlier revision's placing needs of it. */
static void outlive(struct tl_placing *placing, const struct tl_plan_part *part)
{
    if (placing->function && placing->revision == NULL)
        placing->revision = tl_copy_z(part->revision);
    if (placing->route != NULL && placing->use == NULL)
        placing->use = tl_use_more(part->use);
    atomic_store(&placing->left, true);
}

/* Those whose units have all ended go. */
static void prune(struct tl_placing **at)
{
    while (*at != NULL) {
        struct tl_placing *placing = *at;
        if (atomic_load(&placing->left)) {
            at = &placing->before;
            continue;
        }
        *at = placing->before;
        placing->before = NULL;
        tl_placing_clear(placing);
        tl_free(placing);
    }
}

static void move(struct tl_placing *to, struct tl_placing *from)
{
    bool left = atomic_load(&from->left);
    memcpy(to, from, sizeof *to);
    atomic_init(&to->left, left);
    *from = (struct tl_placing){.upto = TL_COMMIT_NEVER};
}

static void take_placing(const struct tl_merge *merge, struct tl_engine *engine, uint32_t flow, struct tl_placing *from)
{
    struct tl_plan *plan = &engine->plan;
    struct tl_placing *to = &plan->flows[flow]->place;
    bool same = merge->same[plan->flows[flow]->part];
    bool pending = tl_progress_of_flow(&engine->progress, flow) > 0;
    struct tl_placing *before = to->before;
    if (from->system >= 0)
        from->system = (int)merge->systems[from->system];
    to->before = NULL;
    if (pending && placing_differs(to, from, same)) {
        struct tl_placing *old = TL_NEW(struct tl_placing);
        bool reordered = order_differs(to, from, same);
        outlive(to, plan->parts[plan->flows[flow]->part]);
        move(old, to);
        old->before = before;
        old->upto = merge->cut;
        old->reordered = reordered;
        before = old;
    }
    tl_placing_clear(to);
    move(to, from);
    to->before = before;
    prune(&to->before);
}

static void take_flow(const struct tl_merge *merge, struct tl_engine *engine, uint32_t number,
                      struct tl_plan_flow *from)
{
    struct tl_plan_flow *to = engine->plan.flows[number];
    take_placing(merge, engine, number, &from->place);
    to->part = merge->parts[from->part]; /* of one that was gone at the start nobody knew */
    to->kind = from->kind;
    to->decl = from->decl;
    to->script_index = from->script_index;
    to->after = from->after;
    to->deadline_ms = from->deadline_ms;
    to->internal = from->internal;
    to->compensate = from->compensate;
    SWAP(char *, to->steward, from->steward);
    SWAP(char **, to->on, from->on);
}

static void add_flow(const struct tl_merge *merge, struct tl_plan *plan, struct tl_plan_flow *flow)
{
    if (flow->place.system >= 0)
        flow->place.system = (int)merge->systems[flow->place.system];
    flow->part = merge->parts[flow->part];
    plan->flows[plan->flow_count++] = flow;
    tl_map_put(&plan->names, tl_str_z(flow->name), (void *)(uintptr_t)plan->flow_count);
}

/* What of it has begun ends, the rest is parked. */
static void lose_flow(struct tl_plan *plan, struct tl_plan_flow *flow)
{
    flow->kind = TL_PLAN_GONE;
    flow->decl = NULL;
    for (char **on = flow->on; *on != NULL; on++) {
        tl_free(*on);
        *on = NULL;
    }
    outlive(&flow->place, plan->parts[flow->part]);
    atomic_store(&flow->paused, false);
}

static void apply_flows(struct tl_merge *merge, struct tl_engine *engine)
{
    struct tl_plan *plan = &engine->plan, *fresh = merge->fresh;
    size_t before = plan->flow_count, left = 0;
    for (uint32_t f = 0; f < before; f++) {
        if (plan->flows[f]->kind == TL_PLAN_SCRIPT && !tl_merge_has_flow(merge, plan, f))
            lose_flow(plan, plan->flows[f]);
    }
    plan->flows = tl_realloc(plan->flows, (merge->flow_count + 1) * sizeof *plan->flows);
    for (size_t g = 0; g < fresh->flow_count; g++) {
        struct tl_plan_flow *flow = fresh->flows[g];
        if (merge->flows[g] >= before) {
            add_flow(merge, plan, flow);
            continue;
        }
        if (flow->kind == TL_PLAN_SCRIPT)
            take_flow(merge, engine, merge->flows[g], flow);
        fresh->flows[left++] = flow;
    }
    fresh->flow_count = left;
    tl_progress_flows(&engine->progress, plan->flow_count);
}

/* ---- integrations ---- */

static void lose_part(struct tl_plan_part *part)
{
    part->revision[0] = 0;
    part->bundle = NULL;
    part->routes = NULL;
    part->route_count = 0;
    part->scripts = false;
    tl_use_drop(part->use);
    part->use = NULL;
}

static void apply_parts(struct tl_merge *merge, struct tl_plan *plan)
{
    struct tl_plan *fresh = merge->fresh;
    size_t before = plan->part_count, left = 0;
    for (size_t i = 0; i < before; i++) {
        if (tl_plan_part(fresh, plan->parts[i]->name) < 0)
            lose_part(plan->parts[i]);
    }
    plan->parts = tl_realloc(plan->parts, (merge->part_count + 1) * sizeof *plan->parts);
    for (size_t g = 0; g < fresh->part_count; g++) {
        struct tl_plan_part *part = fresh->parts[g];
        if (merge->parts[g] >= before) {
            plan->parts[plan->part_count++] = part;
            continue;
        }
        struct tl_plan_part swapped = *plan->parts[merge->parts[g]];
        *plan->parts[merge->parts[g]] = *part;
        *part = swapped;
        fresh->parts[left++] = part;
    }
    fresh->part_count = left;
}

/* ---- the whole ---- */

void tl_merge_apply(struct tl_merge *merge, struct tl_engine *engine)
{
    struct tl_plan *plan = &engine->plan, *fresh = merge->fresh;
    apply_systems(merge, plan);
    apply_flows(merge, engine);
    apply_parts(merge, plan);
    SWAP(struct tl_map, plan->types, merge->types);
    SWAP(struct tl_steward *, plan->stewards, fresh->stewards);
    SWAP(size_t, plan->steward_count, fresh->steward_count);
    SWAP(struct tl_every *, plan->everys, fresh->everys);
    SWAP(size_t, plan->every_count, fresh->every_count);
    (void)tl_order_look(engine);
    tl_plan_live(plan);
    tl_captures_plan(engine);
}

void tl_merge_free(struct tl_merge *merge)
{
    tl_free(merge->parts);
    tl_free(merge->same);
    tl_free(merge->flows);
    tl_free(merge->systems);
    tl_plan_types_free(&merge->types);
}
