/* The request line and the header fields. A line is looked at when it is complete; of an incomplete one only the length
 * counts. Limits are checked before content, so that the answer does not depend on how the bytes were cut. */
#include "http_parse.h"
#include "base/alloc.h"
#include "http_chars.h"
#include <string.h>

enum { LINE_EXTRA = 64 /* method, version and blanks of a request line */, METHOD_MAX = 32 };

static enum tl_http_read bad(struct tl_http_head *head, int status, const char *reason)
{
    head->status = status;
    head->reason = reason;
    return TL_HTTP_BAD;
}

void tl_http_head_init(struct tl_http_head *head, const struct tl_http_head_limits *limits)
{
    *head = (struct tl_http_head){.limits = *limits};
    uint32_t *target = &head->limits.target_bytes;
    if (*target > head->limits.head_bytes || *target + LINE_EXTRA > head->limits.head_bytes)
        *target = head->limits.head_bytes > LINE_EXTRA ? head->limits.head_bytes - LINE_EXTRA : 1;
}

void tl_http_head_free(struct tl_http_head *head)
{
    tl_free(head->fields);
    head->fields = NULL;
}

void tl_http_head_begin(struct tl_http_head *head)
{
    struct tl_http_head kept = {.limits = head->limits, .fields = head->fields, .cap = head->cap};
    *head = kept;
}

static struct tl_http_span span(const char *bytes, const char *from, const char *to)
{
    return (struct tl_http_span){(uint32_t)(from - bytes), (uint32_t)(to - from)};
}

/* "host", "host:port", "[v6]:port"; no user information. */
static bool is_authority(const char *ptr, size_t len)
{
    const char *end = ptr + len;
    const char *at = ptr;
    if (at < end && *at == '[') {
        for (at++; at < end && *at != ']'; at++)
            if (!tl_char_in(TL_HOST_CHARS, *at) && *at != ':')
                return false;
        if (at == end || at == ptr + 1)
            return false;
        at++;
    } else {
        while (at < end && tl_char_in(TL_HOST_CHARS, *at))
            at++;
        if (at == ptr)
            return false;
    }
    if (at == end)
        return true;
    if (*at++ != ':' || end - at > 5)
        return false;
    unsigned port = 0;
    for (; at < end; at++) {
        if (*at < '0' || *at > '9')
            return false;
        port = port * 10 + (unsigned)(*at - '0');
    }
    return port <= 65535;
}

static const char *after_scheme(const char *from, const char *to)
{
    static const char *const schemes[] = {"http://", "https://"};
    for (size_t i = 0; i < 2; i++) {
        size_t len = strlen(schemes[i]);
        if ((size_t)(to - from) > len && tl_str_ieq(tl_str_n(from, len), tl_str_n(schemes[i], len)))
            return from + len;
    }
    return NULL;
}

/* Splits target[from..to) into authority, path and query. */
static enum tl_http_read read_target(struct tl_http_head *head, const char *bytes, const char *from, const char *to)
{
    tl_str method = {bytes + head->method.at, head->method.len};
    head->target = span(bytes, from, to);
    if (tl_str_is(method, "CONNECT"))
        return bad(head, 501, "This server is no proxy: CONNECT is not supported.");
    if (!tl_chars_all_in(TL_TARGET_CHARS, from, (uint64_t)(to - from)))
        return bad(head, 400, "The request target has characters that must be percent-encoded.");
    if (to - from == 1 && *from == '*' && tl_str_is(method, "OPTIONS")) {
        head->path = head->target;
        head->query = span(bytes, to, to);
        return TL_HTTP_DONE;
    }
    const char *path = from;
    if (*from != '/') {
        const char *authority = after_scheme(from, to);
        if (authority == NULL)
            return bad(head, 400, "The request target must be a path that begins with '/', or an http URL.");
        path = authority;
        while (path < to && *path != '/' && *path != '?')
            path++;
        if (!is_authority(authority, (size_t)(path - authority)) || path == to || *path != '/')
            return bad(head, 400, "The URL in the request line is not host, optional port, and a path.");
        head->host = span(bytes, authority, path);
        head->has_authority = true;
    }
    const char *question = memchr(path, '?', (size_t)(to - path));
    head->path = span(bytes, path, question != NULL ? question : to);
    head->query = span(bytes, question != NULL ? question + 1 : to, to);
    return TL_HTTP_DONE;
}

static enum tl_http_read read_version(struct tl_http_head *head, const char *from, const char *to)
{
    if (to - from != 8 || memcmp(from, "HTTP/", 5) != 0 || from[5] < '0' || from[5] > '9' || from[6] != '.' ||
        from[7] < '0' || from[7] > '9')
        return bad(head, 400, "The request line does not end with an HTTP version.");
    if (from[5] != '1' || from[7] > '1')
        return bad(head, 505, "This server speaks HTTP/1.1.");
    head->minor = (uint32_t)(from[7] - '0');
    return TL_HTTP_DONE;
}

