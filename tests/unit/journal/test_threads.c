#include "support.h"
#include "loop/loop.h"
#include "loop/thread.h"
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

/* ---- answers arrive on the submitter's loop, commits at the subscriber ---- */

struct lane {
    struct tl_journal *journal;
    struct tl_loop *loop;
    unsigned number, sent, answered, total;
    tl_position last;
};

static void send_next(struct lane *lane, struct tl_batch *batch);

static void answered(struct tl_batch *batch, void *ctx)
{
    struct lane *lane = ctx;
    assert_ptr_equal(tl_loop_current(), lane->loop);
    assert_int_equal(tl_batch_code(batch, NULL), TL_OK);
    assert_true(tl_batch_position(batch, 0) > lane->last); /* in the order they were submitted */
    lane->last = tl_batch_position(batch, 0);
    lane->answered++;
    if (lane->sent < lane->total) {
        tl_batch_reset(batch);
        send_next(lane, batch);
        return;
    }
    tl_batch_free(batch);
    if (lane->answered == lane->total)
        tl_loop_stop(lane->loop);
}

static void send_next(struct lane *lane, struct tl_batch *batch)
{
    char key[32], payload[64];
    snprintf(key, sizeof key, "lane%u/%u", lane->number, lane->sent % 50);
    snprintf(payload, sizeof payload, "payload of lane %u number %u", lane->number, lane->sent);
    struct tl_event_in event = {.type = TL_STR("t@1"),
                                .source = TL_STR("crm"),
                                .key = tl_str_z(key),
                                .dedupe = tl_str_z(payload),
                                .payload = tl_str_z(payload)};
    EXPECT(TL_OK, tl_batch_event(batch, &event, NULL, err));
    if (lane->sent % 10 == 0) {
        struct tl_state_put put = {.table = TL_STR("t"), .key = tl_str_z(key), .value = tl_str_z(payload)};
        EXPECT(TL_OK, tl_batch_put(batch, &put, err));
    }
    lane->sent++;
    tl_journal_submit(lane->journal, batch, TL_DURABLE, lane->loop, answered, lane);
}

static void run_lane(void *ctx)
{
    struct lane *lane = ctx;
    for (int i = 0; i < 64; i++)
        send_next(lane, tl_batch_new(lane->journal));
    tl_loop_run(lane->loop);
}

struct seen {
    _Atomic uint64_t commit;
    _Atomic unsigned events;
};

static void see_commit(void *ctx, struct tl_commit *commit)
{
    struct seen *seen = ctx;
    assert_true(tl_commit_number(commit) == atomic_load(&seen->commit) + 1);
    atomic_store(&seen->commit, tl_commit_number(commit));
    for (uint32_t i = 0; i < tl_commit_event_count(commit); i++) {
        struct tl_event event;
        tl_commit_event(commit, i, &event);
        assert_true(tl_str_is(event.type, "t@1") && tl_str_starts(event.payload, TL_STR("payload of")));
        atomic_fetch_add(&seen->events, 1);
    }
    tl_commit_unref(tl_commit_ref(commit));
}

struct reading {
    struct tl_journal *journal;
    atomic_bool stop;
    unsigned long found;
};

static void read_on(void *ctx)
{
    struct reading *reading = ctx;
    struct tl_cursor *cursor = tl_cursor_new(reading->journal, 1, TL_RECORD_BIT(TL_RECORD_EVENT));
    while (!atomic_load(&reading->stop)) {
        struct tl_arena arena;
        struct tl_record record;
        struct tl_event event;
        tl_position *found;
        size_t count;
        tl_arena_init(&arena);
        if (tl_cursor_next(cursor, &record, NULL) == TL_OK) {
            EXPECT(TL_OK, tl_journal_event(reading->journal, record.entry.position, &arena, &event, err));
            struct tl_key_query query = {.key = event.key, .limit = 20};
            EXPECT(TL_OK, tl_journal_find(reading->journal, &query, &arena, &found, &count, err));
            assert_true(count > 0);
            reading->found += count;
        }
        struct tl_state_query query = {.table = TL_STR("t"), .limit = 10};
        struct tl_state_page page;
        EXPECT(TL_OK, tl_state_scan(reading->journal, &query, &arena, &page, err));
        tl_arena_free(&arena);
    }
    tl_cursor_free(cursor);
}

