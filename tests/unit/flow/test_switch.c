/* Another revision goes live in the engine that runs, by hand: what had begun ends on the old one, what begins takes
 * the new one, and nothing is lost, doubled or overtaken. */
#include "engine_int.h"
#include "host.h"
#include "lua_world.h"
#include "use.h"
#include <stdlib.h>
#include <string.h>

#define FLOW(name, type, body)                                                                                         \
    "flow \"" name "\" { on = \"" type "\", steward = \"desk\", run = function(ctx, e) " body " end }\n"
#define NOTE(v) "ctx.erp:note{ k = e.key, v = '" v "' }"

static size_t seen_of(struct world *w, const char *text)
{
    size_t count = 0;
    for (size_t i = 0; i < w->log_count; i++)
        count += strstr(w->log[i].args, text) != NULL;
    return count;
}

/* Revisions under which an event's units ended, in turn, as hashes. */
static const char *revisions(struct world *w, tl_position event)
{
    static char text[1024];
    struct tl_arena arena;
    struct tl_outcome *outcomes;
    size_t count = 0;
    text[0] = 0;
    tl_arena_init(&arena);
    assert_int_equal(tl_journal_outcomes(w->journal, event, &arena, &outcomes, &count, NULL), TL_OK);
    for (size_t i = 0; i < count; i++)
        snprintf(text + strlen(text), sizeof text - strlen(text), "%s%.*s", i > 0 ? " " : "",
                 TL_STR_ARGS(outcomes[i].revision));
    tl_arena_free(&arena);
    return text;
}

static void switched(struct world *w, const char *flows)
{
    if (lua_switch(w, flows, false) != TL_OK)
        fail_msg("%s", w->reply_text);
    world_settle(w);
}

/* Not read from the state, which may lag: what there is. */
static size_t states(struct world *w)
{
    size_t count = 0;
    for (unsigned i = 0; i < w->engine->lane_count; i++)
        count += tl_hosts_count(w->engine->lanes[i]);
    return count;
}

static void new_units_take_the_new_revision(void **state)
{
    (void)state;
    struct world w;
    char first[80];
    lua_world(&w, FLOW("f", "won@1", NOTE("a")));
    snprintf(first, sizeof first, "%s", w.config.first.revision);
    tl_position a = lua_event(&w, "won@1", "K", "");
    switched(&w, FLOW("f", "won@1", NOTE("b")));
    tl_position b = lua_event(&w, "won@1", "K", "");
    assert_string_equal(lua_seen(&w), "erp:note{\"k\":\"K\",\"v\":\"a\"} erp:note{\"k\":\"K\",\"v\":\"b\"}");
    assert_string_equal(revisions(&w, a), first);
    assert_string_equal(revisions(&w, b), w.config.first.revision);
    assert_string_not_equal(first, w.config.first.revision);
    assert_int_equal(states(&w), 2);
    assert_int_equal(lua_released(&w), 1);
    lua_free(&w);
}

/* One key: one that tries again, and two behind it. Another: a run that sleeps. */
static void what_has_begun_ends_on_its_revision(void **state)
{
    (void)state;
    struct world w;
    char first[80];
    lua_world(&w, FLOW("f", "won@1", NOTE("a")) FLOW("s", "sent@1", NOTE("a1") " ctx:sleep('1h') " NOTE("a2")));
    snprintf(first, sizeof first, "%s", w.config.first.revision);
    lua_lose("note", 1);
    tl_position a = lua_event(&w, "won@1", "K", "");
    tl_position b = lua_event(&w, "won@1", "K", "");
    tl_position c = lua_event(&w, "won@1", "K", "");
    tl_position s = lua_event(&w, "sent@1", "S", "");
    switched(&w, FLOW("f", "won@1", NOTE("b")) FLOW("s", "sent@1", NOTE("b1") " ctx:sleep('1h') " NOTE("b2")));
    assert_int_equal(states(&w), 3); /* the lane of the unit that waits for its next try has both */
    world_advance(&w, 60 * 1000);
    lua_event(&w, "sent@1", "T", "");
    assert_int_equal(seen_of(&w, "\"K\",\"v\":\"a\""), 2); /* the lost answer, and again */
    assert_int_equal(seen_of(&w, "\"K\",\"v\":\"b\""), 2);
    world_advance(&w, 2 * 3600 * 1000);
    assert_int_equal(seen_of(&w, "\"S\",\"v\":\"a2\""), 1);
    assert_int_equal(seen_of(&w, "\"T\",\"v\":\"b2\""), 1);
    assert_string_equal(revisions(&w, a), first);
    assert_string_equal(revisions(&w, b), w.config.first.revision);
    assert_string_equal(revisions(&w, c), w.config.first.revision);
    assert_non_null(strstr(revisions(&w, s), first));
    assert_null(strstr(revisions(&w, s), w.config.first.revision));
    world_settle(&w);
    assert_int_equal(states(&w), 2);
    lua_free(&w);
}

