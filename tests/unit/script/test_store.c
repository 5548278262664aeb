/* Kept bundles: read back as they were, whole or not at all, and never believed when they are damaged. */
#include "../cmocka_room.h"
#include "base/alloc.h"
#include "base/log.h"
#include "lossy_disk.h"
#include "script/bundle_store.h"
#include "script/state.h"
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define FLOW                                                                                                           \
    "flow \"f\" { on = \"in@1\", steward = \"s\", run = function(ctx, e) ctx.crm:book({}, { once = e.key }) end }"

static const struct tl_bundle_file files[] = {
    {"integration.lua", TL_STR("integration \"t\" { steward = \"s\" } steward \"s\" {}\n"
                               "system \"crm\" { connector = \"salesforce@1\", operations = \"systems/crm.json\" }\n")},
    {"systems/crm.json", TL_STR("{\"operations\":{}}")},
    {"contracts/o.json", TL_STR("{\"type\":\"object\"}")},
    {"lookups/regions.csv", TL_STR("key,name\n1,North\n")},
    {"lib/deep/er/words.lua", TL_STR("return { yes = 'ja' }\n")},
    {"events.lua", TL_STR("event \"in@1\" { contract = \"contracts/o.json\", key = \"no\", steward = \"s\" }\n")},
    {"flows/f.lua", TL_STR(FLOW "\n")},
};

/* ---- the world of a test ---- */

struct world {
    char *top, *dir, *library; /* dir: the store */
    struct tl_bundle *bundle;
    int asked; /* effect classes asked for */
};

static void shell(const char *fmt, ...) TL_PRINTF(1, 2);
static void shell(const char *fmt, ...)
{
    char command[2000];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(command, sizeof command, fmt, ap);
    va_end(ap);
    if (system(command) != 0)
        fail_msg("%s", command);
}

static int set_up(void **state)
{
    struct world *w = TL_NEW(struct world);
    struct tl_error err;
    const char *tmp = getenv("TMPDIR");
    w->top = tl_printf("%s/tidelock-store-XXXXXX", tmp ? tmp : "/tmp");
    if (!mkdtemp(w->top))
        return -1;
    w->dir = tl_printf("%s/revisions", w->top);
    w->library = tl_printf("%s/lib", w->top);
    shell("cp -r '%s/scripts/lib' '%s'", TIDELOCK_ROOT, w->library);
    shell("echo '-- of an earlier release' >> '%s/text.lua'", w->library);
    struct tl_bundle_options options = {.library = w->library};
    if (tl_bundle_load_files(files, TL_COUNT_OF(files), &options, &w->bundle, &err) != TL_OK)
        fail_msg("%s", err.text);
    assert_int_equal(tl_bundle_errors(w->bundle), 0);
    *state = w;
    return 0;
}

static int tear_down(void **state)
{
    struct world *w = *state;
    tl_disk_set(NULL);
    tl_log_sink(NULL, NULL);
    shell("rm -rf '%s'", w->top);
    tl_bundle_free(w->bundle);
    tl_free(w->top);
    tl_free(w->dir);
    tl_free(w->library);
    tl_free(w);
    return 0;
}

static bool keep(struct world *w)
{
    struct tl_error err;
    bool written;
    if (tl_bundle_keep(w->bundle, w->dir, &written, &err) != TL_OK)
        fail_msg("%s", err.text);
    return written;
}

static enum tl_effect_class unknown(void *ctx, const struct tl_system_decl *system, tl_str operation,
                                    const char **nearest)
{
    (void)system;
    (void)operation;
    (void)nearest;
    ((struct world *)ctx)->asked++;
    return TL_EFFECT_UNKNOWN;
}

static tl_code refuse_system(void *ctx, const struct tl_system_decl *system, struct tl_error *err)
{
    (void)ctx;
    return tl_fail(err, TL_ENOTFOUND, "no connector for %s", system->name);
}

static tl_code load(struct world *w, struct tl_bundle **out, struct tl_error *err)
{
    struct tl_bundle_options options = {.effect_class = unknown, .check_system = refuse_system, .ctx = w};
    return tl_bundle_load_kept(w->dir, tl_bundle_hash(w->bundle), &options, out, err);
}

/* TL_OK only when what is read back is the same. */
static tl_code try_load(struct world *w, struct tl_error *err)
{
    struct tl_bundle *copy = NULL;
    tl_code code = load(w, &copy, err);
    if (code == TL_OK)
        assert_string_equal(tl_bundle_hash(copy), tl_bundle_hash(w->bundle));
    tl_bundle_free(copy);
    return code;
}

/* ---- tests ---- */

