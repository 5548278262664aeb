/* Fixtures of maps: tests/maps/<map>/<case>.input.json is mapped and compared with <case>.golden.json. The folder is
 * named like the map's title, with "from" for "<-". A case that cannot be mapped has its error as the golden output. */
#include "base/alloc.h"
#include "base/nearest.h"
#include "codec/json_writer.h"
#include "diff.h"
#include "suite.h"
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define TEXT_MAX ((size_t)64 << 20)
#define INPUT_END ".input.json"
#define GOLDEN_END ".golden.json"
#define CASE_CPU_MS 1000

/* One map's folder. */
struct fixtures {
    struct tl_suite *suite; /* borrow */
    const char *folder;     /* borrow; full path */
    const char *shown;      /* borrow; "tests/maps/order@1 from crm.Deal" */
    const char *title;      /* borrow; "order@1 <- crm.Deal" */
    size_t passed, accepted;
    double seconds;
};

/* ---- one case ---- */

static tl_code ask(struct fixtures *f, const char *word, tl_str arg, struct tl_buf *out, struct tl_error *err)
{
    struct tl_buf json;
    struct tl_json_doc *doc = NULL;
    tl_buf_init(&json, TEXT_MAX);
    tl_code code = tl_tester_call(f->suite->tester, word, arg, CASE_CPU_MS, &json, err);
    if (code == TL_OK)
        code = tl_json_parse(tl_buf_str(&json), NULL, &doc, err);
    if (code == TL_OK) {
        tl_buf_add_str(out, tl_json_text(tl_json_root(doc)));
        tl_buf_add_char(out, '\n');
    }
    tl_json_free(doc);
    tl_buf_free(&json);
    return code;
}

/* What the map makes of the input, as sorted JSON over several lines. */
static tl_code apply(struct fixtures *f, const char *path, struct tl_buf *out, struct tl_error *err)
{
    struct tl_buf input, arg;
    struct tl_json_writer w;
    tl_buf_init(&input, TEXT_MAX);
    tl_buf_init(&arg, TEXT_MAX);
    tl_code code = tl_folder_read(path, &input, err);
    if (code == TL_OK) {
        tl_json_writer_init(&w, &arg);
        tl_json_begin_object(&w);
        tl_json_put_z(&w, "title", f->title);
        tl_json_put_raw(&w, "input", tl_str_trim(tl_buf_str(&input)));
        tl_json_end_object(&w);
        code = tl_json_writer_done(&w, err);
        if (code == TL_OK)
            code = ask(f, "map", tl_buf_str(&arg), out, err);
    }
    tl_buf_free(&arg);
    tl_buf_free(&input);
    return code;
}

/* Compares, or writes the golden output. The sentence and the diff go into `one`. */
static tl_code compare(struct fixtures *f, const char *path, tl_str got, struct tl_case *one, struct tl_error *err)
{
    struct tl_buf text, golden, diff;
    tl_buf_init(&text, TEXT_MAX);
    tl_buf_init(&golden, TEXT_MAX);
    tl_buf_init(&diff, TEXT_MAX);
    bool there = access(path, F_OK) == 0;
    tl_code code = there ? tl_folder_read(path, &text, err) : TL_OK;
    if (code == TL_OK && there && ask(f, "pretty", tl_str_trim(tl_buf_str(&text)), &golden, err) != TL_OK &&
        err != NULL)
        tl_buf_add_str(&golden, tl_buf_str(&text)); /* no JSON: it differs */
    bool same = there && tl_str_eq(tl_buf_str(&golden), got);
    if (code == TL_OK && !same && f->suite->options->accept) {
        code = tl_folder_write(path, got, err);
        f->accepted++;
    } else if (code == TL_OK && !same) {
        one->verdict = TL_FAILED_TEST;
        one->message = tl_copy_z(there ? "the output differs from the golden one (- golden, + now); --accept takes it"
                                       : "there is no golden output yet; --accept writes this one:");
        tl_diff_print(tl_buf_str(&golden), got, &diff);
        one->detail = diff.len > 0 ? tl_buf_take(&diff, NULL) : NULL;
    }
    tl_buf_free(&text);
    tl_buf_free(&golden);
    tl_buf_free(&diff);
    return code;
}