/* After a crash the unit that had begun goes on with the revision it began with, the one behind it does not. */
static void a_crash_after_the_switch_repeats_what_had_begun(void **state)
{
    (void)state;
    struct world w;
    lua_world(&w, FLOW("f", "won@1", NOTE("a")));
    lua_lose("note", 100);
    lua_event(&w, "won@1", "K", "");
    lua_event(&w, "won@1", "K", "");
    switched(&w, FLOW("f", "won@1", NOTE("b")));
    lua_lose("", 0);
    lua_crash(&w);
    world_advance(&w, 60 * 1000);
    assert_true(seen_of(&w, "\"v\":\"a\"") >= 2);
    assert_string_equal(w.log[w.log_count - 1].args, "{\"k\":\"K\",\"v\":\"b\"}");
    assert_int_equal(seen_of(&w, "\"v\":\"b\""), 1);
    assert_int_equal(world_rows(&w, "begun"), 1);
    lua_crash(&w); /* and all of it is over */
    world_advance(&w, 60 * 1000);
    assert_int_equal(world_rows(&w, "begun"), 0);
    assert_int_equal(seen_of(&w, "\"v\":\"b\""), 1);
    lua_free(&w);
}

/* Listed once, not begun again yet, and another switch: still listed. */
static void a_second_switch_keeps_what_the_first_listed(void **state)
{
    (void)state;
    struct world w;
    lua_world(&w, FLOW("f", "won@1", NOTE("a")));
    lua_lose("note", 100);
    lua_event(&w, "won@1", "K", "");
    switched(&w, FLOW("f", "won@1", NOTE("b")));
    lua_lose("", 0);
    world_pause(&w, "system/erp", true);
    world_crash(&w);
    world_start(&w);
    world_settle(&w);
    switched(&w, FLOW("f", "won@1", NOTE("c")));
    lua_crash(&w);
    world_pause(&w, "system/erp", false);
    world_settle(&w);
    world_advance(&w, 60 * 1000);
    assert_int_equal(seen_of(&w, "\"v\":\"b\"") + seen_of(&w, "\"v\":\"c\""), 0);
    assert_string_equal(w.log[w.log_count - 1].args, "{\"k\":\"K\",\"v\":\"a\"}");
    assert_int_equal(tl_engine_unfinished(w.engine), 0);
    lua_free(&w);
}

/* Nothing of the switch was durable: the old one is live, and repeats what it had begun. */
static void a_crash_before_the_activation_changes_nothing(void **state)
{
    (void)state;
    struct world w;
    struct tl_engine_next *next;
    struct tl_error err;
    lua_world(&w, FLOW("f", "won@1", NOTE("a")));
    lua_lose("note", 100);
    lua_event(&w, "won@1", "K", "");
    struct tl_engine_config before = w.config;
    lua_revise(&w, FLOW("f", "won@1", NOTE("b")));
    assert_int_equal(tl_engine_prepare(w.engine, &w.config, &next, &err), TL_OK);
    for (unsigned i = 0; i < w.engine->lane_count; i++)
        tl_lane_hold(w.engine->lanes[i]);
    lua_lose("", 0);
    world_settle(&w);
    tl_engine_next_free(next);
    w.config = before;
    lua_crash(&w);
    world_advance(&w, 60 * 1000);
    assert_int_equal(seen_of(&w, "\"v\":\"b\""), 0);
    assert_int_equal(tl_engine_unfinished(w.engine), 0);
    lua_free(&w);
}

