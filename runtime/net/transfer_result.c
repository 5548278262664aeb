/* What became of a transfer: the line between "certainly not sent" and "unknown" is drawn here. */
#include "base/alloc.h"
#include "base/clock.h"
#include "client.h"
#include <stdio.h>
#include <string.h>

static enum tl_transfer_reason reason_of(const struct tl_transfer *transfer, CURLcode ended)
{
    switch (ended) {
    case CURLE_UNSUPPORTED_PROTOCOL:
        return transfer->attempts > 0 ? TL_TRANSFER_PROTOCOL : TL_TRANSFER_BAD_URL;
    case CURLE_URL_MALFORMAT:
    case CURLE_LOGIN_DENIED:
        return TL_TRANSFER_BAD_URL;
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
        return TL_TRANSFER_RESOLVE;
    case CURLE_COULDNT_CONNECT:
    case CURLE_PROXY:
        return TL_TRANSFER_CONNECT;
    case CURLE_USE_SSL_FAILED:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_INVALIDCERTSTATUS:
    case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
    case CURLE_SSL_CLIENTCERT:
    case CURLE_PEER_FAILED_VERIFICATION:
        return TL_TRANSFER_TLS;
    case CURLE_OPERATION_TIMEDOUT:
        return TL_TRANSFER_TIMEOUT;
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_HTTP2:
    case CURLE_HTTP2_STREAM:
    case CURLE_BAD_CONTENT_ENCODING:
    case CURLE_WRITE_ERROR:
        return TL_TRANSFER_PROTOCOL;
    default:
        return transfer->attempts > 0 ? TL_TRANSFER_LOST : TL_TRANSFER_CONNECT;
    }
}

/* Nothing can have been carried out unless curl came to the point of writing the request, and wrote some of it. */
static bool may_be_sent(const struct tl_transfer *transfer)
{
    long head = 0;
    curl_off_t body = 0;
    curl_easy_getinfo(transfer->easy, CURLINFO_REQUEST_SIZE, &head);
    curl_easy_getinfo(transfer->easy, CURLINFO_SIZE_UPLOAD_T, &body);
    return transfer->attempts > 1 || (transfer->attempts == 1 && (head > 0 || body > 0));
}

/* Figures that must be read before the handle leaves curl for another transfer. */
static void note_figures(struct tl_transfer *transfer)
{
    struct tl_transfer_result *result = &transfer->result;
    long status = 0, version = 0, head = 0, connects = 0;
    curl_off_t body = 0, first_us = 0;
    curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(transfer->easy, CURLINFO_HTTP_VERSION, &version);
    curl_easy_getinfo(transfer->easy, CURLINFO_REQUEST_SIZE, &head);
    curl_easy_getinfo(transfer->easy, CURLINFO_SIZE_UPLOAD_T, &body);
    curl_easy_getinfo(transfer->easy, CURLINFO_NUM_CONNECTS, &connects);
    curl_easy_getinfo(transfer->easy, CURLINFO_STARTTRANSFER_TIME_T, &first_us);
    result->status = (int)status;
    result->is_http2 = version == CURL_HTTP_VERSION_2_0;
    result->reused = transfer->attempts > 0 && connects == 0;
    result->sent_bytes = (size_t)(body > head ? body : head);
    result->first_byte_ms = first_us > 0 ? transfer->waited_ms + first_us / 1000 : 0;
    if (!may_be_sent(transfer))
        result->sent_bytes = 0;
}

static void set_error(struct tl_transfer *transfer, const char *text)
{
    char cut[CURL_ERROR_SIZE];
    snprintf(cut, sizeof cut, "%s", text); /* may be transfer->error itself */
    size_t url_len = transfer->url.len;
    const char *query = url_len > 0 ? memchr(transfer->url.ptr, '?', url_len) : NULL;
    if (query != NULL)
        url_len = (size_t)(query - transfer->url.ptr); /* queries may carry secrets */
    snprintf(transfer->error, sizeof transfer->error, "%.*s: %s", url_len > 200 ? 200 : (int)url_len,
             transfer->url.ptr != NULL ? transfer->url.ptr : "", cut);
}

/* No way to log in that both sides know, or a token that is refused in the middle of the talk: the same as a wrong
 * password, which the server calls 535. */
static void note_refused_login(struct tl_transfer *transfer)
{
    transfer->result.status = 535;
    tl_buf_clear(&transfer->response);
    tl_buf_add_z(&transfer->response, "535 the login was refused, or there is no way to log in that the server offers");
}

