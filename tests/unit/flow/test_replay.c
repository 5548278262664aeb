/* Replay: what already happened is not sent again, what differs is, and nothing older overwrites what is newer. */
#include "codec/json.h"
#include "engine_int.h"
#include "flow/replay.h"
#include "journal/batch.h"
#include "lua_world.h"

#define FLOW(text) "flow \"f\" { on = \"won@1\", steward = \"desk\", run = function(ctx, e) " text " end }\n"
#define FLOW_WITH(keys, text)                                                                                          \
    "flow \"f\" { on = \"won@1\", steward = \"desk\", " keys ", run = function(ctx, e) " text " end }\n"
#define NOTE "ctx.erp:note{ v = 1, n = e.data.n }"
#define NOTE_FIXED "ctx.erp:note{ v = 2, n = e.data.n }"

static char *answer_text; /* own; of the last replay */

static void answered(void *ctx, tl_code code, const char *text)
{
    struct world *w = ctx;
    w->replies++;
    w->reply_code = code;
    tl_free(answer_text);
    answer_text = tl_copy_z(text);
}

static bool replied(struct world *w)
{
    return w->replies > 0;
}

static tl_code replay(struct world *w, struct tl_replay_request request)
{
    request.who = TL_STR("ann");
    request.why = TL_STR("tested");
    if (request.since_ms == 0 && request.key.len == 0)
        request.since_ms = 1;
    w->replies = 0;
    tl_engine_replay(w->engine, &request, tl_lane_loop(tl_engine_lane(w->engine, 0)), answered, w);
    world_until(w, replied);
    world_settle(w);
    return w->reply_code;
}

static int64_t count_of(const char *name)
{
    struct tl_json_doc *doc;
    struct tl_error err;
    if (tl_json_parse(tl_str_z(answer_text), NULL, &doc, &err) != TL_OK)
        fail_msg("%s: %s", err.text, answer_text);
    int64_t n = tl_json_get_i64(tl_json_get(tl_json_root(doc), "counts"), name, -1);
    tl_json_free(doc);
    return n;
}

/* The event that stands for the only or newest event of a key in the last replay. */
static tl_position stand_in(struct world *w, const char *key)
{
    struct tl_arena arena;
    struct tl_key_query query = {.key = tl_str_z(key), .type = TL_STR("run.replay:f"), .limit = 1};
    tl_position *found, position = TL_POSITION_NONE;
    size_t count = 0;
    tl_arena_init(&arena);
    if (tl_journal_find(w->journal, &query, &arena, &found, &count, NULL) == TL_OK && count > 0)
        position = found[0];
    tl_arena_free(&arena);
    assert_int_not_equal(position, TL_POSITION_NONE);
    return position;
}

/* "system:operation/attempts …" of the last outcome of an event, then its note. */
static const char *outcome_of(struct world *w, tl_position event)
{
    static char text[4096];
    struct tl_arena arena;
    struct tl_outcome *outcomes;
    size_t count, len = 0;
    tl_arena_init(&arena);
    assert_int_equal(tl_journal_outcomes(w->journal, event, &arena, &outcomes, &count, NULL), TL_OK);
    assert_true(count > 0);
    const struct tl_outcome *last = &outcomes[count - 1];
    text[0] = 0;
    for (size_t i = 0; i < last->effect_count; i++)
        len += (size_t)snprintf(text + len, sizeof text - len, "%.*s:%.*s/%u ", TL_STR_ARGS(last->effects[i].system),
                                TL_STR_ARGS(last->effects[i].operation), last->effects[i].attempts);
    snprintf(text + len, sizeof text - len, "| %.*s", TL_STR_ARGS(last->note));
    tl_arena_free(&arena);
    return text;
}

static void revise(struct world *w, const char *flows)
{
    world_stop(w);
    lua_revise(w, flows);
    world_start(w);
    world_settle(w);
}

static void free_world(struct world *w)
{
    lua_free(w);
    tl_free(answer_text);
    answer_text = NULL;
}

/* ---- what is sent ---- */

static void sends_nothing_when_nothing_differs(void **state)
{
    (void)state;
    struct world w;
    lua_world(&w, FLOW(NOTE " ctx.crm:put('order@1', e.data)"));
    tl_position a = lua_event(&w, "won@1", "A", "\"n\":1");
    lua_event(&w, "won@1", "B", "\"n\":2");
    assert_int_equal(w.log_count, 4);
    assert_int_equal(replay(&w, (struct tl_replay_request){0}), TL_OK);
    assert_int_equal(count_of("runs"), 2);
    assert_int_equal(w.log_count, 4);
    assert_string_equal(world_endings(&w, stand_in(&w, "A"), "f"), "done");
    const char *said = outcome_of(&w, stand_in(&w, "A"));
    assert_non_null(strstr(said, "erp:note/0 crm:put/0 |"));
    assert_non_null(strstr(said, "not sent: the same"));
    assert_string_equal(world_endings(&w, a, "f"), "done"); /* the old one is as it was */
    free_world(&w);
}

