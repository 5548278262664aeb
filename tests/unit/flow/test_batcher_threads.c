/* Batches while lanes on threads of their own have hands full and systems are switched under them. The platform watches
 * that no record and no parent is out twice. Run with the thread sanitizer it says whether a lane touches another's
 * rows. */
#include "engine_int.h"
#include "lua_world.h"
#include "many_world.h"
#include <stdlib.h>
#include <string.h>
#include <time.h>

#ifdef __SANITIZE_THREAD__ /* a Lua state takes it a second */
#define EVENTS 600
#define SWITCHES 4
#else
#define EVENTS 3000
#define SWITCHES 15
#endif
#define KEYS 60
#define FLOWS 3

/* Two flows write the same records, a third one others of the same parents. */
static const char flows[] =
    "local function write(object, key) return function(ctx, e)\n"
    "  ctx.erp:note{ object = object, key = { no = key .. e.key }, parent = 'P' .. e.data.n % 7,\n"
    "                n = e.data.n }\n"
    "end end\n"
    "flow \"f\" { on = \"won@1\", steward = \"desk\", run = write('Order', '') }\n"
    "flow \"g\" { on = \"won@1\", steward = \"desk\", run = write('Order', '') }\n"
    "flow \"h\" { on = \"won@1\", steward = \"desk\", run = write('Invoice', 'i') }\n";

static void flood(struct world *w, int from, int count)
{
    struct tl_batch *batch = tl_batch_new(w->journal);
    for (int i = from; i < from + count; i++) {
        char key[16], payload[64];
        snprintf(key, sizeof key, "K%d", i % KEYS);
        snprintf(payload, sizeof payload, "{\"no\":\"%s\",\"n\":%d}", key, i);
        struct tl_event_in in = {
            .type = TL_STR("won@1"), .source = TL_STR("crm"), .key = tl_str_z(key), .payload = tl_str_z(payload)};
        assert_int_equal(tl_batch_event(batch, &in, NULL, NULL), TL_OK);
    }
    assert_int_equal(tl_journal_submit_wait(w->journal, batch, TL_DURABLE, NULL), TL_OK);
    tl_batch_free(batch);
}

static bool all_ended(struct world *w)
{
    struct timespec t = {0, 1000000};
    nanosleep(&t, NULL); /* the lanes run by themselves: looking is all there is to do */
    return world_applied(w, "erp") >= FLOWS * EVENTS && tl_engine_unfinished(w->engine) == 0;
}

/* Each record has its contents in the order of the events; of two flows that write it, each by itself. */
static void check_order(struct world *w)
{
    static int times[2][EVENTS];
    memset(times, 0, sizeof times);
    for (int object = 0; object < 2; object++)
        for (int k = 0; k < KEYS; k++) {
            int twice = -1, once = -1; /* the newest number seen twice, and at all */
            for (size_t i = 0; i < w->log_count; i++) {
                const char *args = w->log[i].args;
                int n = atoi(strstr(args, "\"n\":") + 4);
                if ((strstr(args, "Invoice") != NULL) != (object == 1) || n % KEYS != k)
                    continue;
                times[object][n]++;
                assert_true(n > twice); /* what both have written is written by neither again */
                if (times[object][n] == (object == 0 ? 2 : 1))
                    twice = n;
                once = n > once ? n : once;
            }
            assert_int_equal(once, twice);
        }
    for (int n = 0; n < EVENTS; n++)
        assert_true(times[0][n] == 2 && times[1][n] == 1);
}

static void no_record_and_no_parent_is_out_twice(void **state)
{
    (void)state;
    struct world w;
    lua_prepare(&w, flows);
    many_world(&w);
    w.config.by_hand = false;
    tl_clock_set(NULL);
    world_start(&w);
    for (int i = 0; i < SWITCHES; i++) {
        char systems[256];
        flood(&w, i * EVENTS / SWITCHES, EVENTS / SWITCHES);
        snprintf(systems, sizeof systems,
                 "system \"erp\" { connector = \"odata@1\", batch = true, limits = { concurrent = %d } }\n"
                 "system \"crm\" { connector = \"odata@1\", batch = true }\n",
                 2 + i % 5);
        if (lua_switch_systems(&w, flows, systems, false) != TL_OK)
            fail_msg("%s", w.reply_text);
    }
    world_until(&w, all_ended);
    world_stop(&w);
    assert_int_equal(many_collisions(), 0);
    assert_true(many_calls() < FLOWS * EVENTS); /* else nothing went together */
    check_order(&w);
    print_message("%d writes in %zu calls, %d switches meanwhile\n", FLOWS * EVENTS, many_calls(), SWITCHES);
    many_free();
    lua_free(&w);
}

static void rows_of_a_system_that_goes_are_parked(void **state)
{
    (void)state;
    struct world w;
    static const char other[] = "flow \"other\" { on = \"sent@1\", steward = \"desk\", run = function() end }\n";
    static const char writers[] = "flow \"f\" { on = \"won@1\", steward = \"desk\", run = function(ctx, e)\n"
                                  "  ctx.erp:note{ object = 'Order', key = { no = e.key }, n = e.data.n } end }\n"
                                  "flow \"g\" { on = \"won@1\", steward = \"desk\", run = function(ctx, e)\n"
                                  "  ctx.erp:note{ object = 'Order', key = { no = e.key }, n = e.data.n } end }\n";
    lua_prepare(&w, writers);
    many_world(&w);
    world_start(&w);
    many_plan.hold = true;
    flood(&w, 0, 1);
    many_until_out(&w, 1);
    size_t out = many_rows_of(0);
    flood(&w, 1, 4);
    many_until_waiting(&w, 2 * 5 - out);
    if (lua_switch_systems(&w, other, "system \"crm\" { connector = \"odata@1\", batch = true }\n", true) != TL_OK)
        fail_msg("%s", w.reply_text);
    many_plan.hold = false;
    many_answer(&w);
    world_settle(&w);
    assert_int_equal(many_calls(), 1); /* nothing is sent to what is gone */
    assert_int_equal(tl_exceptions_open(w.engine), 2 * 5 - out);
    world_stop(&w);
    many_free();
    lua_free(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(rows_of_a_system_that_goes_are_parked),
                                       cmocka_unit_test(no_record_and_no_parent_is_out_twice)};
    return cmocka_run_group_tests_name("flow batcher threads", tests, NULL, NULL);
}