/* ---- flows that come and go ---- */

static void a_new_flow_takes_what_comes_after(void **state)
{
    (void)state;
    struct world w;
    lua_world(&w, FLOW("f", "won@1", NOTE("a")));
    lua_event(&w, "sent@1", "K", "");
    lua_event(&w, "won@1", "K", "");
    switched(&w, FLOW("f", "won@1", NOTE("a")) FLOW("g", "sent@1", NOTE("g")) FLOW("h", "won@1", NOTE("h")));
    assert_int_equal(w.log_count, 1);
    tl_position sent = lua_event(&w, "sent@1", "L", ""), won = lua_event(&w, "won@1", "L", "");
    assert_string_equal(world_endings(&w, sent, "g"), "done");
    assert_string_equal(world_endings(&w, won, "f"), "done");
    assert_string_equal(world_endings(&w, won, "h"), "done");
    lua_crash(&w);
    lua_event(&w, "sent@1", "L", "");
    assert_int_equal(seen_of(&w, "\"v\":\"g\""), 2);
    assert_int_equal(seen_of(&w, "\"v\":\"h\""), 1);
    lua_free(&w);
}

static const char flow_f[] = FLOW("f", "won@1", NOTE("f"));
static const char flow_g[] = FLOW("g", "sent@1", NOTE("g"));
static const char flows_fg[] = FLOW("f", "won@1", NOTE("f")) FLOW("g", "sent@1", NOTE("g"));

static void a_gone_flow_with_pending_units_is_refused(void **state)
{
    (void)state;
    struct world w;
    lua_world(&w, flows_fg);
    const char *before = w.config.first.revision;
    world_pause(&w, "flow/f", true);
    lua_event(&w, "won@1", "K", "");
    lua_event(&w, "won@1", "L", "");
    assert_int_equal(lua_switch(&w, flow_g, false), TL_EDIFFERS);
    assert_non_null(strstr(w.reply_text, "\"f\" (2)"));
    assert_string_equal(w.engine->plan.parts[0]->revision, before);
    assert_int_equal(lua_released(&w), 0); /* it was never live: nobody is told */
    assert_int_equal(tl_uses(w.engine), 1);
    world_settle(&w);
    world_pause(&w, "flow/f", false);
    lua_event(&w, "sent@1", "K", "");
    lua_event(&w, "won@1", "K", "");
    world_settle(&w);
    assert_int_equal(seen_of(&w, "\"v\":\"f\""), 3);
    assert_int_equal(seen_of(&w, "\"v\":\"g\""), 1);
    assert_int_equal(states(&w), 2);
    switched(&w, flow_g);
    assert_string_equal(world_endings(&w, lua_event(&w, "won@1", "M", ""), "f"), "");
    lua_free(&w);
}

static void a_gone_flow_is_parked_and_comes_back(void **state)
{
    (void)state;
    struct world w;
    lua_world(&w, flows_fg);
    size_t flows = w.engine->plan.flow_count;
    world_pause(&w, "flow/f", true);
    tl_position pending = lua_event(&w, "won@1", "K", "");
    if (lua_switch(&w, flow_g, true) != TL_OK)
        fail_msg("%s", w.reply_text);
    world_settle(&w);
    assert_string_equal(world_endings(&w, pending, "f"), "parked");
    tl_position meanwhile = lua_event(&w, "won@1", "L", "");
    switched(&w, flows_fg);
    assert_int_equal(w.engine->plan.flow_count, flows);
    tl_position after = lua_event(&w, "won@1", "M", "");
    assert_string_equal(world_endings(&w, after, "f"), ""); /* it is paused still */
    lua_crash(&w);
    world_pause(&w, "flow/f", false);
    world_settle(&w);
    assert_string_equal(world_endings(&w, after, "f"), "done");
    assert_string_equal(world_endings(&w, meanwhile, "f"), "");
    world_desk(&w, TL_DESK_RETRY, world_exception(&w), "", false);
    assert_string_equal(world_endings(&w, pending, "f"), "parked done");
    assert_int_equal(seen_of(&w, "\"v\":\"f\""), 2);
    lua_free(&w);
}

