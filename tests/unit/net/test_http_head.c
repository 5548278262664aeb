/* Request heads: what is taken, what is refused, and that it does not matter how the bytes are cut. */
#include "../cmocka_room.h"
#include "base/attr.h"
#include "http_parse.h"

static const struct tl_http_head_limits limits = {512, 128, 10};

struct row {
    const char *bytes;
    int status; /* 0: accepted */
};

#define HOST "Host: a\r\n"

static const struct row rows[] = {
    /* accepted */
    {"GET / HTTP/1.1\r\n" HOST "\r\n", 0},
    {"\r\nGET / HTTP/1.1\r\n" HOST "\r\n", 0},
    {"POST /a?b=c%20d HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\n", 0},
    {"POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n", 0},
    {"POST / HTTP/1.1\r\n" HOST "transfer-encoding:\tCHUNKED \r\n\r\n", 0},
    {"GET http://b:8080/x HTTP/1.1\r\n" HOST "\r\n", 0},
    {"GET / HTTP/1.0\r\n\r\n", 0},
    {"GET / HTTP/1.1\r\nHost: [::1]:80\r\n\r\n", 0},
    {"OPTIONS * HTTP/1.1\r\n" HOST "\r\n", 0},
    {"PURGE / HTTP/1.1\r\n" HOST "\r\n", 0},
    {"GET / HTTP/1.1\r\n" HOST "X:\r\n\r\n", 0},
    {"GET / HTTP/1.1\r\n" HOST "X: caf\xc3\xa9\r\n\r\n", 0},
    /* two framings, or unclear ones */
    {"POST / HTTP/1.1\r\n" HOST "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
    {"POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n", 400},
    {"POST / HTTP/1.1\r\n" HOST "Content-Length: 5\r\nContent-Length: 6\r\n\r\n", 400},
    {"POST / HTTP/1.1\r\n" HOST "Content-Length: 5\r\nContent-Length: 5\r\n\r\n", 400},
    {"POST / HTTP/1.1\r\n" HOST "Content-Length: 5, 5\r\n\r\n", 400},
    {"POST / HTTP/1.1\r\n" HOST "Content-Length: +5\r\n\r\n", 400},
    {"POST / HTTP/1.1\r\n" HOST "Content-Length: -5\r\n\r\n", 400},
    {"POST / HTTP/1.1\r\n" HOST "Content-Length: 0x5\r\n\r\n", 400},
    {"POST / HTTP/1.1\r\n" HOST "Content-Length: 5 5\r\n\r\n", 400},
    {"POST / HTTP/1.1\r\n" HOST "Content-Length:\r\n\r\n", 400},
    {"POST / HTTP/1.1\r\n" HOST "Content-Length: 18446744073709551621\r\n\r\n", 400},
    {"POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
    {"POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked, chunked\r\n\r\n", 501},
    {"POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: gzip, chunked\r\n\r\n", 501},
    {"POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked, gzip\r\n\r\n", 400},
    {"POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: xchunked\r\n\r\n", 400},
    {"POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: \"chunked\"\r\n\r\n", 400},
    {"POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: identity\r\n\r\n", 400},
    {"POST / HTTP/1.1\r\n" HOST "Transfer-Encoding:\r\n\r\n", 400},
    {"POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: \x0b"
     "chunked\r\n\r\n",
     400},
    {"POST / HTTP/1.0\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n", 400},
    {"POST / HTTP/1.1\r\n" HOST "Transfer-Encoding : chunked\r\n\r\n", 400},
    {"POST / HTTP/1.1\r\n" HOST "Content-Length : 5\r\n\r\n", 400},
    {"POST / HTTP/1.1\r\n" HOST " Content-Length: 5\r\n\r\n", 400},
    {"POST / HTTP/1.1\r\n" HOST "X: a\r\n b\r\n\r\n", 400},
    {"POST / HTTP/1.1\r\n" HOST "X: a\r\n\tb\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\n X: a\r\n" HOST "\r\n", 400},
    /* line ends and control characters */
    {"GET / HTTP/1.1\n" HOST "\r\n", 400},
    {"GET / HTTP/1.1\r\nHost: a\n\r\n", 400},
    {"GET / HTTP/1.1\r\n" HOST "\n", 400},
    {"GET / HTTP/1.1\r\n" HOST "X: a\rb\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\n" HOST "X: a\r\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\n" HOST "X: a\x01\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\n" HOST "X: a\x7f\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\n" HOST "X\x80: a\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\n" HOST ": a\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\n" HOST "X\r\n\r\n", 400},
    {"\r\n\r\nGET / HTTP/1.1\r\n" HOST "\r\n", 400},
    {"\nGET / HTTP/1.1\r\n" HOST "\r\n", 400},
    {"\rGET / HTTP/1.1\r\n" HOST "\r\n", 400},
    {"\x16\x03\x01\x02", 400},
    /* the request line */
    {"GET  / HTTP/1.1\r\n" HOST "\r\n", 400},
    {"GET /  HTTP/1.1\r\n" HOST "\r\n", 400},
    {"GET / HTTP/1.1 \r\n" HOST "\r\n", 400},
    {"GET\t/ HTTP/1.1\r\n" HOST "\r\n", 400},
    {"GET /\r\n", 400},
    {"GET / HTTP/2.0\r\n" HOST "\r\n", 505},
    {"GET / HTTP/1.2\r\n" HOST "\r\n", 505},
    {"GET / HTTP/1.\r\n" HOST "\r\n", 400},
    {"GET / http/1.1\r\n" HOST "\r\n", 400},
    {"GET / HTTP/1.1x\r\n" HOST "\r\n", 400},
    {"GET /a#b HTTP/1.1\r\n" HOST "\r\n", 400},
    {"GET /\xc3\xa9 HTTP/1.1\r\n" HOST "\r\n", 400},
    {"GET a HTTP/1.1\r\n" HOST "\r\n", 400},
    {"GET * HTTP/1.1\r\n" HOST "\r\n", 400},
    {"GET ftp://a/ HTTP/1.1\r\n" HOST "\r\n", 400},
    {"GET http://u:p@a/ HTTP/1.1\r\n" HOST "\r\n", 400},
    {"GET http:// HTTP/1.1\r\n" HOST "\r\n", 400},
    {"GET http://a HTTP/1.1\r\n" HOST "\r\n", 400},
    {"CONNECT a:443 HTTP/1.1\r\n" HOST "\r\n", 501},
    {"AVERYVERYVERYVERYVERYLONGMETHODNAME / HTTP/1.1\r\n" HOST "\r\n", 400},
    /* Host */
    {"GET / HTTP/1.1\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\n" HOST HOST "\r\n", 400},
    {"GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\nHost: a@b\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\nHost: a:99999\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\nHost: a:8x\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\nHost:\r\n\r\n", 400},
    {"GET / HTTP/1.0\r\n" HOST HOST "\r\n", 400},
    /* expectations and limits */
    {"POST / HTTP/1.1\r\n" HOST "Expect: 100-continue\r\nContent-Length: 1\r\n\r\n", 0},
    {"POST / HTTP/1.1\r\n" HOST "Expect: tea\r\n\r\n", 417},
    {"GET / HTTP/1.1\r\n" HOST "a:1\r\na:1\r\na:1\r\na:1\r\na:1\r\na:1\r\na:1\r\na:1\r\na:1\r\n\r\n", 0},
    {"GET / HTTP/1.1\r\n" HOST "a:1\r\na:1\r\na:1\r\na:1\r\na:1\r\na:1\r\na:1\r\na:1\r\na:1\r\na:1\r\n\r\n", 431},
};

/* Feeds `len` bytes in pieces of `piece`; returns the result and leaves the details in `head`. */
static enum tl_http_read feed(struct tl_http_head *head, const char *bytes, size_t len, size_t piece)
{
    enum tl_http_read result = TL_HTTP_MORE;
    tl_http_head_begin(head);
    for (size_t at = piece < len ? piece : len;; at = at + piece < len ? at + piece : len) {
        result = tl_http_head_read(head, bytes, at);
        if (result != TL_HTTP_MORE || at == len)
            return result;
    }
}

static void takes_and_refuses_the_same_whatever_the_pieces(void **state)
{
    (void)state;
    struct tl_http_head head;
    tl_http_head_init(&head, &limits);
    for (size_t i = 0; i < TL_COUNT_OF(rows); i++) {
        size_t len = strlen(rows[i].bytes);
        for (size_t piece = 1; piece <= len; piece = piece < 40 ? piece + 1 : len + (piece == len)) {
            enum tl_http_read result = feed(&head, rows[i].bytes, len, piece);
            int status = result == TL_HTTP_BAD ? head.status : 0;
            if (result == TL_HTTP_MORE || status != rows[i].status)
                fail_msg("row %zu, pieces of %zu: %d instead of %d for\n%s", i, piece,
                         result == TL_HTTP_MORE ? -1 : status, rows[i].status, rows[i].bytes);
            if (result == TL_HTTP_DONE)
                assert_int_equal(head.size, len);
        }
    }
    tl_http_head_free(&head);
}

static void refuses_a_nul_when_it_is_anywhere(void **state)
{
    (void)state;
    static const char good[] = "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nX: y\r\n\r\n";
    struct tl_http_head head;
    tl_http_head_init(&head, &limits);
    for (size_t at = 0; at + 2 < sizeof good; at++) { /* the last line feed missing is only an unfinished head */
        char bytes[sizeof good];
        memcpy(bytes, good, sizeof good);
        bytes[at] = 0;
        assert_int_equal(feed(&head, bytes, sizeof good - 1, sizeof good), TL_HTTP_BAD);
        assert_true(head.status == 400);
    }
    tl_http_head_free(&head);
}

static void refuses_what_is_too_long_whatever_the_pieces(void **state)
{
    (void)state;
    struct tl_http_head head;
    tl_http_head_init(&head, &limits);
    char bytes[2048];
    for (size_t piece = 1; piece < 900; piece += 7) {
        int len = snprintf(bytes, sizeof bytes, "GET /%0200d HTTP/1.1\r\nHost: a\r\n\r\n", 1);
        assert_int_equal(feed(&head, bytes, (size_t)len, piece), TL_HTTP_BAD);
        assert_int_equal(head.status, 414);
        len = snprintf(bytes, sizeof bytes, "GET / HTTP/1.1\r\nHost: a\r\nX: %0600d\r\n\r\n", 1);
        assert_int_equal(feed(&head, bytes, (size_t)len, piece), TL_HTTP_BAD);
        assert_int_equal(head.status, 431);
        memset(bytes, 'A', sizeof bytes);
        assert_int_equal(feed(&head, bytes, sizeof bytes, piece), TL_HTTP_BAD);
        assert_int_equal(head.status, 414);
    }
    /* exactly the limits */
    int len = snprintf(bytes, sizeof bytes, "GET /%0127d HTTP/1.1\r\nHost: a\r\n\r\n", 1);
    assert_int_equal(feed(&head, bytes, (size_t)len, 1), TL_HTTP_DONE);
    len = snprintf(bytes, sizeof bytes, "GET / HTTP/1.1\r\nHost: a\r\nX: %0*d\r\n\r\n", 512 - 32, 1);
    assert_int_equal(len, 512);
    assert_int_equal(feed(&head, bytes, (size_t)len, 1), TL_HTTP_DONE);
    len = snprintf(bytes, sizeof bytes, "GET / HTTP/1.1\r\nHost: a\r\nX: %0*d\r\n\r\n", 512 - 31, 1);
    assert_int_equal(feed(&head, bytes, (size_t)len, 1), TL_HTTP_BAD);
    tl_http_head_free(&head);
}

static void assert_span(const char *bytes, struct tl_http_span span, const char *expected)
{
    assert_int_equal(span.len, strlen(expected));
    assert_memory_equal(bytes + span.at, expected, span.len);
}

static void gives_the_parts_when_done(void **state)
{
    (void)state;
    static const char bytes[] = "PUT http://shop.example:81/a/b?c=1?d HTTP/1.1\r\nHost: other\r\nX-A:  one two \r\n"
                                "Content-Length: 12\r\nConnection: foo, Close\r\n\r\nnext";
    struct tl_http_head head;
    tl_http_head_init(&head, &limits);
    assert_int_equal(tl_http_head_read(&head, bytes, sizeof bytes - 1), TL_HTTP_DONE);
    assert_span(bytes, head.method, "PUT");
    assert_span(bytes, head.path, "/a/b");
    assert_span(bytes, head.query, "c=1?d");
    assert_span(bytes, head.host, "shop.example:81"); /* the target's authority wins */
    assert_int_equal(head.count, 4);
    assert_span(bytes, head.fields[1].name, "X-A");
    assert_span(bytes, head.fields[1].value, "one two");
    assert_true(head.length == 12 && head.has_length && !head.is_chunked && !head.keeps_alive);
    assert_int_equal(head.size, sizeof bytes - 1 - 4);
    tl_http_head_begin(&head);
    static const char old[] = "GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n";
    assert_int_equal(tl_http_head_read(&head, old, sizeof old - 1), TL_HTTP_DONE);
    assert_true(head.keeps_alive && !head.has_length && head.minor == 0 && head.host.len == 0);
    tl_http_head_free(&head);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_and_refuses_the_same_whatever_the_pieces),
        cmocka_unit_test(refuses_a_nul_when_it_is_anywhere),
        cmocka_unit_test(refuses_what_is_too_long_whatever_the_pieces),
        cmocka_unit_test(gives_the_parts_when_done),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
