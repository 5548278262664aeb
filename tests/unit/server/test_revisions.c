/* Earlier revisions of a server: kept, read by several lanes, counted by their runs, and removed when nobody needs
 * them.
 */
#include "support.h"
#include "base/clock.h"
#include "base/log.h"
#include "flow/runs.h"
#include "revisions.h"
#include "script/bundle_store.h"
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BUNDLES = 4 };
#define DAY_MS (24LL * 60 * 60 * 1000)

static struct tl_bundle *bundles[BUNDLES];
static struct tl_journal *journal;
static struct tl_revisions *revisions;
static const char *data;

static enum tl_effect_class keyed(void *ctx, const struct tl_system_decl *system, tl_str operation,
                                  const char **nearest)
{
    (void)ctx;
    (void)system;
    (void)operation;
    (void)nearest;
    return TL_EFFECT_KEYED;
}

/* Who asks is told with the question. */
static enum tl_effect_class keyed_of(void *ctx, const struct tl_bundle *bundle, const struct tl_system_decl *system,
                                     tl_str operation, const char **nearest)
{
    assert_string_equal(ctx, data);
    assert_string_equal(tl_bundle_integration(bundle), "t");
    return keyed(NULL, system, operation, nearest);
}

static const struct tl_bundle_options options = {.library = TIDELOCK_ROOT "/scripts/lib", .effect_class = keyed};

static struct tl_bundle *bundle_of(int number)
{
    char flows[200];
    snprintf(flows, sizeof flows, "flow \"f%d\" { on = \"in@1\", steward = \"s\", run = function() end }", number);
    const struct tl_bundle_file files[] = {
        {"integration.lua", TL_STR("integration \"t\" { steward = \"s\" } steward \"s\" {}")},
        {"contracts/o.json", TL_STR("{}")},
        {"events.lua", TL_STR("event \"in@1\" { contract = \"contracts/o.json\", key = \"no\", steward = \"s\" }")},
        {"flows.lua", tl_str_z(flows)},
    };
    struct tl_bundle *bundle = NULL;
    EXPECT(TL_OK, tl_bundle_load_files(files, TL_COUNT_OF(files), &options, &bundle, err));
    assert_int_equal(tl_bundle_errors(bundle), 0);
    return bundle;
}

static int set_up(void **state)
{
    if (dir_setup(state) != 0)
        return -1;
    data = *state;
    journal = open_journal(path_in(data, "journal"), &small_options);
    revisions = tl_revisions_new(data, keyed_of, (void *)(uintptr_t)data);
    for (int i = 0; i < BUNDLES; i++) {
        bundles[i] = bundle_of(i);
        EXPECT(TL_OK, tl_revisions_keep(revisions, bundles[i], err));
    }
    return 0;
}

static int tear_down(void **state)
{
    tl_revisions_free(revisions);
    tl_journal_close(journal);
    for (int i = 0; i < BUNDLES; i++)
        tl_bundle_free(bundles[i]);
    tl_log_sink(NULL, NULL);
    return dir_teardown(state);
}

static const char *hash(int i)
{
    return tl_bundle_hash(bundles[i]);
}

static char *copy_of(int i)
{
    return tl_printf("%s/revisions/%s", data, hash(i));
}

static bool is_kept(int i)
{
    char *path = copy_of(i);
    bool kept = access(path, F_OK) == 0;
    tl_free(path);
    return kept;
}

static void put_run(const char *id, const char *revision)
{
    struct tl_batch *batch = tl_batch_new(journal);
    struct tl_state_put put = {.table = TL_STR(TL_TABLE_RUN),
                               .key = tl_str_z(id),
                               .value = TL_STR("{}"),
                               .attr = {TL_STR("f"), TL_STR("waiting"), TL_STR("K-1"), tl_str_z(revision)}};
    EXPECT(TL_OK, tl_batch_put(batch, &put, err));
    EXPECT(TL_OK, tl_journal_submit_wait(journal, batch, TL_APPLIED, err));
    tl_batch_free(batch);
}

static void set_age(int i, int days)
{
    char *path = copy_of(i);
    struct timespec at = {.tv_sec = (tl_wall_ms() - days * DAY_MS) / 1000};
    assert_int_equal(utimensat(AT_FDCWD, path, (struct timespec[2]){at, at}, 0), 0);
    tl_free(path);
}

/* ---- reading ---- */

static void *ask(void *out)
{
    const struct tl_bundle *bundle = NULL;
    EXPECT(TL_OK, tl_revisions_bundle(revisions, hash(1), &bundle, err));
    *(const struct tl_bundle **)out = bundle;
    return NULL;
}

static void gives_all_lanes_the_same_bundle(void **state)
{
    (void)state;
    enum { LANES = 8 };
    pthread_t threads[LANES];
    const struct tl_bundle *got[LANES];
    for (int i = 0; i < LANES; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, ask, &got[i]), 0);
    for (int i = 0; i < LANES; i++)
        pthread_join(threads[i], NULL);
    for (int i = 0; i < LANES; i++)
        assert_ptr_equal(got[i], got[0]);
    assert_string_equal(tl_bundle_hash(got[0]), hash(1));
    assert_ptr_not_equal(got[0], bundles[1]);
    size_t count;
    assert_string_equal(tl_bundle_flows(got[0], &count)[0].name, "f1");
}

