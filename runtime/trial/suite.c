/* Loads the integration and its files of tests, runs each test in a world of its own, and reports. */
#include "suite.h"
#include "base/alloc.h"
#include "base/log.h"
#include "clock.h"
#include "codec/json.h"
#include "cover.h"
#include <stdio.h>
#include <string.h>

#define FILE_MAX_BYTES ((size_t)4 << 20)
#define TEXT_MAX ((size_t)64 << 20)

/* ---- one test ---- */

static char *dup_or_null(const struct tl_json_value *object, const char *key)
{
    tl_str text = tl_json_get_text(object, key);
    return text.len > 0 ? tl_str_dup(text) : NULL;
}

static void read_verdict(struct tl_case *one, const struct tl_json_value *answer)
{
    tl_str verdict = tl_json_get_text(answer, "verdict");
    one->verdict = tl_str_is(verdict, "passed")    ? TL_PASSED
                   : tl_str_is(verdict, "pending") ? TL_PENDING
                                                   : TL_FAILED_TEST;
    one->message = dup_or_null(answer, "message");
    one->place = dup_or_null(answer, "place");
    one->detail = dup_or_null(answer, "detail");
}

static void run_test(struct tl_suite *suite, const char *file, size_t number, const char *name)
{
    struct tl_case one = {.suite = tl_copy_z(file), .name = tl_copy_z(name)};
    struct tl_buf answer;
    struct tl_json_doc *doc = NULL;
    struct tl_error err;
    char arg[32];
    double begun = tl_report_now();
    snprintf(arg, sizeof arg, "%zu", number);
    tl_buf_init(&answer, TEXT_MAX);
    tl_world_reset(&suite->world);
    tl_code code = tl_tester_call(suite->tester, "run", tl_str_z(arg), TL_TEST_CPU_MS, &answer, &err);
    if (code == TL_OK)
        code = tl_json_parse_borrowed(tl_buf_str(&answer), NULL, &doc, &err);
    if (code == TL_OK) {
        read_verdict(&one, tl_json_root(doc));
    } else {
        one.verdict = TL_FAILED_TEST;
        one.message = tl_copy_z(err.text);
        one.place = tl_copy_z(file);
    }
    one.seconds = tl_report_now() - begun;
    tl_report_add(&suite->report, &one, false);
    tl_json_free(doc);
    tl_buf_free(&answer);
}

/* ---- one file ---- */

/* The tests of the file just loaded: their names. */
static tl_code run_tests(struct tl_suite *suite, const char *file, struct tl_error *err)
{
    struct tl_buf list;
    struct tl_json_doc *doc = NULL;
    tl_buf_init(&list, TEXT_MAX);
    tl_code code = tl_tester_call(suite->tester, "list", TL_STR_NONE, 1000, &list, err);
    if (code == TL_OK)
        code = tl_json_parse(tl_buf_str(&list), NULL, &doc, err);
    tl_buf_free(&list);
    bool titled = false;
    struct tl_json_iter i = tl_json_iter(code == TL_OK ? tl_json_root(doc) : NULL);
    for (size_t number = 1; tl_json_next(&i); number++) {
        char *name = tl_str_dup(tl_json_text(i.value));
        if (tl_suite_wants(suite, name)) {
            if (!titled)
                tl_report_suite(file);
            titled = true;
            run_test(suite, file, number, name);
        }
        tl_free(name);
    }
    tl_json_free(doc);
    return code;
}

static tl_code run_file(struct tl_suite *suite, const char *name, struct tl_error *err)
{
    char *path = tl_printf("%s/tests/%s", suite->options->dir, name), *shown = tl_printf("tests/%s", name);
    struct tl_buf text;
    tl_buf_init(&text, FILE_MAX_BYTES);
    tl_code code = tl_folder_read(path, &text, err);
    if (code == TL_OK)
        code = tl_tester_load(suite->tester, shown, tl_buf_str(&text), err);
    if (code == TL_OK)
        code = run_tests(suite, shown, err);
    tl_buf_free(&text);
    tl_free(path);
    tl_free(shown);
    return code;
}

