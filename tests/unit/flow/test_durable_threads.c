/* Durable runs on threads of their own: awaits, children and sleeps whose runs, events and timers live on different
 * lanes. Run with the thread sanitizer it says whether lanes share more than they should. */
#include "engine_int.h"
#include "lua_world.h"
#include <time.h>

#define RUNS 300

static const char flows[] =
    "flow \"f\" { on = \"won@1\", steward = \"desk\", run = function(ctx, e)\n"
    "  ctx.erp:note{ k = e.key }\n"
    "  local r = ctx:all{ event = function() return ctx:await{ 'sent@1' }.data.n end,\n"
    "                     kid = function() return ctx:start('kid', { no = e.key, n = 20 }) end }\n"
    "  ctx.crm:note{ sum = r.event + r.kid }\n"
    "end }\n"
    "flow \"kid\" { on = \"told@1\", steward = \"desk\", order = { \"kid\", function(e) return e.key .. 'x' end },\n"
    "  run = function(ctx, e) ctx:sleep('20ms') return e.data.n * 2 end }\n";

static void flood(struct world *w, const char *type)
{
    struct tl_batch *batch = tl_batch_new(w->journal);
    for (int i = 0; i < RUNS; i++) {
        char key[16], payload[64];
        snprintf(key, sizeof key, "K%d", i);
        snprintf(payload, sizeof payload, "{\"no\":\"%s\",\"n\":2}", key);
        struct tl_event_in in = {
            .type = tl_str_z(type), .source = TL_STR("crm"), .key = tl_str_z(key), .payload = tl_str_z(payload)};
        assert_int_equal(tl_batch_event(batch, &in, NULL, NULL), TL_OK);
    }
    assert_int_equal(tl_journal_submit_wait(w->journal, batch, TL_DURABLE, NULL), TL_OK);
    tl_batch_free(batch);
}

static bool all_told(struct world *w)
{
    struct timespec t = {0, 1000000};
    nanosleep(&t, NULL); /* the lanes run by themselves: looking is all there is to do */
    return world_applied(w, "crm") >= RUNS && tl_engine_unfinished(w->engine) == 0;
}

static void runs_meet_across_lanes(void **state)
{
    (void)state;
    struct world w;
    lua_world_on_threads(&w, flows, NULL);
    flood(&w, "won@1");
    flood(&w, "sent@1");
    world_until(&w, all_told);
    world_stop(&w);
    assert_int_equal(world_applied(&w, "erp"), RUNS);
    assert_int_equal(world_applied(&w, "crm"), RUNS);
    for (size_t i = 0; i < w.log_count; i++) {
        if (strcmp(w.log[i].system, "crm") == 0)
            assert_string_equal(w.log[i].args, "{\"sum\":42}");
    }
    lua_free(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(runs_meet_across_lanes)};
    return cmocka_run_group_tests_name("flow durable threads", tests, NULL, NULL);
}
