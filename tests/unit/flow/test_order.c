/* Order per key, failures and retries, holding and releasing keys. */
#include "flow_world.h"

static const char *const won[] = {"won@1"};
static const char *const shipped[] = {"shipped@1"};
static const char *const erp[] = {"erp"};

static struct tl_flow flow_named(const char *name, const char *const *on, enum tl_after_failure after)
{
    return (struct tl_flow){.name = name,
                            .on = on,
                            .on_count = 1,
                            .scope = name,
                            .after_failure = after,
                            .priority = TL_NORMAL,
                            .steward = "desk",
                            .targets = erp,
                            .target_count = 1};
}

static const struct tl_system_decl systems[] = {{.name = "erp",
                                                 .kind = "erp",
                                                 .connector = "fake",
                                                 .connector_major = 1,
                                                 .retry = {.first_ms = 100, .cap_ms = 1000, .attempts = 3}}};
static const struct scripted scripts[] = {{"order", step_put}, {"ship", step_put}};

static void setup_world(struct world *w, enum tl_after_failure after)
{
    static struct tl_flow flows[1];
    flows[0] = flow_named("order", won, after);
    world_new(w, flows, scripts, 1, systems, 1);
    world_start(w);
}

static bool one_called(struct world *w)
{
    return w->log_count >= 1;
}

static enum answer later(struct world *w, const char *system, const char *operation, const char *args)
{
    (void)w, (void)system, (void)operation, (void)args;
    return ANSWER_LATER;
}

static void runs_an_event_through_to_done(void **state)
{
    (void)state;
    struct world w;
    setup_world(&w, TL_AFTER_HOLD);
    tl_position event = world_accept(&w, "won@1", "A", "1");
    world_settle(&w);
    assert_int_equal(w.log_count, 1);
    assert_string_equal(w.log[0].args, "{\"key\":\"A\",\"n\":1}");
    assert_string_equal(world_endings(&w, event, "order"), "done");
    assert_int_equal(tl_engine_unfinished(w.engine), 0);
    world_free(&w);
}

static void says_so_when_nobody_wants_an_event(void **state)
{
    (void)state;
    struct world w;
    setup_world(&w, TL_AFTER_HOLD);
    tl_position event = world_accept(&w, "other@1", "A", "1");
    world_settle(&w);
    assert_string_equal(world_endings(&w, event, "nobody"), "unwanted");
    assert_int_equal(tl_engine_unfinished(w.engine), 0);
    world_free(&w);
}

static void starts_the_next_of_a_key_only_when_the_one_before_has_ended(void **state)
{
    (void)state;
    struct world w;
    setup_world(&w, TL_AFTER_HOLD);
    w.answer = later;
    world_accept(&w, "won@1", "A", "1");
    world_until(&w, one_called);
    world_accept(&w, "won@1", "A", "2");
    world_accept(&w, "won@1", "B", "3");
    world_settle(&w);
    assert_int_equal(w.log_count, 2); /* A's second waits, B does not */
    assert_string_equal(w.log[1].args, "{\"key\":\"B\",\"n\":3}");
    world_answer(&w, 0, TL_FAIL_NONE);
    world_settle(&w);
    assert_int_equal(w.log_count, 3);
    assert_string_equal(w.log[2].args, "{\"key\":\"A\",\"n\":2}");
    world_answer(&w, 1, TL_FAIL_NONE);
    world_answer(&w, 2, TL_FAIL_NONE);
    world_settle(&w);
    assert_int_equal(tl_engine_unfinished(w.engine), 0);
    world_free(&w);
}

static int conflicts;

static enum answer conflict_twice(struct world *w, const char *system, const char *operation, const char *args)
{
    (void)w, (void)system, (void)operation;
    return strstr(args, "\"A\"") != NULL && conflicts-- > 0 ? ANSWER_CONFLICT : ANSWER_DONE;
}

static void keeps_order_over_retries_of_a_locked_record(void **state)
{
    (void)state;
    struct world w;
    setup_world(&w, TL_AFTER_HOLD);
    w.answer = conflict_twice;
    conflicts = 2;
    tl_position first = world_accept(&w, "won@1", "A", "1");
    world_accept(&w, "won@1", "A", "2");
    world_accept(&w, "won@1", "B", "3");
    world_settle(&w);
    assert_int_equal(w.log_count, 1);
    assert_string_equal(w.log[0].args, "{\"key\":\"B\",\"n\":3}");
    for (int i = 0; i < 5; i++)
        world_advance(&w, 1000);
    assert_int_equal(w.log_count, 3);
    assert_string_equal(w.log[1].args, "{\"key\":\"A\",\"n\":1}");
    assert_string_equal(w.log[2].args, "{\"key\":\"A\",\"n\":2}");
    assert_string_equal(world_endings(&w, first, "order"), "done");
    world_free(&w);
}

