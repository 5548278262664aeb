/* What comes in from webhooks, and what can be seen of it. */
#include "flow_world.h"

static const char *const tickets[] = {"erp.Ticket"};
static const char *const won[] = {"won@1"};
static const char *const erp[] = {"erp"};
static const struct tl_system_decl systems[] = {
    {.name = "erp", .kind = "erp", .connector = "fake", .connector_major = 1}};
static struct tl_flow flows[2];
static const struct scripted scripts[] = {{"order", step_put}, {"ticket", step_done}};

static void world_of(struct world *w)
{
    flows[0] = (struct tl_flow){.name = "order",
                                .on = won,
                                .on_count = 1,
                                .scope = "order",
                                .priority = TL_NORMAL,
                                .steward = "desk",
                                .targets = erp,
                                .target_count = 1};
    flows[1] = (struct tl_flow){
        .name = "ticket", .on = tickets, .on_count = 1, .scope = "ticket", .priority = TL_NORMAL, .steward = "desk"};
    world_new(w, flows, scripts, 2, systems, 1);
    world_start(w);
}

static void noted(void *ctx, const struct tl_accepted *accepted)
{
    struct world *w = ctx;
    w->replies++;
    w->reply_code = accepted->code;
    if (accepted->code == TL_OK)
        w->last_position = accepted->positions[accepted->count - 1];
}

static bool replied(struct world *w)
{
    return w->replies > 0;
}

static struct tl_loop *loop_of(struct world *w)
{
    return tl_lane_loop(tl_engine_lane(w->engine, 0));
}

static void parks_a_signed_body_that_cannot_be_read(void **state)
{
    (void)state;
    struct world w;
    world_of(&w);
    w.replies = 0;
    tl_engine_accept_raw(w.engine, TL_STR("erp"), TL_STR("{\"a\":"), TL_STR("line 1: it ends too early"), NULL,
                         loop_of(&w), noted, &w);
    world_until(&w, replied);
    assert_int_equal(w.reply_code, TL_OK);
    world_settle(&w);
    assert_string_equal(world_endings(&w, w.last_position, "webhook:unreadable"), "parked");
    struct tl_buf out;
    tl_buf_init(&out, 65536);
    assert_int_equal(tl_exception_show(w.engine, tl_str_z(world_exception(&w)), &out, NULL), TL_OK);
    assert_non_null(strstr(out.ptr, "line 1: it ends too early"));
    assert_non_null(strstr(out.ptr, "{\\\\\\\"a\\\\\\\":")); /* the body, in the payload, in the row */
    tl_buf_free(&out);
    world_free(&w);
}

static void reads_the_record_a_hint_names_once_for_all_that_wait(void **state)
{
    (void)state;
    struct world w;
    world_of(&w);
    const struct tl_captured hint = {.object = TL_STR("Ticket"), .key = TL_STR("t1"), .hint = true};
    world_pause(&w, "erp", true);
    for (int i = 0; i < 3; i++) {
        w.replies = 0;
        tl_engine_accept_captured(w.engine, TL_STR("erp"), &hint, 1, NULL, loop_of(&w), noted, &w);
        world_until(&w, replied);
    }
    world_settle(&w);
    assert_int_equal(w.log_count, 0);
    world_pause(&w, "erp", false);
    world_settle(&w);
    assert_int_equal(w.log_count, 1);
    assert_string_equal(w.log[0].operation, "read");
    assert_string_equal(world_endings(&w, w.last_position, "webhook:hint"), "done");
    struct tl_arena arena;
    tl_position *found;
    size_t count;
    struct tl_key_query query = {.key = TL_STR("t1")};
    tl_arena_init(&arena);
    assert_int_equal(tl_journal_find(w.journal, &query, &arena, &found, &count, NULL), TL_OK);
    assert_int_equal(count, 1);
    assert_string_equal(world_endings(&w, found[0], "ticket"), "done");
    tl_arena_free(&arena);
    world_free(&w);
}

