#include "support.h"
#include <stdio.h>
#include <string.h>

static void gives_back_every_field_of_an_event(void **state)
{
    struct tl_journal *j = open_journal(*state, &small_options);
    struct tl_trace trace;
    tl_trace_start(&trace);
    strcpy(trace.state, "vendor=1");
    struct tl_event_in in = {.type = TL_STR("order.won@1"),
                             .source = TL_STR("crm"),
                             .key = TL_STR("order/1"),
                             .dedupe = TL_STR("m-1"),
                             .record_id = TL_STR("006A"),
                             .record_version = TL_STR("2026-01-01"),
                             .payload = TL_STR("{\"a\":\"\0\"}"),
                             .priority = TL_BULK,
                             .trace = &trace,
                             .cause = tl_position_make(7, 3),
                             .cause_flow = TL_STR("order-to-cash"),
                             .redelivers_for_ms = 5000};
    struct tl_batch *batch = tl_batch_new(j);
    EXPECT(TL_OK, tl_batch_event(batch, &in, NULL, err));
    EXPECT(TL_OK, tl_journal_submit_wait(j, batch, TL_DURABLE, err));
    tl_position position = tl_batch_position(batch, 0);
    int64_t time_ms = tl_batch_time(batch);
    tl_batch_free(batch);
    tl_journal_close(j);
    j = open_journal(*state, &small_options);
    struct tl_arena arena;
    struct tl_event e;
    tl_arena_init(&arena);
    EXPECT(TL_OK, tl_journal_event(j, position, &arena, &e, err));
    assert_true(e.position == position && e.time_ms == time_ms && e.priority == TL_BULK && !e.erased);
    assert_true(tl_str_eq(e.type, in.type) && tl_str_eq(e.source, in.source) && tl_str_eq(e.key, in.key));
    assert_true(tl_str_eq(e.dedupe, in.dedupe) && tl_str_eq(e.record_id, in.record_id));
    assert_true(tl_str_eq(e.record_version, in.record_version) && tl_str_eq(e.payload, in.payload));
    assert_true(e.cause == in.cause && tl_str_eq(e.cause_flow, in.cause_flow) && e.redelivers_for_ms == 5000);
    assert_memory_equal(e.trace.trace_id, trace.trace_id, 16);
    assert_memory_equal(e.trace.span_id, trace.span_id, 8);
    assert_string_equal(e.trace.state, "vendor=1");
    EXPECT(TL_ENOTFOUND, tl_journal_event(j, position + 1, &arena, &e, err));
    EXPECT(TL_ENOTFOUND, tl_journal_event(j, tl_position_make(999, 0), &arena, &e, err));
    tl_arena_free(&arena);
    tl_journal_close(j);
}

static void refuses_what_is_too_long(void **state)
{
    struct tl_journal *j = open_journal(*state, &small_options);
    struct tl_batch *batch = tl_batch_new(j);
    static char big[TL_KEY_MAX + 1];
    memset(big, 'k', sizeof big);
    struct tl_event_in event = {.type = TL_STR("t@1"), .key = tl_str_n(big, sizeof big)};
    EXPECT(TL_EINPUT, tl_batch_event(batch, &event, NULL, err));
    event.key = tl_str_n(big, TL_KEY_MAX);
    EXPECT(TL_OK, tl_batch_event(batch, &event, NULL, err));
    event = (struct tl_event_in){.type = TL_STR_NONE};
    EXPECT(TL_EINPUT, tl_batch_event(batch, &event, NULL, err));
    assert_int_equal(tl_batch_event_count(batch), 1);
    EXPECT(TL_OK, tl_journal_submit_wait(j, batch, TL_DURABLE, err));
    tl_batch_free(batch);
    tl_journal_close(j);
}

static void finds_by_key_newest_first_across_segments(void **state)
{
    struct tl_journal *j = open_journal(*state, &small_options);
    static char payload[2000];
    tl_position mine[50];
    for (int i = 0; i < 250; i++) {
        snprintf(payload, sizeof payload, "%1500d", i);
        char key[24];
        snprintf(key, sizeof key, "order/%d", i % 5);
        struct accepted accepted = accept_event(j, key, NULL, payload);
        if (i % 5 == 2)
            mine[i / 5] = accepted.position;
    }
    struct tl_journal_stats stats;
    tl_journal_stats(j, &stats);
    assert_true(stats.segments > 5);
    for (int round = 0; round < 2; round++) {
        struct tl_arena arena;
        tl_position *found;
        size_t count;
        tl_arena_init(&arena);
        struct tl_key_query query = {.key = TL_STR("order/2")};
        EXPECT(TL_OK, tl_journal_find(j, &query, &arena, &found, &count, err));
        assert_int_equal(count, 50);
        for (size_t i = 0; i < count; i++)
            assert_true(found[i] == mine[49 - i]);
        query.before = mine[20];
        query.after = mine[10];
        EXPECT(TL_OK, tl_journal_find(j, &query, &arena, &found, &count, err));
        assert_int_equal(count, 9);
        assert_true(found[0] == mine[19] && found[8] == mine[11]);
        query = (struct tl_key_query){.key = TL_STR("order/2"), .type = TL_STR("other@1")};
        EXPECT(TL_OK, tl_journal_find(j, &query, &arena, &found, &count, err));
        assert_int_equal(count, 0);
        const tl_str types[] = {TL_STR("x@1"), TL_STR("order.won@1")};
        tl_position first;
        EXPECT(TL_OK, tl_journal_find_after(j, TL_STR("order/2"), types, 2, mine[7], &first, err));
        assert_true(first == mine[8]);
        EXPECT(TL_ENOTFOUND, tl_journal_find_after(j, TL_STR("order/2"), types, 2, mine[49], &first, err));
        EXPECT(TL_ENOTFOUND, tl_journal_find_after(j, TL_STR("order/2"), types, 1, 0, &first, err));
        tl_arena_free(&arena);
        tl_journal_close(j);
        j = open_journal(*state, &small_options);
    }
    tl_journal_close(j);
}

