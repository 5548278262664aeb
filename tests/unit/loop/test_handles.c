#include "../cmocka_room.h"
#include "base/alloc.h"
#include "loop/uv.h"

struct owner {
    uv_timer_t first;
    uv_idle_t second;
    struct tl_handles handles;
};

static int gone;
static void on_gone(void *owner)
{
    gone++;
    tl_free(owner);
}

static void frees_the_owner_once_when_the_last_handle_is_closed(void **state)
{
    (void)state;
    struct tl_loop *loop = tl_loop_new("handles");
    struct owner *owner = TL_NEW(struct owner);
    uv_timer_init(tl_loop_uv(loop), &owner->first);
    uv_idle_init(tl_loop_uv(loop), &owner->second);
    tl_handles_init(&owner->handles, on_gone, owner);
    tl_handles_close(&owner->handles, (uv_handle_t *)&owner->first);
    tl_handles_close(&owner->handles, (uv_handle_t *)&owner->first);
    tl_handles_close(&owner->handles, (uv_handle_t *)&owner->second);
    tl_handles_end(&owner->handles);
    assert_int_equal(gone, 0);
    tl_loop_turn(loop);
    assert_int_equal(gone, 1);
    tl_loop_free(loop);
}

static void tells_at_once_when_nothing_is_closing(void **state)
{
    (void)state;
    struct owner *owner = TL_NEW(struct owner);
    tl_handles_init(&owner->handles, on_gone, owner);
    gone = 0;
    tl_handles_end(&owner->handles);
    assert_int_equal(gone, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frees_the_owner_once_when_the_last_handle_is_closed),
        cmocka_unit_test(tells_at_once_when_nothing_is_closing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