static void says_what_to_do_and_finds_a_folder_that_came_back(void **state)
{
    (void)state;
    const struct tl_bundle *bundle;
    struct tl_error err;
    char *path = copy_of(2), *away = tl_printf("%s/away", data);
    assert_int_equal(rename(path, away), 0);
    assert_int_equal(tl_revisions_bundle(revisions, hash(2), &bundle, &err), TL_ENOTFOUND);
    assert_non_null(strstr(err.text, path));
    assert_non_null(strstr(err.text, "bring that folder back"));
    assert_non_null(strstr(err.text, "tidelock runs move"));
    assert_int_equal(rename(away, path), 0);
    assert_int_equal(tl_revisions_bundle(revisions, hash(2), &bundle, &err), TL_OK);
    assert_string_equal(tl_bundle_hash(bundle), hash(2));
    tl_free(away);
    tl_free(path);
}

static void refuses_a_damaged_copy(void **state)
{
    (void)state;
    const struct tl_bundle *bundle;
    struct tl_error err;
    char *path = tl_printf("%s/revisions/%s/integration/flows.lua", data, hash(2));
    write_file(path, "-- nothing\n", 11);
    assert_int_equal(tl_revisions_bundle(revisions, hash(2), &bundle, &err), TL_ECORRUPT);
    assert_non_null(strstr(err.text, "damaged"));
    assert_non_null(strstr(err.text, "tidelock runs move"));
    tl_free(path);
}

/* ---- cleaning ---- */

static void tidy(const char *earlier)
{
    const char *keep[] = {hash(0), earlier};
    tl_revisions_tidy(revisions, journal, keep, 2, tl_wall_ms());
}

static void removes_what_is_old_and_not_used(void **state)
{
    (void)state;
    put_run("0000000g00003", hash(1));
    for (int i = 0; i < BUNDLES; i++)
        set_age(i, i == 3 ? 29 : 31);
    tidy("");
    assert_true(is_kept(0));  /* live */
    assert_true(is_kept(1));  /* a run goes on with it */
    assert_false(is_kept(2)); /* old, and no run */
    assert_true(is_kept(3));  /* not old enough */
}

static void keeps_what_a_rollback_goes_to(void **state)
{
    (void)state;
    for (int i = 0; i < BUNDLES; i++)
        set_age(i, 31);
    tidy(hash(2));
    assert_true(is_kept(0));
    assert_false(is_kept(1));
    assert_true(is_kept(2));
    assert_true(tl_revisions_has(revisions, tl_str_z(hash(2))));
    assert_false(tl_revisions_has(revisions, tl_str_z(hash(1))));
    assert_false(tl_revisions_has(revisions, TL_STR_NONE));
}

static void counts_the_age_from_when_it_was_last_live(void **state)
{
    (void)state;
    set_age(1, 31);
    set_age(2, 31);
    tl_revisions_touch(revisions, hash(1));
    EXPECT(TL_OK, tl_revisions_keep(revisions, bundles[2], err)); /* started once more */
    tidy("");
    assert_true(is_kept(1));
    assert_true(is_kept(2));
}

static void removes_nothing_while_the_clock_runs_ahead(void **state)
{
    (void)state;
    set_age(1, 31);
    set_age(2, 1);
    set_age(3, 31);
    tl_journal_close(journal); /* a journal keeps the clock it was opened under */
    clock_drive(tl_wall_ms());
    journal = open_journal(path_in(data, "journal"), &small_options);
    clock_jump(10 * DAY_MS);
    put_run("0000000g00003", hash(3));
    assert_false(tl_journal_clock_trusted(journal));
    tidy("");
    assert_true(is_kept(1));
    tl_journal_trust_clock(journal);
    tidy("");
    assert_false(is_kept(1));
    assert_true(is_kept(2));
    assert_true(is_kept(3));
}

/* ---- seeing ---- */

static void expect_report(const char *expected)
{
    struct tl_buf out;
    struct tl_json_writer w;
    tl_buf_init(&out, 65536);
    tl_json_writer_init(&w, &out);
    const char *live[] = {hash(0)};
    tl_revisions_report(revisions, journal, live, 1, &w);
    EXPECT(TL_OK, tl_json_writer_done(&w, err));
    assert_string_equal(out.ptr, expected);
    tl_buf_free(&out);
}

static void counts_open_runs_by_revision(void **state)
{
    (void)state;
    char text[400];
    expect_report("{\"runs\":0,\"revisions\":[],\"not_kept\":0}");
    put_run("0000000g00001", hash(0));
    put_run("0000000g00002", hash(1));
    put_run("0000000g00003", hash(1));
    put_run("0000000g00004", "0000000000000000000000000000000000000000000000000000000000000000");
    snprintf(text, sizeof text, "{\"runs\":3,\"revisions\":[{\"revision\":\"%s\",\"runs\":2}],\"not_kept\":1}",
             hash(1));
    expect_report(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(gives_all_lanes_the_same_bundle, set_up, tear_down),
        cmocka_unit_test_setup_teardown(says_what_to_do_and_finds_a_folder_that_came_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(refuses_a_damaged_copy, set_up, tear_down),
        cmocka_unit_test_setup_teardown(removes_what_is_old_and_not_used, set_up, tear_down),
        cmocka_unit_test_setup_teardown(keeps_what_a_rollback_goes_to, set_up, tear_down),
        cmocka_unit_test_setup_teardown(counts_the_age_from_when_it_was_last_live, set_up, tear_down),
        cmocka_unit_test_setup_teardown(removes_nothing_while_the_clock_runs_ahead, set_up, tear_down),
        cmocka_unit_test_setup_teardown(counts_open_runs_by_revision, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