static void finds_every_event_of_a_hot_key_in_one_segment(void **state)
{
    struct tl_journal_options options = small_options;
    options.segment_bytes = 4 << 20;
    struct tl_journal *j = open_journal(*state, &options);
    struct tl_batch *batch = tl_batch_new(j);
    struct tl_event_in event = {.type = TL_STR("t@1"), .key = TL_STR("hot"), .payload = TL_STR("x")};
    for (int i = 0; i < 900; i++)
        EXPECT(TL_OK, tl_batch_event(batch, &event, NULL, err));
    EXPECT(TL_OK, tl_journal_submit_wait(j, batch, TL_DURABLE, err));
    tl_batch_free(batch);
    struct tl_arena arena;
    tl_position *found;
    size_t count;
    tl_arena_init(&arena);
    struct tl_key_query query = {.key = TL_STR("hot"), .limit = 10000};
    EXPECT(TL_OK, tl_journal_find(j, &query, &arena, &found, &count, err));
    assert_int_equal(count, 900);
    for (size_t i = 1; i < count; i++)
        assert_true(found[i] == found[i - 1] - 1);
    tl_arena_free(&arena);
    tl_journal_close(j);
}

static void keeps_outcomes_with_their_effects(void **state)
{
    struct tl_journal *j = open_journal(*state, &small_options);
    struct accepted event = accept_event(j, "order/1", NULL, "x");
    struct tl_effect effects[] = {{.system = TL_STR("erp_de"),
                                   .operation = TL_STR("put order@1"),
                                   .remote_id = TL_STR("4711"),
                                   .status = 201,
                                   .attempts = 2,
                                   .duration_ms = 130,
                                   .request_hash = {1, 2, 3}},
                                  {.system = TL_STR("crm"), .operation = TL_STR("note"), .status = 0, .class_ = 3}};
    struct tl_batch *batch = tl_batch_new(j);
    struct tl_outcome out = {.event = event.position,
                             .flow = TL_STR("order-to-cash"),
                             .revision = TL_STR("r1"),
                             .ending = TL_PARKED,
                             .note = TL_STR("credit"),
                             .effects = effects,
                             .effect_count = 2};
    EXPECT(TL_OK, tl_batch_outcome(batch, &out, err));
    EXPECT(TL_OK, tl_journal_submit_wait(j, batch, TL_DURABLE, err));
    static char payload[2000];
    for (int i = 0; i < 60; i++) {
        snprintf(payload, sizeof payload, "%1900d", i);
        accept_event(j, "filler", NULL, payload);
    }
    tl_batch_reset(batch);
    out = (struct tl_outcome){.event = event.position, .flow = TL_STR("order-to-cash"), .ending = TL_DONE};
    EXPECT(TL_OK, tl_batch_outcome(batch, &out, err));
    EXPECT(TL_OK, tl_journal_submit_wait(j, batch, TL_DURABLE, err));
    tl_batch_free(batch);
    for (int round = 0; round < 2; round++) {
        struct tl_arena arena;
        struct tl_outcome *all;
        size_t count;
        tl_arena_init(&arena);
        EXPECT(TL_OK, tl_journal_outcomes(j, event.position, &arena, &all, &count, err));
        assert_int_equal(count, 2);
        assert_int_equal(all[0].ending, TL_PARKED);
        assert_true(tl_str_is(all[0].note, "credit") && tl_str_is(all[0].revision, "r1"));
        assert_int_equal(all[0].effect_count, 2);
        assert_true(tl_str_is(all[0].effects[0].system, "erp_de"));
        assert_true(tl_str_is(all[0].effects[0].remote_id, "4711"));
        assert_int_equal(all[0].effects[0].status, 201);
        assert_int_equal(all[0].effects[0].request_hash[2], 3);
        assert_true(tl_str_is(all[0].effects[1].operation, "note"));
        assert_int_equal(all[0].effects[1].class_, 3);
        assert_int_equal(all[1].ending, TL_DONE);
        assert_true(all[1].position > all[0].position);
        tl_arena_free(&arena);
        tl_journal_close(j);
        j = open_journal(*state, &small_options);
    }
    tl_journal_close(j);
}

