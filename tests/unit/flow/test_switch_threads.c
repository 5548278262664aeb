/* Revisions change while lanes on threads of their own have hands full: queued, running, waiting and retried units, and
 * a key's order. Run with the thread sanitizer it says whether a switch touches what a lane has in hand. */
#include "engine_int.h"
#include "host.h"
#include "lua_world.h"
#include "use.h"
#include <stdlib.h>
#include <string.h>
#include <time.h>

#ifdef __SANITIZE_THREAD__ /* a Lua state takes it a second */
#define EVENTS 600
#define KEYS 50
#define SWITCHES 6
#else
#define EVENTS 6000
#define KEYS 200
#define SWITCHES 30
#endif

/* The revision writes its own number into every effect. */
static char *flows_of(int revision)
{
    return tl_printf("flow \"f\" { on = \"won@1\", steward = \"desk\", run = function(ctx, e)\n"
                     "  ctx.erp:note{ k = e.key, n = e.data.n, v = %d }\n"
                     "  if e.data.n %% 3 == 0 then ctx:sleep('2ms') ctx.crm:note{ n = e.data.n, v = %d } end\n"
                     "end }\n"
                     "flow \"g%d\" { on = \"sent@1\", steward = \"desk\", run = function() end }\n",
                     revision, revision, revision % 3);
}

static tl_position positions[EVENTS];
static char revisions[SWITCHES + 1][80]; /* hashes */

static void accept_one(struct world *w, const char *type)
{
    struct tl_batch *batch = tl_batch_new(w->journal);
    struct tl_event_in in = {
        .type = tl_str_z(type), .source = TL_STR("crm"), .key = TL_STR("A"), .payload = TL_STR("{\"no\":\"A\"}")};
    assert_int_equal(tl_batch_event(batch, &in, NULL, NULL), TL_OK);
    assert_int_equal(tl_journal_submit_wait(w->journal, batch, TL_DURABLE, NULL), TL_OK);
    tl_batch_free(batch);
}

static void flood(struct world *w, int from, int count, int keys)
{
    struct tl_batch *batch = tl_batch_new(w->journal);
    for (int i = from; i < from + count; i++) {
        char key[16], payload[64];
        snprintf(key, sizeof key, "K%d", i % keys);
        snprintf(payload, sizeof payload, "{\"no\":\"%s\",\"n\":%d}", key, i);
        struct tl_event_in in = {
            .type = TL_STR("won@1"), .source = TL_STR("crm"), .key = tl_str_z(key), .payload = tl_str_z(payload)};
        assert_int_equal(tl_batch_event(batch, &in, NULL, NULL), TL_OK);
    }
    assert_int_equal(tl_journal_submit_wait(w->journal, batch, TL_DURABLE, NULL), TL_OK);
    for (int i = 0; i < count; i++)
        positions[from + i] = tl_batch_position(batch, (uint32_t)i);
    tl_batch_free(batch);
}

static bool all_ended(struct world *w)
{
    struct timespec t = {0, 1000000};
    nanosleep(&t, NULL); /* the lanes run by themselves: looking is all there is to do */
    return world_applied(w, "erp") >= EVENTS && world_applied(w, "crm") >= EVENTS / 3 &&
           tl_engine_unfinished(w->engine) == 0;
}

static bool old_states_are_closed(struct world *w)
{
    struct timespec t = {0, 1000000};
    nanosleep(&t, NULL);
    return lua_released(w) >= SWITCHES;
}

static int number(const char *args, const char *name)
{
    const char *at = strstr(args, name);
    return at != NULL ? atoi(at + strlen(name)) : -1;
}

/* Every ending of a unit names the revision that made its effects. */
static void check_outcomes(struct world *w, const int *by)
{
    struct tl_arena arena;
    struct tl_outcome *outcomes;
    for (int n = 0; n < EVENTS; n++) {
        size_t count = 0;
        tl_arena_init(&arena);
        assert_int_equal(tl_journal_outcomes(w->journal, positions[n], &arena, &outcomes, &count, NULL), TL_OK);
        assert_true(count > 0);
        for (size_t i = 0; i < count; i++)
            assert_true(tl_str_is(outcomes[i].revision, revisions[by[n]]));
        tl_arena_free(&arena);
    }
}

