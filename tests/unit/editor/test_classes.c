/* Contracts as classes: types, names, and what may be missing. */
#include "classes.h"
#include "../cmocka_room.h"
#include <string.h>

static bool customer(void *ctx, tl_str uri, tl_str *text)
{
    (void)ctx;
    *text = TL_STR("{\"title\":\"Who buys\",\"required\":[\"name\"],\"properties\":{\"name\":{\"type\":\"string\"},"
                   "\"parent\":{\"$ref\":\"#\"}}}");
    return tl_str_is(uri, "contracts/customer.v1.json");
}

static struct tl_schema *compile(const char *text)
{
    struct tl_schema_source source = {
        .text = tl_str_z(text), .name = TL_STR("contracts/order.v1.json"), .resolve = customer};
    struct tl_schema *schema = NULL;
    struct tl_error err;
    if (tl_schema_compile(&source, &schema, NULL, &err) != TL_OK)
        fail_msg("%s", err.text);
    return schema;
}

/* The type of the whole, and the classes it names. */
static void is_described(const char *text, const char *type, const char *expected)
{
    struct tl_schema *schema = compile(text);
    struct tl_shape shape = tl_shape_of(schema);
    struct tl_classes classes;
    struct tl_buf out;
    tl_classes_init(&classes);
    tl_buf_init(&out, 1 << 20);
    assert_string_equal(tl_classes_type(&classes, &shape), type);
    tl_classes_print(&classes, &out);
    tl_buf_add_z(&out, "");
    assert_string_equal(out.len ? out.ptr : "", expected);
    tl_buf_free(&out);
    tl_classes_free(&classes);
    tl_schema_free(schema);
}

static void members_have_their_types(void **state)
{
    (void)state;
    is_described(
        "{\"title\":\"An order\",\"required\":[\"no\",\"lines\",\"state\",\"vat\"],\"properties\":{"
        "\"no\":{\"type\":\"string\",\"description\":\"what people\\nsay\"},\"n\":{\"type\":\"integer\"},"
        "\"total\":{\"type\":[\"number\",\"null\"]},\"paid\":{\"type\":\"boolean\"},"
        "\"state\":{\"enum\":[\"new\",\"it's \\\"done\\\"\"]},\"vat\":{\"enum\":[\"a\",null]},"
        "\"kind\":{\"const\":\"o\"},\"odd name\":{\"type\":\"string\"},\"end\":{\"type\":\"string\"},"
        "\"free\":{},\"tags\":{\"type\":\"object\",\"additionalProperties\":{\"type\":\"integer\"}},"
        "\"bag\":{\"type\":\"object\"},\"customer\":{\"$ref\":\"customer.v1.json\"},"
        "\"lines\":{\"type\":\"array\",\"items\":{\"type\":\"object\",\"properties\":{\"sku\":{}}}},"
        "\"either\":{\"type\":\"array\",\"items\":{\"type\":[\"string\",\"integer\"]}}}}",
        "Contract.order_v1",
        "---An order\n---@class Contract.order_v1\n---@field no string what people say\n"
        "---@field lines Contract.order_v1.lines.item[]\n---@field state \"new\"|\"it's \\\"done\\\"\"\n"
        "---@field vat? \"a\"\n---@field n? integer\n---@field total? tidelock.Number\n---@field paid? boolean\n"
        "---@field kind? \"o\"\n---@field [\"odd name\"] string|nil\n---@field [\"end\"] string|nil\n"
        "---@field free any\n---@field tags? table<string, integer>\n---@field bag? table\n"
        "---@field customer? Contract.customer_v1 Who buys\n---@field either? (string|integer)[]\n\n"
        "---@class Contract.order_v1.lines.item\n---@field sku any\n\n"
        "---Who buys\n---@class Contract.customer_v1\n---@field name string\n"
        "---@field parent? Contract.customer_v1 Who buys\n\n");
}

static void alternatives_are_taken_together(void **state)
{
    (void)state;
    is_described(
        "{\"properties\":{\"a\":{\"type\":\"string\"}},\"required\":[\"a\"],\"oneOf\":[{\"properties\":{\"b\":{"
        "\"type\":\"integer\"}},\"required\":[\"b\"]},{\"properties\":{\"c\":{\"type\":\"boolean\"}}}],"
        "\"allOf\":[{\"properties\":{\"d\":{\"type\":\"string\"}},\"required\":[\"d\"]}]}",
        "Contract.order_v1",
        "---@class Contract.order_v1\n---@field a string\n---@field d string\n---@field b? integer\n"
        "---@field c? boolean\n\n");
    is_described("{}", "any", "");
    is_described("true", "any", "");
    is_described("{\"type\":\"object\"}", "table", "");
    is_described("{\"type\":\"array\",\"items\":{\"type\":\"array\",\"items\":{\"type\":\"string\"}}}", "string[][]",
                 "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(members_have_their_types),
        cmocka_unit_test(alternatives_are_taken_together),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