static void parks_when_the_attempts_are_used_up(void **state)
{
    (void)state;
    struct world w;
    setup_world(&w, TL_AFTER_HOLD);
    w.answer = conflict_twice;
    conflicts = 100;
    tl_position first = world_accept(&w, "won@1", "A", "1");
    for (int i = 0; i < 6; i++)
        world_advance(&w, 1000);
    assert_string_equal(world_endings(&w, first, "order"), "parked");
    assert_int_equal(conflicts, 97); /* three attempts */
    assert_int_equal(tl_exceptions_open(w.engine), 1);
    world_free(&w);
}

static enum answer bad_data_one(struct world *w, const char *system, const char *operation, const char *args)
{
    (void)w, (void)system, (void)operation;
    return strstr(args, "\"n\":1}") != NULL ? ANSWER_DATA : ANSWER_DONE;
}

static void holds_the_key_behind_an_exception_until_it_is_repaired(void **state)
{
    (void)state;
    struct world w;
    setup_world(&w, TL_AFTER_HOLD);
    w.answer = bad_data_one;
    tl_position first = world_accept(&w, "won@1", "A", "1");
    tl_position second = world_accept(&w, "won@1", "A", "2");
    world_accept(&w, "won@1", "B", "3");
    world_settle(&w);
    assert_int_equal(w.log_count, 1); /* B's */
    assert_string_equal(world_endings(&w, first, "order"), "parked");
    char shown[8192];
    struct tl_buf out;
    tl_buf_init(&out, sizeof shown);
    assert_int_equal(tl_exception_show(w.engine, tl_str_z(world_exception(&w)), &out, NULL), TL_OK);
    assert_non_null(strstr(out.ptr, "\"class\":\"data\""));
    assert_non_null(strstr(out.ptr, "\"place\":\"flows/test.lua:9\""));
    assert_non_null(strstr(out.ptr, "\"held\":1"));
    tl_buf_free(&out);
    world_desk(&w, TL_DESK_RETRY, world_exception(&w), "11", false);
    assert_int_equal(w.reply_code, TL_OK);
    assert_int_equal(w.log_count, 3);
    assert_string_equal(w.log[1].args, "{\"key\":\"A\",\"n\":11}"); /* as edited */
    assert_string_equal(w.log[2].args, "{\"key\":\"A\",\"n\":2}");
    assert_string_equal(world_endings(&w, first, "order"), "parked done");
    assert_string_equal(world_endings(&w, second, "order"), "done");
    assert_int_equal(tl_exceptions_open(w.engine), 0);
    assert_int_equal(world_rows(&w, "exception"), 0);
    assert_int_equal(world_rows(&w, "audit"), 1);
    world_free(&w);
}

static void lets_the_key_go_when_an_exception_is_discarded(void **state)
{
    (void)state;
    struct world w;
    setup_world(&w, TL_AFTER_HOLD);
    w.answer = bad_data_one;
    tl_position first = world_accept(&w, "won@1", "A", "1");
    world_accept(&w, "won@1", "A", "2");
    world_settle(&w);
    assert_int_equal(w.log_count, 0);
    world_desk(&w, TL_DESK_DISCARD, world_exception(&w), "", false);
    assert_int_equal(w.reply_code, TL_OK);
    assert_int_equal(w.log_count, 1);
    assert_string_equal(world_endings(&w, first, "order"), "parked discarded");
    world_desk(&w, TL_DESK_DISCARD, "0000000000001", "", false);
    assert_int_equal(w.reply_code, TL_ENOTFOUND);
    world_free(&w);
}

static void holds_the_key_after_a_restart(void **state)
{
    (void)state;
    for (int crash = 0; crash < 2; crash++) {
        struct world w;
        setup_world(&w, TL_AFTER_HOLD);
        w.answer = bad_data_one;
        world_accept(&w, "won@1", "A", "1");
        world_accept(&w, "won@1", "A", "2");
        world_settle(&w);
        if (crash)
            world_crash(&w);
        else
            world_stop(&w);
        world_start(&w);
        world_settle(&w);
        assert_int_equal(w.log_count, 0);
        assert_int_equal(tl_engine_unfinished(w.engine), 1);
        world_desk(&w, TL_DESK_RETRY, world_exception(&w), "11", false);
        assert_int_equal(w.log_count, 2);
        world_free(&w);
    }
}

