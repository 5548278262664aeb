/* Declarations are borrowed; what is derived from them is built here. */
#include "plan.h"
#include "base/alloc.h"
#include "base/counter.h"
#include "base/buf.h"
#include "base/clock.h"
#include "child.h"
#include "dispatch.h"
#include "flow/intake.h"
#include "gap.h"
#include "replayed.h"
#include "use.h"
#include "journal/journal.h"

#include "codec/json_pointer.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void tl_engine_integration_bundle(struct tl_engine_integration *integration, const struct tl_bundle *bundle)
{
    integration->name = tl_bundle_integration(bundle);
    integration->bundle = bundle;
    integration->flows = tl_bundle_flows(bundle, &integration->flow_count);
    integration->everys = tl_bundle_everys(bundle, &integration->every_count);
    integration->routes = tl_bundle_routes(bundle, &integration->route_count);
    integration->stewards = tl_bundle_stewards(bundle, &integration->steward_count);
    integration->steward = tl_bundle_steward(bundle);
    integration->revision = tl_bundle_hash(bundle);
}

/* ---- types ---- */

static struct tl_plan_type *type_of(struct tl_map *types, tl_str name)
{
    struct tl_plan_type *type = tl_map_get(types, name);
    if (type == NULL) {
        type = TL_NEW(struct tl_plan_type);
        type->name = tl_str_dup(name);
        tl_map_put(types, name, type);
    }
    return type;
}

void tl_plan_subscribe(struct tl_map *types, tl_str name, uint32_t flow, uint64_t from, uint64_t until)
{
    struct tl_plan_type *type = type_of(types, name);
    type->subs = tl_realloc(type->subs, (type->count + 1) * sizeof *type->subs);
    type->subs[type->count++] = (struct tl_plan_sub){flow, from, until};
}

struct tl_plan_sub *tl_plan_open_sub(const struct tl_map *types, tl_str name, uint32_t flow)
{
    const struct tl_plan_type *type = tl_map_get(types, name);
    for (size_t i = 0; type != NULL && i < type->count; i++) {
        if (type->subs[i].flow == flow && type->subs[i].until == TL_COMMIT_NEVER)
            return &type->subs[i];
    }
    return NULL;
}

void tl_plan_types_free(struct tl_map *types)
{
    size_t i = 0;
    tl_str name;
    void *value;
    while (tl_map_next(types, &i, &name, &value)) {
        struct tl_plan_type *type = value;
        tl_free(type->name);
        tl_free(type->subs);
        tl_free(type);
    }
    tl_map_free(types);
}

const struct tl_plan_type *tl_plan_type(const struct tl_plan *plan, tl_str type)
{
    return tl_map_get(&plan->types, type);
}

static bool has_taker(const struct tl_plan *plan, tl_str name)
{
    const struct tl_plan_type *type = tl_plan_type(plan, name);
    for (size_t i = 0; type != NULL && i < type->count; i++) {
        if (type->subs[i].until == TL_COMMIT_NEVER)
            return true;
    }
    return false;
}

bool tl_plan_wants(const struct tl_plan *plan, tl_str name)
{
    const struct tl_plan *coming = atomic_load(&plan->coming);
    return has_taker(plan, name) || (coming != NULL && has_taker(coming, name));
}

/* ---- flows ---- */

uint32_t tl_plan_add_flow(struct tl_plan *plan, tl_str name, enum tl_plan_kind kind)
{
    struct tl_plan_flow *flow = TL_NEW(struct tl_plan_flow);
    plan->flows = tl_realloc(plan->flows, (plan->flow_count + 1) * sizeof *plan->flows);
    plan->flows[plan->flow_count] = flow;
    flow->name = tl_str_dup(name);
    flow->kind = kind;
    flow->place.upto = TL_COMMIT_NEVER;
    flow->place.scope = tl_str_dup(name);
    flow->place.priority = TL_NORMAL;
    flow->place.system = -1;
    flow->on = tl_zalloc(1, sizeof *flow->on);
    flow->steward = tl_copy_z(plan->parts[0]->steward);
    flow->after = TL_AFTER_PASS;
    tl_map_put(&plan->names, name, (void *)(uintptr_t)(plan->flow_count + 1));
    return (uint32_t)plan->flow_count++;
}

