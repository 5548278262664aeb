/* Regular expressions: what matches, what is refused, and that nothing takes long. */
#include "../cmocka_room.h"
#include "base/alloc.h"
#include "contract/regex.h"

static bool found(const char *pattern, const char *text)
{
    struct tl_regex *regex;
    struct tl_error err;
    uint64_t work = 1000000;
    if (tl_regex_compile(tl_str_z(pattern), &regex, &err) != TL_OK)
        fail_msg("%s: %s", pattern, err.text);
    bool yes = tl_regex_search(regex, tl_str_z(text), &work);
    tl_regex_free(regex);
    return yes;
}

static void matches(void **state)
{
    (void)state;
    static const struct {
        const char *pattern, *yes, *no;
    } cases[] = {
        {"b", "abc", "acd"},
        {"^b", "bc", "abc"},
        {"c$", "abc", "abcd"},
        {"^$", "", "a"},
        {"^[A-Z]{3}$", "EUR", "EURO"},
        {"^[A-Z]{3}$", "USD", "US"},
        {"^[^0-9-]+$", "abc", "a-c"},
        {"^[a\\-z]+$", "a-z", "b"},
        {"^[-a]+$", "-a", "b"},
        {"^[a-]+$", "-a", "b"},
        {"^[]|^$", "", "a"},
        {"^[^]$", "\n", ""},
        {"^(ab|cd|)e$", "cde", "ade"},
        {"^(ab|cd|)e$", "e", "abcde"},
        {"^(?:a|b)*c$", "ababc", "abxc"},
        {"^(?<year>[0-9]{4})-\\d\\d$", "2026-05", "26-05"},
        {"^a{2,3}$", "aaa", "aaaa"},
        {"^a{2,}$", "aaaa", "a"},
        {"^a{0}b$", "b", "ab"},
        {"^a??b+?$", "abb", "aab"},
        {"^(a*)*$", "aaaa", "aab"},
        {"^(a|b|ab)*bc$", "ababbc", "ababb"},
        {"^.$", "\xe2\x82\xac", "\n"},
        {"^.$", "\xf0\x9f\x90\xb2", "\xe2\x80\xa8"},
        {"^\\u{1F432}*$", "\xf0\x9f\x90\xb2\xf0\x9f\x90\xb2", "x"},
        {"^\\uD83D\\uDC32$", "\xf0\x9f\x90\xb2", "x"},
        {"^\\x41\\u0042\\cA\\0?$", "AB\x01", "AB"},
        {"^[\\b]$", "\b", "b"},
        {"\\bcat\\b", "a cat.", "cats"},
        {"\\Bcat", "tomcat", "cat"},
        {"^\\w+\\s\\S\\D$", "a_1 \xc3\xa4x", "a x1"},
        {"^[\\w.]+@[^\\s@]+$", "a.b@c", "a b@c"},
        {"^\\p{Lu}\\p{Ll}+$", "\xc3\x84rger", "\xc3\xa4rger"},
        {"^[\\p{L}\\p{Nd} ]+$",
         "Stra\xc3\x9f"
         "e 7",
         "a!"},
        {"^\\P{L}$", "1", "a"},
        {"^[^\\P{Lu}]$", "A", "a"},
        {"^\\p{gc=Sc}$", "\xe2\x82\xac", "e"},
        {"^\\p{ASCII}+$", "abc", "\xc3\xa4"},
        {"^\\/\\.\\-\\$$", "/.-$", "/.-"},
        {"a|^b$|c", "xxc", "xb"},
        {"", "", NULL},
        {"(?:)", "x", NULL},
    };
    for (size_t i = 0; i < TL_COUNT_OF(cases); i++) {
        if (!found(cases[i].pattern, cases[i].yes))
            fail_msg("%s is not found in '%s'", cases[i].pattern, cases[i].yes);
        if (cases[i].no && found(cases[i].pattern, cases[i].no))
            fail_msg("%s is found in '%s'", cases[i].pattern, cases[i].no);
    }
}

static void refuses_what_it_cannot_do(void **state)
{
    (void)state;
    static const struct {
        const char *pattern, *why;
    } cases[] = {
        {"a(?=b)", "character 2 of the pattern: lookahead"},
        {"(?<!a)b", "character 1 of the pattern: lookahead"},
        {"\xc3\xa4(a)\\1", "character 5 of the pattern: backreferences"},
        {"(?<n>a)\\k<n>", "backreferences"},
        {"(?i)a", "flags"},
        {"(a", "not closed by )"},
        {"a)", "a ) without its ("},
        {"[a", "not closed by ]"},
        {"^(abc]", "written with a \\"},
        {"a{", "{n}, {n,} or {n,m}"},
        {"a{3,2}", "{n}, {n,} or {n,m}"},
        {"a{1000000}", "at most 100000"},
        {"*a", "nothing stands before it"},
        {"a**", "nothing stands before it"},
        {"^*", "cannot be repeated"},
        {"[z-a]", "ends before it begins"},
        {"[\\d-z]", "not to a class"},
        {"\\p{Script=Greek}", "only general categories"},
        {"\\pL", "in braces"},
        {"\\p{", "in braces"},
        {"\\a", "means nothing"},
        {"\\Z", "means nothing"},
        {"\\u12", "four hexadecimal"},
        {"\\u{110000}", "up to 10FFFF"},
        {"\\uD800", "half of a surrogate"},
        {"\\c1", "takes a letter"},
        {"\\", "single \\"},
        {"(a{100}){100}(b{100}){100}", "too large"},
        {"(a{1000}){1000}", "too large"},
    };
    for (size_t i = 0; i < TL_COUNT_OF(cases); i++) {
        struct tl_regex *regex;
        struct tl_error err;
        if (tl_regex_compile(tl_str_z(cases[i].pattern), &regex, &err) != TL_EINPUT)
            fail_msg("%s is accepted", cases[i].pattern);
        if (!strstr(err.text, cases[i].why))
            fail_msg("%s: '%s' does not say '%s'", cases[i].pattern, err.text, cases[i].why);
    }
}

static void deep_and_endless_patterns_are_bounded(void **state)
{
    (void)state;
    char deep[302];
    struct tl_regex *regex;
    struct tl_error err;
    memset(deep, '(', 150);
    memset(deep + 150, ')', 150);
    assert_int_equal(tl_regex_compile(tl_str_n(deep, 300), &regex, &err), TL_EINPUT);
    assert_int_equal(tl_regex_compile(TL_STR("((){100000}){100000}"), &regex, &err), TL_OK);
    tl_regex_free(regex);
    char *text = tl_alloc(100000);
    memset(text, 'a', 100000);
    assert_int_equal(tl_regex_compile(TL_STR("^(a+)+(a|a?)+$b"), &regex, &err), TL_OK);
    uint64_t work = 10000000; /* exponential for a matcher that tries and takes back */
    assert_false(tl_regex_search(regex, tl_str_n(text, 100000), &work));
    assert_true(work > 0);
    work = 1000;
    assert_false(tl_regex_search(regex, tl_str_n(text, 100000), &work));
    assert_int_equal(work, 0);
    tl_regex_free(regex);
    tl_free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(matches),
        cmocka_unit_test(refuses_what_it_cannot_do),
        cmocka_unit_test(deep_and_endless_patterns_are_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