static void sends_what_a_fixed_mapping_changes(void **state)
{
    (void)state;
    struct world w;
    lua_world(&w, FLOW(NOTE " ctx.crm:put('order@1', e.data)"));
    lua_event(&w, "won@1", "A", "\"n\":1");
    revise(&w, FLOW(NOTE_FIXED " ctx.crm:put('order@1', e.data)"));
    assert_int_equal(replay(&w, (struct tl_replay_request){0}), TL_OK);
    assert_string_equal(lua_seen(&w), "erp:note{\"n\":1,\"v\":1} crm:put erp:note{\"n\":1,\"v\":2}");
    assert_non_null(strstr(outcome_of(&w, stand_in(&w, "A")), "erp:note/1 crm:put/0 |"));
    assert_int_equal(replay(&w, (struct tl_replay_request){0}), TL_OK); /* the platform has that now */
    assert_int_equal(w.log_count, 3);
    free_world(&w);
}

/* The same event: id, type, time and chance, and in its own order. */
static void gives_the_script_the_old_event(void **state)
{
    (void)state;
    struct world w;
    lua_world(&w, FLOW("ctx.erp:note{ id = e.id, type = e.type, key = e.key, time = e.time, now = ctx:now(), "
                       "u = ctx:uuid() }"));
    lua_event(&w, "won@1", "A", "");
    world_advance(&w, 100000);
    assert_int_equal(replay(&w, (struct tl_replay_request){0}), TL_OK);
    assert_int_equal(count_of("runs"), 1);
    assert_int_equal(w.log_count, 1);
    assert_int_equal(replay(&w, (struct tl_replay_request){.force = true}), TL_OK);
    assert_int_equal(w.log_count, 2);
    assert_string_equal(w.log[0].args, w.log[1].args);
    free_world(&w);
}

static void forces_what_is_idempotent_and_nothing_else(void **state)
{
    (void)state;
    struct world w;
    lua_world(&w, FLOW(NOTE " ctx.erp:pay{ n = 1 } ctx.erp:book({ n = e.data.n }, { once = 'b' .. e.key })"));
    lua_event(&w, "won@1", "A", "\"n\":1");
    lua_event(&w, "won@1", "A", "\"n\":2"); /* booked already; newer */
    assert_string_equal(lua_seen(&w), "erp:note{\"n\":1,\"v\":1} erp:pay{\"n\":1} erp:book{\"n\":1} "
                                      "erp:note{\"n\":2,\"v\":1} erp:pay{\"n\":1}");
    assert_int_equal(replay(&w, (struct tl_replay_request){.force = true}), TL_OK);
    assert_int_equal(w.log_count, 7);
    assert_string_equal(w.log[5].args, "{\"n\":1,\"v\":1}");
    assert_string_equal(w.log[6].args, "{\"n\":2,\"v\":1}");
    assert_non_null(strstr(outcome_of(&w, stand_in(&w, "A")), "erp:note/1 erp:pay/0 erp:book/0 |"));
    free_world(&w);
}

static void does_not_repeat_what_must_happen_once(void **state)
{
    (void)state;
    struct world w;
    lua_world(&w, FLOW("local b = ctx.erp:book({ n = 1 }, { once = 'b' .. e.key }) ctx.erp:pay{ n = 1 } "
                       "ctx.crm:note{ b = b.id }"));
    lua_event(&w, "won@1", "A", "");
    revise(&w, FLOW("local b = ctx.erp:book({ n = 2 }, { once = 'c' .. e.key }) ctx.erp:pay{ n = 2 } "
                    "ctx.crm:note{ b = b.id, v = 2 }"));
    assert_int_equal(replay(&w, (struct tl_replay_request){0}), TL_OK);
    assert_int_equal(w.log_count, 4); /* only the note */
    assert_string_equal(w.log[3].args, "{\"b\":\"remote-1\",\"v\":2}");
    assert_non_null(strstr(outcome_of(&w, stand_in(&w, "A")), "must not be done twice"));
    assert_int_equal(replay(&w, (struct tl_replay_request){.force = true}), TL_OK);
    assert_int_equal(w.log_count, 5); /* again only the note */
    assert_string_equal(w.log[4].operation, "note");
    free_world(&w);
}

/* A keyed call that was refused the first time is made with the key it had then. */
static void keeps_the_key_of_the_old_run(void **state)
{
    (void)state;
    struct world w;
    lua_world(&w, FLOW("ctx:try(function() ctx.erp:pay{ n = 1 } end) ctx.erp:note{ n = 1 }"));
    lua_refuse("pay", 1);
    tl_position event = lua_event(&w, "won@1", "A", "");
    assert_string_equal(lua_seen(&w), "erp:note{\"n\":1}");
    assert_int_equal(replay(&w, (struct tl_replay_request){0}), TL_OK);
    assert_string_equal(lua_seen(&w), "erp:note{\"n\":1} erp:pay{\"n\":1}");
    char run[TL_POSITION_TEXT], key[64];
    const struct tl_plan *plan = &w.engine->plan;
    tl_position_print(tl_unit_number(plan->flows[tl_plan_flow(plan, TL_STR("f"))], event), run);
    snprintf(key, sizeof key, "tl-%s-0-1", run);
    assert_string_equal(lua_marker(0), key);
    free_world(&w);
}