static void reads_back_what_was_kept(void **state)
{
    struct world *w = *state;
    struct tl_bundle *copy = NULL;
    struct tl_script *script = NULL;
    struct tl_error err;
    assert_true(keep(w));
    assert_int_equal(load(w, &copy, &err), TL_OK);
    assert_string_equal(tl_bundle_hash(copy), tl_bundle_hash(w->bundle));
    assert_string_equal(tl_bundle_integration(copy), "t");
    for (size_t i = 0; i < TL_COUNT_OF(files); i++)
        assert_true(tl_str_eq(tl_bundle_file(copy, files[i].path), files[i].text));
    assert_int_equal(tl_script_new(copy, NULL, &script, &err), TL_OK);
    tl_script_free(script);
    tl_bundle_free(copy);
}

static void uses_the_standard_library_of_the_copy(void **state)
{
    struct world *w = *state;
    struct tl_bundle *copy = NULL;
    struct tl_error err;
    keep(w);
    shell("rm -r '%s'", w->library);
    assert_int_equal(load(w, &copy, &err), TL_OK);
    struct tl_script *script = NULL;
    assert_int_equal(tl_script_new(copy, NULL, &script, &err), TL_OK); /* mapping.lua is needed by every state */
    tl_script_free(script);
    tl_bundle_free(copy);
}

/* The fixture's flow calls an operation that `unknown` does not know, on a system that `refuse_system` refuses. */
static void does_not_check_systems_again(void **state)
{
    struct world *w = *state;
    struct tl_error err;
    keep(w);
    assert_int_equal(try_load(w, &err), TL_OK);
    assert_int_equal(w->asked, 0);
}

static void keeps_once(void **state)
{
    struct world *w = *state;
    assert_true(keep(w));
    shell("touch -d '2001-01-01' '%s/%s/integration/flows/f.lua'", w->dir, tl_bundle_hash(w->bundle));
    assert_false(keep(w));
    shell("test \"$(date -r '%s/%s/integration/flows/f.lua' +%%Y)\" = 2001", w->dir, tl_bundle_hash(w->bundle));
}

static char said[2000];

static void take_line(void *ctx, tl_str line)
{
    (void)ctx;
    snprintf(said, sizeof said, "%.*s", TL_STR_ARGS(line));
}

static void refuses_a_damaged_copy_and_writes_it_anew(void **state)
{
    static const char *const damages[] = {
        "sed -i s/salesforce/salesforze/ integration/integration.lua",
        "sed -i s/object/object2/ integration/contracts/o.json",
        "rm integration/systems/crm.json",
        "echo 'return 1' > integration/lib/foreign.lua",
        "mv integration/lib/deep/er/words.lua integration/lib/words.lua",
        "truncate -s -1 integration/lookups/regions.csv",
        "echo >> library/mapping.lua",
        "rm -r library",
        "rm -r integration && ln -s /nowhere integration",
        "rm integration/integration.lua",
    };
    struct world *w = *state;
    struct tl_error err;
    tl_log_sink(take_line, NULL);
    for (size_t i = 0; i < TL_COUNT_OF(damages); i++) {
        keep(w);
        shell("cd '%s/%s' && %s", w->dir, tl_bundle_hash(w->bundle), damages[i]);
        if (try_load(w, &err) != TL_ECORRUPT)
            fail_msg("%s is not seen", damages[i]);
        assert_non_null(strstr(err.text, tl_bundle_hash(w->bundle)));
        assert_non_null(strstr(err.text, "damaged"));
        said[0] = '\0';
        assert_true(keep(w));
        assert_non_null(strstr(said, "damaged"));
        assert_int_equal(try_load(w, &err), TL_OK);
    }
}

static void says_what_is_not_there(void **state)
{
    struct world *w = *state;
    struct tl_bundle *copy = NULL;
    struct tl_error err;
    struct tl_bundle_options options = {0};
    assert_int_equal(try_load(w, &err), TL_ENOTFOUND);
    assert_non_null(strstr(err.text, w->dir));
    keep(w);
    static const char *const names[] = {"", "..", "../lib",
                                        "ABCDEF0123456789abcdef0123456789abcdef0123456789abcdef0123456789"};
    for (size_t i = 0; i < TL_COUNT_OF(names); i++)
        assert_int_equal(tl_bundle_load_kept(w->dir, names[i], &options, &copy, &err), TL_ENOTFOUND);
}

static void refuses_paths_that_leave_the_folder(void **state)
{
    struct world *w = *state;
    struct tl_bundle_options options = {.library = w->library};
    static const char *const paths[] = {"lib/../../x.lua", "maps/../lib/x.lua", "lib//x.lua", "lib/.x.lua"};
    for (size_t i = 0; i < TL_COUNT_OF(paths); i++) {
        struct tl_bundle_file odd[] = {files[0], {paths[i], TL_STR("return 1")}};
        struct tl_bundle *bundle = NULL;
        struct tl_error err;
        assert_int_equal(tl_bundle_load_files(odd, 2, &options, &bundle, &err), TL_OK);
        assert_int_equal(tl_bundle_keep(bundle, w->dir, NULL, &err), TL_EINPUT);
        assert_non_null(strstr(err.text, paths[i]));
        tl_bundle_free(bundle);
    }
    shell("test -z \"$(ls '%s')\"", w->dir);
}

