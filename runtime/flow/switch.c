/* The switch itself, on the owner's thread:
 *
 *   hold     each lane begins nothing more, says what has begun, and derives what is durable
 *   check    may flows and systems that are gone go?
 *   commit   one batch: what flows take from when on, and the units that go on with an earlier revision
 *   meet     all lanes stand still between two turns while the plan is changed
 *   go on    each lane takes its new state, attaches to the systems, and begins again
 *
 * Until the batch is durable nothing has changed and the lanes just go on. Nothing is derived in between, so the line
 * between the revisions is one commit for all flows and lanes: what was handed out before the hold is the old one's. A
 * lane never waits but in the meeting, for the owner's thread; and that waits for the lanes and, before the meeting,
 * for the journal, whose threads wait for nobody. */
#include "activation.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "capture_int.h"
#include "engine_int.h"
#include "flow/runs.h"
#include "host.h"
#include "journal/state.h"
#include "merge.h"
#include "next.h"
#include "pause_int.h"
#include "run.h"
#include "ticks.h"
#include "use.h"

struct visit {
    struct tl_mail mail;
    struct tl_switch *of;
    struct tl_lane *lane;
};

struct tl_switch {
    struct tl_engine *engine;
    struct tl_engine_next *next;
    struct tl_merge merge;
    struct visit *visits; /* own; one a lane */
    pthread_mutex_t lock; /* what follows */
    pthread_cond_t changed;
    unsigned arrived, done; /* lanes: in the meeting, at the end of this visit */
    bool open;              /* the meeting is over */
    int64_t pause_ns;       /* the longest that one stood still */
    size_t parts;           /* integrations of the next plan */
    struct tl_map begun;    /* key → revision, own: units of other revisions than the next */
};

/* ---- lanes are visited ---------------------------------------------------------------------------------------------
 */

static void visit_all(struct tl_switch *sw, void (*deliver)(struct tl_mail *mail))
{
    struct tl_engine *engine = sw->engine;
    sw->done = 0;
    for (unsigned i = 0; i < engine->lane_count; i++) {
        struct visit *visit = &sw->visits[i];
        *visit = (struct visit){.of = sw, .lane = engine->lanes[i]};
        tl_mail_init(&visit->mail, deliver);
        if (engine->config.by_hand)
            deliver(&visit->mail);
        else
            tl_loop_post(visit->lane->loop, &visit->mail);
    }
}

static void wait_for(struct tl_switch *sw, const unsigned *count)
{
    pthread_mutex_lock(&sw->lock);
    while (*count < sw->engine->lane_count)
        pthread_cond_wait(&sw->changed, &sw->lock);
    pthread_mutex_unlock(&sw->lock);
}

static void visited(struct tl_switch *sw)
{
    pthread_mutex_lock(&sw->lock);
    sw->done++;
    pthread_cond_broadcast(&sw->changed);
    pthread_mutex_unlock(&sw->lock);
}

/* ---- hold ----------------------------------------------------------------------------------------------------------
 */

/* Those that have no row yet which says it, or whose outcome is not durable yet. */
static void list_unit(struct tl_switch *sw, const struct tl_unit *unit, const char *revision)
{
    char key[TL_BEGUN_KEY];
    if (unit->exception != NULL || (unit->run != NULL && unit->run->waited))
        return;
    tl_begun_key(unit->position, sw->engine->plan.flows[unit->flow]->name, key);
    tl_free(tl_map_put(&sw->begun, tl_str_z(key), tl_copy_z(revision)));
}

/* After a crash units take that revision anyway. */
static bool stays_live(const struct tl_switch *sw, const char *revision)
{
    const struct tl_plan *next = &sw->next->plan;
    for (size_t g = 0; g < next->part_count; g++) {
        if (tl_str_is(tl_str_z(revision), next->parts[g]->revision))
            return true;
    }
    return false;
}

static void list_begun(struct tl_switch *sw, const struct tl_lane *lane)
{
    for (const struct tl_script_host *host = lane->hosts; host != NULL; host = host->next) {
        if (stays_live(sw, host->revision))
            continue;
        for (struct tl_link *link = tl_list_first(&host->units); link != NULL; link = tl_list_after(&host->units, link))
            list_unit(sw, TL_LIST_ITEM(link, struct tl_unit, begun), host->revision);
    }
}

