#include "candidate.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "base/disk.h"
#include "base/tree.h"
#include "codec/json.h"
#include "declared.h"
#include "script/lens.h"
#include "server/parcel.h"
#include <stdio.h>
#include <string.h>

enum { PRINTED_MAX = 64 * 1024, LAWS_MAX = 4 << 20, SHOWN_FINDINGS = 1000 };

const char *tl_stage_name(enum tl_stage stage)
{
    static const char *const names[] = {"check", "contracts", "settings", "laws", "tests", "load", "switch"};
    return names[stage];
}

void tl_candidate_init(struct tl_candidate *candidate, struct tl_server *server)
{
    *candidate = (struct tl_candidate){.server = server};
    tl_buf_init(&candidate->laws, LAWS_MAX);
    tl_buf_init(&candidate->tests, PRINTED_MAX);
}

void tl_candidate_free(struct tl_candidate *candidate)
{
    if (candidate->dir != NULL)
        (void)tl_tree_remove(candidate->dir); /* else the next start does */
    tl_free(candidate->dir);
    tl_integration_free(candidate->integration);
    tl_buf_free(&candidate->laws);
    tl_buf_free(&candidate->tests);
}

void tl_candidates_sweep(const char *data)
{
    char *path = tl_printf("%s/staging", data);
    (void)tl_tree_remove(path); /* costs space only */
    tl_free(path);
}

/* ---- loading ---- */

tl_code tl_candidate_stage(struct tl_candidate *candidate, const struct tl_json_value *files, struct tl_error *err)
{
    const struct tl_server_config *config = candidate->server->config;
    char *folder = tl_printf("%s/staging", config->data);
    struct tl_parcel parcel;
    tl_code code = tl_parcel_parse(files, &parcel, err);
    candidate->dir = tl_printf("%s/1", folder); /* one is on its way at a time */
    int error = code == TL_OK ? tl_disk_mkdir(folder) : 0;
    if (error != 0)
        code = tl_fail(err, TL_EIO, "cannot make the folder %s: %s", folder, strerror(-error));
    if (code == TL_OK)
        code = tl_parcel_write(&parcel, candidate->dir, err);
    candidate->has_tests = tl_parcel_has_tests(&parcel);
    tl_parcel_free(&parcel);
    tl_free(folder);
    if (code == TL_OK)
        code = tl_integration_load_with(candidate->dir, config->library, candidate->server->connectors,
                                        &candidate->integration, err);
    return code;
}

tl_code tl_candidate_take_kept(struct tl_candidate *candidate, const char *revision, struct tl_error *err)
{
    char *store = tl_printf("%s/revisions", candidate->server->config->data);
    tl_code code =
        tl_integration_load_kept(store, revision, candidate->server->connectors, &candidate->integration, err);
    tl_free(store);
    return code;
}

/* ---- checking ---- */

static tl_code refuse_errors(const struct tl_bundle *bundle, struct tl_error *err)
{
    size_t count, errors = tl_bundle_errors(bundle);
    const struct tl_finding *f = tl_bundle_findings(bundle, &count);
    while (errors != 0 && f->severity != TL_FINDING_ERROR)
        f++;
    if (errors == 0)
        return TL_OK;
    if (errors == 1)
        return tl_fail(err, TL_ECONFIG, "%s:%d: %s", f->place.file, f->place.line, f->text);
    return tl_fail(err, TL_ECONFIG, "%zu errors; the first: %s:%d: %s", errors, f->place.file, f->place.line, f->text);
}

tl_code tl_candidate_check(struct tl_candidate *candidate, struct tl_error *err)
{
    candidate->stage = TL_STAGE_CHECK;
    return refuse_errors(tl_integration_bundle(candidate->integration), err);
}

tl_code tl_candidate_check_contracts(struct tl_candidate *candidate, struct tl_error *err)
{
    struct tl_bundle *bundle = tl_integration_bundle(candidate->integration);
    candidate->stage = TL_STAGE_CONTRACTS;
    const struct tl_live *live = &candidate->server->live;
    tl_bundle_check_overlaps(bundle, NULL);
    for (size_t i = 0; i < live->count; i++) {
        if (strcmp(tl_live_name(live, i), tl_bundle_integration(bundle)) == 0)
            tl_bundle_check_against(bundle, tl_live_bundle(live, i));
        else
            tl_bundle_check_beside(bundle, tl_live_bundle(live, i));
    }
    tl_code code = tl_declared_check(candidate, tl_live_named(live, tl_bundle_integration(bundle)), err);
    return code == TL_OK ? refuse_errors(bundle, err) : code;
}