/* What was accepted while it was gone is not its own, also when the journal is read again. */
static void a_crash_while_a_flow_is_gone(void **state)
{
    (void)state;
    struct world w;
    lua_world(&w, flows_fg);
    lua_event(&w, "won@1", "K", "");
    switched(&w, flow_g);
    lua_event(&w, "won@1", "L", "");
    lua_crash(&w);
    lua_event(&w, "won@1", "M", "");
    lua_revise(&w, flows_fg);
    lua_crash(&w);
    lua_event(&w, "won@1", "N", "");
    assert_int_equal(seen_of(&w, "\"v\":\"f\""), 2);
    assert_int_equal(seen_of(&w, "\"k\":\"N\""), 1);
    assert_int_equal(tl_engine_unfinished(w.engine), 0);
    lua_free(&w);
}

/* A run that waits ends on the revision it began with, also when its flow is gone. */
static void a_run_outlives_its_flow(void **state)
{
    (void)state;
    struct world w;
    lua_world(&w, FLOW("s", "sent@1", NOTE("a1") " ctx:sleep('1h') " NOTE("a2")));
    lua_event(&w, "sent@1", "K", "");
    switched(&w, flow_f);
    lua_crash(&w);
    world_advance(&w, 2 * 3600 * 1000);
    assert_int_equal(seen_of(&w, "\"v\":\"a2\""), 1);
    assert_string_equal(lua_runs(&w), "");
    lua_free(&w);
}

/* ---- order ---- */

#define ORDERED(v, order)                                                                                              \
    "flow \"f\" { on = \"won@1\", steward = \"desk\", order = { \"f\", " order " }, "                                  \
    "run = function(ctx, e) ctx.erp:note{ k = e.key, v = '" v "' } end }\n"

static size_t place_of(struct world *w, const char *text)
{
    for (size_t i = 0; i < w->log_count; i++) {
        if (strstr(w->log[i].args, text) != NULL)
            return i + 1;
    }
    return 0;
}

/* Old ones of three keys, one of which tries again: nothing new begins before that has ended. */
static void change_order(const char *from, const char *to)
{
    struct world w;
    lua_world(&w, from);
    lua_lose("note", 1);
    lua_event(&w, "won@1", "A", "\"g\":\"1\"");
    lua_event(&w, "won@1", "A", "\"g\":\"2\"");
    switched(&w, to);
    lua_event(&w, "won@1", "B", "\"g\":\"3\"");
    lua_event(&w, "won@1", "C", "\"g\":\"3\"");
    assert_int_equal(w.log_count, 1); /* the lost answer */
    world_advance(&w, 60 * 1000);
    assert_int_equal(tl_engine_unfinished(w.engine), 0);
    assert_int_equal(w.log_count, 5);
    assert_true(place_of(&w, "\"B\"") > 3 && place_of(&w, "\"C\"") > 3);
    lua_event(&w, "won@1", "D", "\"g\":\"3\"");
    assert_int_equal(w.log_count, 6);
    lua_free(&w);
}

static void units_of_the_old_order_end_first(void **state)
{
    (void)state;
    change_order(ORDERED("a", "\"/no\""), ORDERED("b", "\"/g\""));
    change_order(ORDERED("a", "function(e) return e.key end"), ORDERED("b", "function(e) return e.data.g end"));
    change_order(ORDERED("a", "function(e) return e.key end"), ORDERED("b", "\"/g\""));
}