/* One effect an event; in order per key; both effects of a run by one revision; revisions of a key never go back. */
static void check_log(struct world *w)
{
    static int by[EVENTS];
    int last[KEYS], last_revision[KEYS];
    for (int k = 0; k < KEYS; k++)
        last[k] = last_revision[k] = -1;
    for (int i = 0; i < EVENTS; i++)
        by[i] = -1;
    for (size_t i = 0; i < w->log_count; i++) {
        int n = number(w->log[i].args, "\"n\":"), v = number(w->log[i].args, "\"v\":");
        assert_true(n >= 0 && n < EVENTS && v >= 0);
        if (strcmp(w->log[i].system, "crm") == 0) {
            assert_int_equal(by[n], v);
            continue;
        }
        assert_int_equal(by[n], -1);
        by[n] = v;
        assert_true(n > last[n % KEYS] && v >= last_revision[n % KEYS]);
        last[n % KEYS] = n;
        last_revision[n % KEYS] = v;
    }
    assert_int_equal(w->log_count, EVENTS + EVENTS / 3);
    check_outcomes(w, by);
}

static void nothing_is_lost_or_doubled(void **state)
{
    (void)state;
    struct world w;
    char *flows = flows_of(0);
    lua_world_on_threads(&w, flows, NULL);
    tl_free(flows);
    snprintf(revisions[0], sizeof revisions[0], "%s", w.config.first.revision);
    double worst = 0, held = 0;
    for (int i = 1; i <= SWITCHES; i++) {
        struct tl_engine_switched switched;
        flood(&w, (i - 1) * EVENTS / SWITCHES, EVENTS / SWITCHES, KEYS);
        flows = flows_of(i);
        if (lua_switch_timed(&w, flows, &switched) != TL_OK)
            fail_msg("%s", w.reply_text);
        tl_free(flows);
        snprintf(revisions[i], sizeof revisions[i], "%s", w.config.first.revision);
        worst = switched.pause_ms > worst ? switched.pause_ms : worst;
        held = switched.held_ms > held ? switched.held_ms : held;
    }
    print_message("%d switches under load: lanes stood still for %.2f ms at most, nothing began for %.2f ms at most\n",
                  SWITCHES, worst, held);
    world_until(&w, all_ended);
    world_until(&w, old_states_are_closed);
    assert_int_equal(tl_uses(w.engine), 1);
    check_log(&w);
    world_stop(&w);
    lua_free(&w);
}

/* ---- until the activation is durable ---- */

static atomic_bool armed; /* the start's own activation is not looked at */
static struct {
    bool seen;
    size_t calls_before, calls_after;
    uint64_t commit, derived_after;
    uint64_t unfinished;
} at_activation;

static bool is_activation(const struct tl_commit *commit)
{
    struct tl_record record;
    size_t place = 0;
    while (tl_commit_next(commit, &place, &record, NULL, 0)) {
        if (record.kind == TL_RECORD_PUT && tl_str_is(record.put.table, "engine") && tl_str_is(record.put.key, "live"))
            return true;
    }
    return false;
}

/* Every lane has had some turns in which it might have done something. */
static void let_lanes_turn(struct world *w)
{
    for (unsigned i = 0; i < w->engine->lane_count; i++) {
        struct tl_lane *lane = w->engine->lanes[i];
        uint64_t until = tl_loop_turns(lane->loop) + 5;
        while (tl_loop_turns(lane->loop) < until) {
            tl_lane_nudge(lane);
            struct timespec t = {0, 100000};
            nanosleep(&t, NULL); /* between two looks at the condition */
        }
    }
}