tl_code tl_candidate_check_settings(struct tl_candidate *candidate, struct tl_error *err)
{
    size_t count, missing = 0;
    const struct tl_bundle *bundle = tl_integration_bundle(candidate->integration);
    const struct tl_need *needs = tl_bundle_needs(bundle, &count), *first = NULL;
    const char *owner = tl_live_owner(&candidate->server->live, tl_bundle_integration(bundle));
    struct tl_arena arena;
    candidate->stage = TL_STAGE_SETTINGS;
    tl_arena_init(&arena);
    for (size_t i = count; i-- > 0;) {
        tl_str value;
        if (tl_settings_of(candidate->server->settings, owner, needs[i].secret, tl_str_z(needs[i].name), &arena,
                           &value))
            continue;
        first = &needs[i];
        missing++;
    }
    tl_arena_free(&arena);
    if (first == NULL)
        return TL_OK;
    return tl_fail(err, TL_ECONFIG,
                   "%zu setting%s without a value; set %s first: tidelock %s set %s%s%s %s (used at %s:%d)", missing,
                   missing == 1 ? " or secret is" : "s and secrets are", missing == 1 ? "it" : "them",
                   first->secret ? "secrets" : "settings", first->name, owner[0] != '\0' ? "@" : "", owner,
                   first->secret ? "< FILE" : "VALUE", first->place.file, first->place.line);
}

/* ---- trying ---- */

static tl_code run(struct tl_candidate *candidate, struct tl_confined *confined, const char *const *command,
                   const char *option, struct tl_buf *out, int *status, struct tl_error *err)
{
    const struct tl_server_config *config = candidate->server->config;
    char *within = tl_printf("%llds", (long long)(config->trial_ms + 999) / 1000);
    const char *words[16];
    size_t count = 0;
    struct tl_buf errors;
    words[count++] = config->program;
    for (size_t i = 0; command[i] != NULL; i++)
        words[count++] = command[i];
    const char *const rest[] = {candidate->dir, "--lib", config->library, "--plugins", config->plugins,
                                "--limits",     within,  option,          NULL};
    for (size_t i = 0; rest[i] != NULL; i++)
        words[count++] = rest[i];
    words[count] = NULL;
    tl_buf_init(&errors, PRINTED_MAX);
    tl_code code = tl_confined_run(confined, words, config->trial_ms, status, out, &errors, err);
    tl_str said = tl_str_trim(tl_buf_str(&errors)); /* besides its answer */
    if (tl_str_starts(said, TL_STR("tidelock: ")))
        said = tl_str_from(said, 10);
    if (code == TL_OK && *status != 0 && said.len != 0)
        tl_fail(err, TL_EFAILED, "%.*s", TL_STR_ARGS(said));
    else if (code == TL_OK && *status != 0)
        tl_fail(err, TL_EFAILED, "it ended with status %d", *status);
    tl_buf_free(&errors);
    tl_free(within);
    return code;
}

static tl_code judge_laws(struct tl_candidate *candidate, int status, struct tl_error *err)
{
    struct tl_json_doc *doc = NULL;
    if (status != 0 && status != 2) {
        tl_buf_clear(&candidate->laws);
        tl_error_prefix(err, "the laws of the lenses could not be tried");
        return TL_ECONFIG;
    }
    tl_code code = tl_json_parse_borrowed(tl_buf_str(&candidate->laws), NULL, &doc, err);
    const struct tl_json_value *broken = code == TL_OK ? tl_json_get(tl_json_root(doc), "broken") : NULL;
    size_t count = tl_json_count(broken);
    const struct tl_json_value *first = tl_json_item(broken, 0);
    if (code != TL_OK)
        tl_buf_clear(&candidate->laws);
    else if (status == 2)
        code = tl_fail(err, TL_ECONFIG, "%zu law%s of lenses broken; the first: %.*s:%lld: law %.*s: %.*s", count,
                       count == 1 ? " is" : "s are", TL_STR_ARGS(tl_json_get_text(first, "file")),
                       (long long)tl_json_get_i64(first, "line", 0), TL_STR_ARGS(tl_json_get_text(first, "law")),
                       TL_STR_ARGS(tl_json_get_text(first, "text")));
    tl_json_free(doc);
    return code;
}