static void removes_what_a_kill_left(void **state)
{
    struct world *w = *state;
    keep(w);
    shell("cd '%s' && mkdir -p 'notes.new' '%064d.new/integration/lib' && touch '%064d.new/integration/lib/x.lua'",
          w->dir, 1, 1);
    assert_false(keep(w));
    shell("test \"$(ls '%s' | grep new)\" = notes.new", w->dir);
}

static bool take_hash(void *ctx, const char *hash)
{
    strcat(ctx, hash);
    return true;
}

static const char *listed(struct world *w)
{
    static char out[2000];
    struct tl_error err;
    out[0] = '\0';
    assert_int_equal(tl_bundle_kept(w->dir, take_hash, out, &err), TL_OK);
    return out;
}

static void lists_and_drops(void **state)
{
    struct world *w = *state;
    struct tl_error err;
    assert_string_equal(listed(w), "");
    keep(w);
    shell("mkdir '%s/notes' '%s/%s.new'", w->dir, w->dir, tl_bundle_hash(w->bundle));
    assert_string_equal(listed(w), tl_bundle_hash(w->bundle));
    assert_int_equal(tl_bundle_drop_kept(w->dir, tl_bundle_hash(w->bundle), &err), TL_OK);
    assert_string_equal(listed(w), "");
    assert_int_equal(tl_bundle_drop_kept(w->dir, tl_bundle_hash(w->bundle), &err), TL_OK);
    assert_int_equal(tl_bundle_drop_kept(w->dir, "notes", &err), TL_EINPUT);
    shell("test \"$(ls '%s')\" = notes", w->dir);
}

/* ---- a disk that fails ---- */

static void leaves_nothing_when_the_disk_fails(void **state)
{
    struct world *w = *state;
    struct tl_error err;
    bool written;
    unsigned long n = 0;
    tl_code code;
    tl_disk_set(lossy_disk());
    do {
        lossy_disk_fail_sync(++n, EIO);
        code = tl_bundle_keep(w->bundle, w->dir, &written, &err);
        lossy_disk_fail_sync(0, 0);
        assert_true(code == TL_OK || code == TL_EIO);
        assert_int_equal(try_load(w, &err), code == TL_OK ? TL_OK : TL_ENOTFOUND);
    } while (code != TL_OK);
    assert_true(n > TL_COUNT_OF(files));
}

static void says_when_the_disk_is_full(void **state)
{
    struct world *w = *state;
    struct tl_error err;
    tl_disk_set(lossy_disk());
    lossy_disk_limit(8192);
    tl_code code = tl_bundle_keep(w->bundle, w->dir, NULL, &err);
    lossy_disk_limit(-1);
    assert_int_equal(code, TL_EFULL);
    assert_int_equal(try_load(w, &err), TL_ENOTFOUND);
    assert_true(keep(w));
}

/* The process is gone in the middle of the n-th operation, and with it every write that was not synced: whatever is
 * there under the hash afterwards is whole. */
static void survives_a_kill_at_every_operation(void **state)
{
    struct world *w = *state;
    struct tl_error err;
    bool done = false;
    for (unsigned long n = 1; !done; n++) {
        pid_t child = fork();
        if (child == 0) {
            tl_disk_set(lossy_disk());
            lossy_disk_kill_at(n, n % 3 == 0 ? 50 : 0, (unsigned)n);
            _exit(tl_bundle_keep(w->bundle, w->dir, NULL, &err) == TL_OK ? 0 : 1);
        }
        int status;
        assert_int_equal(waitpid(child, &status, 0), child);
        done = WIFEXITED(status) && WEXITSTATUS(status) == 0;
        assert_true(done || WIFSIGNALED(status));
        tl_code code = try_load(w, &err);
        if (code != TL_OK && (done || code != TL_ENOTFOUND))
            fail_msg("killed at %lu: %s", n, err.text);
        assert_true(n > 2 * TL_COUNT_OF(files) || !done);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(reads_back_what_was_kept, set_up, tear_down),
        cmocka_unit_test_setup_teardown(uses_the_standard_library_of_the_copy, set_up, tear_down),
        cmocka_unit_test_setup_teardown(does_not_check_systems_again, set_up, tear_down),
        cmocka_unit_test_setup_teardown(keeps_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(refuses_a_damaged_copy_and_writes_it_anew, set_up, tear_down),
        cmocka_unit_test_setup_teardown(says_what_is_not_there, set_up, tear_down),
        cmocka_unit_test_setup_teardown(refuses_paths_that_leave_the_folder, set_up, tear_down),
        cmocka_unit_test_setup_teardown(removes_what_a_kill_left, set_up, tear_down),
        cmocka_unit_test_setup_teardown(lists_and_drops, set_up, tear_down),
        cmocka_unit_test_setup_teardown(leaves_nothing_when_the_disk_fails, set_up, tear_down),
        cmocka_unit_test_setup_teardown(says_when_the_disk_is_full, set_up, tear_down),
        cmocka_unit_test_setup_teardown(survives_a_kill_at_every_operation, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