static void hold(struct tl_mail *mail)
{
    struct visit *visit = TL_CONTAINER_OF(mail, struct visit, mail);
    tl_lane_hold(visit->lane);
    pthread_mutex_lock(&visit->of->lock);
    list_begun(visit->of, visit->lane);
    pthread_mutex_unlock(&visit->of->lock);
    visited(visit->of);
}

static void go_on(struct tl_mail *mail)
{
    struct visit *visit = TL_CONTAINER_OF(mail, struct visit, mail);
    tl_lane_go_on(visit->lane);
    visited(visit->of);
}

/* ---- check ---------------------------------------------------------------------------------------------------------
 */

static void name(struct tl_buf *names, const char *what, uint64_t count)
{
    tl_buf_addf(names, "%s\"%s\" (%llu)", names->len > 0 ? ", " : "", what, (unsigned long long)count);
}

static size_t find_gone_flows(struct tl_switch *sw, struct tl_buf *names)
{
    const struct tl_plan *plan = &sw->engine->plan;
    size_t flows = 0;
    for (uint32_t f = 0; f < plan->flow_count; f++) {
        uint64_t left = tl_progress_of_flow(&sw->engine->progress, f);
        if (plan->flows[f]->kind != TL_PLAN_SCRIPT || left == 0 || tl_merge_has_flow(&sw->merge, plan, f))
            continue;
        name(names, plan->flows[f]->name, left);
        flows++;
    }
    return flows;
}

static bool targets(const struct tl_plan_flow *flow, const struct tl_plan_system *system)
{
    bool found = flow->decl == NULL; /* of an earlier revision: nobody knows what it uses */
    if (flow->part != system->part)
        return false;
    for (size_t i = 0; !found && i < flow->decl->target_count; i++) {
        tl_str target = tl_str_z(flow->decl->targets[i]);
        found = tl_str_eq(target, system->local) || tl_str_is(target, system->kind);
    }
    return found;
}

/* Runs of the flow that are open: those in memory without a row, and all that have one. */
static uint64_t open_runs(struct tl_switch *sw, const struct tl_plan_flow *flow)
{
    struct tl_state_query query = {.table = TL_STR(TL_TABLE_RUN), .where = {tl_str_z(flow->name)}};
    uint64_t count = 0;
    size_t i = 0;
    tl_str key, id;
    void *revision;
    struct tl_error err;
    if (tl_state_count(sw->engine->journal, &query, &count, &err) != TL_OK) {
        tl_log(TL_WARN, "engine.switch", err.text);
        count = 1; /* nobody knows */
    }
    while (tl_map_next(&sw->begun, &i, &key, &revision))
        count += tl_str_cut(&key, '/', &id) && tl_str_is(key, flow->name);
    return count;
}

static void find_users(struct tl_switch *sw, const struct tl_plan_system *system, struct tl_buf *names)
{
    const struct tl_plan *plan = &sw->engine->plan;
    for (size_t f = TL_FLOW_GAP + 1; f < plan->flow_count; f++) {
        uint64_t runs = targets(plan->flows[f], system) ? open_runs(sw, plan->flows[f]) : 0;
        if (runs > 0) {
            tl_buf_addf(names, "%s\"%s\" by ", names->len > 0 ? ", " : "", system->name);
            tl_buf_addf(names, "\"%s\" (%llu)", plan->flows[f]->name, (unsigned long long)runs);
        }
    }
}

static void find_gone_systems(struct tl_switch *sw, struct tl_buf *names)
{
    const struct tl_plan *plan = &sw->engine->plan;
    bool applied = false;
    for (uint32_t s = 0; s < plan->system_count; s++) {
        if (plan->systems[s]->gone || tl_merge_has_system(&sw->merge, plan, s))
            continue;
        if (!applied)
            tl_journal_wait_applied(sw->engine->journal, tl_journal_last(sw->engine->journal));
        applied = true;
        find_users(sw, plan->systems[s], names);
    }
}

