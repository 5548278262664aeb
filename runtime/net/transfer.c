/* One transfer: how a request becomes curl options, and what curl hands back while it runs. */
#include "base/alloc.h"
#include "client.h"
#include "http_chars.h"
#include <string.h>

enum { KEPT_BYTES = 64 * 1024, METHOD_MAX = 32 };

/* ---- what curl calls ---- */

static size_t on_body(char *ptr, size_t size, size_t count, void *ctx)
{
    struct tl_transfer *transfer = ctx;
    size_t len = size * count;
    size_t room = transfer->response_max - transfer->response.len;
    if (len > room) {
        tl_buf_add(&transfer->response, ptr, room);
        transfer->is_truncated = true;
        return 0; /* ends the transfer */
    }
    tl_buf_add(&transfer->response, ptr, len);
    return len;
}

static size_t on_header(char *ptr, size_t size, size_t count, void *ctx)
{
    struct tl_transfer *transfer = ctx;
    size_t len = size * count;
    if (len > 5 && memcmp(ptr, "HTTP/", 5) == 0) {
        tl_buf_clear(&transfer->head); /* what came before was an interim answer */
        transfer->is_head_whole = false;
    }
    if (transfer->is_head_whole)
        return len; /* a trailer */
    transfer->is_head_whole = ptr[0] == '\r' || ptr[0] == '\n';
    if (transfer->head.len + len > transfer->head_max) {
        transfer->is_head_too_large = true;
        return 0;
    }
    tl_buf_add(&transfer->head, ptr, len);
    return len;
}

/* Curl is about to write the request. It does so again by itself when a kept connection dies before the answer begins:
 * harmless for a GET, a second order for a POST. */
static int on_write(void *ctx, char *peer, char *local, int peer_port, int local_port)
{
    (void)peer;
    (void)local;
    (void)peer_port;
    (void)local_port;
    struct tl_transfer *transfer = ctx;
    if (++transfer->attempts == 1 || transfer->is_safe)
        return CURL_PREREQFUNC_OK;
    transfer->is_repeat_refused = true;
    return CURL_PREREQFUNC_ABORT;
}

/* ---- new, reset, free ---- */

static void set_constants(struct tl_transfer *transfer)
{
    CURL *easy = transfer->easy;
    curl_easy_setopt(easy, CURLOPT_PRIVATE, transfer);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, transfer->error);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, transfer);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, transfer);
    curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, on_write);
    curl_easy_setopt(easy, CURLOPT_PREREQDATA, transfer);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 1L);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
    curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
    curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
    curl_easy_setopt(easy, CURLOPT_HTTP09_ALLOWED, 0L);
    curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, 1L);
    curl_easy_setopt(easy, CURLOPT_USERAGENT, transfer->client->user_agent);
    curl_easy_setopt(easy, CURLOPT_NOPROXY, ""); /* with PROXY always set, the environment says nothing */
    tl_client_sockets_use(transfer->client, easy);
}

struct tl_transfer *tl_transfer_new(struct tl_http_client *client)
{
    struct tl_transfer *transfer = TL_NEW(struct tl_transfer);
    transfer->client = client;
    transfer->easy = curl_easy_init();
    tl_must(transfer->easy != NULL);
    tl_buf_init(&transfer->url, SIZE_MAX / 4);
    tl_buf_init(&transfer->body, SIZE_MAX / 4);
    tl_buf_init(&transfer->head, SIZE_MAX / 4);
    tl_buf_init(&transfer->response, SIZE_MAX / 4);
    set_constants(transfer);
    return transfer;
}

void tl_transfer_free(struct tl_transfer *transfer)
{
    curl_easy_cleanup(transfer->easy);
    curl_slist_free_all(transfer->list);
    tl_buf_free(&transfer->url);
    tl_buf_free(&transfer->body);
    tl_buf_free(&transfer->head);
    tl_buf_free(&transfer->response);
    tl_free(transfer);
}