/* Most of the old ones are in the journal only. */
static void spilled_units_keep_their_old_order(const char *from, const char *to)
{
    struct world w;
    lua_world(&w, from);
    world_stop(&w);
    w.config.queue_positions = 4;
    world_start(&w);
    world_settle(&w);
    world_pause(&w, "flow/f", true);
    for (int i = 0; i < 60; i++) {
        char key[8], extra[32];
        snprintf(key, sizeof key, "K%d", i % 3);
        snprintf(extra, sizeof extra, "\"g\":\"%d\",\"i\":%d", i % 5, i);
        lua_event(&w, "won@1", key, extra);
    }
    switched(&w, to);
    for (int i = 60; i < 90; i++) {
        char key[8], extra[32];
        snprintf(key, sizeof key, "K%d", i % 3);
        snprintf(extra, sizeof extra, "\"g\":\"%d\",\"i\":%d", i % 5, i);
        lua_event(&w, "won@1", key, extra);
    }
    world_pause(&w, "flow/f", false);
    world_settle(&w);
    assert_int_equal(tl_engine_unfinished(w.engine), 0);
    assert_int_equal(w.log_count, 90);
    int last[3] = {-1, -1, -1}, last_group[5] = {-1, -1, -1, -1, -1};
    for (size_t i = 0; i < w.log_count; i++) {
        int n = atoi(strstr(w.log[i].args, "\"i\":") + 4);
        assert_int_equal(i < 60, n < 60);
        int *of = n < 60 ? &last[n % 3] : &last_group[n % 5];
        assert_true(n > *of);
        *of = n;
    }
    lua_free(&w);
}

#define SPILLED(order)                                                                                                 \
    "flow \"f\" { on = \"won@1\", steward = \"desk\", order = { \"f\", " order " }, "                                  \
    "run = function(ctx, e) ctx.erp:note{ i = e.data.i } end }\n"

static void the_journal_is_read_in_the_old_order(void **state)
{
    (void)state;
    spilled_units_keep_their_old_order(SPILLED("\"/no\""), SPILLED("\"/g\""));
    spilled_units_keep_their_old_order(SPILLED("function(e) return e.key end"),
                                       SPILLED("function(e) return e.data.g end"));
}

/* ---- systems ---- */

static const char only_crm[] = "system \"crm\" { connector = \"odata@1\" }\n";
static const char slow[] = "system \"erp\" { connector = \"odata@1\", limits = { concurrent = 1 } }\n"
                           "system \"crm\" { connector = \"odata@1\" }\n";
static const char more[] = "system \"new\" { connector = \"odata@1\" }\n"
                           "system \"erp\" { connector = \"odata@1\" }\n"
                           "system \"crm\" { connector = \"odata@1\" }\n";

static void a_system_that_runs_use_is_not_removed(void **state)
{
    (void)state;
    struct world w;
    const char crm[] = "flow \"c\" { on = \"won@1\", steward = \"desk\", "
                       "run = function(ctx, e) ctx.crm:note{ k = e.key } end }\n";
    lua_world(&w, FLOW("s", "sent@1", NOTE("a1") " ctx:sleep('1h') " NOTE("a2")));
    lua_event(&w, "sent@1", "K", "");
    assert_int_equal(lua_switch_systems(&w, crm, only_crm, false), TL_EDIFFERS);
    assert_non_null(strstr(w.reply_text, "\"erp\" by \"s\" (1)"));
    world_settle(&w);
    lua_event(&w, "sent@1", "L", "");
    assert_int_equal(seen_of(&w, "\"v\":\"a1\""), 2);
    if (lua_switch_systems(&w, crm, only_crm, true) != TL_OK)
        fail_msg("%s", w.reply_text);
    world_settle(&w);
    assert_null(tl_engine_gate(w.engine, TL_STR("erp")));
    world_advance(&w, 2 * 3600 * 1000);
    assert_string_equal(lua_runs(&w), "s/parked s/parked");
    lua_event(&w, "won@1", "K", "");
    assert_int_equal(world_applied(&w, "crm"), 1);
    switched(&w, FLOW("s", "sent@1", NOTE("b")));
    assert_non_null(tl_engine_gate(w.engine, TL_STR("erp")));
    lua_event(&w, "sent@1", "M", "");
    assert_int_equal(seen_of(&w, "\"v\":\"b\""), 1);
    lua_free(&w);
}