static enum tl_http_read read_request_line(struct tl_http_head *head, const char *bytes, const char *from,
                                           const char *to)
{
    const char *at = from;
    while (at < to && tl_char_in(TL_TOKEN_CHARS, *at))
        at++;
    if (at == from || at == to || *at != ' ' || at - from > METHOD_MAX)
        return bad(head, 400, "The request line does not begin with a method and one blank.");
    head->method = span(bytes, from, at);
    const char *target = at + 1;
    const char *blank = memchr(target, ' ', (size_t)(to - target));
    if (blank == NULL || blank == target)
        return bad(head, 400, "The request line is not method, target and version with one blank between.");
    if ((size_t)(blank - target) > head->limits.target_bytes)
        return bad(head, 414, "The request target is longer than this server accepts.");
    enum tl_http_read result = read_version(head, blank + 1, to);
    return result == TL_HTTP_DONE ? read_target(head, bytes, target, blank) : result;
}

static enum tl_http_read read_length(struct tl_http_head *head, tl_str value)
{
    if (head->has_length)
        return bad(head, 400, "There is more than one Content-Length.");
    if (value.len > 18 || !tl_str_u64(value, &head->length))
        return bad(head, 400, "Content-Length is not a plain number of bytes.");
    head->has_length = true;
    return TL_HTTP_DONE;
}

static enum tl_http_read read_coding(struct tl_http_head *head, tl_str value)
{
    if (head->has_coding)
        return bad(head, 400, "There is more than one Transfer-Encoding.");
    head->has_coding = true;
    if (tl_str_ieq(value, TL_STR("chunked"))) {
        head->is_chunked = true;
        return TL_HTTP_DONE;
    }
    /* A known shape with a coding we do not undo is 501; anything unclear is broken framing. */
    if (value.len > 9 && tl_str_ieq(tl_str_from(value, value.len - 9), TL_STR(", chunked")) &&
        tl_chars_all_in(TL_TOKEN_CHARS, value.ptr, value.len - 9))
        return bad(head, 501, "The only transfer coding this server undoes is \"chunked\".");
    return bad(head, 400, "Transfer-Encoding is not exactly \"chunked\".");
}

static enum tl_http_read read_host(struct tl_http_head *head, struct tl_http_span at, tl_str value)
{
    if (head->has_host)
        return bad(head, 400, "There is more than one Host field.");
    if (!is_authority(value.ptr, value.len))
        return bad(head, 400, "The Host field is not a host name with an optional port.");
    head->has_host = true;
    if (!head->has_authority) /* the authority in the target wins: RFC 9112 section 3.2.2 */
        head->host = at;
    return TL_HTTP_DONE;
}

static enum tl_http_read read_connection(struct tl_http_head *head, tl_str value)
{
    tl_str option;
    while (tl_str_cut(&value, ',', &option)) {
        option = tl_str_trim(option);
        head->wants_close |= tl_str_ieq(option, TL_STR("close"));
        head->wants_keep |= tl_str_ieq(option, TL_STR("keep-alive"));
    }
    return TL_HTTP_DONE;
}

static enum tl_http_read read_expect(struct tl_http_head *head, tl_str value)
{
    if (head->has_expect || !tl_str_ieq(value, TL_STR("100-continue")))
        return bad(head, 417, "The only expectation this server meets is \"100-continue\".");
    head->has_expect = true;
    return TL_HTTP_DONE;
}

/* The fields that frame the message. */
static enum tl_http_read heed(struct tl_http_head *head, tl_str name, struct tl_http_span at, tl_str value)
{
    switch (name.len) {
    case 4:
        return tl_str_ieq(name, TL_STR("host")) ? read_host(head, at, value) : TL_HTTP_DONE;
    case 6:
        return tl_str_ieq(name, TL_STR("expect")) ? read_expect(head, value) : TL_HTTP_DONE;
    case 10:
        return tl_str_ieq(name, TL_STR("connection")) ? read_connection(head, value) : TL_HTTP_DONE;
    case 14:
        return tl_str_ieq(name, TL_STR("content-length")) ? read_length(head, value) : TL_HTTP_DONE;
    case 17:
        return tl_str_ieq(name, TL_STR("transfer-encoding")) ? read_coding(head, value) : TL_HTTP_DONE;
    default:
        return TL_HTTP_DONE;
    }
}