/* A greeting such as "554 no service here" is about the server (RFC 5321, 3.1): no letter has been spoken of yet. */
static bool is_refused_greeting(const struct tl_transfer *transfer, CURLcode ended)
{
    return transfer->is_letter && ended == CURLE_WEIRD_SERVER_REPLY && transfer->result.status >= 400 &&
           !may_be_sent(transfer);
}

static void note_refused_greeting(struct tl_transfer *transfer)
{
    tl_str words = tl_str_trim(tl_buf_str(&transfer->response));
    snprintf(transfer->error, sizeof transfer->error, "the mail server lets nobody in: %.*s",
             words.len > 200 ? 200 : (int)words.len, words.ptr != NULL ? words.ptr : "");
    transfer->result.status = 0;
}

void tl_transfer_judge(struct tl_transfer *transfer, CURLcode ended)
{
    struct tl_transfer_result *result = &transfer->result;
    note_figures(transfer);
    if (transfer->is_letter && ended == CURLE_LOGIN_DENIED && result->status < 400)
        note_refused_login(transfer);
    if (is_refused_greeting(transfer, ended))
        note_refused_greeting(transfer);
    if (ended == CURLE_OK && !transfer->is_head_whole)
        ended = CURLE_RECV_ERROR;                                /* curl takes a head that breaks off for a whole one */
    bool refused = transfer->is_letter && result->status >= 400; /* curl has names of its own for that */
    if (ended == CURLE_OK || refused || (ended == CURLE_WRITE_ERROR && transfer->is_truncated)) {
        result->sent = TL_SENT_ANSWERED;
        result->reason = TL_TRANSFER_OK;
        transfer->error[0] = 0;
        return;
    }
    result->sent = may_be_sent(transfer) ? TL_SENT_UNKNOWN : TL_SENT_NOT;
    result->reason = reason_of(transfer, ended);
    if (transfer->is_repeat_refused)
        set_error(transfer, "the connection broke after the request had been sent");
    else if (transfer->is_head_too_large)
        set_error(transfer, "the answer's headers are larger than accepted");
    else
        set_error(transfer, transfer->error[0] != 0 ? transfer->error : curl_easy_strerror(ended));
}

void tl_transfer_break_off(struct tl_transfer *transfer, enum tl_transfer_reason reason, const char *text)
{
    if (transfer->state == TL_TRANSFER_RUNNING)
        note_figures(transfer);
    bool is_sent = transfer->state == TL_TRANSFER_RUNNING && may_be_sent(transfer);
    transfer->result.sent = is_sent ? TL_SENT_UNKNOWN : TL_SENT_NOT;
    transfer->result.reason = reason;
    set_error(transfer, text);
}

/* Cuts the header lines into name and value. */
static size_t read_headers(struct tl_transfer *transfer)
{
    struct tl_http_client *client = transfer->client;
    size_t count = 0;
    tl_str rest = tl_buf_str(&transfer->head), line;
    while (tl_str_cut(&rest, '\n', &line)) {
        ptrdiff_t colon = tl_str_find(line, ':');
        if (colon <= 0 || line.ptr[0] == ' ' || line.ptr[0] == '\t' || tl_str_starts(line, TL_STR("HTTP/")))
            continue;
        if (count == client->headers_cap) {
            client->headers_cap = client->headers_cap > 0 ? 2 * client->headers_cap : 32;
            client->headers = tl_realloc(client->headers, client->headers_cap * sizeof(struct tl_http_header));
        }
        client->headers[count].name = tl_str_trim(tl_str_n(line.ptr, (size_t)colon));
        client->headers[count].value = tl_str_trim(tl_str_from(line, (size_t)colon + 1));
        count++;
    }
    return count;
}

void tl_transfer_describe(struct tl_transfer *transfer)
{
    struct tl_transfer_result *result = &transfer->result;
    result->header_count = read_headers(transfer);
    result->headers = transfer->client->headers;
    result->body = tl_buf_str(&transfer->response);
    result->truncated = transfer->is_truncated;
    result->error = transfer->error;
    result->url = transfer->url.ptr != NULL ? transfer->url.ptr : "";
    result->waited_ms = transfer->waited_ms;
    result->total_ms = tl_mono_ms() - transfer->started_ms;
}

tl_str tl_transfer_header(const struct tl_transfer_result *result, const char *name)
{
    return tl_http_header_value(result->headers, result->header_count, name);
}