static void empty(struct tl_buf *buf)
{
    if (buf->cap > KEPT_BYTES)
        tl_buf_free(buf);
    else
        tl_buf_clear(buf);
}

void tl_transfer_reset(struct tl_transfer *transfer)
{
    curl_slist_free_all(transfer->list);
    transfer->list = NULL;
    empty(&transfer->url);
    empty(&transfer->body);
    empty(&transfer->head);
    empty(&transfer->response);
    transfer->attempts = 0;
    transfer->is_repeat_refused = transfer->is_truncated = false;
    transfer->is_head_too_large = transfer->is_head_whole = false;
    transfer->waited_ms = 0;
    transfer->result = (struct tl_transfer_result){.sent = TL_SENT_NOT};
    transfer->error[0] = 0;
}

/* ---- the request ---- */

static bool refuse(struct tl_transfer *transfer, enum tl_transfer_reason reason, const char *text)
{
    tl_transfer_break_off(transfer, reason, text);
    return false;
}

static bool is_ours(tl_str name)
{
    static const char *const ours[] = {"host", "content-length", "transfer-encoding", "expect", "connection"};
    for (size_t i = 0; i < TL_COUNT_OF(ours); i++)
        if (tl_str_ieq(name, tl_str_z(ours[i])))
            return true;
    return false;
}

static void append(struct tl_transfer *transfer, const char *line)
{
    struct curl_slist *list = curl_slist_append(transfer->list, line);
    tl_must(list != NULL);
    transfer->list = list;
}

static bool add_headers(struct tl_transfer *transfer, const struct tl_transfer_request *request)
{
    struct tl_buf line;
    tl_buf_init(&line, 1024 * 1024);
    bool is_fit = true, has_type = false;
    for (size_t i = 0; i < request->header_count && is_fit; i++) {
        const struct tl_http_header *header = &request->headers[i];
        is_fit = tl_chars_all_in(TL_TOKEN_CHARS, header->name.ptr, header->name.len) && !is_ours(header->name) &&
                 (header->value.len == 0 || tl_chars_all_in(TL_VALUE_CHARS, header->value.ptr, header->value.len));
        has_type |= tl_str_ieq(header->name, TL_STR("content-type"));
        tl_buf_clear(&line);
        tl_buf_add_str(&line, header->name);
        tl_buf_add_z(&line, tl_str_trim(header->value).len > 0 ? ": " : ";"); /* curl's way to send an empty one */
        tl_buf_add_str(&line, header->value);
        is_fit = is_fit && !line.overflow;
        if (is_fit)
            append(transfer, line.ptr);
    }
    tl_buf_free(&line);
    if (!has_type)
        append(transfer, "Content-Type:"); /* none, instead of curl's form type */
    append(transfer, "Expect:");
    return is_fit || refuse(transfer, TL_TRANSFER_BAD_URL,
                            "a request header cannot be sent: a name or value with forbidden characters, or one of "
                            "Host, Content-Length, Transfer-Encoding, Expect, Connection");
}

static bool set_method(struct tl_transfer *transfer, const struct tl_transfer_request *request)
{
    tl_str method = request->method;
    if (method.len == 0)
        method = request->body.len > 0 ? TL_STR("POST") : TL_STR("GET");
    if (method.len > METHOD_MAX || !tl_chars_all_in(TL_TOKEN_CHARS, method.ptr, method.len))
        return refuse(transfer, TL_TRANSFER_BAD_URL, "the request method is not a word");
    char name[METHOD_MAX + 1];
    memcpy(name, method.ptr, method.len);
    name[method.len] = 0;
    bool is_get = tl_str_is(method, "GET"), is_head = tl_str_is(method, "HEAD");
    transfer->may_redirect = is_get || is_head;
    transfer->is_safe = transfer->may_redirect || tl_str_is(method, "OPTIONS");
    CURL *easy = transfer->easy;
    curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L); /* undoes what the last transfer had */
    curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, NULL);
    if (is_head && request->body.len == 0) {
        curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
        return true;
    }
    bool takes_body = tl_str_is(method, "POST") || tl_str_is(method, "PUT") || tl_str_is(method, "PATCH");
    if (request->body.len > 0 || takes_body) {
        const char *body = request->body.ptr;
        if (!request->body_borrowed || request->body.len == 0) {
            tl_buf_add_z(&transfer->body, ""); /* never NULL */
            tl_buf_add_str(&transfer->body, request->body);
            body = transfer->body.ptr;
        }
        curl_easy_setopt(easy, CURLOPT_POST, 1L);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body.len);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS, body != NULL ? body : "");
    }
    if (!is_get && !tl_str_is(method, "POST"))
        curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, name);
    else if (is_get && request->body.len > 0)
        curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, "GET");
    return true;
}

