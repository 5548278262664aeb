#include "support.h"
#include "bloom.h"
#include "table.h"
#include <stdlib.h>

static uint64_t mixed(uint64_t n)
{
    n *= 0x9e3779b97f4a7c15u;
    return n ^ n >> 29;
}

static void finds_every_entry_newest_first(void **state)
{
    (void)state;
    struct tl_table *table = tl_table_new();
    for (uint32_t i = 0; i < 200000; i++)
        tl_table_add(table, mixed(i % 50000), i, i % 7);
    for (uint32_t i = 0; i < 50000; i++) {
        const struct table_node *node = tl_table_newest(table, mixed(i));
        for (uint32_t round = 4; round-- > 0; node = tl_table_older(table, node)) {
            assert_non_null(node);
            assert_int_equal(node->place, i + round * 50000);
        }
        assert_null(node);
    }
    assert_null(tl_table_newest(table, mixed(50001)));
    tl_table_free(table);
}

static void sorts_by_hash_then_place(void **state)
{
    (void)state;
    struct tl_table *table = tl_table_new();
    /* the ends of the range of hashes, where probing wraps round */
    for (uint32_t i = 0; i < 3000; i++) {
        tl_table_add(table, UINT64_MAX - i % 40, i, 0);
        tl_table_add(table, i % 40, i, 0);
        tl_table_add(table, mixed(i + 100), i, 0);
        tl_table_add(table, (UINT64_C(1) << 58) - 1 - i % 11, i, 0);
    }
    size_t count;
    struct tl_index_entry *all = tl_table_sorted(table, &count);
    assert_int_equal(count, 12000);
    for (size_t i = 1; i < count; i++)
        assert_true(all[i - 1].hash < all[i].hash ||
                    (all[i - 1].hash == all[i].hash && all[i - 1].place < all[i].place));
    tl_free(all);
    tl_table_free(table);
}

/* As when the index of an open segment is read back; without the reserve this takes minutes. */
static void takes_entries_in_order_of_their_hashes(void **state)
{
    (void)state;
    enum { COUNT = 400000 };
    struct tl_table *table = tl_table_new();
    tl_table_reserve(table, COUNT);
    uint64_t step = UINT64_MAX / COUNT;
    for (uint32_t i = 0; i < COUNT; i++)
        tl_table_add(table, i * step + mixed(i) % step, i, 0);
    for (uint32_t i = 0; i < COUNT; i++)
        assert_int_equal(tl_table_newest(table, i * step + mixed(i) % step)->place, i);
    tl_table_free(table);
}

static void filter_never_denies_and_seldom_lies(void **state)
{
    (void)state;
    struct tl_bloom bloom;
    tl_bloom_init(&bloom, 100000);
    for (uint64_t i = 0; i < 100000; i++)
        tl_bloom_add(&bloom, mixed(i));
    unsigned lies = 0;
    for (uint64_t i = 0; i < 100000; i++) {
        assert_true(tl_bloom_has(&bloom, mixed(i)));
        lies += tl_bloom_has(&bloom, mixed(i + 1000000));
    }
    assert_true(lies < 3000);
    tl_bloom_free(&bloom);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_every_entry_newest_first),
        cmocka_unit_test(sorts_by_hash_then_place),
        cmocka_unit_test(takes_entries_in_order_of_their_hashes),
        cmocka_unit_test(filter_never_denies_and_seldom_lies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