uint32_t tl_plan_add_gone(struct tl_plan *plan, tl_str name)
{
    return tl_plan_add_flow(plan, name, TL_PLAN_GONE);
}

static void add_own_flows(struct tl_plan *plan)
{
    tl_must(tl_plan_add_flow(plan, TL_STR("nobody"), TL_PLAN_NOBODY) == TL_FLOW_NOBODY);
    tl_must(tl_plan_add_flow(plan, TL_STR("webhook:unreadable"), TL_PLAN_UNREADABLE) == TL_FLOW_UNREADABLE);
    tl_must(tl_plan_add_flow(plan, TL_STR("webhook:hint"), TL_PLAN_HINT) == TL_FLOW_HINT);
    tl_must(tl_plan_add_flow(plan, TL_STR("run:await"), TL_PLAN_AWAIT) == TL_FLOW_AWAIT);
    tl_must(tl_plan_add_flow(plan, TL_STR("capture:gap"), TL_PLAN_GAP) == TL_FLOW_GAP);
    plan->flows[TL_FLOW_HINT]->place.ordered = true;
    tl_plan_subscribe(&plan->types, TL_STR(TL_TYPE_UNREADABLE), TL_FLOW_UNREADABLE, 0, TL_COMMIT_NEVER);
    tl_plan_subscribe(&plan->types, TL_STR(TL_TYPE_HINT), TL_FLOW_HINT, 0, TL_COMMIT_NEVER);
    tl_plan_subscribe(&plan->types, TL_STR(TL_TYPE_GAP), TL_FLOW_GAP, 0, TL_COMMIT_NEVER);
}

/* A flow that names one target only: its queue is known before it starts (rule 9). */
static void find_target(struct tl_plan *plan, struct tl_plan_flow *flow, const struct tl_flow *decl)
{
    if (decl->target_count != 1)
        return;
    tl_str target = tl_str_z(decl->targets[0]);
    struct tl_placing *place = &flow->place;
    const struct tl_plan_part *part = plan->parts[flow->part];
    for (size_t i = 0; i < part->route_count; i++) {
        if (tl_str_is(target, part->routes[i].kind))
            place->route = &part->routes[i];
    }
    for (size_t i = 0; place->route != NULL && i < plan->system_count; i++) {
        if (plan->systems[i]->part == flow->part && tl_str_eq(target, plan->systems[i]->local))
            place->route = NULL; /* a system of that name comes first */
    }
    if (place->route == NULL)
        place->system = tl_plan_route(plan, flow->part, target, TL_STR_NONE, NULL);
}

static void take_types(struct tl_plan *plan, struct tl_plan_flow *flow, const struct tl_flow *decl)
{
    flow->on = tl_realloc(flow->on, (decl->on_count + 1) * sizeof *flow->on);
    for (size_t i = 0; i < decl->on_count; i++)
        flow->on[i] = tl_plan_full_type(plan, flow->part, tl_str_z(decl->on[i]));
    flow->on[decl->on_count] = NULL;
}

static char *scope_of(const struct tl_plan_flow *flow, const struct tl_flow *decl)
{
    bool own = decl->scope == NULL || decl->scope[0] == 0 || strcmp(decl->scope, decl->name) == 0;
    return tl_copy_z(own ? flow->name : decl->scope); /* one that is named is shared by all integrations */
}

