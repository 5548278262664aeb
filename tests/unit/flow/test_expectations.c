/* Expectations: what should have followed and did not becomes an exception, once, and closes itself when it comes late.
 */
#include "engine_int.h"
#include "lua_world.h"

#define MINUTE INT64_C(60000)
#define EXPECT(more)                                                                                                   \
    "expect \"paid after won\" { after = \"won@1\", event = { \"paid@1\", \"sent@1\" }, within = \"15m\", steward = "  \
    "\"desk\"" more " }\n"
#define FLOW_NAME "expect:paid after won"

/* The open exception as JSON; "" when there is none. */
static const char *shown(struct world *w)
{
    static char text[4096];
    struct tl_buf out;
    struct tl_error err;
    tl_buf_init(&out, sizeof text);
    text[0] = '\0';
    if (world_exception(w)[0] != '\0') {
        assert_int_equal(tl_exception_show(w->engine, tl_str_z(world_exception(w)), &out, &err), TL_OK);
        snprintf(text, sizeof text, "%.*s", TL_STR_ARGS(tl_buf_str(&out)));
    }
    tl_buf_free(&out);
    return text;
}

static bool has_note(struct world *w, tl_position event, const char *part)
{
    struct tl_arena arena;
    struct tl_outcome *outcomes;
    size_t count = 0;
    bool found = false;
    tl_arena_init(&arena);
    assert_int_equal(tl_journal_outcomes(w->journal, event, &arena, &outcomes, &count, NULL), TL_OK);
    for (size_t i = 0; i < count; i++) {
        char note[400];
        snprintf(note, sizeof note, "%.*s", TL_STR_ARGS(outcomes[i].note));
        found |= tl_str_is(outcomes[i].flow, FLOW_NAME) && strstr(note, part) != NULL;
    }
    tl_arena_free(&arena);
    return found;
}

static void is_quiet_when_it_follows(void **state)
{
    (void)state;
    struct world w;
    lua_world(&w, EXPECT(""));
    tl_position event = lua_event(&w, "won@1", "A", "");
    assert_string_equal(lua_runs(&w), FLOW_NAME "/waiting");
    world_advance(&w, 14 * MINUTE);
    lua_event(&w, "paid@1", "B", ""); /* another's */
    lua_event(&w, "sent@1", "A", "");
    assert_string_equal(world_endings(&w, event, FLOW_NAME), "waiting done");
    assert_true(has_note(&w, event, "sent@1 followed in time"));
    world_advance(&w, 60 * MINUTE);
    assert_string_equal(world_exception(&w), "");
    assert_int_equal(world_rows(&w, "run") + world_rows(&w, "step") + world_rows(&w, "timer"), 0);
    lua_free(&w);
}

static void says_what_is_missing_once(void **state)
{
    (void)state;
    struct world w;
    lua_world(&w, EXPECT(""));
    lua_event(&w, "paid@1", "A", ""); /* before: it follows nothing */
    tl_position event = lua_event(&w, "won@1", "A", "");
    world_advance(&w, 15 * MINUTE - 1000);
    assert_string_equal(world_exception(&w), "");
    lua_crash(&w);
    world_advance(&w, 2000);
    const char *json = shown(&w);
    assert_non_null(strstr(json, "\"class\":\"expected\""));
    assert_non_null(strstr(json, "paid@1 or sent@1 did not follow won@1 within 15m"));
    assert_non_null(strstr(json, "\"key\":\"A\""));
    assert_non_null(strstr(json, "\"missing\":[\"paid@1\",\"sent@1\"]"));
    assert_non_null(strstr(json, "\"steward\":\"desk\""));
    assert_non_null(strstr(json, "\"place\":\"flows.lua:1\""));
    world_advance(&w, 10 * 60 * MINUTE);
    lua_crash(&w);
    assert_int_equal(world_rows(&w, "exception"), 1);
    assert_string_equal(world_endings(&w, event, FLOW_NAME), "waiting parked");
    lua_free(&w);
}

static void closes_itself_when_it_comes_late(void **state)
{
    (void)state;
    struct world w;
    lua_world(&w, EXPECT(""));
    tl_position event = lua_event(&w, "won@1", "A", "");
    world_advance(&w, 20 * MINUTE);
    assert_int_equal(world_rows(&w, "exception"), 1);
    lua_crash(&w);
    lua_event(&w, "paid@1", "B", "");
    assert_int_equal(world_rows(&w, "exception"), 1);
    lua_event(&w, "paid@1", "A", "");
    assert_string_equal(world_exception(&w), "");
    assert_true(has_note(&w, event, "late: paid@1 came at "));
    assert_string_equal(world_endings(&w, event, FLOW_NAME), "waiting parked done");
    assert_int_equal(world_rows(&w, "audit"), 1);
    assert_int_equal(world_rows(&w, "run") + world_rows(&w, "step") + world_rows(&w, "timer"), 0);
    lua_free(&w);
}

/* The process ends at any moment between the late event and the closing of the exception. */
static void closes_itself_also_after_a_crash(void **state)
{
    (void)state;
    for (int turns = 0; turns < 24; turns++) {
        struct world w;
        lua_world(&w, EXPECT(""));
        lua_event(&w, "won@1", "A", "");
        world_advance(&w, 20 * MINUTE);
        world_accept(&w, "paid@1", "A", "{\"no\":\"A\"}");
        for (int i = 0; i < turns; i++)
            tl_loop_wait(tl_lane_loop(tl_engine_lane(w.engine, (unsigned)i % 2)), 1);
        lua_crash(&w);
        assert_string_equal(world_exception(&w), "");
        assert_string_equal(lua_runs(&w), "");
        lua_free(&w);
    }
}

