/* An integration's folder on its way to a server: what is taken of it, how it travels, and what is refused. */
#include "support.h"
#include "script/bundle.h"
#include "server/parcel.h"
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *home; /* the test's folder */

static int set_up(void **state)
{
    if (dir_setup(state) != 0)
        return -1;
    home = *state;
    return 0;
}

static void put(const char *path, const char *text)
{
    char *whole = tl_printf("%s/in/%s", home, path);
    for (char *slash = strchr(whole + strlen(home) + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        (void)mkdir(whole, 0700);
        *slash = '/';
    }
    write_file(whole, text, strlen(text));
    tl_free(whole);
}

static void put_integration(void)
{
    put("integration.lua", "integration \"t\" { steward = \"s\" }\nsteward \"s\" {}\n");
    put("flows/deep/f.lua", "-- nothing\n");
    put("lib/odd.lua", "return \"\xff\xfe\"\n");
    put("lookups/t.csv", "a,b\n\x01\x02\x03\x04\x05\x06\x07\x08,1\n");
    put("contracts/c.json", "{}");
    put("samples/x/1.json", "{}");
    put("tests/f_test.lua", "describe(\"f\", function() end)\n");
    put("tests/maps/m/1.input.json", "{}");
}

static bool has(const struct tl_parcel *parcel, const char *path)
{
    for (size_t i = 0; i < parcel->count; i++) {
        if (strcmp(parcel->files[i].path, path) == 0)
            return true;
    }
    return false;
}

static struct tl_parcel read_in(void)
{
    struct tl_parcel parcel;
    EXPECT(TL_OK, tl_parcel_read(path_in(home, "in"), &parcel, err));
    return parcel;
}

static void takes_what_a_bundle_reads_and_its_tests(void **state)
{
    (void)state;
    put_integration();
    put("settings.json", "{}");
    put("README.md", "x");
    put("data/journal/x.lua", "x");
    put(".hidden/x.lua", "x");
    put("lib/.x.lua", "x");
    put("tests/notes.txt", "x");
    assert_int_equal(symlink("/etc/passwd", path_in(home, "in/lib/link.lua")), 0);
    struct tl_parcel parcel = read_in();
    assert_int_equal(parcel.count, 8);
    static const char *const taken[] = {
        "contracts/c.json", "flows/deep/f.lua", "integration.lua",  "lib/odd.lua",
        "lookups/t.csv",    "samples/x/1.json", "tests/f_test.lua", "tests/maps/m/1.input.json"};
    for (size_t i = 0; i < TL_COUNT_OF(taken); i++)
        assert_string_equal(parcel.files[i].path, taken[i]);
    assert_true(tl_parcel_has_tests(&parcel));
    tl_parcel_free(&parcel);
}

static void knows_whether_there_are_tests(void **state)
{
    (void)state;
    put("integration.lua", "");
    put("tests/words.lua", "return {}");
    struct tl_parcel parcel = read_in();
    assert_int_equal(parcel.count, 2);
    assert_false(tl_parcel_has_tests(&parcel));
    tl_parcel_free(&parcel);
}

static void says_what_is_no_integration(void **state)
{
    (void)state;
    struct tl_parcel parcel;
    EXPECT(TL_EINPUT, tl_parcel_read(path_in(home, "none"), &parcel, err));
    tl_parcel_free(&parcel);
    put("flows.lua", "");
    EXPECT(TL_EINPUT, tl_parcel_read(path_in(home, "in"), &parcel, err));
    tl_parcel_free(&parcel);
}

static void refuses_what_is_too_big(void **state)
{
    (void)state;
    struct tl_parcel parcel;
    put("integration.lua", "");
    put("lib/big.lua", "");
    assert_int_equal(truncate(path_in(home, "in/lib/big.lua"), (4 << 20) + 1), 0);
    EXPECT(TL_EINPUT, tl_parcel_read(path_in(home, "in"), &parcel, err));
    tl_parcel_free(&parcel);
    assert_int_equal(truncate(path_in(home, "in/lib/big.lua"), 4 << 20), 0);
    EXPECT(TL_OK, tl_parcel_read(path_in(home, "in"), &parcel, err));
    tl_parcel_free(&parcel);
}

static void write_json(const struct tl_parcel *parcel, struct tl_buf *out)
{
    struct tl_json_writer w;
    tl_buf_init(out, TL_PARCEL_JSON_MAX);
    tl_json_writer_init(&w, out);
    tl_parcel_put(&w, parcel);
    EXPECT(TL_OK, tl_json_writer_done(&w, err));
}

/* Gives the code, and the sentence in `why`. */
static tl_code parse(const char *json, struct tl_parcel *out, struct tl_error *why)
{
    struct tl_json_doc *doc = NULL;
    EXPECT(TL_OK, tl_json_parse(tl_str_z(json), NULL, &doc, err));
    tl_code code = tl_parcel_parse(tl_json_root(doc), out, why);
    tl_json_free(doc);
    return code;
}

static void arrives_as_it_was(void **state)
{
    (void)state;
    struct tl_buf json;
    struct tl_parcel got;
    struct tl_error why;
    put_integration();
    struct tl_parcel sent = read_in();
    write_json(&sent, &json);
    assert_int_equal(parse(json.ptr, &got, &why), TL_OK);
    assert_int_equal(got.count, sent.count);
    for (size_t i = 0; i < got.count; i++) {
        assert_string_equal(got.files[i].path, sent.files[i].path);
        assert_true(tl_str_eq(got.files[i].text, sent.files[i].text));
    }
    assert_non_null(strstr(json.ptr, "{\"path\":\"lib/odd.lua\",\"base64\":"));   /* not UTF-8 */
    assert_non_null(strstr(json.ptr, "{\"path\":\"lookups/t.csv\",\"base64\":")); /* longer with escapes */
    assert_non_null(strstr(json.ptr, "{\"path\":\"integration.lua\",\"text\":"));
    tl_buf_free(&json);

    /* The folder it is written into is the same revision. */
    const struct tl_bundle_options options = {.library = TIDELOCK_ROOT "/scripts/lib"};
    struct tl_bundle *before = NULL, *after = NULL;
    char *out = tl_copy_z(path_in(home, "out"));
    EXPECT(TL_OK, tl_parcel_write(&got, out, err));
    EXPECT(TL_OK, tl_parcel_write(&got, out, err)); /* what was there is gone first */
    EXPECT(TL_OK, tl_bundle_load(path_in(home, "in"), &options, &before, err));
    EXPECT(TL_OK, tl_bundle_load(out, &options, &after, err));
    assert_string_equal(tl_bundle_hash(before), tl_bundle_hash(after));
    tl_bundle_free(before);
    tl_bundle_free(after);
    struct tl_parcel again;
    EXPECT(TL_OK, tl_parcel_read(out, &again, err));
    assert_int_equal(again.count, sent.count);
    tl_free(out);
    tl_parcel_free(&sent);
    tl_parcel_free(&got);
    tl_parcel_free(&again);
}

static void refuses_what_is_no_parcel(void **state)
{
    (void)state;
#define MAIN "{\"path\":\"integration.lua\",\"text\":\"\"}"
    static const char *const cases[][2] = {
        {"{}", "must be a list"},
        {"[]", "no integration.lua"},
        {"[" MAIN "," MAIN "]", "comes twice"},
        {"[" MAIN ",1]", "no path below"},
        {"[" MAIN ",{\"path\":\"\",\"text\":\"\"}]", "no path below"},
        {"[" MAIN ",{\"path\":\"/lib/x.lua\",\"text\":\"\"}]", "no path below"},
        {"[" MAIN ",{\"path\":\"lib/../../x.lua\",\"text\":\"\"}]", "no path below"},
        {"[" MAIN ",{\"path\":\"lib//x.lua\",\"text\":\"\"}]", "no path below"},
        {"[" MAIN ",{\"path\":\"lib/x.lua/\",\"text\":\"\"}]", "no path below"},
        {"[" MAIN ",{\"path\":\"lib/\\u0000x.lua\",\"text\":\"\"}]", "no path below"},
        {"[" MAIN ",{\"path\":\"lib/a/b/c/d/e/f/g/h/i/j.lua\",\"text\":\"\"}]", "no path below"},
        {"[" MAIN ",{\"path\":\"secrets.json\",\"text\":\"\"}]", "nothing reads it"},
        {"[" MAIN ",{\"path\":\"tests/x.so\",\"text\":\"\"}]", "nothing reads it"},
        {"[" MAIN ",{\"path\":\"lib/x.lua\"}]", "needs one of"},
        {"[" MAIN ",{\"path\":\"lib/x.lua\",\"text\":\"\",\"base64\":\"\"}]", "needs one of"},
        {"[" MAIN ",{\"path\":\"lib/x.lua\",\"text\":1}]", "needs one of"},
        {"[" MAIN ",{\"path\":\"lib/x.lua\",\"base64\":\"a\"}]", "lib/x.lua"},
    };
    for (size_t i = 0; i < TL_COUNT_OF(cases); i++) {
        struct tl_parcel parcel;
        struct tl_error why = {0};
        assert_int_equal(parse(cases[i][0], &parcel, &why), TL_EINPUT);
        if (strstr(why.text, cases[i][1]) == NULL)
            fail_msg("%s: %s", cases[i][0], why.text);
        tl_parcel_free(&parcel);
    }
}

static void refuses_one_path_that_is_a_file_and_a_folder(void **state)
{
    (void)state;
    struct tl_parcel parcel;
    struct tl_error why = {0};
    assert_int_equal(parse("[" MAIN
                           ",{\"path\":\"lib/a.lua\",\"text\":\"\"},{\"path\":\"lib/a.lua/b.lua\",\"text\":\"\"}]",
                           &parcel, &why),
                     TL_OK);
    assert_true(has(&parcel, "lib/a.lua"));
    EXPECT(TL_EINPUT, tl_parcel_write(&parcel, path_in(home, "out"), err));
    tl_parcel_free(&parcel);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(takes_what_a_bundle_reads_and_its_tests, set_up, dir_teardown),
        cmocka_unit_test_setup_teardown(knows_whether_there_are_tests, set_up, dir_teardown),
        cmocka_unit_test_setup_teardown(says_what_is_no_integration, set_up, dir_teardown),
        cmocka_unit_test_setup_teardown(refuses_what_is_too_big, set_up, dir_teardown),
        cmocka_unit_test_setup_teardown(arrives_as_it_was, set_up, dir_teardown),
        cmocka_unit_test_setup_teardown(refuses_what_is_no_parcel, set_up, dir_teardown),
        cmocka_unit_test_setup_teardown(refuses_one_path_that_is_a_file_and_a_folder, set_up, dir_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
