#include "cases.h"
#include "codec/json.h"
#include "codec/json_writer.h"
#include <dirent.h>

/* Written anew and parsed again: the same values, and every number with the same text. */
static bool survives(const struct tl_json_doc *doc)
{
    struct tl_buf out;
    struct tl_json_writer w;
    struct tl_json_doc *again = NULL;
    struct tl_buf second;
    tl_buf_init(&out, 1 << 20);
    tl_buf_init(&second, 1 << 20);
    tl_json_writer_init(&w, &out);
    tl_json_value(&w, tl_json_root(doc));
    bool same = tl_json_writer_done(&w, NULL) == TL_OK && tl_json_parse(tl_buf_str(&out), NULL, &again, NULL) == TL_OK;
    if (same) {
        tl_json_writer_init(&w, &second);
        tl_json_value(&w, tl_json_root(again));
        same =
            tl_json_equal(tl_json_root(doc), tl_json_root(again)) && tl_str_eq(tl_buf_str(&out), tl_buf_str(&second));
    }
    tl_json_free(again);
    tl_buf_free(&out);
    tl_buf_free(&second);
    return same;
}

static bool numbers_keep_their_text(const struct tl_json_value *value)
{
    struct tl_json_iter i = tl_json_iter(value);
    while (tl_json_next(&i))
        if (!numbers_keep_their_text(i.value))
            return false;
    return tl_json_type(value) != TL_JSON_IS_NUMBER || tl_str_eq(tl_json_text(value), tl_json_raw(value));
}

/* What this reader does with the cases RFC 8259 leaves open: numbers of any size are taken, as text, and so is depth up
 * to the caller's limit; anything that is not UTF-8 without byte order mark, or has half a surrogate pair, is refused.
 */
static bool may_be_accepted(const char *name)
{
    return strncmp(name, "i_number_", 9) == 0;
}

static void accepts_and_keeps_the_suite(void **state)
{
    (void)state;
    char *path = cases_path("json-nst");
    DIR *dir = opendir(path);
    size_t accepted = 0, open_cases = 0;
    tl_free(path);
    if (!dir) {
        print_message("skipped: json-nst is not there (set TIDELOCK_CASES)\n");
        skip();
    }
    for (struct dirent *entry; (entry = readdir(dir));) {
        const char *name = entry->d_name;
        size_t len;
        if (name[0] == '.' || name[1] != '_')
            continue;
        path = tl_printf("json-nst/%s", name);
        char *text = cases_need(path, &len);
        struct tl_json_doc *doc = NULL;
        struct tl_error err = {.text = ""};
        tl_code code = tl_json_parse(tl_str_n(text, len), NULL, &doc, &err);
        bool wanted = name[0] == 'y' || (name[0] == 'i' && may_be_accepted(name));
        if ((code == TL_OK) != wanted)
            fail_msg("%s: %s", name, code ? err.text : "accepted");
        if (code == TL_OK && (!survives(doc) || !numbers_keep_their_text(tl_json_root(doc))))
            fail_msg("%s does not come out as it went in", name);
        accepted += name[0] == 'y';
        open_cases += name[0] == 'i';
        tl_json_free(doc);
        tl_free(text);
        tl_free(path);
    }
    closedir(dir);
    assert_int_equal(accepted, 95);
    assert_int_equal(open_cases, 35);
}

static void naughty_strings_round_trip(void **state)
{
    (void)state;
    size_t len;
    char *text = cases_need("unicode-blns/blns.json", &len);
    struct tl_json_doc *doc = NULL, *again;
    struct tl_error err;
    if (tl_json_parse(tl_str_n(text, len), NULL, &doc, &err) != TL_OK)
        fail_msg("%s", err.text);
    assert_true(tl_json_count(tl_json_root(doc)) > 400);
    assert_true(survives(doc));
    struct tl_json_iter i = tl_json_iter(tl_json_root(doc));
    while (tl_json_next(&i)) { /* each alone, byte for byte */
        struct tl_buf out;
        tl_buf_init(&out, 100000);
        assert_true(tl_json_quote(&out, tl_json_text(i.value)));
        assert_int_equal(tl_json_parse(tl_buf_str(&out), NULL, &again, NULL), TL_OK);
        assert_true(tl_str_eq(tl_json_text(tl_json_root(again)), tl_json_text(i.value)));
        tl_json_free(again);
        tl_buf_free(&out);
    }
    tl_json_free(doc);
    tl_free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accepts_and_keeps_the_suite),
        cmocka_unit_test(naughty_strings_round_trip),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