/* What the flow did not do then has no key from then: that may have been another call's. */
static void gives_a_new_call_a_key_of_its_own(void **state)
{
    (void)state;
    struct world w;
    lua_world(&w, FLOW("ctx.erp:pay{ n = 1 }"));
    lua_event(&w, "won@1", "A", "");
    revise(&w, FLOW("ctx.erp:pay{ n = 1 } ctx.erp:pay{ n = 2 }"));
    assert_int_equal(replay(&w, (struct tl_replay_request){0}), TL_OK);
    assert_string_equal(lua_seen(&w), "erp:pay{\"n\":1} erp:pay{\"n\":2}");
    assert_memory_not_equal(lua_marker(0), lua_marker(1), strlen("tl-") + TL_POSITION_TEXT - 1);
    free_world(&w);
}

/* ---- what is newer ---- */

static void does_not_overwrite_what_a_later_unit_wrote(void **state)
{
    (void)state;
    struct world w;
    lua_world(&w, FLOW(NOTE));
    int64_t before = tl_wall_ms();
    lua_event(&w, "won@1", "A", "\"n\":1");
    lua_event(&w, "won@1", "B", "\"n\":1");
    world_advance(&w, 1000);
    int64_t between = tl_wall_ms();
    lua_event(&w, "won@1", "A", "\"n\":2");
    revise(&w, FLOW(NOTE_FIXED));
    struct tl_replay_request older = {.since_ms = before, .until_ms = between, .dry_run = true};
    assert_int_equal(replay(&w, older), TL_OK);
    assert_int_equal(count_of("runs"), 2);
    assert_int_equal(count_of("newer"), 1);
    assert_int_equal(w.log_count, 3);
    older.dry_run = false;
    assert_int_equal(replay(&w, older), TL_OK);
    assert_int_equal(w.log_count, 4); /* B */
    assert_non_null(strstr(outcome_of(&w, stand_in(&w, "A")), "has touched the record since"));
    assert_non_null(strstr(outcome_of(&w, stand_in(&w, "B")), "erp:note/1"));
    older.to_latest = true; /* now the later one is in the selection */
    assert_int_equal(replay(&w, older), TL_OK);
    assert_int_equal(count_of("runs"), 3);
    assert_int_equal(w.log_count, 6);
    assert_string_equal(w.log[4].args, "{\"n\":1,\"v\":2}");
    assert_string_equal(w.log[5].args, "{\"n\":2,\"v\":2}");
    free_world(&w);
}

static void a_later_read_touches_nothing(void **state)
{
    (void)state;
    struct world w;
    lua_world(&w, FLOW("if e.data.read then ctx.erp:read{} else " NOTE " end"));
    lua_event(&w, "won@1", "A", "\"n\":1");
    world_advance(&w, 1000);
    int64_t between = tl_wall_ms();
    lua_event(&w, "won@1", "A", "\"read\":true");
    revise(&w, FLOW("if e.data.read then ctx.erp:read{} else " NOTE_FIXED " end"));
    assert_int_equal(replay(&w, (struct tl_replay_request){.until_ms = between}), TL_OK);
    assert_string_equal(lua_seen(&w), "erp:note{\"n\":1,\"v\":1} erp:read{} erp:note{\"n\":1,\"v\":2}");
    free_world(&w);
}

/* Something new in the flow: where a later unit did the same, nobody knows that it was another record. */
static void a_new_effect_yields_to_a_later_one_of_its_kind(void **state)
{
    (void)state;
    struct world w;
    lua_world(&w, FLOW("if e.data.n == 2 then " NOTE " end"));
    lua_event(&w, "won@1", "A", "\"n\":1");
    lua_event(&w, "won@1", "B", "\"n\":1");
    world_advance(&w, 1000);
    int64_t between = tl_wall_ms();
    lua_event(&w, "won@1", "A", "\"n\":2");
    revise(&w, FLOW(NOTE));
    assert_int_equal(replay(&w, (struct tl_replay_request){.until_ms = between}), TL_OK);
    assert_string_equal(lua_seen(&w), "erp:note{\"n\":2,\"v\":1} erp:note{\"n\":1,\"v\":1}"); /* B's */
    free_world(&w);
}

