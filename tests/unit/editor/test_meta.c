/* Reading annotations: what is understood, and what is refused with its line. */
#include "meta.h"
#include "../cmocka_room.h"
#include <stdio.h>
#include <string.h>

static void understands_what_we_write(void **state)
{
    (void)state;
    struct tl_meta meta;
    struct tl_error err;
    const char *text =
        "---@meta dates\n-- A remark.\n\n---Two lines\n---of help.\n---@class a.B: a.C\n"
        "---@field x? { y: string, z?: integer[] } some help\n---@field [string] fun(a: any): any, table?\n"
        "local B = {}\n\n---Does it.\n---@param a string|\"x y\" first\n---@param ... any\n"
        "---@return table<string, any> rows of it\n---@overload fun(a: string): any\n"
        "function B:go(a, ...) end\n\n---@alias a.D \"p\"|\"q\"\n\n---A value.\n---@type a.B\nthing = {}\n\n"
        "return B\n";
    if (tl_meta_read("f.lua", tl_str_z(text), &meta, &err) != TL_OK)
        fail_msg("%s", err.text);
    assert_string_equal(meta.module, "dates");
    assert_int_equal(meta.count, 4);
    const struct tl_meta_item *class = &meta.items[0], *function = &meta.items[1];
    assert_string_equal(class->name, "a.B");
    assert_string_equal(class->type, "a.C");
    assert_string_equal(class->help, "Two lines of help.");
    assert_int_equal(class->param_count, 2);
    assert_string_equal(class->params[0].type, "{ y: string, z?: integer[] }");
    assert_string_equal(class->params[0].help, "some help");
    assert_true(class->params[0].optional);
    assert_string_equal(class->params[1].name, "[string]");
    assert_string_equal(class->params[1].type, "fun(a: any): any, table?");
    assert_string_equal(function->name, "B:go");
    assert_string_equal(function->params[0].type, "string|\"x y\"");
    assert_string_equal(function->returns[0].name, "rows");
    assert_int_equal(function->overload_count, 1);
    assert_string_equal(meta.items[2].type, "\"p\"|\"q\"");
    assert_int_equal(meta.items[3].kind, TL_META_VALUE);
    assert_string_equal(meta.items[3].name, "thing");
    tl_meta_free(&meta);
}

static void refuses_with_the_line(void **state)
{
    (void)state;
    static const struct {
        const char *text, *part;
    } wrong[] = {
        {"---@meta\n---@parm a string\nfunction f(a) end\n", "f.lua:2: there is no ---@parm here"},
        {"---@param b string\nfunction f(a) end\n", "f.lua:2: the parameter 'a' of f has no ---@param"},
        {"---@param a string\nfunction f() end\n", "f.lua:2: f has no parameter 'a'"},
        {"function f(a) end\n", "the parameter 'a' of f"},
        {"---@param a table<string\nfunction f(a) end\n", "f.lua:1: a type is missing or does not close"},
        {"---@param a { b: string)\nfunction f(a) end\n", "f.lua:1: a type closes ')' that is not open"},
        {"---@param a\nfunction f(a) end\n", "f.lua:1: a type is missing"},
        {"---@return \"x\nfunction f() end\n", "f.lua:1: a type is missing or does not close"},
        {"---@field a string\n", "f.lua:1: a field stands below its class"},
        {"---@param a string\n\nfunction f(a) end\n", "f.lua:2: annotations of a function, and no function below"},
        {"---@class\n", "f.lua:1: a class is a name"},
        {"---@alias a\n", "f.lua:1: a type is missing"},
        {"function f(a) return a end\n", "f.lua:1: a function is written"},
        {"local x = 1\n", "f.lua:1: neither an annotation"},
        {"x = y\n", "f.lua:1: neither an annotation"},
    };
    for (size_t i = 0; i < TL_COUNT_OF(wrong); i++) {
        struct tl_meta meta;
        struct tl_error err = {TL_OK, ""};
        assert_int_equal(tl_meta_read("f.lua", tl_str_z(wrong[i].text), &meta, &err), TL_EINPUT);
        if (!strstr(err.text, wrong[i].part))
            fail_msg("%s: %s", wrong[i].part, err.text);
        tl_meta_free(&meta);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(understands_what_we_write),
        cmocka_unit_test(refuses_with_the_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
