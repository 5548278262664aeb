/* Slices, buffers, arenas, lists. */
#include "../cmocka_room.h"
#include "base/alloc.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/list.h"

static void cut_walks_all_parts_also_empty_ones(void **state)
{
    (void)state;
    tl_str rest = TL_STR("a,,b"), part;
    assert_true(tl_str_cut(&rest, ',', &part) && tl_str_is(part, "a"));
    assert_true(tl_str_cut(&rest, ',', &part) && part.len == 0);
    assert_true(tl_str_cut(&rest, ',', &part) && tl_str_is(part, "b"));
    assert_false(tl_str_cut(&rest, ',', &part));
}

static void u64_refuses_signs_blanks_and_overflow(void **state)
{
    (void)state;
    uint64_t n = 7;
    assert_true(tl_str_u64(TL_STR("18446744073709551615"), &n) && n == UINT64_MAX);
    const char *bad[] = {"", "+1", "-1", " 1", "1 ", "0x1", "18446744073709551616", "99999999999999999999"};
    for (size_t i = 0; i < TL_COUNT_OF(bad); i++)
        assert_false(tl_str_u64(tl_str_z(bad[i]), &n));
}

static void slices_compare_by_bytes_then_length(void **state)
{
    (void)state;
    assert_true(tl_str_cmp(TL_STR("a"), TL_STR("b")) < 0);
    assert_true(tl_str_cmp(TL_STR("ab"), TL_STR("a")) > 0);
    assert_int_equal(tl_str_cmp(TL_STR(""), TL_STR_NONE), 0);
    assert_true(tl_str_ieq(TL_STR("Content-Type"), TL_STR("content-TYPE")));
    assert_false(tl_str_ieq(TL_STR("a["), TL_STR("a{")));
    assert_true(tl_str_is(tl_str_trim(TL_STR("\t x y \r\n")), "x y"));
    assert_true(tl_str_has(TL_STR("abc"), TL_STR("b")) && tl_str_has(TL_STR_NONE, TL_STR_NONE));
    assert_false(tl_str_has(TL_STR("abc"), TL_STR("ca")) || tl_str_has(TL_STR_NONE, TL_STR("a")));
    assert_true(tl_str_starts(TL_STR("abc"), TL_STR("ab")) && tl_str_ends(TL_STR("abc"), TL_STR("bc")));
}

static void a_buffer_stops_at_its_maximum_and_says_so(void **state)
{
    (void)state;
    struct tl_buf buf;
    tl_buf_init(&buf, 5);
    assert_true(tl_buf_add_z(&buf, "abc"));
    assert_false(tl_buf_add_z(&buf, "def"));
    assert_true(buf.overflow);
    assert_string_equal(buf.ptr, "abc");
    assert_false(tl_buf_add_z(&buf, "d"));
    tl_buf_clear(&buf);
    assert_true(tl_buf_addf(&buf, "%05d", 42));
    tl_buf_shift(&buf, 3);
    assert_string_equal(buf.ptr, "42");
    tl_buf_free(&buf);
}

static void a_long_format_is_written_whole(void **state)
{
    (void)state;
    struct tl_buf buf;
    tl_buf_init(&buf, 10000);
    assert_true(tl_buf_addf(&buf, "%0*d|", 5000, 1));
    assert_int_equal(buf.len, 5001);
    assert_int_equal(buf.ptr[5000], '|');
    size_t len = 0;
    char *taken = tl_buf_take(&buf, &len);
    assert_int_equal(len, 5001);
    assert_null(buf.ptr);
    tl_free(taken);
}

static void arena_pieces_are_zeroed_and_aligned(void **state)
{
    (void)state;
    struct tl_arena arena;
    tl_arena_init(&arena);
    for (size_t size = 1; size < 9000; size = size * 3) {
        char *piece = tl_arena_alloc(&arena, size);
        assert_int_equal((uintptr_t)piece % _Alignof(max_align_t), 0);
        for (size_t i = 0; i < size; i++)
            assert_int_equal(piece[i], 0);
        memset(piece, 0xff, size);
    }
    assert_string_equal(tl_arena_printf(&arena, "%s-%d", "x", 5), "x-5");
    tl_arena_free(&arena);
}

struct item {
    int n;
    struct tl_link link;
};

static void a_list_keeps_order_and_removal_is_safe_twice(void **state)
{
    (void)state;
    struct tl_list list;
    struct item items[3] = {{.n = 1}, {.n = 2}, {.n = 3}};
    tl_list_init(&list);
    for (size_t i = 0; i < 3; i++)
        tl_list_push(&list, &items[i].link);
    tl_list_remove(&items[1].link);
    tl_list_remove(&items[1].link);
    tl_list_push_front(&list, &items[1].link);
    int expected[] = {2, 1, 3};
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(TL_LIST_ITEM(tl_list_pop(&list), struct item, link)->n, expected[i]);
    assert_true(tl_list_empty(&list));
    assert_null(tl_list_pop(&list));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cut_walks_all_parts_also_empty_ones),
        cmocka_unit_test(u64_refuses_signs_blanks_and_overflow),
        cmocka_unit_test(slices_compare_by_bytes_then_length),
        cmocka_unit_test(a_buffer_stops_at_its_maximum_and_says_so),
        cmocka_unit_test(a_long_format_is_written_whole),
        cmocka_unit_test(arena_pieces_are_zeroed_and_aligned),
        cmocka_unit_test(a_list_keeps_order_and_removal_is_safe_twice),
    };
    return cmocka_run_group_tests_name("base.bytes", tests, NULL, NULL);
}