/* What it will do is not known, so it counts as newer until it has ended. */
static void yields_to_a_run_that_is_open(void **state)
{
    (void)state;
    struct world w;
    lua_world(&w, FLOW("if e.data.n == 2 then ctx:await{ 'paid@1' } else " NOTE " end"));
    lua_event(&w, "won@1", "A", "\"n\":1");
    world_advance(&w, 1000);
    int64_t between = tl_wall_ms();
    lua_event(&w, "won@1", "A", "\"n\":2");
    assert_string_equal(lua_runs(&w), "f/waiting");
    revise(&w, FLOW("if e.data.n == 2 then ctx:await{ 'paid@1' } else " NOTE_FIXED " end"));
    assert_int_equal(replay(&w, (struct tl_replay_request){.until_ms = between}), TL_OK);
    assert_int_equal(w.log_count, 1);
    assert_non_null(strstr(outcome_of(&w, stand_in(&w, "A")), "has touched the record since"));
    lua_event(&w, "paid@1", "A", "");
    assert_string_equal(lua_runs(&w), "");
    assert_int_equal(replay(&w, (struct tl_replay_request){.until_ms = between}), TL_OK);
    assert_int_equal(w.log_count, 2); /* it touched nothing */
    free_world(&w);
}

#define TWO(v)                                                                                                         \
    FLOW("ctx.erp:note{ v = " v " } ctx:sleep('1h') ctx.erp:note{ w = " v " }")                                        \
    "flow \"g\" { on = \"told@1\", steward = \"desk\", run = function(ctx, e) ctx.erp:note{ g = 1 } end }\n"

/* What a later unit does while the replay sleeps: of an event that came meanwhile, or that had not run yet. */
static void sees_what_happens_meanwhile(void **state)
{
    (void)state;
    for (int came_before = 0; came_before < 2; came_before++) {
        struct world w;
        lua_world(&w, TWO("1"));
        lua_event(&w, "won@1", "A", "");
        world_advance(&w, 3601000);
        assert_int_equal(w.log_count, 2);
        world_pause(&w, "flow/g", true);
        if (came_before)
            lua_event(&w, "told@1", "A", "");
        revise(&w, TWO("2"));
        assert_int_equal(replay(&w, (struct tl_replay_request){.flow = TL_STR("f")}), TL_OK);
        assert_int_equal(w.log_count, 3);
        if (!came_before)
            lua_event(&w, "told@1", "A", "");
        world_pause(&w, "flow/g", false);
        world_settle(&w);
        assert_int_equal(w.log_count, 4);
        world_advance(&w, 3601000);
        assert_int_equal(w.log_count, 4);
        assert_string_equal(world_endings(&w, stand_in(&w, "A"), "f"), "waiting done");
        assert_non_null(strstr(outcome_of(&w, stand_in(&w, "A")), "erp:note/1 erp:note/0 |"));
        free_world(&w);
    }
}

/* A replay stands where the event stands that it repeats, not where it was asked for. */
static void a_replay_of_an_older_event_is_not_newer(void **state)
{
    (void)state;
    struct world w;
    lua_world(&w, FLOW("if e.data.n == 1 then " NOTE " end"));
    lua_event(&w, "won@1", "A", "\"n\":1");
    world_advance(&w, 1000);
    int64_t between = tl_wall_ms();
    lua_event(&w, "won@1", "A", "\"n\":2");
    revise(&w, FLOW("if e.data.n == 1 then " NOTE_FIXED " end"));
    assert_int_equal(replay(&w, (struct tl_replay_request){.until_ms = between}), TL_OK);
    assert_int_equal(w.log_count, 2);
    revise(&w, FLOW(NOTE_FIXED));
    assert_int_equal(replay(&w, (struct tl_replay_request){.since_ms = between}), TL_OK);
    assert_int_equal(w.log_count, 3);
    assert_string_equal(w.log[2].args, "{\"n\":2,\"v\":2}");
    free_world(&w);
}

/* ---- again, and after a crash ---- */

static void asked_for_twice_adds_nothing(void **state)
{
    (void)state;
    struct world w;
    struct tl_replay_request request = {.id = TL_STR("r-1"), .force = true};
    lua_world(&w, FLOW(NOTE));
    lua_event(&w, "won@1", "A", "\"n\":1");
    assert_int_equal(replay(&w, request), TL_OK);
    assert_int_equal(count_of("again"), 0);
    assert_int_equal(w.log_count, 2);
    lua_crash(&w);
    assert_int_equal(replay(&w, request), TL_OK);
    assert_int_equal(count_of("again"), 1);
    assert_int_equal(w.log_count, 2);
    free_world(&w);
}

#define LONG(v)                                                                                                        \
    "ctx.erp:note{ a = 1 } ctx.crm:note{ b = " v " } ctx:await{ 'paid@1' } ctx.erp:note{ c = 3 } "                     \
    "ctx.crm:note{ d = " v " }"

