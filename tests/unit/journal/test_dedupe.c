#include "support.h"
#include <stdio.h>

static void answers_the_first_id_when_key_and_payload_are_known(void **state)
{
    struct tl_journal *j = open_journal(*state, &small_options);
    struct accepted first = accept_event(j, "order/1", "m-1", "{}");
    struct accepted other = accept_event(j, "order/1", "m-2", "{}");
    struct accepted again = accept_event(j, "order/1", "m-1", "{}");
    assert_false(first.duplicate);
    assert_false(other.duplicate);
    assert_true(again.duplicate);
    assert_true(again.position == first.position);
    assert_true(again.commit > first.commit);
    struct tl_journal_stats stats;
    tl_journal_stats(j, &stats);
    assert_int_equal(stats.events, 2);
    assert_int_equal(stats.duplicates, 1);
    tl_journal_close(j);
}

static void accepts_and_flags_when_the_payload_differs(void **state)
{
    struct tl_journal *j = open_journal(*state, &small_options);
    struct accepted first = accept_event(j, "order/1", "m-1", "{\"a\":1}");
    struct accepted second = accept_event(j, "order/1", "m-1", "{\"a\":2}");
    assert_false(second.duplicate);
    assert_true(second.conflict);
    assert_true(second.position > first.position);
    /* both payloads are known now */
    assert_true(accept_event(j, "order/1", "m-1", "{\"a\":1}").position == first.position);
    assert_true(accept_event(j, "order/1", "m-1", "{\"a\":2}").position == second.position);
    struct tl_arena arena;
    struct tl_event event;
    tl_arena_init(&arena);
    EXPECT(TL_OK, tl_journal_event(j, second.position, &arena, &event, err));
    assert_int_equal(event.flags, TL_EVENT_CONFLICT);
    tl_arena_free(&arena);
    tl_journal_close(j);
}

static void keeps_sources_apart(void **state)
{
    struct tl_journal *j = open_journal(*state, &small_options);
    struct tl_batch *batch = tl_batch_new(j);
    struct tl_event_in event = {.type = TL_STR("t@1"), .dedupe = TL_STR("m"), .payload = TL_STR("x")};
    const tl_str sources[] = {TL_STR("crm"), TL_STR("erp"), TL_STR("crm")};
    for (int i = 0; i < 3; i++) {
        event.source = sources[i];
        EXPECT(TL_OK, tl_batch_event(batch, &event, NULL, err));
    }
    EXPECT(TL_OK, tl_journal_submit_wait(j, batch, TL_DURABLE, err));
    assert_false(tl_batch_duplicate(batch, 1));
    assert_true(tl_batch_duplicate(batch, 2)); /* of the first one in the same commit */
    assert_true(tl_batch_position(batch, 2) == tl_batch_position(batch, 0));
    assert_true(tl_batch_position(batch, 1) == tl_batch_position(batch, 0) + 1);
    tl_batch_free(batch);
    tl_journal_close(j);
}

static void fill_segments(struct tl_journal *j, int events)
{
    static char payload[2000];
    for (int i = 0; i < events; i++) {
        snprintf(payload, sizeof payload, "%1900d", i);
        accept_event(j, "filler", NULL, payload);
    }
}

static void remembers_across_segments_and_restarts(void **state)
{
    struct tl_journal *j = open_journal(*state, &small_options);
    struct accepted first = accept_event(j, "order/1", "m-1", "{}");
    fill_segments(j, 150);
    struct tl_journal_stats stats;
    tl_journal_stats(j, &stats);
    assert_true(stats.segments >= 4);
    assert_true(accept_event(j, "order/1", "m-1", "{}").position == first.position);
    fill_segments(j, 40);
    tl_journal_close(j);
    j = open_journal(*state, &small_options);
    assert_true(accept_event(j, "order/1", "m-1", "{}").position == first.position);
    assert_true(accept_event(j, "order/1", "m-1", "other").conflict);
    tl_journal_close(j);
}

static void forgets_only_after_the_window_since_last_seen(void **state)
{
    clock_drive(1700000000000);
    struct tl_journal_options options = small_options;
    options.redelivers_for_ms = 100000;
    struct tl_journal *j = open_journal(*state, &options);
    struct accepted first = accept_event(j, "k", "m-1", "{}");
    for (int i = 0; i < 5; i++) {
        clock_move(90000); /* seen again each time: the window begins anew */
        fill_segments(j, 40);
        assert_true(accept_event(j, "k", "m-1", "{}").position == first.position);
    }
    tl_journal_close(j);
    clock_move(90000);
    j = open_journal(*state, &options);
    assert_true(accept_event(j, "k", "m-1", "{}").position == first.position);
    clock_move(100001);
    assert_false(accept_event(j, "k", "m-1", "{}").duplicate);
    tl_journal_close(j);
}

static void does_not_forget_while_the_clock_is_not_trusted(void **state)
{
    clock_drive(1700000000000);
    struct tl_journal_options options = small_options;
    options.redelivers_for_ms = 100000;
    struct tl_journal *j = open_journal(*state, &options);
    accept_event(j, "k", "m-1", "{}");
    clock_jump(3600000);
    assert_false(tl_journal_clock_trusted(j));
    assert_true(accept_event(j, "k", "m-1", "{}").duplicate);
    tl_journal_trust_clock(j);
    clock_move(100001);
    assert_false(accept_event(j, "k", "m-1", "{}").duplicate);
    tl_journal_close(j);
}

static void trusts_a_jumped_clock_after_ten_minutes(void **state)
{
    clock_drive(1700000000000);
    struct tl_journal *j = open_journal(*state, &small_options);
    clock_jump(3600000);
    assert_false(tl_journal_clock_trusted(j));
    clock_move(599000);
    assert_false(tl_journal_clock_trusted(j));
    clock_move(2000);
    assert_true(tl_journal_clock_trusted(j));
    tl_journal_close(j);
}

static void journal_time_never_goes_back(void **state)
{
    clock_drive(1700000000000);
    struct tl_journal *j = open_journal(*state, &small_options);
    struct tl_batch *batch = tl_batch_new(j);
    EXPECT(TL_OK, tl_journal_submit_wait(j, batch, TL_DURABLE, err));
    int64_t before = tl_batch_time(batch);
    clock_jump(-5000);
    tl_batch_reset(batch);
    EXPECT(TL_OK, tl_journal_submit_wait(j, batch, TL_DURABLE, err));
    assert_true(tl_batch_time(batch) >= before);
    tl_batch_free(batch);
    tl_journal_close(j);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, dir_setup, dir_teardown)
    const struct CMUnitTest tests[] = {
        T(answers_the_first_id_when_key_and_payload_are_known),
        T(accepts_and_flags_when_the_payload_differs),
        T(keeps_sources_apart),
        T(remembers_across_segments_and_restarts),
        T(forgets_only_after_the_window_since_last_seen),
        T(does_not_forget_while_the_clock_is_not_trusted),
        T(trusts_a_jumped_clock_after_ten_minutes),
        T(journal_time_never_goes_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