#define ROUTED(to)                                                                                                     \
    "system \"erp\" { connector = \"odata@1\", kind = \"books\" }\n"                                                   \
    "system \"crm\" { connector = \"odata@1\", kind = \"books\" }\n"                                                   \
    "route \"books\" { by = \"no\", to = { K = \"" to "\" }, otherwise = \"park\" }\n"

/* Also over a crash. */
static void a_kind_is_routed_once_a_run(void **state)
{
    (void)state;
    struct world w;
    const char *flows =
        "flow \"f\" { on = \"won@1\", steward = \"desk\", run = function(ctx, e) ctx.books:note{ v = 1 } "
        "ctx:sleep('1h') ctx.books:note{ v = 2 } ctx.books:note{ v = 3 } end }\n";
    lua_world(&w, FLOW("s", "sent@1", NOTE("a")));
    assert_int_equal(lua_switch_systems(&w, flows, ROUTED("erp"), false), TL_OK);
    lua_event(&w, "won@1", "K", "");
    assert_int_equal(world_applied(&w, "erp"), 1);
    assert_int_equal(lua_switch_systems(&w, flows, ROUTED("crm"), false), TL_OK);
    lua_crash(&w);
    lua_event(&w, "won@1", "K", "");
    world_advance(&w, 3600 * 1000);
    assert_int_equal(world_applied(&w, "erp"), 3);
    world_advance(&w, 3600 * 1000);
    assert_int_equal(world_applied(&w, "erp"), 3);
    assert_int_equal(world_applied(&w, "crm"), 3);
    lua_free(&w);
}

static void a_run_whose_system_is_gone_says_so(void **state)
{
    (void)state;
    struct world w;
    const char *flows =
        "flow \"f\" { on = \"won@1\", steward = \"desk\", run = function(ctx, e) ctx.books:note{ v = 1 } "
        "ctx:sleep('1h') ctx.books:note{ v = 2 } end }\n";
    lua_world(&w, FLOW("s", "sent@1", NOTE("a")));
    assert_int_equal(lua_switch_systems(&w, flows, ROUTED("erp"), false), TL_OK);
    lua_event(&w, "won@1", "K", "");
    assert_int_equal(
        lua_switch_systems(&w, flows, "system \"crm\" { connector = \"odata@1\", kind = \"books\" }\n", true), TL_OK);
    world_advance(&w, 3600 * 1000);
    struct tl_buf out;
    tl_buf_init(&out, 65536);
    assert_int_equal(tl_exception_show(w.engine, tl_str_z(world_exception(&w)), &out, NULL), TL_OK);
    assert_non_null(strstr(out.ptr, "to this run \\\"books\\\" is \\\"erp\\\", and there is no such system any more"));
    tl_buf_free(&out);
    lua_free(&w);
}

