/* The published JSON-Schema-Test-Suite, as far as it is in the cases: every file of the folder, every group, every
 * document; none is left out. What this room refuses although the standard has it is in test_schema.c. */
#include "../codec/cases.h"
#include "contract/schema.h"
#include <dirent.h>

struct counts {
    size_t passed, failed;
};

static void check_test(const struct tl_schema *schema, const char *why_refused, const char *file, tl_str group,
                       const struct tl_json_value *test, struct counts *counts)
{
    tl_str name = tl_json_text(tl_json_get(test, "description"));
    bool wanted = tl_json_bool(tl_json_get(test, "valid"));
    struct tl_violations all;
    tl_violations_init(&all, 10);
    bool valid = schema && tl_schema_validate(schema, tl_json_get(test, "data"), NULL);
    bool again = schema && tl_schema_validate(schema, tl_json_get(test, "data"), &all);
    bool agree = schema && valid == again && (all.count == 0) == valid;
    if (!agree || valid != wanted) {
        print_message("%s / %.*s / %.*s: %s\n", file, TL_STR_ARGS(group), TL_STR_ARGS(name),
                      !schema          ? why_refused
                      : agree && valid ? "accepted"
                      : agree          ? all.items[0].text
                                       : "the quick answer and the long one differ");
        counts->failed++;
    } else {
        counts->passed++;
    }
    tl_violations_free(&all);
}

static void check_group(const char *file, const struct tl_json_value *group, enum tl_schema_formats formats,
                        struct counts *counts)
{
    struct tl_schema_source source = {.text = tl_json_raw(tl_json_get(group, "schema")), .formats = formats};
    struct tl_schema *schema = NULL;
    struct tl_error err = {.text = ""};
    if (tl_schema_compile(&source, &schema, NULL, &err) != TL_OK)
        schema = NULL;
    struct tl_json_iter i = tl_json_iter(tl_json_get(group, "tests"));
    while (tl_json_next(&i))
        check_test(schema, err.text, file, tl_json_text(tl_json_get(group, "description")), i.value, counts);
    tl_schema_free(schema);
}

static void check_file(const char *folder, const char *name, enum tl_schema_formats formats, struct counts *counts)
{
    size_t len;
    char *path = tl_printf("json-schema/%s%s", folder, name), *text = cases_need(path, &len);
    struct tl_json_doc *doc;
    struct tl_error err;
    if (tl_json_parse(tl_str_n(text, len), NULL, &doc, &err) != TL_OK)
        fail_msg("%s: %s", path, err.text);
    struct tl_json_iter i = tl_json_iter(tl_json_root(doc));
    while (tl_json_next(&i))
        check_group(name, i.value, formats, counts);
    tl_json_free(doc);
    tl_free(text);
    tl_free(path);
}

static struct counts check_folder(const char *folder, enum tl_schema_formats formats)
{
    struct counts counts = {0, 0};
    char *relative = tl_printf("json-schema/%s", folder), *path = cases_path(relative);
    DIR *dir = opendir(path);
    tl_free(path);
    tl_free(relative);
    if (!dir) {
        print_message("skipped: json-schema is not there (set TIDELOCK_CASES)\n");
        skip();
    }
    for (struct dirent *entry; (entry = readdir(dir));)
        if (tl_str_ends(tl_str_z(entry->d_name), TL_STR(".json")))
            check_file(folder, entry->d_name, formats, &counts);
    closedir(dir);
    print_message("json-schema/%s: %zu passed, %zu failed\n", folder, counts.passed, counts.failed);
    return counts;
}

/* "format" is an annotation there, as the standard's default has it. */
static void the_suite(void **state)
{
    (void)state;
    struct counts counts = check_folder("", TL_FORMATS_ANNOTATE);
    assert_int_equal(counts.failed, 0);
    assert_int_equal(counts.passed, 720);
}

static void numbers_and_patterns_of_the_optional_part(void **state)
{
    (void)state;
    struct counts counts = check_folder("optional/", TL_FORMATS_ASSERT);
    assert_int_equal(counts.failed, 0);
    assert_int_equal(counts.passed, 84);
}

/* And an assertion here, as contracts have it. */
static void formats_of_the_optional_part(void **state)
{
    (void)state;
    struct counts counts = check_folder("optional/format/", TL_FORMATS_ASSERT);
    assert_int_equal(counts.failed, 0);
    assert_int_equal(counts.passed, 555);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_suite),
        cmocka_unit_test(numbers_and_patterns_of_the_optional_part),
        cmocka_unit_test(formats_of_the_optional_part),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