static void notes_a_duplicate_with_the_first_id(void **state)
{
    (void)state;
    struct world w;
    world_of(&w);
    const struct tl_captured event = {.object = TL_STR("Ticket"),
                                      .key = TL_STR("t1"),
                                      .version = TL_STR("7"),
                                      .dedupe = TL_STR("t1@7"),
                                      .payload = TL_STR("{}")};
    tl_position first = 0;
    for (int i = 0; i < 2; i++) {
        w.replies = 0;
        tl_engine_accept_captured(w.engine, TL_STR("erp"), &event, 1, NULL, loop_of(&w), noted, &w);
        world_until(&w, replied);
        assert_int_equal(w.reply_code, TL_OK);
        if (i == 0)
            first = w.last_position;
        assert_int_equal(w.last_position, first);
    }
    world_settle(&w);
    assert_string_equal(world_endings(&w, first, "ticket"), "done");
    world_free(&w);
}

static enum answer bad(struct world *w, const char *system, const char *operation, const char *args)
{
    (void)w, (void)system, (void)operation;
    return strstr(args, "\"n\":2") != NULL ? ANSWER_DATA : ANSWER_DONE;
}

static void tells_the_story_of_a_key(void **state)
{
    (void)state;
    struct world w;
    struct tl_buf out;
    struct tl_error err;
    world_of(&w);
    w.answer = bad;
    world_accept(&w, "won@1", "4711", "1");
    world_accept(&w, "won@1", "4711", "2");
    world_accept(&w, "won@1", "4711", "3");
    world_accept(&w, "lost@1", "4711", "4");
    world_settle(&w);
    tl_journal_wait_applied(w.journal, tl_journal_last(w.journal));
    tl_buf_init(&out, 1 << 20);
    assert_int_equal(tl_engine_trace(w.engine, TL_STR("order/4711"), &out, &err), TL_OK);
    assert_non_null(strstr(out.ptr, "\"ending\":\"done\""));
    assert_non_null(strstr(out.ptr, "\"system\":\"erp\",\"operation\":\"put\",\"id\":\"remote-1\",\"status\":200"));
    assert_non_null(strstr(out.ptr, "\"kind\":\"exception\""));
    assert_non_null(strstr(out.ptr, "\"state\":\"held\",\"behind\":\""));
    assert_non_null(strstr(out.ptr, "no flow takes events of type lost@1"));
    tl_buf_clear(&out);
    assert_int_equal(tl_engine_trace(w.engine, TL_STR("order/0815"), &out, &err), TL_ENOTFOUND);
    tl_buf_free(&out);
    world_free(&w);
}

static void shows_backlog_age_and_exceptions_in_the_status(void **state)
{
    (void)state;
    struct world w;
    struct tl_buf out;
    world_of(&w);
    w.answer = bad;
    world_accept(&w, "won@1", "4711", "2");
    world_settle(&w);
    world_pause(&w, "flow/order", true);
    world_accept(&w, "won@1", "B", "1");
    world_settle(&w);
    tl_buf_init(&out, 1 << 20);
    assert_int_equal(tl_engine_status(w.engine, &out, NULL), TL_OK);
    assert_non_null(strstr(out.ptr, "\"name\":\"order\",\"unfinished\":1,\"oldest\":\"2023-11-14T22:13:20.000Z\""));
    assert_non_null(strstr(out.ptr, "\"exceptions\":1"));
    tl_buf_clear(&out);
    struct tl_exception_query query = {.steward = TL_STR("desk")};
    assert_int_equal(tl_exceptions_list(w.engine, &query, &out, NULL), TL_OK);
    assert_non_null(strstr(out.ptr, "\"flow\":\"order\""));
    assert_null(strstr(out.ptr, "\"payload\""));
    tl_buf_free(&out);
    world_free(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parks_a_signed_body_that_cannot_be_read),
        cmocka_unit_test(reads_the_record_a_hint_names_once_for_all_that_wait),
        cmocka_unit_test(notes_a_duplicate_with_the_first_id),
        cmocka_unit_test(tells_the_story_of_a_key),
        cmocka_unit_test(shows_backlog_age_and_exceptions_in_the_status),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
