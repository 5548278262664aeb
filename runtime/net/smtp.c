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

static void set_receiver(struct tl_transfer *transfer, tl_str to)
{
    char *text = tl_str_dup(to);
    transfer->list = curl_slist_append(NULL, text);
    tl_must(transfer->list != NULL);
    curl_easy_setopt(transfer->easy, CURLOPT_MAIL_RCPT, transfer->list);
    tl_free(text);
}

static void set_way(struct tl_transfer *transfer, const struct tl_smtp_request *request)
{
    CURL *easy = transfer->easy;
    bool secret = request->password.len > 0;
    const char *ca_file = transfer->client->ca_file;
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
    curl_easy_setopt(easy, CURLOPT_USE_SSL, (long)(secret ? CURLUSESSL_ALL : CURLUSESSL_TRY));
    curl_easy_setopt(easy, CURLOPT_CAINFO, ca_file != NULL ? ca_file : curl_version_info(CURLVERSION_NOW)->cainfo);
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, 10000L);
    curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, 30L);
    curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, 1L); /* letters are rare: say QUIT and go */
    if (request->user.len > 0)
        set_text(easy, CURLOPT_USERNAME, request->user);
    if (secret)
        set_text(easy, CURLOPT_PASSWORD, request->password);
}

static bool prepare(struct tl_transfer *transfer, const struct tl_smtp_request *request)
{
    CURL *easy = transfer->easy;
    tl_buf_add_str(&transfer->url, request->url);
    transfer->is_letter = true;
    transfer->is_head_whole = true; /* there is none: what the server says on the way is not kept */
    transfer->response_max = transfer->head_max = 64 * 1024;
    const char *wrong = NULL;
    if (!starts(request->url, "smtp://") && !starts(request->url, "smtps://"))
        wrong = "the URL of the mail server is not smtp://host or smtps://host";
    else if (!tl_letter_address(request->from) || !tl_letter_address(request->to))
        wrong = "sender or receiver is no mail address";
    if (wrong != NULL) {
        tl_transfer_break_off(transfer, TL_TRANSFER_BAD_URL, wrong);
        return false;
    }
    tl_buf_add_str(&transfer->body, request->letter);
    set_way(transfer, request);
    set_text(easy, CURLOPT_MAIL_FROM, request->from);
    set_receiver(transfer, request->to);
    curl_easy_setopt(easy, CURLOPT_URL, transfer->url.ptr);
    curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(easy, CURLOPT_READFUNCTION, on_read);
    curl_easy_setopt(easy, CURLOPT_READDATA, transfer);
    curl_easy_setopt(easy, CURLOPT_INFILESIZE_LARGE, (curl_off_t)transfer->body.len);
    return true;
}

struct tl_transfer *tl_smtp_send(struct tl_http_client *client, const struct tl_smtp_request *request,
                                 tl_transfer_done *done, void *ctx)
{
    struct tl_transfer *transfer = tl_client_begin(client, tl_transfer_new(client), done, ctx);
    tl_client_go(transfer, prepare(transfer, request), request->total_ms);
    return transfer;
}