static tl_code run_files(struct tl_suite *suite, struct tl_error *err)
{
    size_t count;
    tl_code code = TL_OK;
    char *folder = tl_printf("%s/tests", suite->options->dir);
    char **names = tl_folder_names(folder, "_test.lua", &count);
    for (size_t i = 0; i < count; i++) {
        if (code == TL_OK)
            code = run_file(suite, names[i], err);
        tl_free(names[i]);
    }
    tl_free(names);
    tl_free(folder);
    return code;
}

/* ---- all ---- */

static tl_code refuse_errors(const struct tl_bundle *bundle, const char *dir, struct tl_error *err)
{
    size_t count, errors = tl_bundle_errors(bundle);
    const struct tl_finding *findings = tl_bundle_findings(bundle, &count);
    for (size_t i = 0; errors != 0 && i < count; i++) {
        if (findings[i].severity == TL_FINDING_ERROR)
            fprintf(stderr, "%s:%d: error: %s\n", findings[i].place.file, findings[i].place.line, findings[i].text);
    }
    if (errors == 0)
        return TL_OK;
    return tl_fail(err, TL_EINPUT, "%s has %zu error%s; nothing was tested", dir, errors, errors == 1 ? "" : "s");
}

static tl_code run_all(struct tl_suite *suite, struct tl_error *err)
{
    const struct tl_trial_options *options = suite->options;
    tl_code code = tl_fixtures_run(suite, err);
    if (code == TL_OK)
        code = run_files(suite, err);
    if (code == TL_OK && suite->report.count == 0)
        code = options->filter != NULL
                   ? tl_fail(err, TL_EINPUT, "no test's name holds '%s'", options->filter)
                   : tl_fail(err, TL_EINPUT, "there are no tests in %s/tests: *_test.lua, or maps/<map>/*.input.json",
                             options->dir);
    return code;
}

static tl_code with_world(struct tl_suite *suite, struct tl_integration *integration, struct tl_lines *lines,
                          struct tl_error *err)
{
    const struct tl_bundle *bundle = tl_integration_bundle(integration);
    struct tl_tester_host host = {tl_world_call, &suite->world};
    tl_code code = tl_world_init(&suite->world, integration, lines, err);
    suite->world.folder = suite->options->dir;
    if (code == TL_OK)
        code = tl_tester_new(bundle, suite->options->words, lines, &host, &suite->tester, err);
    suite->world.tester = suite->tester;
    if (code == TL_OK)
        code = run_all(suite, err);
    tl_world_deinit(&suite->world);
    tl_tester_free(suite->tester);
    return code;
}

static void no_line(void *ctx, tl_str line)
{
    (void)ctx, (void)line;
}

static tl_code run(struct tl_suite *suite, struct tl_integration *integration, struct tl_error *err)
{
    const struct tl_trial_options *options = suite->options;
    const struct tl_bundle *bundle = tl_integration_bundle(integration);
    bool noted = options->coverage || options->coverage_json != NULL;
    struct tl_lines *lines = noted ? tl_lines_new(bundle) : NULL;
    tl_code code = refuse_errors(bundle, options->dir, err);
    if (code == TL_OK) {
        tl_trial_clock_take();
        tl_log_sink(no_line, NULL);
        code = with_world(suite, integration, lines, err);
        tl_log_sink(NULL, NULL);
        tl_trial_clock_give_back();
    }
    if (code == TL_OK && options->coverage)
        tl_cover_print(lines);
    if (code == TL_OK && options->coverage_json != NULL)
        code = tl_cover_write(lines, options->coverage_json, err);
    if (code == TL_OK)
        tl_report_end(&suite->report);
    if (code == TL_OK && options->junit != NULL)
        code = tl_junit_write(&suite->report, tl_bundle_integration(bundle), options->junit, err);
    tl_lines_free(lines);
    return code;
}

tl_code tl_trial_run(const struct tl_trial_options *options, struct tl_trial_result *out, struct tl_error *err)
{
    struct tl_suite suite = {.options = options};
    struct tl_integration *integration = NULL;
    tl_report_init(&suite.report);
    tl_code code = tl_integration_load(options->dir, options->library, options->plugins, &integration, err);
    if (code == TL_OK)
        code = run(&suite, integration, err);
    *out = (struct tl_trial_result){suite.report.passed, suite.report.failed, suite.report.pending};
    tl_report_free(&suite.report);
    tl_integration_free(integration);
    return code;
}