/* Durable runs with several effects; the process stops while the replay waits, and while a call is out. */
static void goes_on_after_a_crash(void **state)
{
    (void)state;
    struct world w;
    lua_world(&w, FLOW(LONG("1")));
    tl_position event = lua_event(&w, "won@1", "A", "");
    lua_event(&w, "paid@1", "A", "");
    assert_string_equal(world_endings(&w, event, "f"), "waiting done");
    assert_int_equal(w.log_count, 4);
    revise(&w, FLOW(LONG("2") " ctx:sleep('1h') ctx.erp:note{ e = 5 }"));
    assert_int_equal(replay(&w, (struct tl_replay_request){.type = TL_STR("won@1")}), TL_OK);
    assert_string_equal(lua_runs(&w), "f/waiting"); /* it found the payment and sleeps */
    assert_int_equal(w.log_count, 6);
    assert_string_equal(w.log[4].args, "{\"b\":2}");
    assert_string_equal(w.log[5].args, "{\"d\":2}");
    lua_crash(&w);
    world_advance(&w, 3601000);
    assert_int_equal(w.log_count, 7);
    assert_string_equal(w.log[6].args, "{\"e\":5}");
    const char *said = outcome_of(&w, stand_in(&w, "A"));
    assert_non_null(strstr(said, "erp:note/0 crm:note/1 erp:note/0 crm:note/1 erp:note/1 |"));
    assert_non_null(strstr(said, "erp:note#1 not sent: the same; erp:note#2 not sent: the same"));
    free_world(&w);
}

static void a_call_cut_off_by_a_crash_is_sent_again(void **state)
{
    (void)state;
    struct world w;
    lua_world(&w, FLOW(NOTE));
    lua_event(&w, "won@1", "A", "\"n\":1");
    revise(&w, FLOW(NOTE_FIXED));
    lua_lose("note", 1);
    assert_int_equal(replay(&w, (struct tl_replay_request){0}), TL_OK);
    assert_int_equal(w.log_count, 2); /* carried out, and the answer lost */
    lua_crash(&w);
    for (int i = 0; i < 5; i++)
        world_advance(&w, 1000);
    assert_int_equal(w.log_count, 3); /* an identical repeat of the latest write of its key */
    assert_string_equal(w.log[1].args, w.log[2].args);
    assert_string_equal(world_endings(&w, stand_in(&w, "A"), "f"), "done");
    free_world(&w);
}

/* ---- emits, children, undo ---- */

#define TELLS(v)                                                                                                       \
    "flow \"f\" { on = \"won@1\", steward = \"desk\", run = function(ctx, e) ctx:emit('told@1', { no = e.key, v = " v  \
    " }) ctx:emit('sent@1', { no = e.key }) end }\n"                                                                   \
    "flow \"g\" { on = { \"told@1\", \"sent@1\" }, steward = \"desk\", run = function(ctx, e) ctx.erp:note{ v = "      \
    "e.data.v } end }\n"

static void does_not_emit_twice(void **state)
{
    (void)state;
    struct world w;
    lua_world(&w, TELLS("1"));
    lua_event(&w, "won@1", "A", "");
    assert_string_equal(lua_seen(&w), "erp:note{\"v\":1} erp:note{}");
    assert_int_equal(replay(&w, (struct tl_replay_request){.type = TL_STR("won@1")}), TL_OK);
    assert_int_equal(w.log_count, 2);
    assert_non_null(strstr(outcome_of(&w, stand_in(&w, "A")), "2 not emitted again"));
    revise(&w, TELLS("2"));
    assert_int_equal(replay(&w, (struct tl_replay_request){.type = TL_STR("won@1")}), TL_OK);
    assert_string_equal(lua_seen(&w), "erp:note{\"v\":1} erp:note{} erp:note{\"v\":2}");
    assert_int_equal(replay(&w, (struct tl_replay_request){.type = TL_STR("won@1")}), TL_OK);
    assert_int_equal(w.log_count, 3);
    free_world(&w);
}

#define PARENT(v)                                                                                                      \
    "flow \"f\" { on = \"won@1\", steward = \"desk\", run = function(ctx, e) local r = ctx:start('c', { n = 1 }) "     \
    "ctx.erp:note{ r = r.v } end }\n"                                                                                  \
    "flow \"c\" { on = \"told@1\", steward = \"desk\", run = function(ctx, e) ctx.crm:note{ n = e.data.n } return "    \
    "{ v = " v " } end }\n"

static void a_run_that_is_started_is_replayed_too(void **state)
{
    (void)state;
    struct world w;
    lua_world(&w, PARENT("1"));
    lua_event(&w, "won@1", "A", "");
    assert_string_equal(lua_seen(&w), "crm:note{\"n\":1} erp:note{\"r\":1}");
    revise(&w, PARENT("2"));
    assert_int_equal(replay(&w, (struct tl_replay_request){0}), TL_OK);
    assert_int_equal(count_of("units"), 1);
    assert_string_equal(lua_seen(&w), "crm:note{\"n\":1} erp:note{\"r\":1} erp:note{\"r\":2}");
    assert_string_equal(world_endings(&w, stand_in(&w, "A"), "f"), "waiting done");
    free_world(&w);
}

