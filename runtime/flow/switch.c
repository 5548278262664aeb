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
 * lane never waits but in the meeting, for the other lanes; the owner's thread waits for the lanes and, before the
 * meeting, for the journal, whose threads wait for nobody. */
#include "activation.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "capture_int.h"
#include "engine_int.h"
#include "gone.h"
#include "host.h"
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

/* ---- lanes are visited ---- */

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

/* ---- hold ---- */

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

/* ---- commit ---- */

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

/* ---- meet ---- */

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

static void change_plan(struct tl_switch *sw)
{
    struct tl_engine *engine = sw->engine;
    atomic_store(&engine->plan.coming, NULL);
    pthread_mutex_lock(&engine->plan_lock);
    tl_merge_apply(&sw->merge, engine);
    pthread_mutex_unlock(&engine->plan_lock);
    tl_pauses_apply(engine);
    tl_dispatch_go_on(engine);
}

/* The lane that comes last changes the plan: were it the owner's thread, all would stand still until that has a core.
 */
static void stand_still(struct tl_switch *sw)
{
    pthread_mutex_lock(&sw->lock);
    if (++sw->arrived == sw->engine->lane_count) {
        change_plan(sw);
        sw->open = true;
        pthread_cond_broadcast(&sw->changed);
    }
    while (!sw->open)
        pthread_cond_wait(&sw->changed, &sw->lock);
    pthread_mutex_unlock(&sw->lock);
}

static void meet(struct tl_mail *mail)
{
    struct visit *visit = TL_CONTAINER_OF(mail, struct visit, mail);
    struct tl_switch *sw = visit->of;
    int64_t from_ns = tl_mono_ns();
    if (!sw->engine->config.by_hand)
        stand_still(sw);
    take_over(sw, visit->lane);
    int64_t pause_ns = tl_mono_ns() - from_ns;
    pthread_mutex_lock(&sw->lock);
    sw->pause_ns = pause_ns > sw->pause_ns ? pause_ns : sw->pause_ns;
    pthread_mutex_unlock(&sw->lock);
    visited(sw);
}

/* Lanes without threads of their own stand still anyway. */
static void change_over(struct tl_switch *sw)
{
    if (sw->engine->config.by_hand)
        change_plan(sw);
    visit_all(sw, meet);
    wait_for(sw, &sw->done);
}

/* ---- the whole ---- */

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
    struct tl_gone gone = {.engine = engine, .next = sw->next, .merge = &sw->merge, .begun = &sw->begun};
    tl_code code = tl_gone_check(&gone, &out->parked_flows, err);
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