static void look_at_activation(struct world *w, struct tl_commit *commit)
{
    if (!atomic_load(&armed) || !is_activation(commit))
        return;
    at_activation.seen = true;
    at_activation.commit = tl_commit_number(commit);
    let_lanes_turn(w); /* what had begun may have been on its way */
    at_activation.calls_before = world_applied(w, "erp");
    let_lanes_turn(w);
    at_activation.calls_after = world_applied(w, "erp");
    at_activation.unfinished = tl_engine_unfinished(w->engine);
    pthread_mutex_lock(&w->engine->dispatch.lock);
    at_activation.derived_after = w->engine->dispatch.dispatched;
    pthread_mutex_unlock(&w->engine->dispatch.lock);
}

static bool many_ended(struct world *w)
{
    struct timespec t = {0, 1000000};
    nanosleep(&t, NULL);
    return world_applied(w, "erp") >= EVENTS && tl_engine_unfinished(w->engine) == 0;
}

/* The writer is kept at the commit of the activation: no lane may begin or hand out anything meanwhile. */
static void nothing_begins_before_the_activation(void **state)
{
    (void)state;
    struct world w;
    static const char flow[] = "flow \"f\" { on = \"won@1\", steward = \"desk\", run = function(ctx, e)\n"
                               "  ctx.erp:note{ n = e.data.n, v = 1 } end }\n";
    char *other = tl_printf("%s-- another\n", flow);
    lua_world_on_threads(&w, flow, look_at_activation);
    flood(&w, 0, EVENTS, EVENTS);
    atomic_store(&armed, true);
    if (lua_switch(&w, other, false) != TL_OK)
        fail_msg("%s", w.reply_text);
    assert_true(at_activation.seen);
    assert_true(at_activation.unfinished > 0);
    assert_int_equal(at_activation.calls_before, at_activation.calls_after);
    assert_true(at_activation.derived_after < at_activation.commit);
    world_until(&w, many_ended);
    world_stop(&w);
    assert_int_equal(world_applied(&w, "erp"), EVENTS);
    tl_free(other);
    lua_free(&w);
}

static bool waits(struct world *w)
{
    return strcmp(lua_runs(w), "f/waiting") == 0;
}

static bool old_state_is_closed(struct world *w)
{
    struct timespec t = {0, 1000000};
    nanosleep(&t, NULL);
    return lua_released(w) > 0;
}

static bool others_ended(struct world *w)
{
    struct timespec t = {0, 1000000};
    nanosleep(&t, NULL);
    return world_applied(w, "erp") >= 1 + KEYS;
}

static bool it_ended(struct world *w)
{
    return world_applied(w, "crm") > 0;
}

/* The Lua state of an earlier revision takes its time; the lane whose run waits for it goes on with everything else. */
static void lanes_do_not_wait_for_an_earlier_state(void **state)
{
    (void)state;
    struct world w;
    char *before = tl_printf("flow \"f\" { on = \"won@1\", steward = \"desk\", run = function(ctx, e)\n"
                             "  ctx.erp:note{ n = 1 } ctx:await{ \"sent@1\" } ctx.crm:note{ v = 'before' } end }\n");
    char *after = tl_printf("flow \"f\" { on = \"won@1\", steward = \"desk\", run = function(ctx, e)\n"
                            "  ctx.erp:note{ n = 2 } end }\n");
    lua_world_on_threads(&w, before, NULL);
    accept_one(&w, "won@1");
    world_until(&w, waits);
    if (lua_switch(&w, after, false) != TL_OK)
        fail_msg("%s", w.reply_text);
    world_until(&w, old_state_is_closed);
    lua_hold_bundles(true);
    accept_one(&w, "sent@1");
    flood(&w, 0, KEYS, KEYS);
    world_until(&w, others_ended);
    assert_int_equal(world_applied(&w, "crm"), 0);
    lua_hold_bundles(false);
    world_until(&w, it_ended);
    world_stop(&w);
    assert_non_null(strstr(w.log[w.log_count - 1].args, "before"));
    tl_free(before);
    tl_free(after);
    lua_free(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(nothing_is_lost_or_doubled),
                                       cmocka_unit_test(nothing_begins_before_the_activation),
                                       cmocka_unit_test(lanes_do_not_wait_for_an_earlier_state)};
    return cmocka_run_group_tests_name("flow switch threads", tests, NULL, NULL);
}
