/* Which integrations are live, and whose a name is. */
#include "support.h"
#include "base/alloc.h"
#include "live.h"
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *home;
static struct tl_live live;
static int made;

static int set_up(void **state)
{
    if (dir_setup(state) != 0)
        return -1;
    home = *state;
    live = (struct tl_live){.count = 0};
    made = 0;
    return 0;
}

static int tear_down(void **state)
{
    for (size_t i = 0; i < live.count; i++)
        tl_integration_free(live.list[i]);
    return dir_teardown(state);
}

/* `text` makes the revision another one. */
static struct tl_integration *integration(const char *name, const char *text)
{
    char *dir = tl_printf("%s/%d", home, made++), *path = tl_printf("%s/integration.lua", dir);
    struct tl_integration *out = NULL;
    assert_int_equal(mkdir(dir, 0700), 0);
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_true(dprintf(fd, "integration \"%s\" { steward = \"s\" } steward \"s\" {}\n%s\n", name, text) > 0);
    close(fd);
    EXPECT(TL_OK, tl_integration_load(dir, TIDELOCK_ROOT "/scripts/lib", home, &out, err));
    tl_free(dir);
    tl_free(path);
    return out;
}

static void put(const char *name, const char *text)
{
    EXPECT(TL_OK, tl_live_put(&live, integration(name, text), err));
}

static void one_of_another_name_joins_and_one_of_the_same_replaces(void **state)
{
    (void)state;
    put("a", "");
    put("b", "");
    put("c", "");
    struct tl_integration *before = live.list[1];
    char hash[65];
    snprintf(hash, sizeof hash, "%s", tl_live_hash(&live, 1));
    put("b", "-- anew");
    assert_int_equal(live.count, 3);
    assert_int_equal(tl_live_find(&live, "b"), 1);
    assert_string_not_equal(tl_live_hash(&live, 1), hash);
    assert_false(tl_live_has(&live, before));
    tl_integration_free(before);
    before = live.list[1];
    tl_live_drop(&live, 1);
    tl_integration_free(before);
    assert_int_equal(tl_live_find(&live, "b"), -1);
    assert_int_equal(tl_live_find(&live, "c"), 1);
    assert_null(tl_live_named(&live, "b"));
}

static void only_the_first_has_bare_names(void **state)
{
    (void)state;
    assert_string_equal(tl_live_owner(&live, "a"), ""); /* it would be the first */
    put("a", "");
    put("b", "");
    assert_string_equal(tl_live_owner(&live, "a"), "");
    assert_string_equal(tl_live_owner(&live, "b"), "b");
    assert_string_equal(tl_live_owner(&live, "new"), "new");
    char *bare = tl_live_whole("", "erp"), *whole = tl_live_whole("b", "erp");
    assert_string_equal(bare, "erp");
    assert_string_equal(whole, "erp@b");
    tl_free(bare);
    tl_free(whole);
}

#define NEEDS "system \"erp\" { connector = \"odata@1\", url = setting \"erp.url\", auth = { token = secret \"key\" } }"

static void a_need_is_found_by_its_whole_name(void **state)
{
    (void)state;
    put("a", "");
    put("b", NEEDS);
    assert_null(tl_live_need(&live, false, TL_STR("erp.url")));
    assert_non_null(tl_live_need(&live, false, TL_STR("erp.url@b")));
    assert_null(tl_live_need(&live, true, TL_STR("erp.url@b")));
    assert_non_null(tl_live_need(&live, true, TL_STR("key@b")));
    assert_null(tl_live_need(&live, true, TL_STR("key@a")));
}

static void there_is_an_end_to_it(void **state)
{
    (void)state;
    char name[16];
    for (int i = 0; i < TL_INTEGRATIONS_MAX; i++) {
        snprintf(name, sizeof name, "n%d", i);
        put(name, "");
    }
    struct tl_integration *more = integration("more", "");
    EXPECT(TL_ECONFIG, tl_live_put(&live, more, err));
    tl_integration_free(more);
    struct tl_integration *before = live.list[0];
    put("n0", ""); /* another revision of it is not one more */
    tl_integration_free(before);
    assert_int_equal(live.count, TL_INTEGRATIONS_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(one_of_another_name_joins_and_one_of_the_same_replaces, set_up, tear_down),
        cmocka_unit_test_setup_teardown(only_the_first_has_bare_names, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_need_is_found_by_its_whole_name, set_up, tear_down),
        cmocka_unit_test_setup_teardown(there_is_an_end_to_it, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
