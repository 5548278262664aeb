#include "support.h"
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void put_row(struct tl_journal *j, const char *key, const char *a1, const char *a4, const char *value)
{
    struct tl_batch *batch = tl_batch_new(j);
    struct tl_state_put put = {.table = TL_STR("exceptions"),
                               .key = tl_str_z(key),
                               .value = tl_str_z(value),
                               .attr = {tl_str_z(a1), TL_STR_NONE, TL_STR_NONE, tl_str_z(a4)}};
    EXPECT(TL_OK, tl_batch_put(batch, &put, err));
    EXPECT(TL_OK, tl_journal_submit_wait(j, batch, TL_APPLIED, err));
    tl_batch_free(batch);
}

static void newest_put_wins_and_delete_removes(void **state)
{
    struct tl_journal *j = open_journal(*state, &small_options);
    put_state(j, "settings", "url", "one");
    put_state(j, "settings", "url", "two");
    put_state(j, "secrets", "url", "other table");
    expect_state(j, "settings", "url", "two");
    struct tl_batch *batch = tl_batch_new(j);
    EXPECT(TL_OK, tl_batch_del(batch, TL_STR("settings"), TL_STR("url"), err));
    EXPECT(TL_OK, tl_journal_submit_wait(j, batch, TL_APPLIED, err));
    tl_batch_free(batch);
    expect_state(j, "settings", "url", NULL);
    expect_state(j, "secrets", "url", "other table");
    tl_journal_close(j);
}

/* The keys of all pages, joined by blanks. */
static void list(struct tl_journal *j, struct tl_state_query query, char *out)
{
    struct tl_arena arena;
    struct tl_state_page page;
    tl_arena_init(&arena);
    *out = 0;
    query.table = TL_STR("exceptions");
    do {
        EXPECT(TL_OK, tl_state_scan(j, &query, &arena, &page, err));
        for (size_t i = 0; i < page.count; i++)
            sprintf(out + strlen(out), "%s%.*s", *out ? " " : "", TL_STR_ARGS(page.rows[i].key));
        query.after = page.next;
    } while (page.next.len);
    tl_arena_free(&arena);
}

static void lists_by_any_order_page_by_page(void **state)
{
    struct tl_journal *j = open_journal(*state, &small_options);
    char out[256];
    put_row(j, "a/2", "erp", "2026-03", "x");
    put_row(j, "a/1", "crm", "2026-05", "x");
    put_row(j, "b/1", "erp", "2026-01", "x");
    put_row(j, "a/3", "erp", NULL, "x");
    for (size_t limit = 1; limit < 5; limit++) {
        list(j, (struct tl_state_query){.limit = limit}, out);
        assert_string_equal(out, "a/1 a/2 a/3 b/1");
        list(j, (struct tl_state_query){.limit = limit, .newest_first = true}, out);
        assert_string_equal(out, "b/1 a/3 a/2 a/1");
        list(j, (struct tl_state_query){.limit = limit, .prefix = TL_STR("a/")}, out);
        assert_string_equal(out, "a/1 a/2 a/3");
        list(j, (struct tl_state_query){.limit = limit, .where = {TL_STR("erp")}}, out);
        assert_string_equal(out, "a/2 a/3 b/1");
        list(j, (struct tl_state_query){.limit = limit, .order = TL_BY_A4}, out);
        assert_string_equal(out, "b/1 a/2 a/1");
        list(j, (struct tl_state_query){.limit = limit, .order = TL_BY_A4, .newest_first = true}, out);
        assert_string_equal(out, "a/1 a/2 b/1");
        list(j, (struct tl_state_query){.limit = limit, .order = TL_BY_CHANGE, .newest_first = true}, out);
        assert_string_equal(out, "a/3 b/1 a/1 a/2");
        list(j, (struct tl_state_query){.limit = limit, .order = TL_BY_A1, .prefix = TL_STR("a")}, out);
        assert_string_equal(out, "a/1 a/2 a/3");
    }
    uint64_t count = 0;
    struct tl_state_query query = {.table = TL_STR("exceptions"), .where = {TL_STR("erp")}};
    EXPECT(TL_OK, tl_state_count(j, &query, &count, err));
    assert_int_equal(count, 3);
    query.after = TL_STR("nonsense");
    struct tl_arena arena;
    struct tl_state_page page;
    tl_arena_init(&arena);
    EXPECT(TL_EINPUT, tl_state_scan(j, &query, &arena, &page, err));
    tl_arena_free(&arena);
    tl_journal_close(j);
}

struct seeing {
    char keys[64];
    const char *last; /* … is answered with `code` */
    tl_code code;
};

static tl_code see(void *ctx, const struct tl_state_row *row, struct tl_error *of)
{
    struct seeing *seeing = ctx;
    sprintf(seeing->keys + strlen(seeing->keys), "%.*s ", TL_STR_ARGS(row->key));
    if (!tl_str_is(row->key, seeing->last))
        return TL_OK;
    return seeing->code == TL_ECANCELLED ? TL_ECANCELLED : tl_fail(of, seeing->code, "that one");
}