static tl_code try_laws(struct tl_candidate *candidate, struct tl_confined *confined, struct tl_error *err)
{
    static const char *const command[] = {"lens", "laws", NULL};
    int status = 0;
    int64_t begun = tl_mono_ms();
    candidate->stage = TL_STAGE_LAWS;
    tl_code code = run(candidate, confined, command, "--json", &candidate->laws, &status, err);
    candidate->laws_ms = tl_mono_ms() - begun;
    if (code == TL_OK)
        return judge_laws(candidate, status, err);
    tl_buf_clear(&candidate->laws);
    tl_error_prefix(err, "trying the laws of the lenses");
    return code;
}

/* "3 tests: 2 passed, 1 failed, 0 pending (0.12 s)", the last line of what `test` prints. */
static void count_tests(struct tl_candidate *candidate)
{
    tl_str rest = tl_buf_str(&candidate->tests), line;
    while (rest.len != 0 && tl_str_cut(&rest, '\n', &line)) {
        char text[200];
        size_t all, passed, failed;
        snprintf(text, sizeof text, "%.*s", TL_STR_ARGS(line));
        if (sscanf(text, "%zu tests: %zu passed, %zu failed", &all, &passed, &failed) == 3) {
            candidate->passed = passed;
            candidate->failed = failed;
        }
    }
}

static tl_code run_tests(struct tl_candidate *candidate, struct tl_confined *confined, struct tl_error *err)
{
    static const char *const command[] = {"test", NULL};
    int status = 0;
    int64_t begun = tl_mono_ms();
    candidate->stage = TL_STAGE_TESTS;
    tl_code code = run(candidate, confined, command, NULL, &candidate->tests, &status, err);
    candidate->tests_ms = tl_mono_ms() - begun;
    count_tests(candidate);
    if (code != TL_OK)
        tl_error_prefix(err, "running the tests");
    else if (status != 0 && candidate->failed != 0)
        code = tl_fail(err, TL_ECONFIG, "%zu of %zu tests failed", candidate->failed,
                       candidate->failed + candidate->passed);
    else if (status != 0) {
        tl_error_prefix(err, "the tests could not be run");
        code = TL_ECONFIG;
    }
    return code;
}

tl_code tl_candidate_try(struct tl_candidate *candidate, struct tl_confined *confined, bool skip_tests,
                         struct tl_error *err)
{
    tl_code code = try_laws(candidate, confined, err);
    return code == TL_OK && candidate->has_tests && !skip_tests ? run_tests(candidate, confined, err) : code;
}

/* ---- telling ---- */

static void put_findings(struct tl_json_writer *w, const struct tl_bundle *bundle)
{
    size_t count;
    const struct tl_finding *findings = tl_bundle_findings(bundle, &count);
    tl_json_key(w, "findings");
    tl_json_begin_array(w);
    for (size_t i = 0; i < count && i < SHOWN_FINDINGS; i++) {
        tl_json_begin_object(w);
        tl_json_put_z(w, "severity", findings[i].severity == TL_FINDING_ERROR ? "error" : "warning");
        tl_json_put_lossy(w, "file", tl_str_z(findings[i].place.file));
        tl_json_put_int(w, "line", findings[i].place.line);
        tl_json_put_lossy(w, "text", tl_str_z(findings[i].text));
        tl_json_put_lossy(w, "chain", tl_str_z(findings[i].chain));
        tl_json_end_object(w);
    }
    tl_json_end_array(w);
}

static void put_tests(struct tl_json_writer *w, const struct tl_candidate *candidate)
{
    tl_json_begin_object(w);
    tl_json_put_uint(w, "passed", candidate->passed);
    tl_json_put_uint(w, "failed", candidate->failed);
    tl_json_put_int(w, "ms", candidate->tests_ms);
    tl_json_put_lossy(w, "output", tl_buf_str(&candidate->tests));
    tl_json_end_object(w);
}

void tl_candidate_put(struct tl_json_writer *w, const struct tl_candidate *candidate)
{
    if (candidate->integration == NULL)
        return;
    const struct tl_bundle *bundle = tl_integration_bundle(candidate->integration);
    tl_json_put_z(w, "revision", tl_bundle_hash(bundle));
    tl_json_put_lossy(w, "integration", tl_str_z(tl_bundle_integration(bundle)));
    put_findings(w, bundle);
    tl_json_put_raw(w, "laws", candidate->laws.len != 0 ? tl_buf_str(&candidate->laws) : TL_STR("null"));
    tl_json_key(w, "tests");
    if (candidate->tests_ms != 0 || candidate->tests.len != 0)
        put_tests(w, candidate);
    else
        tl_json_null(w);
}
