/* The hash table against a plain array, and the hash against its published vectors. */
#include "../cmocka_room.h"
#include "base/attr.h"
#include "base/map.h"

static void siphash_gives_the_published_vectors(void **state)
{
    (void)state;
    /* SipHash-2-4 reference vectors: key 00..0f, input 00..n-1. */
    const uint64_t expected[] = {0x726fdb47dd0e0e31u, 0x74f839c593dc67fdu, 0x0d6c8009d9a94f5au,
                                 0x85676696d7fb7e2du, 0xcf2794e0277187b7u, 0x18765564cd99a68du,
                                 0xcbc9466e58fee3ceu, 0xab0200f58b01d137u, 0x93f5f5799a932462u};
    struct tl_hash_key key = {0x0706050403020100u, 0x0f0e0d0c0b0a0908u};
    unsigned char input[8];
    for (size_t n = 0; n < TL_COUNT_OF(expected); n++) {
        assert_true(tl_hash(&key, input, n) == expected[n]);
        if (n < sizeof input)
            input[n] = (unsigned char)n;
    }
}

static tl_str name_of(char out[16], int n)
{
    return (tl_str){out, (size_t)snprintf(out, 16, "k%d", n)};
}

static void removal_leaves_every_other_key_reachable(void **state)
{
    (void)state;
    enum { N = 2000 };
    static int values[N];
    struct tl_map map;
    char text[16];
    tl_map_init(&map);
    for (int i = 0; i < N; i++)
        assert_null(tl_map_put(&map, name_of(text, i), &values[i]));
    for (int i = 0; i < N; i += 3)
        assert_ptr_equal(tl_map_remove(&map, name_of(text, i)), &values[i]);
    for (int i = 0; i < N; i++)
        assert_ptr_equal(tl_map_get(&map, name_of(text, i)), i % 3 == 0 ? NULL : &values[i]);
    size_t seen = 0, at = 0;
    void *value;
    tl_str key;
    while (tl_map_next(&map, &at, &key, &value))
        seen++;
    assert_int_equal(seen, map.count);
    assert_int_equal(seen, N - (N + 2) / 3);
    tl_map_free(&map);
}

static void put_replaces_and_returns_the_old_value(void **state)
{
    (void)state;
    int a, b;
    struct tl_map map;
    tl_map_init(&map);
    assert_null(tl_map_get(&map, TL_STR("x")));
    assert_null(tl_map_put(&map, TL_STR("x"), &a));
    assert_ptr_equal(tl_map_put(&map, TL_STR("x"), &b), &a);
    assert_int_equal(map.count, 1);
    assert_null(tl_map_remove(&map, TL_STR("y")));
    tl_map_free(&map);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(siphash_gives_the_published_vectors),
        cmocka_unit_test(removal_leaves_every_other_key_reachable),
        cmocka_unit_test(put_replaces_and_returns_the_old_value),
    };
    return cmocka_run_group_tests_name("base.map", tests, NULL, NULL);
}
