#include "support.h"
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define DAY ((int64_t)86400000)

static void fill(struct tl_journal *j, int events, const char *dedupe)
{
    static char payload[2000];
    for (int i = 0; i < events; i++) {
        char key[64];
        snprintf(payload, sizeof payload, "%1900d", i);
        snprintf(key, sizeof key, "%s-%d", dedupe ? dedupe : "", i);
        accept_event(j, "filler", dedupe ? key : NULL, payload);
    }
}

/* Indexes are built behind; a drop waits for them. */
static unsigned retain(struct tl_journal *j, int64_t keep_ms)
{
    unsigned all = 0;
    for (int i = 0; i < 100; i++) {
        unsigned dropped = 0;
        EXPECT(TL_OK, tl_journal_retain(j, keep_ms, &dropped, err));
        all += dropped;
        if (all)
            break;
        usleep(10000);
    }
    return all;
}

static struct {
    uint64_t first[64], last[64];
    unsigned count;
    bool keep;
} asked;

static bool before_drop(void *ctx, uint64_t first, uint64_t last)
{
    (void)ctx;
    asked.first[asked.count] = first;
    asked.last[asked.count++] = last;
    return !asked.keep;
}

static void drops_whole_segments_past_their_time(void **state)
{
    clock_drive(1700000000000);
    struct tl_journal_options options = small_options;
    options.before_drop = before_drop;
    memset(&asked, 0, sizeof asked);
    struct tl_journal *j = open_journal(*state, &options);
    struct accepted first = accept_event(j, "order/1", NULL, "first");
    put_state(j, "t", "k", "kept in the state");
    fill(j, 150, NULL);
    clock_move(10 * DAY);
    fill(j, 60, NULL);
    clock_move(25 * DAY);
    struct tl_journal_stats stats;
    asked.keep = true;
    EXPECT(TL_OK, tl_journal_retain(j, 30 * DAY, NULL, err));
    assert_int_equal(tl_journal_first(j), 1);
    asked.keep = false;
    asked.count = 0;
    assert_true(retain(j, 30 * DAY) >= 3);
    assert_int_equal(asked.first[0], 1);
    assert_true(tl_journal_first(j) == asked.last[asked.count - 1] + 1);
    tl_journal_stats(j, &stats);
    assert_true(stats.segments >= 1 && stats.segments <= 4);
    assert_int_not_equal(access(path_in(*state, "seg-0000000001"), F_OK), 0);
    assert_int_not_equal(access(path_in(*state, "seg-0000000001.idx"), F_OK), 0);
    struct tl_arena arena;
    struct tl_event event;
    tl_arena_init(&arena);
    EXPECT(TL_ENOTFOUND, tl_journal_event(j, first.position, &arena, &event, err));
    tl_arena_free(&arena);
    expect_state(j, "t", "k", "kept in the state");
    tl_journal_close(j);
    j = open_journal(*state, &options);
    expect_state(j, "t", "k", "kept in the state");
    tl_journal_close(j);
}

static void keeps_segments_whose_dedupe_keys_live(void **state)
{
    clock_drive(1700000000000);
    struct tl_journal *j = open_journal(*state, &small_options);
    fill(j, 100, "m");
    clock_move(6 * DAY);
    unsigned dropped = 9;
    EXPECT(TL_OK, tl_journal_retain(j, DAY, &dropped, err));
    assert_int_equal(dropped, 0);
    clock_move(2 * DAY);
    assert_true(retain(j, DAY) >= 1);
    tl_journal_close(j);
}

static void a_cursor_keeps_the_segment_it_stands_in(void **state)
{
    clock_drive(1700000000000);
    struct tl_journal *j = open_journal(*state, &small_options);
    fill(j, 150, NULL);
    struct tl_cursor *cursor = tl_cursor_new(j, 1, TL_RECORD_BIT(TL_RECORD_EVENT));
    struct tl_record record;
    EXPECT(TL_OK, tl_cursor_next(cursor, &record, err));
    clock_move(40 * DAY);
    assert_true(retain(j, 30 * DAY) >= 1);
    uint64_t before = record.commit;
    EXPECT(TL_OK, tl_cursor_next(cursor, &record, err));
    assert_true(record.commit == before + 1);
    tl_cursor_free(cursor);
    /* a new one begins with what is left */
    cursor = tl_cursor_new(j, 1, TL_RECORD_BIT(TL_RECORD_EVENT));
    EXPECT(TL_OK, tl_cursor_next(cursor, &record, err));
    assert_true(record.commit == tl_journal_first(j));
    tl_cursor_free(cursor);
    tl_journal_close(j);
}

static void drops_nothing_while_the_clock_is_not_trusted(void **state)
{
    clock_drive(1700000000000);
    struct tl_journal *j = open_journal(*state, &small_options);
    fill(j, 100, NULL);
    clock_jump(40 * DAY);
    unsigned dropped = 9;
    EXPECT(TL_OK, tl_journal_retain(j, 30 * DAY, &dropped, err));
    assert_int_equal(dropped, 0);
    tl_journal_trust_clock(j);
    assert_true(retain(j, 30 * DAY) >= 1);
    tl_journal_close(j);
}

static void erases_one_payload_and_still_verifies(void **state)
{
    struct tl_journal *j = open_journal(*state, &small_options);
    struct accepted one = accept_event(j, "person/1", "m-1", "Jane Doe, 1 Main Street");
    struct accepted two = accept_event(j, "person/2", "m-2", "John Roe");
    EXPECT(TL_OK, tl_journal_erase(j, one.position, err));
    struct tl_arena arena;
    struct tl_event event;
    tl_arena_init(&arena);
    EXPECT(TL_OK, tl_journal_event(j, one.position, &arena, &event, err));
    assert_true(event.erased);
    assert_int_equal(event.payload.len + event.key.len + event.dedupe.len, 0);
    tl_arena_free(&arena);
    expect_payload(j, two.position, "John Roe");
    /* a redelivery is still known by its hashes */
    assert_true(accept_event(j, "person/1", "m-1", "Jane Doe, 1 Main Street").position == one.position);
    tl_journal_close(j);
    size_t len;
    char *bytes = read_file(path_in(*state, "seg-0000000001"), &len);
    assert_null(memmem(bytes, len, "Jane Doe", 8));
    assert_null(memmem(bytes, len, "person/1", 8));
    tl_free(bytes);
    struct tl_verify_result result;
    EXPECT(TL_OK, tl_journal_verify(*state, NULL, NULL, &result, err));
    assert_int_equal(result.erased, 1);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, dir_setup, dir_teardown)
    const struct CMUnitTest tests[] = {
        T(drops_whole_segments_past_their_time),    T(keeps_segments_whose_dedupe_keys_live),
        T(a_cursor_keeps_the_segment_it_stands_in), T(drops_nothing_while_the_clock_is_not_trusted),
        T(erases_one_payload_and_still_verifies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