static void undoes_only_what_it_did_itself(void **state)
{
    (void)state;
    struct world w;
    lua_world(&w, FLOW("ctx.erp:note({ a = 1 }, { undo = function() ctx.erp:note{ undo = 'a' } end }) "
                       "ctx.crm:note({ b = 1 }, { undo = function() ctx.crm:note{ undo = 'b' } end })"));
    lua_event(&w, "won@1", "A", "");
    revise(&w, FLOW("ctx.erp:note({ a = 1 }, { undo = function() ctx.erp:note{ undo = 'a' } end }) "
                    "ctx.crm:note({ b = 2 }, { undo = function() ctx.crm:note{ undo = 'b' } end }) ctx:fail('no')"));
    assert_int_equal(replay(&w, (struct tl_replay_request){0}), TL_OK);
    assert_string_equal(lua_seen(&w), "erp:note{\"a\":1} crm:note{\"b\":1} crm:note{\"b\":2} crm:note{\"undo\":\"b\"}");
    assert_string_equal(world_endings(&w, stand_in(&w, "A"), "f"), "failed");
    free_world(&w);
}

/* ---- after an earlier replay ---- */

static void a_replay_that_parks_comes_before_the_next(void **state)
{
    (void)state;
    struct world w;
    lua_world(&w, FLOW("ctx.crm:put('order@1', { no = e.key, n = 1 })"));
    lua_event(&w, "won@1", "A", "");
    revise(&w, FLOW("ctx.crm:put('order@1', { no = e.key, n = 2 })"));
    lua_refuse("put", 1);
    assert_int_equal(replay(&w, (struct tl_replay_request){0}), TL_OK);
    assert_string_equal(world_endings(&w, stand_in(&w, "A"), "f"), "parked");
    assert_int_equal(replay(&w, (struct tl_replay_request){0}), TL_OK);
    assert_int_equal(count_of("runs"), 0);
    assert_int_equal(w.log_count, 1);
    lua_crash(&w);
    world_desk(&w, TL_DESK_RETRY, world_exception(&w), "", false);
    assert_int_equal(w.log_count, 2);
    assert_string_equal(world_endings(&w, stand_in(&w, "A"), "f"), "parked done");
    assert_int_equal(replay(&w, (struct tl_replay_request){0}), TL_OK);
    assert_int_equal(count_of("runs"), 1);
    assert_int_equal(w.log_count, 2);
    free_world(&w);
}

/* A write that yielded to a newer one is not taken for sent. */
static void what_was_not_sent_may_be_sent_when_its_time_comes(void **state)
{
    (void)state;
    struct world w;
    lua_world(&w, FLOW(NOTE));
    lua_event(&w, "won@1", "A", "\"n\":1");
    world_advance(&w, 1000);
    int64_t between = tl_wall_ms();
    lua_event(&w, "won@1", "A", "\"n\":2");
    revise(&w, FLOW(NOTE_FIXED));
    assert_int_equal(replay(&w, (struct tl_replay_request){.until_ms = between}), TL_OK);
    assert_int_equal(w.log_count, 2);
    assert_int_equal(replay(&w, (struct tl_replay_request){0}), TL_OK); /* both */
    assert_int_equal(w.log_count, 4);
    assert_string_equal(w.log[2].args, "{\"n\":1,\"v\":2}");
    assert_string_equal(w.log[3].args, "{\"n\":2,\"v\":2}");
    free_world(&w);
}

/* The order's function is given the old event too: with another type these two would have no order. */
static void is_ordered_by_the_function_of_the_flow(void **state)
{
    (void)state;
    struct world w;
    const char *flow = FLOW_WITH("order = { 'order', function(e) return e.type == 'won@1' and 'one' or e.id end }",
                                 "ctx.crm:put('order@1', { no = e.key })");
    lua_world(&w, flow);
    lua_event(&w, "won@1", "A", "");
    lua_event(&w, "won@1", "B", "");
    lua_refuse("put", 1);
    assert_int_equal(replay(&w, (struct tl_replay_request){.force = true}), TL_OK);
    assert_int_equal(w.log_count, 2); /* the first is parked and holds the second */
    assert_string_equal(world_endings(&w, stand_in(&w, "A"), "f"), "parked");
    assert_string_equal(world_endings(&w, stand_in(&w, "B"), "f"), "");
    free_world(&w);
}

/* ---- the selection ---- */