static tl_code check(struct tl_switch *sw, struct tl_engine_switched *out, struct tl_error *err)
{
    struct tl_buf names;
    tl_code code = TL_OK;
    tl_buf_init(&names, 700);
    out->parked_flows = find_gone_flows(sw, &names);
    if (names.len > 0 && !sw->next->park_removed)
        code = tl_fail(err, TL_EDIFFERS,
                       "flows would be removed that have pending units: %s. Wait until they have ended, or park them",
                       names.ptr);
    tl_buf_clear(&names);
    if (code == TL_OK && !sw->next->park_removed)
        find_gone_systems(sw, &names);
    if (names.len > 0)
        code = tl_fail(err, TL_EDIFFERS,
                       "systems would be removed that open runs use: %s. Wait until they have ended, or park them",
                       names.ptr);
    tl_buf_free(&names);
    return code;
}

/* ---- commit --------------------------------------------------------------------------------------------------------
 */

/* Integrations that are removed are not live any more. */
static void forget_gone(struct tl_switch *sw, struct tl_batch *batch)
{
    const struct tl_plan *plan = &sw->engine->plan;
    for (uint32_t i = 0; i < plan->part_count; i++) {
        if (tl_plan_part(&sw->next->plan, plan->parts[i]->name) >= 0)
            continue;
        char *key = tl_plan_full(plan, i, TL_STR("live"));
        tl_must(tl_batch_del(batch, TL_STR("engine"), tl_str_z(key), NULL) == TL_OK);
        tl_free(key);
    }
}

static tl_code commit(struct tl_switch *sw, struct tl_engine_switched *out, struct tl_error *err)
{
    struct tl_engine *engine = sw->engine;
    struct tl_batch *batch = sw->next->batch;
    tl_merge_put_flows(&sw->merge, engine, batch);
    tl_activation_put_begun(engine, &sw->begun, batch);
    tl_activation_put_revisions(&sw->next->plan, batch);
    forget_gone(sw, batch);
    out->begun = sw->begun.count;
    tl_code code = tl_journal_submit_wait(engine->journal, batch, TL_DURABLE, err);
    if (code == TL_OK)
        out->commit = tl_batch_commit(batch);
    return code;
}

/* ---- meet ----------------------------------------------------------------------------------------------------------
 */

static void take_states(struct tl_switch *sw, struct tl_lane *lane)
{
    struct tl_engine_next *next = sw->next;
    for (size_t g = 0; g < sw->parts; g++) {
        void **host = &next->hosts[lane->index * sw->parts + g];
        if (*host != NULL)
            tl_host_replace(lane, sw->merge.parts[g], *host);
        *host = NULL;
    }
}

/* What the lane has itself follows the plan. */
static void take_over(struct tl_switch *sw, struct tl_lane *lane)
{
    const struct tl_plan *plan = &sw->engine->plan;
    struct tl_error err;
    take_states(sw, lane);
    for (uint32_t i = 0; i < plan->part_count; i++) {
        if (!plan->parts[i]->scripts)
            tl_host_replace(lane, i, NULL);
    }
    tl_code code = tl_lane_attach(lane, &err);
    if (code != TL_OK)
        tl_log(TL_ERROR, "engine.switch", err.text);
    tl_must(code == TL_OK); /* it takes memory, and nothing else */
    tl_captures_follow(lane);
    tl_ticks_revise(lane);
    tl_lane_go_on(lane);
}

static void meet(struct tl_mail *mail)
{
    struct visit *visit = TL_CONTAINER_OF(mail, struct visit, mail);
    struct tl_switch *sw = visit->of;
    int64_t from_ns = tl_mono_ns();
    pthread_mutex_lock(&sw->lock);
    sw->arrived++;
    pthread_cond_broadcast(&sw->changed);
    while (!sw->open)
        pthread_cond_wait(&sw->changed, &sw->lock);
    pthread_mutex_unlock(&sw->lock);
    take_over(sw, visit->lane);
    int64_t pause_ns = tl_mono_ns() - from_ns;
    pthread_mutex_lock(&sw->lock);
    sw->pause_ns = pause_ns > sw->pause_ns ? pause_ns : sw->pause_ns;
    pthread_mutex_unlock(&sw->lock);
    visited(sw);
}

static void change_plan(struct tl_switch *sw)
{
    struct tl_engine *engine = sw->engine;
    atomic_store(&engine->plan.coming, NULL);
    pthread_mutex_lock(&engine->plan_lock);
    tl_merge_apply(&sw->merge, engine);
    pthread_mutex_unlock(&engine->plan_lock);
    tl_pauses_apply(engine);
    tl_dispatch_go_on(engine);
    pthread_mutex_lock(&sw->lock);
    sw->open = true;
    pthread_cond_broadcast(&sw->changed);
    pthread_mutex_unlock(&sw->lock);
}

