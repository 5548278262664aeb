#include "support.h"
#include "lossy_disk.h"
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static struct tl_journal *open_limited(const char *dir)
{
    tl_disk_set(lossy_disk());
    lossy_disk_limit(-1);
    return open_journal(dir, &small_options);
}

static tl_code try_big(struct tl_journal *j, int i)
{
    static char payload[9000];
    struct accepted accepted;
    snprintf(payload, sizeof payload, "%8900d", i);
    return try_event(j, "k", NULL, payload, &accepted);
}

static int fill(struct tl_journal *j)
{
    for (int i = 0; i < 1000; i++) {
        tl_code code = try_big(j, i);
        if (code) {
            assert_int_equal(code, TL_EFULL);
            return i;
        }
    }
    fail_msg("the disk never filled");
    return 0;
}

static tl_code put_outcome(struct tl_journal *j, tl_position event)
{
    struct tl_batch *batch = tl_batch_new(j);
    struct tl_outcome outcome = {.event = event, .flow = TL_STR("f"), .ending = TL_DONE, .note = TL_STR("note")};
    EXPECT(TL_OK, tl_batch_outcome(batch, &outcome, err));
    struct tl_state_put put = {.table = TL_STR("t"), .key = TL_STR("k"), .value = TL_STR("v")};
    EXPECT(TL_OK, tl_batch_put(batch, &put, err));
    tl_code code = tl_journal_submit_wait(j, batch, TL_DURABLE, NULL);
    tl_batch_free(batch);
    return code;
}

static void refuses_events_and_takes_outcomes_when_the_disk_is_full(void **state)
{
    struct tl_journal *j = open_limited(*state);
    struct accepted first = accept_event(j, "k", NULL, "first");
    lossy_disk_limit(200 * 1024);
    int accepted = fill(j);
    assert_true(accepted >= 3);
    assert_int_not_equal(tl_journal_room(j), TL_ROOM_OK); /* the state may have needed the reserve by now */
    for (int i = 0; i < 60; i++)
        assert_int_equal(put_outcome(j, first.position), TL_OK);
    assert_int_equal(try_big(j, 0), TL_EFULL);
    struct tl_journal_stats stats;
    tl_journal_stats(j, &stats);
    assert_true(stats.refused >= 2);
    /* what was accepted is all there */
    assert_int_equal(stats.events, accepted + 1);
    lossy_disk_limit(-1);
    usleep(120000); /* tried again at most every 100 ms */
    assert_int_equal(try_big(j, 0), TL_OK);
    assert_int_equal(tl_journal_room(j), TL_ROOM_OK);
    tl_journal_close(j);
    j = open_journal(*state, &small_options);
    expect_payload(j, first.position, "first");
    tl_journal_close(j);
    struct tl_verify_result result;
    EXPECT(TL_OK, tl_journal_verify(*state, NULL, NULL, &result, err));
    assert_int_equal(result.events, accepted + 2);
}

static void emits_and_desk_actions_use_the_reserve(void **state)
{
    struct tl_journal *j = open_limited(*state);
    struct accepted first = accept_event(j, "k", NULL, "first");
    lossy_disk_limit(0);
    fill(j);
    bool touched = false;
    static char payload[4000];
    memset(payload, 'x', sizeof payload - 1);
    for (int i = 0; i < 20; i++) {
        struct tl_batch *batch = tl_batch_new(j);
        struct tl_event_in event = {
            .type = TL_STR("t@1"), .source = TL_STR("f"), .payload = tl_str_z(payload), .cause = first.position};
        EXPECT(TL_OK, tl_batch_event(batch, &event, NULL, err));
        EXPECT(TL_OK, tl_journal_submit_wait(j, batch, TL_DURABLE, err));
        touched = touched || tl_journal_room(j) == TL_ROOM_RESERVE;
        tl_batch_free(batch);
    }
    assert_true(touched);
    struct tl_batch *batch = tl_batch_new(j);
    struct tl_event_in event = {.type = TL_STR("t@1"), .payload = TL_STR("by hand")};
    EXPECT(TL_OK, tl_batch_event(batch, &event, NULL, err));
    tl_batch_insist(batch);
    EXPECT(TL_OK, tl_journal_submit_wait(j, batch, TL_DURABLE, err));
    tl_batch_free(batch);
    lossy_disk_limit(-1);
    tl_journal_close(j);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, dir_setup, dir_teardown)
    const struct CMUnitTest tests[] = {
        T(refuses_events_and_takes_outcomes_when_the_disk_is_full),
        T(emits_and_desk_actions_use_the_reserve),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
