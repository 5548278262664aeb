/* What editors are told is what there is, in both directions: functions of ctx, globals, libraries, words of tests. */
#include "base/alloc.h"
#include "describe.h"
#include "editor/reference.h"
#include "folder.h"
#include "meta.h"
#include "script/declarations.h"
#include "script_case.h"
#include <stdio.h>
#include <string.h>

#define WORDS TIDELOCK_ROOT "/scripts/editor"

static void read_words(const char *file, struct tl_meta *meta)
{
    struct tl_buf text;
    struct tl_error err;
    char *path = tl_printf(WORDS "/%s", file);
    tl_buf_init(&text, TL_WORDS_MAX);
    if (tl_editor_read(path, &text, &err) != TL_OK || tl_meta_read(file, tl_buf_str(&text), meta, &err) != TL_OK)
        fail_msg("%s", err.text);
    tl_buf_free(&text);
    tl_free(path);
}

static bool has_function(const struct tl_meta *meta, const char *prefix, const char *name)
{
    char whole[200];
    snprintf(whole, sizeof whole, "%s%s", prefix, name);
    for (size_t i = 0; i < meta->count; i++)
        if (meta->items[i].kind != TL_META_CLASS && strcmp(meta->items[i].name, whole) == 0)
            return true;
    return false;
}

static bool among(const char *name, const char *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(list[i], name) == 0)
            return true;
    return false;
}

static void ctx_is_what_is_told(void **state)
{
    (void)state;
    struct tl_meta meta;
    size_t count;
    const char *const *names = tl_word_ctx(&count);
    read_words("ctx.lua", &meta);
    for (size_t i = 0; i < count; i++)
        if (!has_function(&meta, "Ctx:", names[i]))
            fail_msg("scripts/editor/ctx.lua does not tell of ctx:%s", names[i]);
    for (size_t i = 0; i < meta.count; i++)
        if (strncmp(meta.items[i].name, "Ctx:", 4) == 0 && !among(meta.items[i].name + 4, names, count))
            fail_msg("ctx has no function %s", meta.items[i].name + 4);
    for (size_t i = 0; i < count; i++) {
        char body[100];
        snprintf(body, sizeof body, "ctx:log(type(ctx[\"%s\"]))", names[i]);
        assert_says(body, "function");
    }
    tl_meta_free(&meta);
}

static void every_global_is_told(void **state)
{
    (void)state;
    static const char *const lua[] = {
        "_G",       "assert", "error",    "getmetatable", "ipairs",   "next",   "pairs",        "pcall", "print",
        "rawequal", "rawget", "rawlen",   "rawset",       "require",  "select", "setmetatable", "type",  "tonumber",
        "tostring", "xpcall", "_VERSION", "coroutine",    "math",     "string", "table",        "utf8",  "as",
        "sync",     "every",  "endpoint", "expect",       "connector"}; /* the last five come later */
    struct tl_meta words, lens, values;
    size_t count;
    const char *const *names = tl_word_globals(&count);
    read_words("words.lua", &words);
    read_words("lens.lua", &lens);
    read_words("values.lua", &values);
    for (size_t i = 0; i < count; i++)
        if (!among(names[i], lua, TL_COUNT_OF(lua)) && !tl_declaration(names[i], "") &&
            !has_function(&words, "", names[i]) && !has_function(&lens, "", names[i]) &&
            !has_function(&values, "", names[i]))
            fail_msg("no annotation tells of the global %s", names[i]);
    tl_meta_free(&lens);
    tl_meta_free(&words);
    tl_meta_free(&values);
}

/* The functions of a table that an expression gives are those whose names begin with the prefix. */
static void is_told(const char *file, const char *expression, const char *prefix)
{
    char head[100];
    struct tl_meta meta;
    char names[2000], *rest = names, *name;
    size_t count = 0, told = 0;
    read_words(file, &meta);
    snprintf(head, sizeof head, "local module = %s ", expression);
    snprintf(names, sizeof names, "%s",
             case_says_with(head,
                            "local names = {} for _, k in ipairs(keys(module)) do if type(module[k]) == \"function\" "
                            "then names[#names + 1] = k end end ctx:log(table.concat(names, \" \"))",
                            "{}"));
    while ((name = strtok_r(rest, " ", &rest))) {
        if (!has_function(&meta, prefix, name))
            fail_msg("%s does not tell of %s%s", file, prefix, name);
        count++;
    }
    for (size_t i = 0; i < meta.count; i++)
        told += meta.items[i].kind == TL_META_FUNCTION && strncmp(meta.items[i].name, prefix, strlen(prefix)) == 0;
    assert_true(count > 0);
    assert_int_equal(told, count);
    tl_meta_free(&meta);
}

