#include "cases.h"
#include "codec/json.h"
#include "codec/json_writer.h"
#include <math.h>

struct written {
    struct tl_buf out;
    struct tl_json_writer w;
    struct tl_error err;
};

static void start(struct written *x)
{
    tl_buf_init(&x->out, 10000);
    tl_json_writer_init(&x->w, &x->out);
}

static void expect(struct written *x, const char *text)
{
    assert_int_equal(tl_json_writer_done(&x->w, &x->err), TL_OK);
    assert_str(tl_buf_str(&x->out), text);
    tl_buf_free(&x->out);
}

static void expect_refusal(struct written *x, tl_code code)
{
    assert_int_equal(tl_json_writer_done(&x->w, &x->err), code);
    tl_buf_free(&x->out);
}

static void sets_commas_and_colons(void **state)
{
    (void)state;
    struct written x;
    start(&x);
    tl_json_begin_object(&x.w);
    tl_json_put_string(&x.w, "a", TL_STR("b"));
    tl_json_put_int(&x.w, "min", INT64_MIN);
    tl_json_put_uint(&x.w, "max", UINT64_MAX);
    tl_json_put_bool(&x.w, "t", true);
    tl_json_put_z(&x.w, "n", NULL);
    tl_json_put_raw(&x.w, "r", TL_STR("[1,2]"));
    tl_json_key(&x.w, "l");
    tl_json_begin_array(&x.w);
    tl_json_number(&x.w, TL_STR("1.50"));
    tl_json_begin_array(&x.w);
    tl_json_end_array(&x.w);
    tl_json_begin_object(&x.w);
    tl_json_end_object(&x.w);
    tl_json_double(&x.w, 0.1);
    tl_json_end_array(&x.w);
    tl_json_end_object(&x.w);
    expect(&x, "{\"a\":\"b\",\"min\":-9223372036854775808,\"max\":18446744073709551615,\"t\":true,\"n\":null,"
               "\"r\":[1,2],\"l\":[1.50,[],{},0.1]}");
}

static void escapes_only_what_must_be(void **state)
{
    (void)state;
    struct written x;
    start(&x);
    tl_json_string(&x.w, TL_STR("a/b\"\\\b\f\n\r\t\x01\x1f\x7f\0z Malm\xC3\xB6 \xE2\x80\xA8"));
    expect(&x, "\"a/b\\\"\\\\\\b\\f\\n\\r\\t\\u0001\\u001f\x7f\\u0000z Malm\xC3\xB6 \xE2\x80\xA8\"");
}

static void writes_for_people_with_indent(void **state)
{
    (void)state;
    struct written x;
    tl_buf_init(&x.out, 1000);
    tl_json_writer_init_pretty(&x.w, &x.out, 2);
    struct tl_json_doc *doc;
    assert_int_equal(tl_json_parse(TL_STR("{\"a\":[1,{}],\"b\":[]}"), NULL, &doc, NULL), TL_OK);
    tl_json_value(&x.w, tl_json_root(doc));
    tl_json_free(doc);
    expect(&x, "{\n  \"a\": [\n    1,\n    {}\n  ],\n  \"b\": []\n}");
}

static void refuses_what_is_not_json(void **state)
{
    (void)state;
    struct written x;
    start(&x);
    tl_json_begin_object(&x.w);
    tl_json_int(&x.w, 1);
    tl_json_end_object(&x.w);
    expect_refusal(&x, TL_EINPUT);
    start(&x);
    tl_json_string(&x.w, TL_STR("\xFF"));
    expect_refusal(&x, TL_EINPUT);
    start(&x);
    tl_json_number(&x.w, TL_STR("0x1"));
    expect_refusal(&x, TL_EINPUT);
    start(&x);
    tl_json_double(&x.w, (double)INFINITY);
    expect_refusal(&x, TL_EINPUT);
    start(&x);
    tl_json_begin_array(&x.w);
    expect_refusal(&x, TL_EINPUT);
    start(&x);
    tl_json_begin_array(&x.w);
    tl_json_end_object(&x.w);
    expect_refusal(&x, TL_EINPUT);
    start(&x);
    tl_json_int(&x.w, 1);
    tl_json_int(&x.w, 2);
    expect_refusal(&x, TL_EINPUT);
    start(&x);
    tl_json_key(&x.w, "a");
    expect_refusal(&x, TL_EINPUT);
    start(&x);
    expect_refusal(&x, TL_EINPUT);
}

static void says_when_the_buffer_is_full(void **state)
{
    (void)state;
    struct written x;
    start(&x);
    x.out.max = 10;
    tl_json_string(&x.w, TL_STR("0123456789"));
    expect_refusal(&x, TL_EFULL);
}

static void lossy_text_is_always_written(void **state)
{
    (void)state;
    struct written x;
    start(&x);
    tl_json_lossy(&x.w, TL_STR("a\xFF\n"));
    expect(&x, "\"a\xEF\xBF\xBD\\n\"");
}

static void doubles_are_short_and_read_back_the_same(void **state)
{
    (void)state;
    static const struct {
        double value;
        const char *text;
    } pairs[] = {{0, "0"},
                 {-0.0, "0"},
                 {1, "1"},
                 {-1.5, "-1.5"},
                 {100, "100"},
                 {1e21, "1e+21"},
                 {1e20, "100000000000000000000"},
                 {123456789012345680000.0, "123456789012345680000"},
                 {0.000001, "0.000001"},
                 {1e-7, "1e-7"},
                 {5e-324, "5e-324"},
                 {1.7976931348623157e308, "1.7976931348623157e+308"},
                 {0.1, "0.1"},
                 {333333333.33333329, "333333333.3333333"},
                 {9007199254740993.0, "9007199254740992"}};
    for (size_t i = 0; i < TL_COUNT_OF(pairs); i++) {
        struct written x;
        start(&x);
        tl_json_double(&x.w, pairs[i].value);
        expect(&x, pairs[i].text);
    }
}

static void values_of_a_document_come_out_as_they_went_in(void **state)
{
    (void)state;
    tl_str text =
        TL_STR("{\"id\":9007199254740993,\"p\":1234567890123.45,\"q\":19.10,\"e\":1e400,\"z\":-0,\"a\":[],\"o\":{},"
               "\"n\":null,\"s\":\"a/b\\n\",\"l\":[1,null,3]}");
    struct written x;
    struct tl_json_doc *doc;
    start(&x);
    assert_int_equal(tl_json_parse(text, NULL, &doc, NULL), TL_OK);
    tl_json_value(&x.w, tl_json_root(doc));
    tl_json_free(doc);
    expect(&x, text.ptr);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sets_commas_and_colons),
        cmocka_unit_test(escapes_only_what_must_be),
        cmocka_unit_test(writes_for_people_with_indent),
        cmocka_unit_test(refuses_what_is_not_json),
        cmocka_unit_test(says_when_the_buffer_is_full),
        cmocka_unit_test(lossy_text_is_always_written),
        cmocka_unit_test(doubles_are_short_and_read_back_the_same),
        cmocka_unit_test(values_of_a_document_come_out_as_they_went_in),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