static struct tl_http_field *add_field(struct tl_http_head *head)
{
    if (head->count == head->cap) {
        head->cap = head->cap > 0 ? 2 * head->cap : 16;
        head->fields = tl_realloc(head->fields, head->cap * sizeof(struct tl_http_field));
    }
    return &head->fields[head->count++];
}

static enum tl_http_read read_field(struct tl_http_head *head, const char *bytes, const char *from, const char *to)
{
    if (head->count == head->limits.fields)
        return bad(head, 431, "The request has more header fields than this server accepts.");
    if (*from == ' ' || *from == '\t')
        return bad(head, 400, "A header line begins with a blank: folded lines are not accepted.");
    const char *colon = from;
    while (colon < to && tl_char_in(TL_TOKEN_CHARS, *colon))
        colon++;
    if (colon == from || colon == to || *colon != ':')
        return bad(head, 400, "A header line is not a name, directly followed by a colon.");
    const char *value = colon + 1;
    while (value < to && (*value == ' ' || *value == '\t'))
        value++;
    while (to > value && (to[-1] == ' ' || to[-1] == '\t'))
        to--;
    if (to > value && !tl_chars_all_in(TL_VALUE_CHARS, value, (uint64_t)(to - value)))
        return bad(head, 400, "A header value has control characters.");
    struct tl_http_field *field = add_field(head);
    field->name = span(bytes, from, colon);
    field->value = span(bytes, value, to);
    return heed(head, tl_str_n(from, (size_t)(colon - from)), field->value, tl_str_n(value, (size_t)(to - value)));
}

static enum tl_http_read finish(struct tl_http_head *head)
{
    if (head->is_chunked && head->has_length)
        return bad(head, 400, "There are both Content-Length and Transfer-Encoding.");
    if (head->minor == 0 && head->has_coding)
        return bad(head, 400, "HTTP/1.0 has no Transfer-Encoding.");
    if (head->minor == 1 && !head->has_host)
        return bad(head, 400, "The Host field is missing.");
    head->keeps_alive = !head->wants_close && (head->minor == 1 || head->wants_keep);
    head->expects_continue = head->has_expect && head->minor == 1;
    return TL_HTTP_DONE;
}

/* Passes over one empty line before the request line, as RFC 9112 section 2.2 asks. */
static enum tl_http_read skip_empty_line(struct tl_http_head *head, const char *bytes, size_t len)
{
    if (len == 0)
        return TL_HTTP_MORE;
    if (bytes[0] == '\r') {
        if (len == 1)
            return TL_HTTP_MORE;
        if (bytes[1] != '\n')
            return bad(head, 400, "A carriage return stands alone.");
        if (len == 2)
            return TL_HTTP_MORE;
        head->start = head->line = head->seen = 2;
    }
    if (!tl_char_in(TL_TOKEN_CHARS, bytes[head->start]))
        return bad(head, 400, "The request does not begin with a method.");
    return TL_HTTP_DONE;
}

/* A line too long is refused whether its end is here (`size` with the line end) or not (`size` so far). */
static enum tl_http_read check_size(struct tl_http_head *head, size_t end, bool is_whole)
{
    if (head->line == head->start) {
        size_t most = (size_t)head->limits.target_bytes + LINE_EXTRA + (is_whole ? 2 : 1);
        if (end - head->start > most)
            return bad(head, 414, "The request line is longer than this server accepts.");
    } else if (end - head->start > head->limits.head_bytes) {
        return bad(head, 431, "The request's headers are larger than this server accepts.");
    }
    return TL_HTTP_DONE;
}

enum tl_http_read tl_http_head_read(struct tl_http_head *head, const char *bytes, size_t len)
{
    enum tl_http_read result = TL_HTTP_DONE;
    if (head->seen == 0)
        result = skip_empty_line(head, bytes, len);
    while (result == TL_HTTP_DONE) {
        const char *newline = memchr(bytes + head->seen, '\n', len - head->seen);
        if (newline == NULL) {
            head->seen = (uint32_t)len;
            result = check_size(head, len, false);
            return result == TL_HTTP_DONE ? TL_HTTP_MORE : result;
        }
        const char *from = bytes + head->line;
        result = check_size(head, (size_t)(newline + 1 - bytes), true);
        if (result != TL_HTTP_DONE)
            return result;
        if (newline == from || newline[-1] != '\r')
            return bad(head, 400, "A line ends with a line feed alone.");
        const char *to = newline - 1;
        bool is_first = head->line == head->start;
        head->line = head->seen = (uint32_t)(newline + 1 - bytes);
        if (is_first) {
            result = read_request_line(head, bytes, from, to);
        } else if (to == from) {
            head->size = head->line;
            return finish(head);
        } else {
            result = read_field(head, bytes, from, to);
        }
    }
    return result;
}