static tl_code add_declared(struct tl_plan *plan, uint32_t part, const struct tl_flow *decl, size_t index,
                            struct tl_error *err)
{
    if (decl->order.pointer != NULL) {
        tl_code code = tl_json_pointer_check(tl_str_z(decl->order.pointer), err);
        if (code != TL_OK) {
            tl_error_prefix(err, "flow \"%s\" (%s:%d): order", decl->name, decl->place.file, decl->place.line);
            return code;
        }
    }
    char *name = tl_plan_full(plan, part, tl_str_z(decl->name));
    if (tl_plan_flow(plan, tl_str_z(name)) >= 0) {
        tl_code code = tl_fail(err, TL_ECONFIG, "two flows would be called \"%s\" (%s:%d); name one of them otherwise",
                               name, decl->place.file, decl->place.line);
        tl_free(name);
        return code;
    }
    uint32_t number = tl_plan_add_flow(plan, tl_str_z(name), TL_PLAN_SCRIPT);
    struct tl_plan_flow *flow = plan->flows[number];
    tl_free(flow->place.scope);
    flow->part = part;
    flow->place.scope = scope_of(flow, decl);
    flow->decl = decl;
    take_types(plan, flow, decl);
    flow->script_index = index;
    flow->place.pointer = tl_copy_z(decl->order.pointer);
    flow->place.function = decl->order.function;
    flow->place.ordered = true;
    flow->place.priority = decl->priority;
    flow->after = decl->after_failure;
    flow->deadline_ms = decl->deadline_ms;
    flow->internal = decl->internal;
    flow->compensate = decl->on_failure == TL_FAILURE_COMPENSATE;
    bool named = decl->steward != NULL && decl->steward[0] != 0;
    tl_free(flow->steward);
    flow->steward = named ? tl_plan_full(plan, part, tl_str_z(decl->steward)) : tl_copy_z(plan->parts[part]->steward);
    find_target(plan, flow, decl);
    char *start = tl_printf(TL_TYPE_START "%s", name);
    if (!decl->internal)
        tl_plan_subscribe(&plan->types, tl_str_z(start), number, 0, TL_COMMIT_NEVER);
    char *again = tl_printf(TL_TYPE_REPLAY "%s", name);
    tl_plan_subscribe(&plan->types, tl_str_z(again), number, 0, TL_COMMIT_NEVER);
    tl_free(again);
    tl_free(start);
    tl_free(name);
    return TL_OK;
}

const struct tl_placing *tl_plan_placing(const struct tl_plan_flow *flow, uint64_t commit)
{
    const struct tl_placing *at = &flow->place;
    while (at->before != NULL && commit <= at->before->upto)
        at = at->before;
    return at;
}

void tl_placing_clear(struct tl_placing *placing)
{
    tl_free(placing->scope);
    tl_free(placing->pointer);
    tl_free(placing->revision);
    tl_use_drop(placing->use);
    while (placing->before != NULL) {
        struct tl_placing *before = placing->before;
        placing->before = before->before;
        before->before = NULL;
        tl_placing_clear(before);
        tl_free(before);
    }
}

int tl_plan_flow(const struct tl_plan *plan, tl_str name)
{
    return (int)(uintptr_t)tl_map_get(&plan->names, name) - 1;
}

/* ---- systems ---- */

static uint32_t or_default(int64_t value, uint32_t otherwise)
{
    return value > 0 ? (uint32_t)(value > UINT32_MAX ? UINT32_MAX : value) : otherwise;
}

static tl_code limits_of(const struct tl_system_decl *decl, struct tl_gate_config *limits, struct tl_error *err)
{
    struct tl_gate_config config = {.breaker = tl_breaker_default,
                                    .rate = {or_default(decl->limits.per_second, 0),
                                             decl->limits.per_day > 0 ? (uint64_t)decl->limits.per_day : 0,
                                             (uint32_t)decl->limits.keep_for_live},
                                    .concurrent = or_default(decl->limits.concurrent, 0)};
    config.breaker.failures = or_default(decl->breaker.failures, config.breaker.failures);
    if (decl->breaker.within_ms > 0)
        config.breaker.within_ms = decl->breaker.within_ms;
    if (decl->breaker.probe_after_ms > 0)
        config.breaker.probe_after_ms = decl->breaker.probe_after_ms;
    if (decl->maintenance_count > 0)
        config.calendar = tl_calendar_new();
    for (size_t i = 0; i < decl->maintenance_count; i++) {
        tl_code code = tl_calendar_add(config.calendar, tl_str_z(decl->maintenance[i]), err);
        if (code != TL_OK) {
            tl_calendar_free(config.calendar);
            tl_error_prefix(err, "system \"%s\": maintenance", decl->name);
            return code;
        }
    }
    *limits = config;
    return TL_OK;
}