static void lists_what_it_does_not_touch(void **state)
{
    (void)state;
    struct world w;
    lua_world(&w, FLOW("if e.key == 'W' then ctx:await{ 'paid@1' } end ctx.crm:put('order@1', e.data)"));
    lua_refuse("put", 1);
    tl_position parked = lua_event(&w, "won@1", "P", "");
    lua_event(&w, "won@1", "W", "");
    lua_event(&w, "won@1", "A", "");
    world_pause(&w, "flow/f", true);
    lua_event(&w, "won@1", "U", "");
    assert_int_equal(replay(&w, (struct tl_replay_request){.dry_run = true}), TL_OK);
    assert_int_equal(count_of("units"), 4);
    assert_int_equal(count_of("runs"), 1);
    assert_non_null(strstr(answer_text, "exceptions retry"));
    assert_non_null(strstr(answer_text, "its run is still open"));
    assert_non_null(strstr(answer_text, "it has not ended yet"));
    assert_non_null(strstr(answer_text, "\"replay\":null"));
    assert_int_equal(replay(&w, (struct tl_replay_request){0}), TL_OK);
    world_pause(&w, "flow/f", false);
    world_settle(&w);
    assert_string_equal(world_endings(&w, parked, "f"), "parked");
    assert_int_not_equal(strlen(world_exception(&w)), 0);
    assert_int_equal(w.log_count, 2); /* A's own, and U's */
    free_world(&w);
}

static void selects_by_time_key_type_and_flow_in_pages(void **state)
{
    (void)state;
    struct world w;
    lua_world(&w, FLOW(NOTE) "flow \"g\" { on = { \"won@1\", \"paid@1\" }, steward = \"desk\", run = function(ctx, e) "
                             "end }\n");
    lua_event(&w, "won@1", "A", "\"n\":1");
    world_advance(&w, 10000);
    int64_t between = tl_wall_ms();
    lua_event(&w, "won@1", "B", "\"n\":1");
    lua_event(&w, "paid@1", "A", "");
    struct tl_replay_request request = {.dry_run = true};
    const struct {
        int64_t since, until;
        const char *key, *type, *flow;
        int64_t units;
    } cases[] = {{1, 0, "", "", "", 5},        {between, 0, "", "", "", 3}, {1, between, "", "", "", 2},
                 {0, 0, "A", "", "", 3},       {1, 0, "", "paid@1", "", 1}, {1, 0, "", "", "f", 2},
                 {between, 0, "A", "", "", 1}, {0, 0, "C", "", "", 0}};
    for (size_t i = 0; i < TL_COUNT_OF(cases); i++) {
        request = (struct tl_replay_request){.dry_run = true,
                                             .since_ms = cases[i].since,
                                             .until_ms = cases[i].until,
                                             .key = tl_str_z(cases[i].key),
                                             .type = tl_str_z(cases[i].type),
                                             .flow = tl_str_z(cases[i].flow)};
        assert_int_equal(replay(&w, request), TL_OK);
        assert_int_equal(count_of("units"), cases[i].units);
    }
    int64_t units = 0;
    int pages = 0;
    request = (struct tl_replay_request){.since_ms = 1, .limit = 2, .dry_run = true};
    do {
        assert_int_equal(replay(&w, request), TL_OK);
        units += count_of("units");
        struct tl_json_doc *doc;
        assert_int_equal(tl_json_parse(tl_str_z(answer_text), NULL, &doc, NULL), TL_OK);
        request.after = TL_POSITION_NONE;
        (void)tl_position_parse(tl_json_get_text(tl_json_root(doc), "next"), &request.after);
        tl_json_free(doc);
        pages++;
    } while (request.after != TL_POSITION_NONE);
    assert_int_equal(units, 5);
    assert_int_equal(pages, 3);
    free_world(&w);
}

static void refuses_what_makes_no_sense(void **state)
{
    (void)state;
    struct world w;
    lua_world(&w, FLOW(NOTE));
    assert_int_equal(replay(&w, (struct tl_replay_request){.since_ms = 10, .until_ms = 10}), TL_EINPUT);
    assert_int_equal(replay(&w, (struct tl_replay_request){.flow = TL_STR("nope")}), TL_ENOTFOUND);
    assert_int_equal(replay(&w, (struct tl_replay_request){.id = TL_STR("a/b")}), TL_EINPUT);
    assert_int_equal(replay(&w, (struct tl_replay_request){.limit = 1000000}), TL_EINPUT);
    assert_int_equal(replay(&w, (struct tl_replay_request){0}), TL_OK);
    assert_int_equal(count_of("units"), 0);
    free_world(&w);
}

static bool drops(struct world *w)
{
    unsigned dropped = 0;
    uint64_t first = tl_journal_first(w->journal);
    assert_int_equal(tl_journal_retain(w->journal, (int64_t)30 * 24 * 3600 * 1000, &dropped, NULL), TL_OK);
    return first > 1 || dropped > 0;
}

