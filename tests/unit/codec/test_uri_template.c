#include "cases.h"
#include "codec/uri_template.h"

static struct tl_json_doc *parse(tl_str text)
{
    struct tl_json_doc *doc = NULL;
    struct tl_error err;
    if (tl_json_parse(text, NULL, &doc, &err) != TL_OK)
        fail_msg("%s", err.text);
    return doc;
}

/* `expected` is a string, a list of acceptable strings, or false for an error. */
static bool acceptable(const struct tl_json_value *expected, tl_code code, tl_str got)
{
    if (tl_json_type(expected) == TL_JSON_IS_FALSE)
        return code == TL_EINPUT && got.len == 0;
    if (code != TL_OK)
        return false;
    struct tl_json_iter i = tl_json_iter(expected);
    while (tl_json_next(&i))
        if (tl_str_eq(tl_json_text(i.value), got))
            return true;
    return tl_json_is_string(expected) && tl_str_eq(tl_json_text(expected), got);
}

static void run_suite(const char *name)
{
    size_t len, count = 0;
    char *text = cases_need(name, &len);
    struct tl_json_doc *doc = parse(tl_str_n(text, len));
    struct tl_json_iter group = tl_json_iter(tl_json_root(doc));
    while (tl_json_next(&group)) {
        struct tl_json_iter test = tl_json_iter(tl_json_get(group.value, "testcases"));
        while (tl_json_next(&test)) {
            tl_str uri_template = tl_json_text(tl_json_item(test.value, 0));
            struct tl_buf out;
            struct tl_error err = {.text = ""};
            tl_buf_init(&out, 10000);
            tl_code code = tl_uri_template_expand(uri_template, tl_json_get(group.value, "variables"), &out, &err);
            if (!acceptable(tl_json_item(test.value, 1), code, tl_buf_str(&out)))
                fail_msg("%.*s gave '%.*s' %s", TL_STR_ARGS(uri_template), TL_STR_ARGS(tl_buf_str(&out)), err.text);
            tl_buf_free(&out);
            count++;
        }
    }
    assert_true(count > 20);
    print_message("%s: %zu templates\n", name, count);
    tl_json_free(doc);
    tl_free(text);
}

static void expands_the_examples_of_rfc_6570(void **state)
{
    (void)state;
    run_suite("uri-template/spec-examples.json");
    run_suite("uri-template/spec-examples-by-section.json");
}

static void expands_the_extended_examples(void **state)
{
    (void)state;
    run_suite("uri-template/extended-tests.json");
}

static void refuses_the_negative_examples(void **state)
{
    (void)state;
    run_suite("uri-template/negative-tests.json");
}

static void expands_every_operator(void **state)
{
    (void)state;
    static const char *const pairs[][2] = {{"/accounts/{id}", "/accounts/A%2F1"},
                                           {"{+id}{#id}", "A/1#A/1"},
                                           {"{.id,n}{/l*}", ".A%2F1.5/a/b%20c"},
                                           {"{;e,n}{?e,n,absent,nul}{&l}", ";e;n=5?e=&n=5&l=a,b%20c"},
                                           {"{?o*}{?o}", "?x=1&y=%26?o=x,1,y,%26"},
                                           {"{word:3}{t}", "Mal"
                                                           "true"},
                                           {"{?el,eo}", ""},
                                           {"caf\xC3\xA9", "caf%C3%A9"}};
    struct tl_json_doc *doc =
        parse(TL_STR("{\"id\":\"A/1\",\"n\":5,\"e\":\"\",\"nul\":null,\"l\":[\"a\",null,\"b c\"],\"o\":{\"x\":1,"
                     "\"y\":\"&\"},\"word\":\"Malm\\u00f6\",\"t\":true,\"el\":[],\"eo\":{}}"));
    for (size_t i = 0; i < TL_COUNT_OF(pairs); i++) {
        struct tl_buf out;
        tl_buf_init(&out, 1000);
        assert_int_equal(tl_uri_template_expand(tl_str_z(pairs[i][0]), tl_json_root(doc), &out, NULL), TL_OK);
        assert_str(tl_buf_str(&out), pairs[i][1]);
        tl_buf_free(&out);
    }
    tl_json_free(doc);
}

static void refuses_malformed_templates_at_load(void **state)
{
    (void)state;
    static const char *const bad[] = {"{",      "}",         "{}",     "{a",    "a}",   "{a,}",
                                      "{a:0}",  "{a:12345}", "{a:x}",  "{a b}", "{=a}", "{a*:3}",
                                      "{a:3*}", "{.}",       "{a..b}", "{a.}",  "{%4}", "{{a}}"};
    struct tl_json_doc *doc = parse(TL_STR("{\"a\":[[1]],\"l\":[1]}"));
    struct tl_buf out;
    tl_buf_init(&out, 20);
    for (size_t i = 0; i < TL_COUNT_OF(bad); i++)
        if (tl_uri_template_check(tl_str_z(bad[i]), NULL) != TL_EINPUT)
            fail_msg("accepted: %s", bad[i]);
    assert_int_equal(tl_uri_template_check(TL_STR("/x/{a.b}{?c*,d:3,%41}"), NULL), TL_OK);
    assert_int_equal(tl_uri_template_expand(TL_STR("x{a}"), tl_json_root(doc), &out, NULL), TL_EINPUT);
    assert_int_equal(tl_uri_template_expand(TL_STR("x{l:1}"), tl_json_root(doc), &out, NULL), TL_EINPUT);
    assert_int_equal(out.len, 0);
    assert_int_equal(tl_uri_template_expand(TL_STR("0123456789012345678901"), tl_json_root(doc), &out, NULL), TL_EFULL);
    tl_buf_free(&out);
    tl_json_free(doc);
}

static bool note(void *ctx, tl_str name)
{
    tl_buf_addf(ctx, "%.*s ", TL_STR_ARGS(name));
    return true;
}

static void names_its_variables(void **state)
{
    (void)state;
    struct tl_buf out;
    tl_buf_init(&out, 100);
    tl_uri_template_names(TL_STR("/x/{a}{?b*,c:3}{a}/y"), note, &out);
    assert_str(tl_buf_str(&out), "a b c a ");
    tl_buf_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(expands_the_examples_of_rfc_6570),    cmocka_unit_test(expands_the_extended_examples),
        cmocka_unit_test(refuses_the_negative_examples),       cmocka_unit_test(expands_every_operator),
        cmocka_unit_test(refuses_malformed_templates_at_load), cmocka_unit_test(names_its_variables),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
