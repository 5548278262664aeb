#include "gone.h"
#include "base/buf.h"
#include "base/log.h"
#include "connector/system.h"
#include "flow/runs.h"
#include "journal/state.h"
#include "script/bundle.h"
#include <string.h>

/* ---- flows ---- */

static void name(struct tl_buf *names, const char *what, uint64_t count)
{
    tl_buf_addf(names, "%s\"%s\" (%llu)", names->len > 0 ? ", " : "", what, (unsigned long long)count);
}

static size_t find_gone_flows(const struct tl_gone *gone, struct tl_buf *names)
{
    const struct tl_plan *plan = &gone->engine->plan;
    size_t flows = 0;
    for (uint32_t f = 0; f < plan->flow_count; f++) {
        uint64_t left = tl_progress_of_flow(&gone->engine->progress, f);
        if (plan->flows[f]->kind != TL_PLAN_SCRIPT || left == 0 || tl_merge_has_flow(gone->merge, plan, f))
            continue;
        name(names, plan->flows[f]->name, left);
        flows++;
    }
    return flows;
}

/* ---- systems ---- */

/* A system, or its kind. */
static bool means(tl_str target, const struct tl_plan_system *system)
{
    return tl_str_eq(target, system->local) || tl_str_is(target, system->kind);
}

static bool targets(const struct tl_plan_flow *flow, const struct tl_plan_system *system)
{
    bool found = flow->decl == NULL; /* of an earlier revision: nobody knows what it uses */
    if (flow->part != system->part || tl_str_starts(tl_str_z(flow->name), TL_STR(TL_EXPECT_FLOW)))
        return false; /* an expectation only looks */
    for (size_t i = 0; !found && i < flow->decl->target_count; i++)
        found = means(tl_str_z(flow->decl->targets[i]), system);
    return found;
}

/* Runs of the flow that are open: those in memory without a row, and all that have one. */
static uint64_t open_runs(const struct tl_gone *gone, const struct tl_plan_flow *flow)
{
    struct tl_state_query query = {.table = TL_STR(TL_TABLE_RUN), .where = {tl_str_z(flow->name)}};
    uint64_t count = 0;
    size_t i = 0;
    tl_str key, id;
    void *revision;
    struct tl_error err;
    tl_journal_wait_applied(gone->engine->journal, tl_journal_last(gone->engine->journal));
    if (tl_state_count(gone->engine->journal, &query, &count, &err) != TL_OK) {
        tl_log(TL_WARN, "engine.switch", err.text);
        count = 1; /* nobody knows */
    }
    while (tl_map_next(gone->begun, &i, &key, &revision))
        count += tl_str_cut(&key, '/', &id) && tl_str_is(key, flow->name);
    return count;
}

static void find_users(const struct tl_gone *gone, const struct tl_plan_system *system, struct tl_buf *names)
{
    const struct tl_plan *plan = &gone->engine->plan;
    for (size_t f = TL_FLOW_GAP + 1; f < plan->flow_count; f++) {
        uint64_t runs = targets(plan->flows[f], system) ? open_runs(gone, plan->flows[f]) : 0;
        if (runs > 0) {
            tl_buf_addf(names, "%s\"%s\" by ", names->len > 0 ? ", " : "", system->name);
            tl_buf_addf(names, "\"%s\" (%llu)", plan->flows[f]->name, (unsigned long long)runs);
        }
    }
}

static void find_gone_systems(const struct tl_gone *gone, struct tl_buf *names)
{
    const struct tl_plan *plan = &gone->engine->plan;
    for (uint32_t s = 0; s < plan->system_count; s++) {
        if (!plan->systems[s]->gone && !tl_merge_has_system(gone->merge, plan, s))
            find_users(gone, plan->systems[s], names);
    }
}

/* ---- operations ---- */

static bool has_operation(const struct tl_plan_system *system, const char *operation)
{
    struct tl_operation_facts facts;
    return tl_system_operation(system->system, tl_str_z(operation), &facts);
}

static void find_callers(const struct tl_gone *gone, const struct tl_plan_system *before,
                         const struct tl_plan_system *after, const struct tl_plan_flow *flow, struct tl_buf *names)
{
    for (size_t i = 0; i < flow->decl->call_count; i++) {
        const struct tl_flow_call *call = &flow->decl->calls[i];
        if (!means(tl_str_z(call->target), before) || !has_operation(before, call->operation) ||
            has_operation(after, call->operation))
            continue;
        uint64_t runs = open_runs(gone, flow);
        if (runs > 0) {
            tl_buf_addf(names, "%s\"%s:%s\" by ", names->len > 0 ? ", " : "", before->name, call->operation);
            tl_buf_addf(names, "\"%s\" (%llu)", flow->name, (unsigned long long)runs);
        }
    }
}

/* What stands for a system in the next plan, and is another object; NULL: nothing changes. */
static const struct tl_plan_system *replacement(const struct tl_gone *gone, const struct tl_plan_system *system)
{
    const struct tl_plan *next = &gone->next->plan;
    for (size_t i = 0; i < next->system_count; i++) {
        struct tl_system *other = next->systems[i]->system;
        if (strcmp(next->systems[i]->name, system->name) == 0)
            return system->system != NULL && other != NULL && other != system->system ? next->systems[i] : NULL;
    }
    return NULL;
}

static void find_gone_operations(const struct tl_gone *gone, struct tl_buf *names)
{
    const struct tl_plan *plan = &gone->engine->plan;
    for (size_t s = 0; s < plan->system_count; s++) {
        const struct tl_plan_system *before = plan->systems[s], *after = replacement(gone, before);
        for (size_t f = TL_FLOW_GAP + 1; after != NULL && f < plan->flow_count; f++) {
            if (plan->flows[f]->decl != NULL && plan->flows[f]->part == before->part)
                find_callers(gone, before, after, plan->flows[f], names);
        }
    }
}

/* ---- the whole ---- */

static tl_code refuse(struct tl_buf *names, const char *what, struct tl_error *err)
{
    if (names->len == 0)
        return TL_OK;
    return tl_fail(err, TL_EDIFFERS, "%s: %s. Wait until they have ended, or park them with --park-removed", what,
                   names->ptr);
}

tl_code tl_gone_check(const struct tl_gone *gone, size_t *parked_flows, struct tl_error *err)
{
    struct tl_buf names;
    tl_code code = TL_OK;
    tl_buf_init(&names, 700);
    *parked_flows = find_gone_flows(gone, &names);
    if (!gone->next->park_removed) {
        code = refuse(&names, "flows would be removed that have pending units", err);
        tl_buf_clear(&names);
        if (code == TL_OK) {
            find_gone_systems(gone, &names);
            code = refuse(&names, "systems would be removed that open runs use", err);
        }
        tl_buf_clear(&names);
        if (code == TL_OK) {
            find_gone_operations(gone, &names);
            code = refuse(&names, "operations would be removed that open runs use", err);
        }
    }
    tl_buf_free(&names);
    return code;
}