static void supersedes_a_parked_unit_by_a_newer_success(void **state)
{
    (void)state;
    struct world w;
    setup_world(&w, TL_AFTER_SUPERSEDE);
    w.answer = bad_data_one;
    tl_position first = world_accept(&w, "won@1", "A", "1");
    world_settle(&w);
    assert_int_equal(tl_exceptions_open(w.engine), 1);
    world_accept(&w, "won@1", "A", "2");
    world_settle(&w);
    assert_int_equal(w.log_count, 1);
    assert_string_equal(world_endings(&w, first, "order"), "parked superseded");
    assert_int_equal(tl_exceptions_open(w.engine), 0);
    world_free(&w);
}

static void asks_before_retrying_when_a_later_event_was_applied(void **state)
{
    (void)state;
    struct world w;
    setup_world(&w, TL_AFTER_PASS);
    w.answer = bad_data_one;
    world_accept(&w, "won@1", "A", "1");
    tl_position second = world_accept(&w, "won@1", "A", "2");
    world_settle(&w);
    assert_int_equal(w.log_count, 1);
    assert_int_equal(tl_exceptions_open(w.engine), 1);
    for (int restarted = 0; restarted < 2; restarted++) {
        char id[TL_POSITION_TEXT];
        tl_position_print(second, id);
        world_desk(&w, TL_DESK_RETRY, world_exception(&w), "11", false);
        assert_int_equal(w.reply_code, TL_EDIFFERS);
        assert_non_null(strstr(w.reply_text, id));
        if (!restarted) {
            world_stop(&w);
            world_start(&w);
            world_settle(&w);
        }
    }
    world_desk(&w, TL_DESK_RETRY, world_exception(&w), "11", true);
    assert_int_equal(w.reply_code, TL_OK);
    assert_int_equal(w.log_count, 2);
    assert_int_equal(tl_exceptions_open(w.engine), 0);
    world_free(&w);
}

static void orders_two_flows_of_one_scope_by_the_records_own_key(void **state)
{
    (void)state;
    struct world w;
    static struct tl_flow flows[2];
    flows[0] = flow_named("order", won, TL_AFTER_HOLD);
    flows[1] = flow_named("ship", shipped, TL_AFTER_HOLD);
    flows[0].scope = flows[1].scope = "orders";
    flows[1].order.pointer = "/order"; /* the event's key is another one */
    world_new(&w, flows, scripts, 2, systems, 1);
    world_start(&w);
    w.answer = later;
    world_accept(&w, "won@1", "A", "1");
    world_until(&w, one_called);
    world_accept(&w, "shipped@1", "S-9", "{\"order\":\"A\"}");
    world_accept(&w, "shipped@1", "S-8", "{\"order\":\"B\"}");
    world_settle(&w);
    assert_int_equal(w.log_count, 2);
    assert_non_null(strstr(w.log[1].args, "S-8"));
    world_answer(&w, 0, TL_FAIL_NONE);
    world_settle(&w);
    assert_int_equal(w.log_count, 3);
    assert_non_null(strstr(w.log[2].args, "S-9"));
    world_answer(&w, 1, TL_FAIL_NONE);
    world_answer(&w, 2, TL_FAIL_NONE);
    world_settle(&w);
    world_free(&w);
}

static enum answer buggy(struct world *w, const char *system, const char *operation, const char *args)
{
    (void)w, (void)system, (void)operation, (void)args;
    return ANSWER_BUG;
}

static void names_the_connector_when_it_broke_its_contract(void **state)
{
    (void)state;
    struct world w;
    setup_world(&w, TL_AFTER_HOLD);
    w.answer = buggy;
    world_accept(&w, "won@1", "A", "1");
    world_settle(&w);
    struct tl_buf out;
    tl_buf_init(&out, 8192);
    assert_int_equal(tl_exception_show(w.engine, tl_str_z(world_exception(&w)), &out, NULL), TL_OK);
    assert_non_null(strstr(out.ptr, "\"class\":\"bug\""));
    assert_non_null(strstr(out.ptr, "connector \\\"fake\\\""));
    tl_buf_free(&out);
    world_free(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(runs_an_event_through_to_done),
        cmocka_unit_test(says_so_when_nobody_wants_an_event),
        cmocka_unit_test(starts_the_next_of_a_key_only_when_the_one_before_has_ended),
        cmocka_unit_test(keeps_order_over_retries_of_a_locked_record),
        cmocka_unit_test(parks_when_the_attempts_are_used_up),
        cmocka_unit_test(holds_the_key_behind_an_exception_until_it_is_repaired),
        cmocka_unit_test(lets_the_key_go_when_an_exception_is_discarded),
        cmocka_unit_test(holds_the_key_after_a_restart),
        cmocka_unit_test(supersedes_a_parked_unit_by_a_newer_success),
        cmocka_unit_test(asks_before_retrying_when_a_later_event_was_applied),
        cmocka_unit_test(orders_two_flows_of_one_scope_by_the_records_own_key),
        cmocka_unit_test(names_the_connector_when_it_broke_its_contract),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