static long whole_seconds(int64_t ms)
{
    return ms > 1000 ? (long)((ms + 999) / 1000) : 1;
}

static void set_limits(struct tl_transfer *transfer, const struct tl_transfer_request *request)
{
    CURL *easy = transfer->easy;
    int64_t connect_ms = request->connect_ms > 0 ? request->connect_ms : 10000;
    int64_t stall_ms = request->stall_ms > 0 ? request->stall_ms : 30000;
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)connect_ms);
    curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, whole_seconds(stall_ms));
    transfer->response_max = request->response_max > 0 ? request->response_max : 4 * 1024 * 1024;
    transfer->head_max = request->head_max > 0 ? request->head_max : 256 * 1024;
}

static void set_way(struct tl_transfer *transfer, const struct tl_transfer_request *request)
{
    CURL *easy = transfer->easy;
    const char *ca_file = request->ca_file != NULL ? request->ca_file : transfer->client->ca_file;
    curl_easy_setopt(easy, CURLOPT_PROXY, request->proxy != NULL ? request->proxy : "");
    curl_easy_setopt(easy, CURLOPT_UNIX_SOCKET_PATH, request->socket_path);
    if (ca_file == NULL)
        ca_file = curl_version_info(CURLVERSION_NOW)->cainfo; /* the system's, as curl was built */
    curl_easy_setopt(easy, CURLOPT_CAINFO, ca_file);
    curl_easy_setopt(easy, CURLOPT_SSLCERT, request->cert_file);
    curl_easy_setopt(easy, CURLOPT_SSLKEY, request->key_file);
    curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, request->decompress ? "" : NULL);
}

static bool is_web(tl_str url, const char *scheme)
{
    tl_str start = tl_str_z(scheme);
    return url.len > start.len && tl_str_ieq(tl_str_n(url.ptr, start.len), start);
}

bool tl_transfer_prepare(struct tl_transfer *transfer, const struct tl_transfer_request *request)
{
    tl_buf_add_str(&transfer->url, request->url);
    transfer->redirects = request->redirects;
    transfer->host_allowed = request->host_allowed;
    transfer->host_ctx = request->host_ctx;
    bool is_tls = is_web(request->url, "https://");
    if (!(is_tls || is_web(request->url, "http://")) || memchr(request->url.ptr, 0, request->url.len) != NULL)
        return refuse(transfer, TL_TRANSFER_BAD_URL, "the URL is not an absolute http or https URL");
    if (!tl_transfer_host_allowed(transfer))
        return refuse(transfer, TL_TRANSFER_HOST_REFUSED, "this host is not among those that may be called");
    if (!set_method(transfer, request) || !add_headers(transfer, request))
        return false;
    set_limits(transfer, request);
    set_way(transfer, request);
    curl_easy_setopt(transfer->easy, CURLOPT_PIPEWAIT, is_tls ? 1L : 0L); /* rather share an HTTP/2 connection */
    curl_easy_setopt(transfer->easy, CURLOPT_URL, transfer->url.ptr);
    curl_easy_setopt(transfer->easy, CURLOPT_HTTPHEADER, transfer->list);
    return true;
}
