/* A letter is a transfer of its own kind: curl speaks SMTP, the client does the rest as for any other. */
#include "net/smtp.h"
#include "base/alloc.h"
#include "client.h"
#include "net/letter.h"
#include <string.h>

static size_t on_read(char *room, size_t size, size_t count, void *ctx)
{
    struct tl_transfer *transfer = ctx;
    size_t left = transfer->body.len - transfer->read_bytes, len = size * count;
    if (len > left)
        len = left;
    if (len > 0)
        memcpy(room, transfer->body.ptr + transfer->read_bytes, len);
    transfer->read_bytes += len;
    return len;
}

/* A line of the server. Of an answer of several lines all are kept, of several answers the last. */
static size_t on_line(char *ptr, size_t size, size_t count, void *ctx)
{
    struct tl_transfer *transfer = ctx;
    size_t len = size * count;
    if (len > 3 && memcmp(ptr, "221", 3) == 0)
        return len; /* the answer to QUIT */
    if (transfer->is_reply_whole)
        tl_buf_clear(&transfer->response);
    transfer->is_reply_whole = len > 3 && ptr[3] == ' ';
    if (transfer->response.len + len <= transfer->response_max)
        tl_buf_add(&transfer->response, ptr, len);
    return len;
}

static bool starts(tl_str url, const char *scheme)
{
    tl_str start = tl_str_z(scheme);
    return url.len > start.len && tl_str_ieq(tl_str_n(url.ptr, start.len), start) &&
           memchr(url.ptr, 0, url.len) == NULL;
}

static void set_text(CURL *easy, CURLoption option, tl_str value)
{
    char *text = tl_str_dup(value);
    curl_easy_setopt(easy, option, text); /* curl keeps a copy */
    explicit_bzero(text, value.len);
    tl_free(text);
}

static void set_receivers(struct tl_transfer *transfer, const struct tl_smtp_request *request)
{
    for (size_t i = 0; i < request->to_count; i++) {
        char *text = tl_str_dup(request->to[i]);
        transfer->list = curl_slist_append(transfer->list, text);
        tl_must(transfer->list != NULL);
        tl_free(text);
    }
    curl_easy_setopt(transfer->easy, CURLOPT_MAIL_RCPT, transfer->list);
}

static void set_login(CURL *easy, const struct tl_smtp_request *request)
{
    if (request->user.len > 0)
        set_text(easy, CURLOPT_USERNAME, request->user);
    if (request->password.len > 0)
        set_text(easy, CURLOPT_PASSWORD, request->password);
    if (request->token.len > 0)
        set_text(easy, CURLOPT_XOAUTH2_BEARER, request->token);
}

static void set_way(struct tl_transfer *transfer, const struct tl_smtp_request *request)
{
    CURL *easy = transfer->easy;
    bool secret = request->password.len > 0 || request->token.len > 0;
    const char *ca_file = transfer->client->ca_file;
    long tls = secret || request->tls == TL_SMTP_TLS_REQUIRED ? CURLUSESSL_ALL
               : request->tls == TL_SMTP_TLS_NEVER            ? CURLUSESSL_NONE
                                                              : CURLUSESSL_TRY;
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
    curl_easy_setopt(easy, CURLOPT_USE_SSL, tls);
    curl_easy_setopt(easy, CURLOPT_CAINFO, ca_file != NULL ? ca_file : curl_version_info(CURLVERSION_NOW)->cainfo);
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, 10000L);
    curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, 30L);
    curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, 1L); /* letters are rare: say QUIT and go */
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_line);
    set_login(easy, request);
}

static const char *what_is_wrong(const struct tl_smtp_request *request)
{
    if (!starts(request->url, "smtp://") && !starts(request->url, "smtps://"))
        return "the URL of the mail server is not smtp://host or smtps://host";
    if (request->letter.len == 0)
        return NULL;
    bool good = tl_letter_address(request->from) && request->to_count > 0;
    for (size_t i = 0; good && i < request->to_count; i++)
        good = tl_letter_address(request->to[i]);
    return good ? NULL : "sender or receiver is no mail address";
}

static void set_letter(struct tl_transfer *transfer, const struct tl_smtp_request *request)
{
    CURL *easy = transfer->easy;
    tl_buf_add_str(&transfer->body, request->letter);
    set_text(easy, CURLOPT_MAIL_FROM, request->from);
    set_receivers(transfer, request);
    curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(easy, CURLOPT_READFUNCTION, on_read);
    curl_easy_setopt(easy, CURLOPT_READDATA, transfer);
    curl_easy_setopt(easy, CURLOPT_INFILESIZE_LARGE, (curl_off_t)transfer->body.len);
}

static bool prepare(struct tl_transfer *transfer, const struct tl_smtp_request *request)
{
    tl_buf_add_str(&transfer->url, request->url);
    transfer->is_letter = true;
    transfer->is_head_whole = true; /* there is none */
    transfer->response_max = transfer->head_max = 64 * 1024;
    const char *wrong = what_is_wrong(request);
    if (wrong != NULL) {
        tl_transfer_break_off(transfer, TL_TRANSFER_BAD_URL, wrong);
        return false;
    }
    set_way(transfer, request);
    curl_easy_setopt(transfer->easy, CURLOPT_URL, transfer->url.ptr);
    if (request->letter.len > 0)
        set_letter(transfer, request);
    else
        curl_easy_setopt(transfer->easy, CURLOPT_CUSTOMREQUEST, "NOOP");
    return true;
}

struct tl_transfer *tl_smtp_send(struct tl_http_client *client, const struct tl_smtp_request *request,
                                 tl_transfer_done *done, void *ctx)
{
    struct tl_transfer *transfer = tl_client_begin(client, tl_transfer_new(client), done, ctx);
    tl_client_go(transfer, prepare(transfer, request), request->total_ms);
    return transfer;
}