/* The journal forgets the old event while its replay waits: what it did cannot be compared, so nothing is sent. */
static void lists_what_is_past_retention(void **state)
{
    (void)state;
    struct world w;
    lua_world(&w, FLOW(NOTE));
    world_stop(&w);
    w.segment_events = 100;
    lua_revise(&w, FLOW(NOTE_FIXED));
    world_start(&w);
    world_settle(&w);
    lua_event(&w, "won@1", "A", "\"n\":1");
    world_pause(&w, "flow/f", true);
    assert_int_equal(replay(&w, (struct tl_replay_request){.force = true}), TL_OK);
    tl_position position = stand_in(&w, "A");
    assert_int_equal(w.log_count, 1);
    world_flood(&w, "paid@1", "k", 500, 10, TL_NORMAL);
    world_settle(&w);
    world_advance(&w, (int64_t)40 * 24 * 3600 * 1000);
    world_until(&w, drops); /* what the state has not synced stays for a moment */
    assert_int_equal(world_rows(&w, "kept"), 1);
    lua_crash(&w);
    world_pause(&w, "flow/f", false);
    world_settle(&w);
    assert_int_equal(w.log_count, 1);
    assert_string_equal(world_endings(&w, position, "f"), "dropped");
    assert_non_null(strstr(outcome_of(&w, position), "past retention"));
    assert_int_equal(replay(&w, (struct tl_replay_request){.since_ms = 1000, .dry_run = true}), TL_OK);
    assert_non_null(strstr(answer_text, "\"past_retention\":true"));
    free_world(&w);
}

/* Replays keep the order of the key, and wait where it is held. */
static void keeps_the_order_of_the_key(void **state)
{
    (void)state;
    struct world w;
    lua_world(&w, FLOW_WITH("order = { 'order', '/o' }", NOTE));
    for (int i = 0; i < 20; i++) {
        char extra[64];
        snprintf(extra, sizeof extra, "\"n\":%d,\"o\":\"%d\"", i, i % 2);
        lua_event(&w, "won@1", i % 2 == 0 ? "A" : "B", extra);
    }
    revise(&w, FLOW_WITH("order = { 'order', '/o' }", NOTE_FIXED));
    assert_int_equal(replay(&w, (struct tl_replay_request){0}), TL_OK);
    assert_int_equal(w.log_count, 40);
    int last[2] = {-1, -1};
    for (size_t i = 20; i < 40; i++) {
        int n = -1;
        assert_int_equal(sscanf(w.log[i].args, "{\"n\":%d,\"v\":2}", &n), 1);
        assert_true(n > last[n % 2]);
        last[n % 2] = n;
    }
    free_world(&w);
}

static void is_audited(void **state)
{
    (void)state;
    struct world w;
    lua_world(&w, FLOW(NOTE));
    lua_event(&w, "won@1", "A", "\"n\":1");
    assert_int_equal(replay(&w, (struct tl_replay_request){.dry_run = true}), TL_OK);
    assert_int_equal(world_rows(&w, "audit"), 0);
    assert_int_equal(replay(&w, (struct tl_replay_request){0}), TL_OK);
    assert_int_equal(world_rows(&w, "audit"), 1);
    free_world(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sends_nothing_when_nothing_differs),
        cmocka_unit_test(sends_what_a_fixed_mapping_changes),
        cmocka_unit_test(gives_the_script_the_old_event),
        cmocka_unit_test(forces_what_is_idempotent_and_nothing_else),
        cmocka_unit_test(does_not_repeat_what_must_happen_once),
        cmocka_unit_test(keeps_the_key_of_the_old_run),
        cmocka_unit_test(gives_a_new_call_a_key_of_its_own),
        cmocka_unit_test(does_not_overwrite_what_a_later_unit_wrote),
        cmocka_unit_test(a_later_read_touches_nothing),
        cmocka_unit_test(a_new_effect_yields_to_a_later_one_of_its_kind),
        cmocka_unit_test(yields_to_a_run_that_is_open),
        cmocka_unit_test(sees_what_happens_meanwhile),
        cmocka_unit_test(a_replay_of_an_older_event_is_not_newer),
        cmocka_unit_test(asked_for_twice_adds_nothing),
        cmocka_unit_test(goes_on_after_a_crash),
        cmocka_unit_test(a_call_cut_off_by_a_crash_is_sent_again),
        cmocka_unit_test(does_not_emit_twice),
        cmocka_unit_test(a_run_that_is_started_is_replayed_too),
        cmocka_unit_test(a_replay_that_parks_comes_before_the_next),
        cmocka_unit_test(what_was_not_sent_may_be_sent_when_its_time_comes),
        cmocka_unit_test(is_ordered_by_the_function_of_the_flow),
        cmocka_unit_test(undoes_only_what_it_did_itself),
        cmocka_unit_test(lists_what_it_does_not_touch),
        cmocka_unit_test(selects_by_time_key_type_and_flow_in_pages),
        cmocka_unit_test(refuses_what_makes_no_sense),
        cmocka_unit_test(lists_what_is_past_retention),
        cmocka_unit_test(keeps_the_order_of_the_key),
        cmocka_unit_test(is_audited),
    };
    return cmocka_run_group_tests_name("flow replay", tests, NULL, NULL);
}