static void sees_each_row_until_it_is_enough_or_fails(void **state)
{
    struct tl_journal *j = open_journal(*state, &small_options);
    const char *keys[] = {"a", "b", "c", "d", "e"};
    for (size_t i = 0; i < 5; i++)
        put_row(j, keys[i], NULL, NULL, "x");
    for (size_t limit = 1; limit < 7; limit++) {
        struct tl_state_query query = {.table = TL_STR("exceptions"), .limit = limit};
        struct seeing all = {.last = ""}, enough = {.last = "b", .code = TL_ECANCELLED},
                      bad = {.last = "c", .code = TL_EINPUT};
        EXPECT(TL_OK, tl_state_each(j, &query, see, &all, err));
        assert_string_equal(all.keys, "a b c d e ");
        EXPECT(TL_OK, tl_state_each(j, &query, see, &enough, err));
        assert_string_equal(enough.keys, "a b ");
        EXPECT(TL_EINPUT, tl_state_each(j, &query, see, &bad, err));
        assert_string_equal(bad.keys, "a b c ");
    }
    tl_journal_close(j);
}

static void applies_again_what_the_log_has_and_the_state_lost(void **state)
{
    struct tl_journal *j = open_journal(*state, &small_options);
    char key[16], payload[3000];
    for (int i = 0; i < 100; i++) {
        snprintf(key, sizeof key, "%d", i % 40);
        snprintf(payload, sizeof payload, "%2900d", i);
        put_state(j, "t", key, payload);
    }
    assert_true(tl_journal_applied(j) == tl_journal_last(j));
    tl_journal_close(j);
    unlink(path_in(*state, "state.db"));
    j = open_journal(*state, &small_options);
    for (int i = 60; i < 100; i++) {
        snprintf(key, sizeof key, "%d", i % 40);
        snprintf(payload, sizeof payload, "%2900d", i);
        expect_state(j, "t", key, payload);
    }
    tl_journal_close(j);
}

static void refuses_when_the_state_is_ahead_of_the_log(void **state)
{
    struct tl_journal *j = open_journal(*state, &small_options);
    put_state(j, "t", "k", "1");
    tl_journal_close(j);
    size_t len;
    char *early = read_file(path_in(*state, "seg-0000000001"), &len);
    j = open_journal(*state, &small_options);
    put_state(j, "t", "k", "2");
    tl_journal_close(j);
    write_file(path_in(*state, "seg-0000000001"), early, len);
    tl_free(early);
    unlink(path_in(*state, "seg-0000000001.idx"));
    EXPECT(TL_ECORRUPT, tl_journal_open(*state, &small_options, &j, err));
}

static void is_atomic_with_the_events_of_its_batch(void **state)
{
    struct tl_journal *j = open_journal(*state, &small_options);
    struct tl_batch *batch = tl_batch_new(j);
    struct tl_event_in event = {.type = TL_STR("t@1"), .payload = TL_STR("x")};
    struct tl_state_put put = {.table = TL_STR("cursors"), .key = TL_STR("crm"), .value = TL_STR("17")};
    EXPECT(TL_OK, tl_batch_event(batch, &event, NULL, err));
    EXPECT(TL_OK, tl_batch_put(batch, &put, err));
    EXPECT(TL_OK, tl_journal_submit_wait(j, batch, TL_APPLIED, err));
    struct tl_arena arena;
    struct tl_state_row row;
    tl_arena_init(&arena);
    EXPECT(TL_OK, tl_state_get(j, TL_STR("cursors"), TL_STR("crm"), &arena, &row, err));
    assert_true(row.commit == tl_position_commit(tl_batch_position(batch, 0)));
    tl_arena_free(&arena);
    tl_batch_free(batch);
    tl_journal_close(j);
}

static void writes_nothing_for_batches_that_hold_nothing(void **state)
{
    struct tl_journal *j = open_journal(*state, &small_options);
    put_state(j, "t", "k", "1");
    uint64_t last = tl_journal_last(j);
    struct tl_batch *batch = tl_batch_new(j);
    EXPECT(TL_OK, tl_journal_submit_wait(j, batch, TL_DURABLE, err));
    assert_true(tl_batch_commit(batch) == last);
    tl_batch_reset(batch);
    EXPECT(TL_OK, tl_journal_submit_wait(j, batch, TL_APPLIED, err));
    assert_true(tl_batch_commit(batch) == last && tl_journal_last(j) == last && tl_journal_applied(j) == last);
    tl_batch_free(batch);
    tl_journal_close(j);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, dir_setup, dir_teardown)
    const struct CMUnitTest tests[] = {
        T(newest_put_wins_and_delete_removes),           T(lists_by_any_order_page_by_page),
        T(sees_each_row_until_it_is_enough_or_fails),    T(applies_again_what_the_log_has_and_the_state_lost),
        T(refuses_when_the_state_is_ahead_of_the_log),   T(is_atomic_with_the_events_of_its_batch),
        T(writes_nothing_for_batches_that_hold_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