static void a_person_may_look_again_or_let_it_be(void **state)
{
    (void)state;
    struct world w;
    lua_world(&w, EXPECT(""));
    tl_position event = lua_event(&w, "won@1", "A", "");
    world_advance(&w, 20 * MINUTE);
    world_desk(&w, TL_DESK_RETRY, world_exception(&w), "", false);
    assert_int_equal(w.reply_code, TL_OK);
    assert_string_equal(world_exception(&w), "");
    assert_string_equal(lua_runs(&w), FLOW_NAME "/waiting"); /* fifteen minutes more */
    world_advance(&w, 20 * MINUTE);
    assert_int_equal(world_rows(&w, "exception"), 1);
    world_desk(&w, TL_DESK_DISCARD, world_exception(&w), "", false);
    assert_string_equal(world_exception(&w), "");
    lua_event(&w, "paid@1", "A", "");
    assert_string_equal(world_endings(&w, event, FLOW_NAME), "waiting parked parked discarded");
    assert_int_equal(world_rows(&w, "run") + world_rows(&w, "step") + world_rows(&w, "timer"), 0);
    lua_free(&w);
}

static void goes_by_the_key_that_is_meant(void **state)
{
    static const char *const keys[] = {", key = \"deal\"", ", key = \"/deal\"",
                                       ", key = function(d) return d.deal end"};
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct world w;
        char flows[400];
        snprintf(flows, sizeof flows, EXPECT("%s"), keys[i]);
        lua_world(&w, flows);
        lua_event(&w, "won@1", "A", "\"deal\":\"D-1\"");
        lua_event(&w, "won@1", "B", "\"deal\":\"D-2\"");
        lua_event(&w, "paid@1", "D-1", "");
        world_advance(&w, 16 * MINUTE);
        assert_int_equal(world_rows(&w, "exception"), 1);
        assert_non_null(strstr(shown(&w), "\"key\":\"D-2\""));
        lua_event(&w, "sent@1", "D-2", "");
        assert_string_equal(world_exception(&w), "");
        lua_free(&w);
    }
}

/* One exception holds up neither its key nor its flow, and equal ones are one group. */
static void stands_in_nobodys_way(void **state)
{
    (void)state;
    struct world w;
    struct tl_buf out;
    struct tl_error err;
    struct tl_group_query query = {0};
    lua_world(&w, EXPECT("") "flow \"f\" { on = \"won@1\", steward = \"desk\", run = function(ctx, e) "
                             "ctx.crm:note{ n = e.data.n } end }\n");
    lua_event(&w, "won@1", "A", "\"n\":1");
    world_advance(&w, 16 * MINUTE);
    lua_event(&w, "won@1", "A", "\"n\":2");
    world_advance(&w, 16 * MINUTE);
    lua_event(&w, "won@1", "C-77", "\"n\":3");
    world_advance(&w, 16 * MINUTE);
    assert_int_equal(w.log_count, 3);
    assert_int_equal(world_rows(&w, "exception"), 3);
    tl_buf_init(&out, 1 << 16);
    assert_int_equal(tl_exceptions_groups(w.engine, &query, &out, &err), TL_OK);
    tl_buf_add_char(&out, '\0');
    assert_non_null(strstr(tl_buf_str(&out).ptr, "\"count\":3"));
    tl_buf_free(&out);
    lua_event(&w, "paid@1", "A", ""); /* both of A waited for it */
    assert_int_equal(world_rows(&w, "exception"), 1);
    lua_free(&w);
}

/* What waits when the expectation is taken out is still missed, and then a person's. */
static void outlives_its_declaration(void **state)
{
    (void)state;
    struct world w;
    lua_world(&w, EXPECT(""));
    lua_event(&w, "won@1", "A", "");
    lua_event(&w, "won@1", "B", "");
    assert_int_equal(lua_switch(&w, "", false), TL_OK);
    lua_event(&w, "won@1", "C", ""); /* nobody's */
    lua_event(&w, "paid@1", "B", "");
    world_advance(&w, 16 * MINUTE);
    assert_int_equal(world_rows(&w, "exception"), 1);
    assert_non_null(strstr(shown(&w), "\"class\":\"expected\""));
    lua_event(&w, "paid@1", "A", "");
    assert_int_equal(world_rows(&w, "exception"), 1);
    world_desk(&w, TL_DESK_DISCARD, world_exception(&w), "", false);
    assert_string_equal(world_exception(&w), "");
    assert_string_equal(lua_runs(&w), "");
    lua_free(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(is_quiet_when_it_follows),
        cmocka_unit_test(says_what_is_missing_once),
        cmocka_unit_test(closes_itself_when_it_comes_late),
        cmocka_unit_test(closes_itself_also_after_a_crash),
        cmocka_unit_test(a_person_may_look_again_or_let_it_be),
        cmocka_unit_test(goes_by_the_key_that_is_meant),
        cmocka_unit_test(outlives_its_declaration),
        cmocka_unit_test(stands_in_nobodys_way),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
