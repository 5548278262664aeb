/* What was live when: the newest activation is live, and a rollback goes back from deploy to deploy. */
#include "support.h"
#include "codec/json.h"
#include "history.h"
#include <stdio.h>
#include <string.h>

static struct tl_journal *journal;
static char hashes[5][65]; /* of A … E */

static int set_up(void **state)
{
    if (dir_setup(state) != 0)
        return -1;
    journal = open_journal(path_in(*state, "journal"), &small_options);
    for (size_t i = 0; i < TL_COUNT_OF(hashes); i++) {
        memset(hashes[i], "abcde"[i], 64);
        hashes[i][64] = '\0';
    }
    return 0;
}

static int tear_down(void **state)
{
    tl_journal_close(journal);
    return dir_teardown(state);
}

static void add_of(const char *integration, const char *act, char revision, char before, const char *stage)
{
    struct tl_attempt attempt = {.act = act,
                                 .revision = hashes[revision - 'A'],
                                 .integration = integration,
                                 .before = before != 0 ? hashes[before - 'A'] : "",
                                 .who = "uid 7",
                                 .reason = "a test",
                                 .stage = stage,
                                 .why = stage != NULL ? "it failed" : NULL};
    EXPECT(TL_OK, tl_history_add(journal, &attempt, err));
}

static void add(const char *act, char revision, char before, const char *stage)
{
    add_of("t", act, revision, before, stage);
}

static void expect_live(char revision)
{
    char live[65];
    EXPECT(TL_OK, tl_history_live(journal, "t", live, err));
    assert_int_equal(live[0], hashes[revision - 'A'][0]);
}

static void expect_earlier(char revision)
{
    char earlier[65];
    EXPECT(TL_OK, tl_history_earlier(journal, "t", earlier, err));
    assert_int_equal(earlier[0], hashes[revision - 'A'][0]);
}

static void says_what_is_live(void **state)
{
    (void)state;
    char live[65];
    EXPECT(TL_ENOTFOUND, tl_history_live(journal, "t", live, err));
    add("start", 'A', 0, NULL);
    expect_live('A');
    add("deploy", 'B', 'A', NULL);
    expect_live('B');
    add("deploy", 'C', 'B', "tests");
    expect_live('B');
}

static void goes_back_from_deploy_to_deploy(void **state)
{
    (void)state;
    char none[65];
    add("start", 'A', 0, NULL);
    EXPECT(TL_ENOTFOUND, tl_history_earlier(journal, "t", none, err));
    add("deploy", 'B', 'A', NULL);
    add("deploy", 'C', 'B', NULL);
    add("deploy", 'D', 'C', "check");
    expect_earlier('B');
    add("rollback", 'B', 'C', NULL);
    expect_earlier('A'); /* and not to C, from where it came */
    add("rollback", 'A', 'B', NULL);
    EXPECT(TL_ENOTFOUND, tl_history_earlier(journal, "t", none, err));
    add("deploy", 'E', 'A', NULL);
    expect_earlier('A');
}

struct seen {
    int64_t numbers[8];
    size_t count;
};

static void see(void *ctx, const struct tl_json_value *row, int64_t time_ms)
{
    struct seen *seen = ctx;
    assert_true(time_ms > 0);
    seen->numbers[seen->count++] = tl_json_get_i64(row, "number", 0);
    assert_true(tl_json_is(tl_json_get(row, "who"), "uid 7"));
}

static void lists_the_newest_first(void **state)
{
    (void)state;
    struct seen seen = {0};
    add("start", 'A', 0, NULL);
    add("deploy", 'B', 'A', "laws");
    add("deploy", 'C', 'A', NULL);
    EXPECT(TL_OK, tl_history_each(journal, NULL, 2, see, &seen, err));
    assert_int_equal(seen.count, 2);
    assert_int_equal(seen.numbers[0], 3);
    assert_int_equal(seen.numbers[1], 2);
    uint64_t audits = 0;
    struct tl_state_query query = {.table = TL_STR("audit"), .where = {TL_STR("uid 7")}};
    EXPECT(TL_OK, tl_state_count(journal, &query, &audits, err));
    assert_int_equal(audits, 3);
}

static void is_the_same_after_a_restart(void **state)
{
    add("start", 'A', 0, NULL);
    add("deploy", 'B', 'A', NULL);
    tl_journal_close(journal);
    journal = open_journal(path_in(*state, "journal"), &small_options);
    expect_live('B');
    add("deploy", 'C', 'B', NULL);
    expect_live('C');
    expect_earlier('B');
}

/* Everything that is live, as "t:a u:b". */
static void expect_all(const char *expected)
{
    struct tl_arena arena;
    struct tl_history_lived *lived;
    size_t count;
    char text[200] = "";
    tl_arena_init(&arena);
    EXPECT(TL_OK, tl_history_all_live(journal, &arena, &lived, &count, err));
    for (size_t i = 0; i < count; i++)
        snprintf(text + strlen(text), sizeof text - strlen(text), "%s%s:%c", i != 0 ? " " : "", lived[i].integration,
                 lived[i].revision[0]);
    assert_string_equal(text, expected);
    tl_arena_free(&arena);
}

static void each_integration_has_its_own(void **state)
{
    (void)state;
    char revision[65];
    struct seen seen = {0};
    expect_all("");
    add_of("t", "start", 'A', 0, NULL);
    add_of("u", "deploy", 'B', 0, NULL);
    add_of("t", "deploy", 'C', 'A', NULL);
    add_of("u", "deploy", 'D', 'B', NULL);
    add_of("v", "deploy", 'E', 0, "tests");
    expect_all("t:c u:d");
    expect_live('C');
    EXPECT(TL_OK, tl_history_earlier(journal, "u", revision, err));
    assert_int_equal(revision[0], 'b');
    EXPECT(TL_OK, tl_history_each(journal, "u", 9, see, &seen, err));
    assert_int_equal(seen.count, 2);
    assert_int_equal(seen.numbers[0], 4);
    EXPECT(TL_ENOTFOUND, tl_history_live(journal, "v", revision, err));
}

static void one_that_was_taken_away_is_not_live(void **state)
{
    (void)state;
    char revision[65];
    add_of("t", "start", 'A', 0, NULL);
    add_of("u", "deploy", 'B', 0, NULL);
    add_of("v", "deploy", 'C', 0, NULL);
    add_of("u", "retire", 'B', 'B', "switch"); /* refused */
    expect_all("t:a u:b v:c");
    add_of("u", "retire", 'B', 'B', NULL);
    expect_all("t:a v:c");
    EXPECT(TL_ENOTFOUND, tl_history_live(journal, "u", revision, err));
    add_of("u", "deploy", 'D', 0, NULL);
    expect_all("t:a u:d v:c");
    EXPECT(TL_OK, tl_history_live(journal, "u", revision, err));
    assert_int_equal(revision[0], 'd');
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(says_what_is_live, set_up, tear_down),
        cmocka_unit_test_setup_teardown(goes_back_from_deploy_to_deploy, set_up, tear_down),
        cmocka_unit_test_setup_teardown(lists_the_newest_first, set_up, tear_down),
        cmocka_unit_test_setup_teardown(each_integration_has_its_own, set_up, tear_down),
        cmocka_unit_test_setup_teardown(one_that_was_taken_away_is_not_live, set_up, tear_down),
        cmocka_unit_test_setup_teardown(is_the_same_after_a_restart, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