/* A lane without a thread of its own stands still anyway. */
static void change_over(struct tl_switch *sw)
{
    struct tl_engine *engine = sw->engine;
    if (engine->config.by_hand) {
        change_plan(sw);
        visit_all(sw, meet);
    } else {
        visit_all(sw, meet);
        wait_for(sw, &sw->arrived);
        change_plan(sw);
    }
    wait_for(sw, &sw->done);
}

/* ---- the whole -----------------------------------------------------------------------------------------------------
 */

static tl_code stale(const struct tl_engine_next *next, struct tl_error *err)
{
    struct tl_engine *engine = next->engine;
    bool same = true;
    for (size_t g = 0; g < next->plan.part_count; g++)
        same &= !next->same[g] || tl_next_is_live(engine, next->plan.parts[g]);
    if (!tl_engine_running(engine))
        return tl_fail(err, TL_ECANCELLED, "the engine stops");
    if (!same)
        return tl_fail(err, TL_EFAILED, "another revision is live than when this was prepared; prepare it again");
    return TL_OK;
}

static void begin(struct tl_switch *sw, struct tl_engine_next *next)
{
    *sw = (struct tl_switch){.engine = next->engine, .next = next, .parts = next->plan.part_count};
    sw->visits = tl_zalloc(next->engine->lane_count, sizeof *sw->visits);
    pthread_mutex_init(&sw->lock, NULL);
    pthread_cond_init(&sw->changed, NULL);
    tl_map_init(&sw->begun);
}

static void end(struct tl_switch *sw)
{
    tl_merge_free(&sw->merge);
    tl_activation_units_free(&sw->begun);
    pthread_cond_destroy(&sw->changed);
    pthread_mutex_destroy(&sw->lock);
    tl_free(sw->visits);
}

static tl_code until_durable(struct tl_switch *sw, struct tl_engine_switched *out, struct tl_error *err)
{
    struct tl_engine *engine = sw->engine;
    uint64_t floor = tl_engine_value(engine, "floor", 1);
    atomic_store(&engine->plan.coming, &sw->next->plan);
    visit_all(sw, hold);
    wait_for(sw, &sw->done);
    uint64_t cut = tl_dispatch_hold(engine);
    tl_merge_init(&sw->merge, engine, &sw->next->plan, cut, floor);
    tl_code code = check(sw, out, err);
    if (code == TL_OK)
        code = commit(sw, out, err);
    if (code == TL_OK)
        return TL_OK;
    tl_dispatch_go_on(engine);
    atomic_store(&engine->plan.coming, NULL);
    visit_all(sw, go_on);
    wait_for(sw, &sw->done);
    return code;
}

static void told(const struct tl_switch *sw, const struct tl_engine_switched *out)
{
    tl_log(TL_INFO, "engine.switched", "another revision or other systems are live",
           TL_FSTR("revision", sw->engine->plan.parts[0]->revision), TL_FINT("commit", out->commit),
           TL_FINT("pause_us", (int64_t)(out->pause_ms * 1000)), TL_FINT("held_us", (int64_t)(out->held_ms * 1000)),
           TL_FINT("begun", out->begun), TL_FINT("parked_flows", out->parked_flows));
}

tl_code tl_engine_switch(struct tl_engine *engine, struct tl_engine_next *next, struct tl_engine_switched *out,
                         struct tl_error *err)
{
    struct tl_switch sw;
    struct tl_engine_switched switched = {0};
    tl_code code = stale(next, err);
    if (code == TL_OK) {
        int64_t from_ns = tl_mono_ns();
        begin(&sw, next);
        code = until_durable(&sw, &switched, err);
        if (code == TL_OK) {
            change_over(&sw);
            switched.pause_ms = (double)sw.pause_ns / 1e6;
            switched.held_ms = (double)(tl_mono_ns() - from_ns) / 1e6;
            tl_activation_listed(engine, &sw.begun);
            told(&sw, &switched);
        }
        end(&sw);
    }
    tl_engine_next_free(next);
    if (out != NULL)
        *out = switched;
    return code;
}
