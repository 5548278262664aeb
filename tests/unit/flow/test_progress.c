/* Progress, its rows, and the set of spilled keys. */
#include "../cmocka_room.h"
#include "base/alloc.h"
#include "plan.h"
#include "progress.h"
#include "progress_row.h"
#include "spillset.h"
#include <stdlib.h>

static void knows_what_is_unfinished(void **state)
{
    (void)state;
    struct tl_progress progress;
    struct tl_progress_bits bits = {0};
    uint64_t next;
    tl_progress_init(&progress, 3);
    for (uint64_t commit = 10; commit < 2010; commit++) {
        struct tl_progress_unit units[100];
        for (uint32_t i = 0; i < 100; i++)
            units[i] = (struct tl_progress_unit){1 + i % 2, i / 2};
        tl_progress_add(&progress, commit, 1000 + (int64_t)commit, 50, units, 100);
        tl_progress_add(&progress, commit, 1000 + (int64_t)commit, 50, units, 100); /* known */
    }
    assert_int_equal(tl_progress_total(&progress), 200000);
    for (uint64_t commit = 10; commit < 1000; commit++) {
        for (uint32_t i = 0; i < 50; i++) {
            tl_progress_end(&progress, tl_position_make(commit, i), 1);
            tl_progress_end(&progress, tl_position_make(commit, i), 2);
            tl_progress_end(&progress, tl_position_make(commit, i), 2);
        }
    }
    assert_true(tl_progress_next(&progress, 0, &next));
    assert_int_equal(next, 1000);
    tl_progress_end(&progress, tl_position_make(1500, 49), 2);
    tl_progress_bits(&progress, 1500, &bits);
    assert_true(tl_progress_bits_has(&bits, 1, 49));
    assert_false(tl_progress_bits_has(&bits, 2, 49));
    assert_false(tl_progress_bits_has(&bits, 0, 0));
    assert_int_equal(tl_progress_of_flow(&progress, 1), 1010 * 50);
    assert_int_equal(tl_progress_of_flow(&progress, 2), 1010 * 50 - 1);
    assert_int_equal(tl_progress_oldest(&progress, 1), 2000);
    tl_progress_bits(&progress, 999, &bits);
    assert_int_equal(bits.commit, 0);
    tl_progress_bits_free(&bits);
    tl_progress_free(&progress);
}

static void takes_a_commit_for_any_number_of_flows(void **state)
{
    (void)state;
    struct tl_progress progress;
    struct tl_progress_bits bits = {0};
    struct tl_progress_unit units[300];
    tl_progress_init(&progress, 300);
    for (uint32_t i = 0; i < 300; i++)
        units[i] = (struct tl_progress_unit){299 - i, i % 3};
    tl_progress_add(&progress, 5, 1, 3, units, 300);
    tl_progress_end(&progress, tl_position_make(5, 299 % 3), 0);
    tl_progress_bits(&progress, 5, &bits);
    assert_int_equal(tl_progress_total(&progress), 299);
    assert_false(tl_progress_bits_has(&bits, 0, 299 % 3));
    assert_true(tl_progress_bits_has(&bits, 299, 0));
    tl_progress_bits_free(&bits);
    tl_progress_free(&progress);
}

static void reads_back_the_rows_it_writes(void **state)
{
    (void)state;
    struct tl_engine_config config = {.first.steward = ""};
    struct tl_plan plan;
    struct tl_progress written, read;
    struct tl_buf row;
    assert_int_equal(tl_plan_init(&plan, &config, NULL), TL_OK);
    tl_progress_init(&written, 3);
    tl_progress_init(&read, 3);
    struct tl_progress_unit units[] = {{0, 0}, {1, 69}, {2, 3}, {2, 68}, {2, 4}};
    tl_progress_add(&written, 77, 123, 70, units, 5);
    tl_progress_end(&written, tl_position_make(77, 4), 2);
    tl_progress_end(&written, tl_position_make(77, 0), 0);
    tl_buf_init(&row, 4096);
    tl_progress_row_write(written.entries[written.first], &plan, &row);
    assert_string_equal(row.ptr, "1 70 123\n000000000000000002 webhook:unreadable\n800000000000000001 webhook:hint\n");
    assert_true(tl_progress_row_read(&read, &plan, TL_STR("00000000000000000077"), tl_buf_str(&row)));
    struct tl_progress_bits bits = {0};
    tl_progress_bits(&read, 77, &bits);
    assert_int_equal(tl_progress_total(&read), 3);
    assert_true(tl_progress_bits_has(&bits, 1, 69) && tl_progress_bits_has(&bits, 2, 3) &&
                tl_progress_bits_has(&bits, 2, 68));
    const char *bad[] = {"", "2 70 123\n", "1 70\n", "1 70 123\n00 webhook:hint\n", "1 4 1\ng webhook:hint\n"};
    for (size_t i = 0; i < TL_COUNT_OF(bad); i++)
        assert_false(tl_progress_row_read(&read, &plan, TL_STR("78"), tl_str_z(bad[i])));
    tl_progress_bits_free(&bits);
    tl_buf_free(&row);
    tl_progress_free(&written);
    tl_progress_free(&read);
    tl_plan_free(&plan);
}

static void counts_spilled_keys(void **state)
{
    (void)state;
    struct tl_spillset set = {0};
    srandom(4);
    uint64_t keys[5000];
    unsigned counts[5000] = {0};
    for (size_t i = 0; i < 5000; i++)
        keys[i] = ((uint64_t)random() << 32) ^ ((uint64_t)random() << 12);
    for (int i = 0; i < 100000; i++) {
        size_t k = (size_t)random() % 5000;
        if (random() % 2 == 0 && counts[k] < 200) {
            tl_spillset_add(&set, keys[k]);
            counts[k]++;
        } else if (counts[k] > 0) {
            tl_spillset_remove(&set, keys[k]);
            counts[k]--;
        }
    }
    size_t wrong = 0;
    for (size_t k = 0; k < 5000; k++) {
        if (counts[k] > 0)
            assert_true(tl_spillset_has(&set, keys[k]));
        else
            wrong += tl_spillset_has(&set, keys[k]);
    }
    assert_true(wrong < 5);
    for (int i = 0; i < 1000; i++) /* many of one key stay cheap */
        tl_spillset_add(&set, 42ull << 20);
    assert_true(tl_spillset_has(&set, 42ull << 20));
    tl_spillset_free(&set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(knows_what_is_unfinished),
        cmocka_unit_test(takes_a_commit_for_any_number_of_flows),
        cmocka_unit_test(reads_back_the_rows_it_writes),
        cmocka_unit_test(counts_spilled_keys),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