static void serves_lanes_and_readers_at_once(void **state)
{
    enum { LANES = 3, EACH = 3000 };
    struct seen seen = {0};
    struct tl_journal_options options = small_options;
    options.segment_bytes = 128 * 1024;
    options.on_commit = see_commit;
    options.ctx = &seen;
    struct tl_journal *j = open_journal(*state, &options);
    struct lane lanes[LANES];
    struct tl_thread *threads[LANES + 1];
    struct reading reading = {.journal = j};
    EXPECT(TL_OK, tl_thread_start("reader", read_on, &reading, &threads[LANES], err));
    for (unsigned i = 0; i < LANES; i++) {
        lanes[i] = (struct lane){.journal = j, .loop = tl_loop_new("lane"), .number = i, .total = EACH};
        EXPECT(TL_OK, tl_thread_start("lane", run_lane, &lanes[i], &threads[i], err));
    }
    for (int i = 0; i < LANES; i++)
        tl_thread_join(threads[i]);
    atomic_store(&reading.stop, true);
    tl_thread_join(threads[LANES]);
    assert_int_equal(atomic_load(&seen.events), LANES * EACH);
    assert_true(atomic_load(&seen.commit) == tl_journal_last(j));
    for (int i = 0; i < LANES; i++) {
        assert_int_equal(lanes[i].answered, EACH);
        tl_loop_free(lanes[i].loop);
    }
    assert_true(reading.found > 0);
    tl_journal_wait_applied(j, tl_journal_last(j));
    tl_journal_close(j);
    struct tl_verify_result result;
    EXPECT(TL_OK, tl_journal_verify(*state, NULL, NULL, &result, err));
    assert_int_equal(result.events, LANES * EACH);
}

/* ---- one wake a loop and commit ---- */

struct burst {
    struct tl_journal *journal;
    struct tl_loop *loop;
    unsigned answered, turns;
    uint64_t commits[16];
    unsigned commit_count;
};

static void count_answer(struct tl_batch *batch, void *ctx)
{
    struct burst *burst = ctx;
    burst->answered++;
    if (!burst->commit_count || burst->commits[burst->commit_count - 1] != tl_batch_commit(batch))
        burst->commits[burst->commit_count++] = tl_batch_commit(batch);
    tl_batch_free(batch);
}

static void answers_a_commit_in_one_go(void **state)
{
    struct burst burst = {.journal = open_journal(*state, &small_options), .loop = tl_loop_new("one")};
    for (int i = 0; i < 500; i++) {
        struct tl_batch *batch = tl_batch_new(burst.journal);
        struct tl_event_in event = {.type = TL_STR("t@1"), .payload = TL_STR("x")};
        EXPECT(TL_OK, tl_batch_event(batch, &event, NULL, err));
        tl_journal_submit(burst.journal, batch, i % 2 ? TL_APPLIED : TL_DURABLE, burst.loop, count_answer, &burst);
    }
    while (burst.answered < 500) {
        tl_loop_wait(burst.loop, 1000);
        burst.turns++;
        assert_true(burst.turns < 200);
    }
    tl_journal_close(burst.journal);
    tl_loop_free(burst.loop);
}

static void answers_what_was_submitted_when_it_closes(void **state)
{
    struct burst burst = {.journal = open_journal(*state, &small_options), .loop = tl_loop_new("one")};
    for (int i = 0; i < 100; i++) {
        struct tl_batch *batch = tl_batch_new(burst.journal);
        struct tl_event_in event = {.type = TL_STR("t@1"), .payload = TL_STR("x")};
        EXPECT(TL_OK, tl_batch_event(batch, &event, NULL, err));
        tl_journal_submit(burst.journal, batch, TL_DURABLE, burst.loop, count_answer, &burst);
    }
    tl_journal_close(burst.journal);
    while (burst.answered < 100)
        tl_loop_wait(burst.loop, 1000);
    tl_loop_free(burst.loop);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, dir_setup, dir_teardown)
    const struct CMUnitTest tests[] = {
        T(serves_lanes_and_readers_at_once),
        T(answers_a_commit_in_one_go),
        T(answers_what_was_submitted_when_it_closes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