static void libraries_are_what_is_told(void **state)
{
    (void)state;
    static const char *const modules[] = {"dates", "decimals", "enums", "json", "cjson", "lookups", "paths", "text"};
    for (size_t i = 0; i < TL_COUNT_OF(modules); i++) {
        char file[40], expression[40], prefix[40];
        snprintf(file, sizeof file, "%s.lua", modules[i]);
        snprintf(expression, sizeof expression, "require \"%s\"", modules[i]);
        snprintf(prefix, sizeof prefix, "%s.", modules[i]);
        is_told(file, expression, prefix);
    }
    is_told("words.lua", "as", "as.");
}

static void decimals_have_these_methods(void **state)
{
    (void)state;
    struct tl_meta meta;
    size_t count = 0;
    read_words("values.lua", &meta);
    for (size_t i = 0; i < meta.count; i++) {
        char body[120];
        if (strncmp(meta.items[i].name, "Decimal:", 8) != 0)
            continue;
        snprintf(body, sizeof body, "ctx:log(type((decimal \"1.5\").%s))", meta.items[i].name + 8);
        assert_says(body, "function");
        count++;
    }
    assert_int_equal(count, 9);
    tl_meta_free(&meta);
}

/* Every function that a file of scripts/trial defines with this beginning is told of. */
static void trial_is_told(const struct tl_meta *meta, const char *file, const char *begin, const char *prefix,
                          size_t least)
{
    struct tl_buf text;
    struct tl_error err;
    tl_buf_init(&text, TL_WORDS_MAX);
    char *path = tl_printf(TIDELOCK_ROOT "/scripts/trial/%s", file);
    assert_int_equal(tl_editor_read(path, &text, &err), TL_OK);
    size_t count = 0;
    for (const char *at = text.ptr; (at = strstr(at, begin)) != NULL; count++) {
        at += strlen(begin);
        char name[60];
        snprintf(name, sizeof name, "%.*s", (int)strcspn(at, "("), at);
        if (!has_function(meta, prefix, name))
            fail_msg("scripts/editor/trial.lua does not tell of %s%s", prefix, name);
    }
    assert_true(count >= least);
    tl_free(path);
    tl_buf_free(&text);
}

static void tests_have_these_words(void **state)
{
    (void)state;
    struct tl_meta meta;
    struct tl_buf globals;
    struct tl_error err;
    read_words("trial.lua", &meta);
    trial_is_told(&meta, "world.lua", "\nfunction face.", "TestWorld:", 8);
    trial_is_told(&meta, "platforms.lua", "\nfunction face:", "Platform:", 5);
    trial_is_told(&meta, "platforms.lua", "\nfunction rule:", "Rule:", 6);
    tl_buf_init(&globals, TL_DESCRIPTION_MAX);
    assert_int_equal(tl_describe_globals(&globals, &err), TL_OK);
    size_t words = 0;
    for (size_t i = 0; i < meta.count; i++) {
        char quoted[100];
        if (meta.items[i].kind != TL_META_FUNCTION || strpbrk(meta.items[i].name, ":."))
            continue;
        snprintf(quoted, sizeof quoted, "\"%s\"", meta.items[i].name);
        assert_non_null(strstr(globals.ptr, quoted));
        words++;
    }
    assert_int_equal(words, 6);
    assert_non_null(strstr(globals.ptr, "string = { fields = { \"byte\""));
    assert_null(strstr(globals.ptr, "\"dump\"")); /* string.dump is not there */
    tl_buf_free(&globals);
    tl_meta_free(&meta);
}

static void the_reference_is_whole(void **state)
{
    (void)state;
    struct tl_buf out;
    struct tl_error err;
    size_t count;
    tl_buf_init(&out, 8 << 20);
    const struct tl_reference_page *pages = tl_reference_pages(&count);
    for (size_t i = 0; i < count; i++)
        if (tl_reference_print(pages[i].name, WORDS, &out, &err) != TL_OK)
            fail_msg("%s", err.text);
    size_t names;
    const char *const *ctx = tl_word_ctx(&names);
    for (size_t i = 0; i < names; i++) {
        char head[60];
        snprintf(head, sizeof head, "\n### `ctx:%s(", ctx[i]);
        if (!strstr(out.ptr, head))
            fail_msg("the reference lacks ctx:%s", ctx[i]);
    }
    const struct tl_declaration *rows = tl_declarations(&count);
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < rows[i].key_count; k++) {
            assert_true(rows[i].keys[k].help[0] != '\0');
            assert_null(strchr(rows[i].keys[k].help, '|')); /* it stands in a table */
        }
    assert_int_equal(tl_reference_print("nothing", WORDS, &out, &err), TL_ENOTFOUND);
    tl_buf_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ctx_is_what_is_told),        cmocka_unit_test(every_global_is_told),
        cmocka_unit_test(libraries_are_what_is_told), cmocka_unit_test(decimals_have_these_methods),
        cmocka_unit_test(tests_have_these_words),     cmocka_unit_test(the_reference_is_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