static void system_figures(struct tl_plan_system *system)
{
    for (int i = 0; i < TL_FAILURE_COUNT; i++) {
        char *labels = tl_printf("system=\"%s\",class=\"%s\"", system->name, tl_failure_name((enum tl_failure)i));
        system->calls[i] = tl_counter_get("tidelock_calls_total", labels, "Calls to systems, by how they ended.");
        tl_free(labels);
    }
    char *labels = tl_printf("system=\"%s\"", system->name);
    system->seconds = tl_histogram_get("tidelock_call_seconds", labels, "How long calls took.");
    tl_free(labels);
}

static tl_code add_system(struct tl_plan *plan, uint32_t part, const struct tl_engine_config *config,
                          const struct tl_engine_system *from, struct tl_error *err)
{
    const struct tl_system_decl *decl = from->decl;
    struct tl_plan_system *system = TL_NEW(struct tl_plan_system);
    plan->systems[plan->system_count++] = system;
    *system =
        (struct tl_plan_system){.name = tl_plan_full(plan, part, tl_str_z(decl->name)),
                                .part = part,
                                .kind = tl_copy_z(decl->kind != NULL && decl->kind[0] != 0 ? decl->kind : decl->name),
                                .decl = decl,
                                .system = from->system,
                                .retry = tl_retry_default,
                                .timeout_ms = decl->timeout_ms > 0 ? decl->timeout_ms : config->call_timeout_ms,
                                .redelivers_ms = decl->redelivers_ms};
    system->local = tl_str_n(system->name, strlen(decl->name));
    if (decl->retry.first_ms > 0)
        system->retry.first_ms = decl->retry.first_ms;
    if (decl->retry.cap_ms > 0)
        system->retry.cap_ms = decl->retry.cap_ms;
    system->retry.attempts = or_default(decl->retry.attempts, system->retry.attempts);
    system->cap = decl->limits.concurrent > 0 ? 2 * or_default(decl->limits.concurrent, 1) : 256;
    pthread_mutex_init(&system->cause_lock, NULL);
    system_figures(system);
    return limits_of(decl, &system->limits, err);
}

void tl_plan_open_gate(struct tl_plan_system *system)
{
    system->gate = tl_gate_new(system->name, &system->limits, (struct tl_instant){tl_wall_ms(), tl_mono_ms()});
    system->limits.calendar = NULL;
}

void tl_plan_open(struct tl_plan *plan)
{
    for (size_t i = 0; i < plan->system_count; i++)
        tl_plan_open_gate(plan->systems[i]);
}

void tl_plan_live(struct tl_plan *plan)
{
    for (size_t i = 0; i < plan->part_count; i++)
        tl_use_live(plan->parts[i]->use);
    for (size_t i = 0; i < plan->system_count; i++)
        tl_use_live(plan->systems[i]->use);
}

void tl_plan_use(struct tl_plan *plan, struct tl_engine *engine)
{
    for (size_t i = 0; i < plan->part_count; i++)
        plan->parts[i]->use = tl_use_bundle(engine, plan->parts[i]->bundle);
    for (size_t i = 0; i < plan->system_count; i++)
        plan->systems[i]->use = tl_use_system(engine, plan->systems[i]->system);
}

int tl_plan_number(const struct tl_plan *plan, tl_str name)
{
    for (size_t i = 0; i < plan->system_count; i++) {
        if (tl_str_is(name, plan->systems[i]->name))
            return (int)i;
    }
    return -1;
}

int tl_plan_system(const struct tl_plan *plan, tl_str name)
{
    int number = tl_plan_number(plan, name);
    return number >= 0 && plan->systems[number]->gone ? -1 : number;
}

const struct tl_steward *tl_plan_steward(const struct tl_plan *plan, const char *name)
{
    for (size_t i = 0; i < plan->steward_count; i++) {
        if (tl_str_is(tl_str_z(name), plan->stewards[i].name))
            return &plan->stewards[i];
    }
    return NULL;
}