static void a_gate_keeps_what_it_knows(void **state)
{
    (void)state;
    struct world w;
    struct tl_gate_status status;
    lua_world(&w, FLOW("f", "won@1", NOTE("a")));
    struct tl_gate *gate = tl_engine_gate(w.engine, TL_STR("erp"));
    world_pause(&w, "system/erp", true);
    lua_event(&w, "won@1", "K", "");
    assert_int_equal(lua_switch_systems(&w, FLOW("f", "won@1", NOTE("b")), slow, false), TL_OK);
    world_settle(&w);
    assert_ptr_equal(tl_engine_gate(w.engine, TL_STR("erp")), gate);
    tl_gate_status(gate, tl_now(), &status);
    assert_int_equal(status.why, TL_GATE_PAUSED);
    assert_int_equal(status.concurrent, 1);
    assert_int_equal(w.log_count, 0);
    world_pause(&w, "system/erp", false);
    world_settle(&w);
    assert_int_equal(seen_of(&w, "\"v\":\"b\""), 1); /* it had met a closed gate: it had not begun */
    assert_int_equal(lua_switch_systems(&w,
                                        "flow \"f\" { on = \"won@1\", steward = \"desk\", "
                                        "run = function(ctx, e) ctx.new:note{ k = e.key } end }\n",
                                        more, false),
                     TL_OK);
    lua_event(&w, "won@1", "L", "");
    assert_int_equal(world_applied(&w, "new"), 1);
    lua_free(&w);
}

/* ---- for a long time ---- */

static void two_hundred_switches_leave_nothing_behind(void **state)
{
    (void)state;
    struct world w;
    lua_world(&w, flows_fg);
    size_t flows = w.engine->plan.flow_count, systems = w.engine->plan.system_count;
    for (int i = 0; i < 200; i++) {
        switched(&w, i % 2 == 0 ? flow_g : flows_fg);
        if (i % 10 == 0)
            lua_event(&w, "sent@1", "K", "");
    }
    assert_int_equal(states(&w), 2);
    assert_int_equal(lua_released(&w), 200);
    assert_int_equal(tl_uses(w.engine), 1);
    assert_int_equal(w.engine->plan.flow_count, flows);
    assert_int_equal(w.engine->plan.system_count, systems);
    assert_int_equal(seen_of(&w, "\"v\":\"g\""), 20);
    assert_int_equal(world_rows(&w, "begun"), 0);
    tl_checkpoint(w.engine, true);
    world_settle(&w);
    switched(&w, flow_g);
    const struct tl_plan_type *type = tl_plan_type(&w.engine->plan, TL_STR("won@1"));
    assert_true(type->count <= 1);
    lua_free(&w);
}

static void a_stale_preparation_is_refused(void **state)
{
    (void)state;
    struct world w;
    struct tl_engine_next *same;
    struct tl_error err;
    lua_world(&w, flow_f);
    assert_int_equal(tl_engine_prepare(w.engine, &w.config, &same, &err), TL_OK);
    switched(&w, flow_g);
    assert_int_equal(tl_engine_switch(w.engine, same, NULL, &err), TL_EFAILED);
    lua_event(&w, "sent@1", "K", "");
    assert_int_equal(w.log_count, 1);
    lua_free(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(new_units_take_the_new_revision),
        cmocka_unit_test(what_has_begun_ends_on_its_revision),
        cmocka_unit_test(a_crash_after_the_switch_repeats_what_had_begun),
        cmocka_unit_test(a_second_switch_keeps_what_the_first_listed),
        cmocka_unit_test(a_crash_before_the_activation_changes_nothing),
        cmocka_unit_test(a_new_flow_takes_what_comes_after),
        cmocka_unit_test(a_gone_flow_with_pending_units_is_refused),
        cmocka_unit_test(a_gone_flow_is_parked_and_comes_back),
        cmocka_unit_test(a_crash_while_a_flow_is_gone),
        cmocka_unit_test(a_run_outlives_its_flow),
        cmocka_unit_test(units_of_the_old_order_end_first),
        cmocka_unit_test(the_journal_is_read_in_the_old_order),
        cmocka_unit_test(a_system_that_runs_use_is_not_removed),
        cmocka_unit_test(a_kind_is_routed_once_a_run),
        cmocka_unit_test(a_run_whose_system_is_gone_says_so),
        cmocka_unit_test(a_gate_keeps_what_it_knows),
        cmocka_unit_test(two_hundred_switches_leave_nothing_behind),
        cmocka_unit_test(a_stale_preparation_is_refused),
    };
    return cmocka_run_group_tests_name("flow switch", tests, NULL, NULL);
}
