/* vars.c: templates. */
#include "../cmocka_room.h"
#include "vars.h"

struct fixture {
    struct tl_arena arena;
    struct tl_json_doc *args, *config;
    struct tl_vars vars;
};

static void open_fixture(struct fixture *f)
{
    *f = (struct fixture){0};
    tl_arena_init(&f->arena);
    assert_int_equal(
        tl_json_parse(TL_STR("{\"id\":\"a/b ä\",\"n\":12345678901234567890.10,\"yes\":true,\"nil\":null,"
                             "\"o\":{\"deep\":{\"x\":\"1\"}},\"list\":[\"a\",\"b\"],\"evil\":\"a\\r\\nX: y\","
                             "\"empty\":\"\"}"),
                      NULL, &f->args, NULL),
        TL_OK);
    assert_int_equal(tl_json_parse(TL_STR("{\"url\":\"https://h.example/base\"}"), NULL, &f->config, NULL), TL_OK);
    f->vars = (struct tl_vars){.arena = &f->arena,
                               .args = tl_json_root(f->args),
                               .config = tl_json_root(f->config),
                               .key = TL_STR("K-1"),
                               .version = TL_STR("\"7\"")};
}

static void close_fixture(struct fixture *f)
{
    tl_json_free(f->args);
    tl_json_free(f->config);
    tl_arena_free(&f->arena);
}

static void fills_paths(void **state)
{
    (void)state;
    static const struct {
        const char *text, *wanted; /* NULL: refused */
    } rows[] = {
        {"plain", "plain"},
        {"x/{id}", "x/a%2Fb%20%C3%A4"},
        {"x/{+id}", "x/a/b%20%C3%A4"},
        {"{+config.url}/y", "https://h.example/base/y"},
        {"{request.key}", "K-1"},
        {"{o.deep.x}", "1"},
        {"{+session.instance_url|config.url}", "https://h.example/base"},
        {"a{?yes,missing}", "a?yes=true"},
        {"a{/list*}", "a/a/b"},
        {"{n}", "12345678901234567890.10"},
        {"{missing}", NULL},
        {"{nil}", NULL},
        {"{empty}", NULL},
        {"x{missing|}", "x"},
        {"x/{id", NULL},
    };
    struct fixture f;
    open_fixture(&f);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        tl_str out = TL_STR_NONE;
        tl_code code = tl_vars_path(&f.vars, tl_str_z(rows[i].text), &out, NULL);
        if ((code == TL_OK) != (rows[i].wanted != NULL) || (rows[i].wanted && !tl_str_is(out, rows[i].wanted)))
            fail_msg("%s gives %s \"%.*s\"", rows[i].text, tl_code_name(code), TL_STR_ARGS(out));
    }
    close_fixture(&f);
}

static void fills_texts(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        tl_code code;
        bool is_there;
        const char *wanted;
    } rows[] = {
        {"Bearer {id}", TL_OK, true, "Bearer a/b ä"},
        {"{missing}", TL_OK, false, ""},
        {"{nil}", TL_OK, false, ""},
        {"{missing|id}", TL_OK, true, "a/b ä"},
        {"{id} {missing}", TL_EINPUT, false, ""},
        {"{evil}", TL_EINPUT, false, ""},
        {"{list}", TL_EINPUT, false, ""},
        {"{{id}}", TL_OK, true, "{id}"},
        {"a}b", TL_EINPUT, false, ""},
        {"{request.version}", TL_OK, true, "\"7\""},
    };
    struct fixture f;
    open_fixture(&f);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        tl_str out = TL_STR_NONE;
        bool is_there = false;
        tl_code code = tl_vars_text(&f.vars, tl_str_z(rows[i].text), &is_there, &out, NULL);
        if (code != rows[i].code ||
            (code == TL_OK && (is_there != rows[i].is_there || (is_there && !tl_str_is(out, rows[i].wanted)))))
            fail_msg("%s gives %s %d \"%.*s\"", rows[i].text, tl_code_name(code), is_there, TL_STR_ARGS(out));
    }
    close_fixture(&f);
}

static void keeps_numbers_and_nulls_when_filling_bodies(void **state)
{
    (void)state;
    struct fixture f;
    struct tl_json_doc *body;
    struct tl_buf out;
    struct tl_json_writer writer;
    open_fixture(&f);
    assert_int_equal(
        tl_json_parse(TL_STR("{\"a\":\"{n}\",\"b\":\"{missing}\",\"c\":\"{nil}\",\"d\":[\"{list}\",\"{missing}\"],"
                             "\"e\":\"no {request.key}\",\"f\":1.50}"),
                      NULL, &body, NULL),
        TL_OK);
    tl_buf_init(&out, 10000);
    tl_json_writer_init(&writer, &out);
    assert_int_equal(tl_vars_json(&f.vars, tl_json_root(body), &writer, NULL), TL_OK);
    assert_int_equal(tl_json_writer_done(&writer, NULL), TL_OK);
    assert_string_equal(out.ptr,
                        "{\"a\":12345678901234567890.10,\"c\":null,\"d\":[[\"a\",\"b\"]],\"e\":\"no K-1\",\"f\":1.50}");
    tl_buf_free(&out);
    tl_json_free(body);
    close_fixture(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fills_paths),
        cmocka_unit_test(fills_texts),
        cmocka_unit_test(keeps_numbers_and_nulls_when_filling_bodies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