static void a_cursor_sees_every_record_once_and_goes_on(void **state)
{
    struct tl_journal *j = open_journal(*state, &small_options);
    static char payload[2000];
    struct tl_cursor *cursor = tl_cursor_new(
        j, 0, TL_RECORD_BIT(TL_RECORD_EVENT) | TL_RECORD_BIT(TL_RECORD_PUT) | TL_RECORD_BIT(TL_RECORD_OUTCOME));
    struct tl_record record;
    EXPECT(TL_ENOTFOUND, tl_cursor_next(cursor, &record, err));
    for (int round = 0; round < 120; round++) {
        struct tl_batch *batch = tl_batch_new(j);
        snprintf(payload, sizeof payload, "%1500d", round);
        struct tl_event_in event = {.type = TL_STR("t@1"), .key = TL_STR("k"), .payload = tl_str_z(payload)};
        struct tl_state_put put = {.table = TL_STR("cursors"), .key = TL_STR("crm"), .value = tl_str_z(payload)};
        EXPECT(TL_OK, tl_batch_event(batch, &event, NULL, err));
        EXPECT(TL_OK, tl_batch_event(batch, &event, NULL, err));
        EXPECT(TL_OK, tl_batch_put(batch, &put, err));
        EXPECT(TL_OK, tl_journal_submit_wait(j, batch, TL_DURABLE, err));
        EXPECT(TL_OK, tl_cursor_next(cursor, &record, err));
        assert_int_equal(record.kind, TL_RECORD_EVENT);
        assert_true(record.entry.position == tl_batch_position(batch, 0));
        assert_true(tl_str_is(record.entry.type, "t@1"));
        assert_true(record.entry.key_hash == tl_journal_key_hash(j, TL_STR("k")));
        assert_int_equal(record.entry.payload_len, strlen(payload));
        EXPECT(TL_OK, tl_cursor_next(cursor, &record, err));
        assert_true(record.entry.position == tl_batch_position(batch, 1));
        EXPECT(TL_OK, tl_cursor_next(cursor, &record, err));
        assert_int_equal(record.kind, TL_RECORD_PUT);
        assert_true(tl_str_is(record.put.table, "cursors") && tl_str_is(record.put.value, payload));
        EXPECT(TL_ENOTFOUND, tl_cursor_next(cursor, &record, err));
        tl_batch_free(batch);
    }
    tl_cursor_free(cursor);
    cursor = tl_cursor_after(j, tl_position_make(50, 0), TL_RECORD_BIT(TL_RECORD_EVENT));
    EXPECT(TL_OK, tl_cursor_next(cursor, &record, err));
    assert_true(record.entry.position == tl_position_make(50, 1));
    EXPECT(TL_OK, tl_cursor_next(cursor, &record, err));
    assert_true(record.entry.position == tl_position_make(51, 0));
    tl_cursor_free(cursor);
    tl_journal_close(j);
}

static void partitions_and_hashes_stay_the_same_over_restarts(void **state)
{
    struct tl_journal *j = open_journal(*state, &small_options);
    uint32_t partition = tl_journal_partition(j, TL_STR("flow"), TL_STR("order/1"));
    uint64_t hash = tl_journal_key_hash(j, TL_STR("order/1"));
    uint8_t id[16], again[16];
    tl_journal_instance(j, id);
    assert_true(partition < TL_PARTITIONS);
    assert_int_equal(tl_journal_epoch(j), 1);
    EXPECT(TL_OK, tl_journal_next_epoch(j, err));
    accept_event(j, "k", NULL, "in the new epoch");
    tl_journal_close(j);
    j = open_journal(*state, &small_options);
    assert_int_equal(tl_journal_partition(j, TL_STR("flow"), TL_STR("order/1")), partition);
    assert_true(tl_journal_key_hash(j, TL_STR("order/1")) == hash);
    tl_journal_instance(j, again);
    assert_memory_equal(id, again, 16);
    assert_int_equal(tl_journal_epoch(j), 2);
    tl_journal_close(j);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, dir_setup, dir_teardown)
    const struct CMUnitTest tests[] = {
        T(gives_back_every_field_of_an_event),
        T(refuses_what_is_too_long),
        T(finds_by_key_newest_first_across_segments),
        T(finds_every_event_of_a_hot_key_in_one_segment),
        T(keeps_outcomes_with_their_effects),
        T(a_cursor_sees_every_record_once_and_goes_on),
        T(partitions_and_hashes_stay_the_same_over_restarts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