static tl_code run_case(struct fixtures *f, const char *file, struct tl_error *err)
{
    int len = (int)(strlen(file) - strlen(INPUT_END));
    char *name = tl_printf("%.*s", len, file), *full = tl_printf("%s: %s", f->title, name);
    if (!tl_suite_wants(f->suite, full)) {
        tl_free(name);
        tl_free(full);
        return TL_OK;
    }
    char *input = tl_printf("%s/%s", f->folder, file), *golden = tl_printf("%s/%s" GOLDEN_END, f->folder, name);
    struct tl_case one = {.suite = tl_copy_z(f->shown), .name = full, .place = tl_printf("%s/%s", f->shown, file)};
    struct tl_buf got;
    struct tl_error why = {TL_OK, ""};
    double begun = tl_report_now();
    tl_code code = TL_OK;
    tl_buf_init(&got, TEXT_MAX);
    if (apply(f, input, &got, &why) != TL_OK) {
        one.verdict = TL_FAILED_TEST;
        one.message = tl_copy_z(why.text);
    } else {
        code = compare(f, golden, tl_buf_str(&got), &one, err);
    }
    one.seconds = tl_report_now() - begun;
    f->passed += one.verdict == TL_PASSED;
    f->seconds += one.seconds;
    tl_report_add(&f->suite->report, &one, one.verdict == TL_PASSED);
    tl_buf_free(&got);
    tl_free(input);
    tl_free(golden);
    tl_free(name);
    return code;
}

/* ---- one map ---- */

/* "order@1 from crm.Deal" → "order@1 <- crm.Deal" */
static char *title_of(const char *folder)
{
    const char *from = strstr(folder, " from ");
    return from == NULL ? tl_copy_z(folder) : tl_printf("%.*s <- %s", (int)(from - folder), folder, from + 6);
}

/* A golden output without its input is a case that nobody runs. */
static void report_orphans(struct fixtures *f)
{
    size_t count;
    char **names = tl_folder_names(f->folder, GOLDEN_END, &count);
    for (size_t i = 0; i < count; i++) {
        int len = (int)(strlen(names[i]) - strlen(GOLDEN_END));
        char *input = tl_printf("%s/%.*s" INPUT_END, f->folder, len, names[i]);
        char *full = tl_printf("%s: %.*s", f->title, len, names[i]);
        if (access(input, F_OK) != 0 && tl_suite_wants(f->suite, full)) {
            struct tl_case one = {.suite = tl_copy_z(f->shown),
                                  .name = tl_copy_z(full),
                                  .verdict = TL_FAILED_TEST,
                                  .place = tl_printf("%s/%s", f->shown, names[i]),
                                  .message = tl_copy_z("a golden output without its input: remove it, or give it one")};
            tl_report_add(&f->suite->report, &one, false);
        }
        tl_free(input);
        tl_free(full);
        tl_free(names[i]);
    }
    tl_free(names);
}

static tl_code run_map(struct tl_suite *suite, const char *maps, const char *name, struct tl_error *err)
{
    char *folder = tl_printf("%s/%s", maps, name), *shown = tl_printf("tests/maps/%s", name), *title = title_of(name);
    struct fixtures f = {.suite = suite, .folder = folder, .shown = shown, .title = title};
    size_t count, before = suite->report.count;
    tl_code code = TL_OK;
    char **files = tl_folder_names(folder, INPUT_END, &count);
    if (count > 0 && suite->options->filter == NULL)
        tl_report_suite(shown);
    for (size_t i = 0; i < count; i++) {
        if (code == TL_OK)
            code = run_case(&f, files[i], err);
        tl_free(files[i]);
    }
    report_orphans(&f);
    if (f.passed > 0)
        printf("  ok      %zu of %zu cases%s  (%.0f ms)\n", f.passed, suite->report.count - before,
               f.accepted > 0 ? ", golden outputs written" : "", f.seconds * 1000);
    tl_free(files);
    tl_free(folder);
    tl_free(shown);
    tl_free(title);
    return code;
}

tl_code tl_fixtures_run(struct tl_suite *suite, struct tl_error *err)
{
    size_t count;
    tl_code code = TL_OK;
    char *maps = tl_printf("%s/tests/maps", suite->options->dir);
    char **names = tl_folder_names(maps, "", &count);
    for (size_t i = 0; i < count; i++) {
        if (code == TL_OK)
            code = run_map(suite, maps, names[i], err);
        tl_free(names[i]);
    }
    tl_free(names);
    tl_free(maps);
    return code;
}
