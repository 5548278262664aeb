#include "cases.h"
#include "codec/uri.h"

static void check_encode(const char *text, enum tl_uri_set keep, const char *expected)
{
    struct tl_buf out;
    tl_buf_init(&out, 1000);
    assert_true(tl_uri_encode(&out, tl_str_z(text), keep));
    assert_str(tl_buf_str(&out), expected);
    tl_buf_free(&out);
}

static void encodes_what_the_place_does_not_allow(void **state)
{
    (void)state;
    check_encode("a b/\xC3\xB6?&=%41~", TL_URI_UNRESERVED, "a%20b%2F%C3%B6%3F%26%3D%2541~");
    check_encode("a b/\xC3\xB6?&=%41%", TL_URI_RESERVED, "a%20b/%C3%B6?&=%41%25");
    check_encode("/a b/(1)?", TL_URI_PATH, "/a%20b/(1)%3F");
    check_encode("a b+c~*", TL_URI_FORM, "a+b%2Bc%7E*");
}

static void decodes_or_says_where_it_cannot(void **state)
{
    (void)state;
    struct tl_buf out;
    struct tl_error err;
    tl_buf_init(&out, 100);
    assert_int_equal(tl_uri_decode(&out, TL_STR("a%20b+c%c3%B6"), false, NULL), TL_OK);
    assert_str(tl_buf_str(&out), "a b+c\xC3\xB6");
    tl_buf_clear(&out);
    assert_int_equal(tl_uri_decode(&out, TL_STR("a+b%2B"), true, NULL), TL_OK);
    assert_str(tl_buf_str(&out), "a b+");
    assert_int_equal(tl_uri_decode(&out, TL_STR("ab%2"), true, &err), TL_EINPUT);
    assert_string_equal(err.text, "a % at offset 2 is not followed by two hex digits");
    assert_int_equal(tl_uri_decode(&out, TL_STR("%zz"), true, &err), TL_EINPUT);
    assert_str(tl_buf_str(&out), "a b+");
    tl_buf_free(&out);
}

static void splits_absolute_uris(void **state)
{
    (void)state;
    struct tl_uri u;
    assert_int_equal(
        tl_uri_split(TL_STR("https://me:pw@acme.my.salesforce.com:8443/services/data?q=1&r=%20#top"), &u, NULL), TL_OK);
    assert_str(u.scheme, "https");
    assert_str(u.userinfo, "me:pw");
    assert_str(u.host, "acme.my.salesforce.com");
    assert_int_equal(u.port, 8443);
    assert_str(u.path, "/services/data");
    assert_str(u.query, "q=1&r=%20");
    assert_str(u.fragment, "top");
    assert_int_equal(tl_uri_split(TL_STR("http://[::1]:80"), &u, NULL), TL_OK);
    assert_str(u.host, "::1");
    assert_str(u.path, "");
    assert_false(u.has_query);
    assert_int_equal(tl_uri_split(TL_STR("https://host?x/y"), &u, NULL), TL_OK);
    assert_int_equal(u.port, 443);
    assert_str(u.query, "x/y");
}

static void refuses_what_is_no_absolute_uri(void **state)
{
    (void)state;
    static const char *const bad[] = {"",
                                      "host",
                                      "/path",
                                      "http:",
                                      "http:/x",
                                      "http://",
                                      "http:///x",
                                      "1http://x",
                                      "ht tp://x",
                                      "http://a b",
                                      "http://x:99999",
                                      "http://x:a",
                                      "http://x/%zz",
                                      "http://x\n",
                                      "http://[::1",
                                      "http://[]/",
                                      "http://[::1]x",
                                      "http://a@b@c",
                                      "://x",
                                      "http://x/<y>"};
    struct tl_uri u;
    for (size_t i = 0; i < TL_COUNT_OF(bad); i++)
        if (tl_uri_split(tl_str_z(bad[i]), &u, NULL) != TL_EINPUT)
            fail_msg("accepted: %s", bad[i]);
    assert_int_equal(tl_uri_split(TL_STR("http://x\0y"), &u, NULL), TL_EINPUT);
}

static void reads_and_builds_queries(void **state)
{
    (void)state;
    tl_str rest = TL_STR("a=1&&b&c=x=y&"), name, value;
    struct tl_buf out;
    tl_buf_init(&out, 100);
    assert_true(tl_query_next(&rest, &name, &value));
    assert_str(name, "a");
    assert_true(tl_query_next(&rest, &name, &value));
    assert_str(name, "b");
    assert_str(value, "");
    assert_true(tl_query_next(&rest, &name, &value));
    assert_str(value, "x=y");
    assert_false(tl_query_next(&rest, &name, &value));
    assert_int_equal(tl_query_get(TL_STR("x=1&n%61me=a+b%26&name=2"), "name", &out, NULL), TL_OK);
    assert_str(tl_buf_str(&out), "a b&");
    assert_int_equal(tl_query_get(TL_STR("x=1"), "y", &out, NULL), TL_ENOTFOUND);
    assert_int_equal(tl_query_get(TL_STR("%=1"), "y", &out, NULL), TL_EINPUT);
    tl_buf_clear(&out);
    tl_buf_add_z(&out, "/x?");
    assert_true(tl_query_add(&out, TL_STR("a b"), TL_STR("1&2")));
    assert_true(tl_query_add(&out, TL_STR("c"), TL_STR("")));
    assert_str(tl_buf_str(&out), "/x?a%20b=1%262&c=");
    tl_buf_add_char(&out, '&');
    assert_true(tl_query_add(&out, TL_STR("d"), TL_STR("e")));
    assert_str(tl_buf_str(&out), "/x?a%20b=1%262&c=&d=e");
    tl_buf_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(encodes_what_the_place_does_not_allow),
        cmocka_unit_test(decodes_or_says_where_it_cannot),
        cmocka_unit_test(splits_absolute_uris),
        cmocka_unit_test(refuses_what_is_no_absolute_uri),
        cmocka_unit_test(reads_and_builds_queries),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
