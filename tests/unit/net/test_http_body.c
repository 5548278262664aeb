/* Request bodies, in every possible cut. */
#include "../cmocka_room.h"
#include "base/attr.h"
#include "http_parse.h"

enum { MAX = 100 };

struct row {
    const char *raw;
    const char *decoded; /* NULL: refused with `status` */
    int status;
    size_t rest; /* bytes of the next request */
};

static const struct row rows[] = {
    {"0\r\n\r\n", "", 0, 0},
    {"5\r\nhello\r\n0\r\n\r\nGET", "hello", 0, 3},
    {"5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n", "hello world", 0, 0},
    {"00005\r\nhello\r\n000\r\n\r\n", "hello", 0, 0},
    {"a\r\n0123456789\r\nA\r\n0123456789\r\n0\r\n\r\n", "01234567890123456789", 0, 0},
    {"5;ext=1;q=\"x\"\r\nhello\r\n0;last\r\n\r\n", "hello", 0, 0},
    {"5\r\nhello\r\n0\r\nX-Sum: 1\r\nY:\r\n\r\n", "hello", 0, 0},
    {"5\nhello\r\n0\r\n\r\n", NULL, 400, 0},
    {"5\r\nhello\n0\r\n\r\n", NULL, 400, 0},
    {"5\r\nhelloX\r\n0\r\n\r\n", NULL, 400, 0},
    {"5\r\nhello\r\n0\r\n\n", NULL, 400, 0},
    {"5\r\nhello\r\n0\r\nbad header\r\n\r\n", NULL, 400, 0},
    {"5\r\nhello\r\n0\r\n folded: 1\r\n\r\n", NULL, 400, 0},
    {"5\r\nhello\r\n0\r\nX: a\rb\r\n\r\n", NULL, 400, 0},
    {"5\r\nhello\r\n0\r\n: a\r\n\r\n", NULL, 400, 0},
    {"\r\n", NULL, 400, 0},
    {"5 \r\nhello\r\n0\r\n\r\n", NULL, 400, 0},
    {" 5\r\nhello\r\n0\r\n\r\n", NULL, 400, 0},
    {"+5\r\nhello\r\n0\r\n\r\n", NULL, 400, 0},
    {"-5\r\nhello\r\n0\r\n\r\n", NULL, 400, 0},
    {"0x5\r\nhello\r\n0\r\n\r\n", NULL, 400, 0},
    {"5\rhello", NULL, 400, 0},
    {"5;a\x01\r\nhello", NULL, 400, 0},
    {"5;a\nhello", NULL, 400, 0},
    {"g\r\n", NULL, 400, 0},
    {"65\r\n", NULL, 413, 0},
    {"ffffffffffffffff\r\n", NULL, 413, 0},
    {"fffffffffffffffff\r\n", NULL, 400, 0},
    {"10000000000000005\r\nhello", NULL, 400, 0},
    {"64\r\n0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789"
     "\r\n1\r\nx",
     NULL, 413, 0},
};

static void check(const struct row *row, size_t piece)
{
    struct tl_http_head head = {.is_chunked = true};
    struct tl_http_body body;
    char buf[512];
    size_t len = strlen(row->raw), end = 0, raw = 0, have = 0;
    memcpy(buf, row->raw, len);
    enum tl_http_read result = tl_http_body_begin(&body, &head, MAX);
    while (result == TL_HTTP_MORE && have < len) {
        have = have + piece < len ? have + piece : len;
        size_t used, made;
        result = tl_http_body_read(&body, buf + end, buf + raw, have - raw, &used, &made);
        raw += used;
        end += made;
        if (result == TL_HTTP_MORE)
            assert_int_equal(raw, have);
    }
    if (row->decoded == NULL) {
        assert_int_equal(result, TL_HTTP_BAD);
        assert_int_equal(body.status, row->status);
        return;
    }
    assert_int_equal(result, TL_HTTP_DONE);
    assert_int_equal(end, strlen(row->decoded));
    assert_memory_equal(buf, row->decoded, end);
    assert_int_equal(raw, len - row->rest);
}

static void decodes_the_same_whatever_the_pieces(void **state)
{
    (void)state;
    for (size_t i = 0; i < TL_COUNT_OF(rows); i++)
        for (size_t piece = 1; piece <= strlen(rows[i].raw); piece++)
            check(&rows[i], piece);
}

static void takes_exactly_the_announced_bytes(void **state)
{
    (void)state;
    struct tl_http_head head = {.has_length = true, .length = 5};
    struct tl_http_body body;
    char buf[] = "helloGET";
    size_t used, made;
    assert_int_equal(tl_http_body_begin(&body, &head, 5), TL_HTTP_MORE);
    assert_int_equal(tl_http_body_read(&body, buf, buf, 3, &used, &made), TL_HTTP_MORE);
    assert_int_equal(tl_http_body_read(&body, buf + 3, buf + 3, 5, &used, &made), TL_HTTP_DONE);
    assert_int_equal(used, 2);
    assert_int_equal(tl_http_body_begin(&body, &head, 4), TL_HTTP_BAD);
    assert_int_equal(body.status, 413);
    head.length = 0;
    assert_int_equal(tl_http_body_begin(&body, &head, 4), TL_HTTP_DONE);
}

static void refuses_endless_extensions_and_trailers(void **state)
{
    (void)state;
    struct tl_http_head head = {.is_chunked = true};
    struct tl_http_body body;
    static char buf[8192];
    size_t used, made;
    memset(buf, 'a', sizeof buf);
    memcpy(buf, "1;", 2);
    assert_int_equal(tl_http_body_begin(&body, &head, MAX), TL_HTTP_MORE);
    assert_int_equal(tl_http_body_read(&body, buf, buf, sizeof buf, &used, &made), TL_HTTP_BAD);
    memset(buf, 'a', sizeof buf);
    memcpy(buf, "0\r\n", 3);
    assert_int_equal(tl_http_body_begin(&body, &head, MAX), TL_HTTP_MORE);
    assert_int_equal(tl_http_body_read(&body, buf, buf, sizeof buf, &used, &made), TL_HTTP_BAD);
    assert_int_equal(body.status, 400);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(decodes_the_same_whatever_the_pieces),
        cmocka_unit_test(takes_exactly_the_announced_bytes),
        cmocka_unit_test(refuses_endless_extensions_and_trailers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