/* An event type may have so many takers and no more. */
static tl_code check_fan_out(const struct tl_plan *plan, const struct tl_plan_flow *flow, struct tl_error *err)
{
    for (size_t t = 0; flow->on[t] != NULL; t++) {
        size_t takers = 0;
        for (size_t i = 0; i < plan->flow_count; i++) {
            for (size_t o = 0; plan->flows[i]->on[o] != NULL; o++)
                takers += strcmp(plan->flows[i]->on[o], flow->on[t]) == 0;
        }
        if (takers > TL_FLOWS_OF_EVENT / 2) /* some may be left of an earlier revision */
            return tl_fail(err, TL_ECONFIG, "%zu flows take event \"%s\", more than the %d that are possible", takers,
                           flow->on[t], TL_FLOWS_OF_EVENT / 2);
    }
    return TL_OK;
}

/* ---- the whole ---- */

static tl_code add_part(struct tl_plan *plan, const struct tl_engine_config *config,
                        const struct tl_engine_integration *from, struct tl_error *err)
{
    uint32_t part = (uint32_t)plan->part_count;
    tl_code code = tl_plan_add_part(plan, from, err);
    if (code == TL_OK && part == 0)
        add_own_flows(plan);
    plan->systems = tl_realloc(plan->systems, (plan->system_count + from->system_count + 1) * sizeof *plan->systems);
    for (size_t i = 0; code == TL_OK && i < from->system_count; i++)
        code = add_system(plan, part, config, &from->systems[i], err);
    for (size_t i = 0; code == TL_OK && i < from->flow_count; i++)
        code = add_declared(plan, part, &from->flows[i], i, err);
    return code;
}

tl_code tl_plan_init(struct tl_plan *plan, const struct tl_engine_config *config, struct tl_error *err)
{
    *plan = (struct tl_plan){0};
    tl_map_init(&plan->types);
    tl_map_init(&plan->names);
    tl_code code = add_part(plan, config, &config->first, err);
    for (size_t i = 0; code == TL_OK && i < config->other_count; i++)
        code = add_part(plan, config, &config->others[i], err);
    for (size_t i = 0; code == TL_OK && i < plan->flow_count; i++)
        code = check_fan_out(plan, plan->flows[i], err);
    return code;
}

void tl_plan_note_failure(struct tl_plan_system *system, enum tl_failure failure, tl_str message)
{
    if (!tl_failure_is_endpoint(failure))
        return;
    pthread_mutex_lock(&system->cause_lock);
    snprintf(system->cause, sizeof system->cause, "%s: %.*s", tl_failure_name(failure), TL_STR_ARGS(message));
    pthread_mutex_unlock(&system->cause_lock);
}

void tl_plan_hash(struct tl_plan *plan, struct tl_journal *journal)
{
    for (size_t i = 0; i < plan->flow_count; i++) {
        plan->flows[i]->place.scope_hash = tl_journal_key_hash(journal, tl_str_z(plan->flows[i]->place.scope));
        plan->flows[i]->name_hash = tl_journal_key_hash(journal, tl_str_z(plan->flows[i]->name));
    }
}

void tl_plan_free(struct tl_plan *plan)
{
    tl_plan_types_free(&plan->types);
    tl_map_free(&plan->names);
    for (size_t f = 0; f < plan->flow_count; f++) {
        tl_placing_clear(&plan->flows[f]->place);
        for (size_t i = 0; plan->flows[f]->on[i] != NULL; i++)
            tl_free(plan->flows[f]->on[i]);
        tl_free(plan->flows[f]->on);
        tl_free(plan->flows[f]->steward);
        tl_free(plan->flows[f]->name);
        tl_free(plan->flows[f]);
    }
    for (size_t s = 0; s < plan->system_count; s++) {
        tl_gate_free(plan->systems[s]->gate);
        tl_calendar_free(plan->systems[s]->limits.calendar);
        pthread_mutex_destroy(&plan->systems[s]->cause_lock);
        tl_use_drop(plan->systems[s]->use);
        tl_free(plan->systems[s]->name);
        tl_free(plan->systems[s]->kind);
        tl_free(plan->systems[s]);
    }
    for (size_t i = 0; i < plan->part_count; i++)
        tl_plan_part_free(plan->parts[i]);
    tl_plan_stewards_free(plan);
    tl_plan_everys_free(plan);
    tl_free(plan->parts);
    tl_free(plan->flows);
    tl_free(plan->systems);
}
