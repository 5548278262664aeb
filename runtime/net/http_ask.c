/* One blocking request, on curl's easy interface. */
#include "net/http_ask.h"
#include "base/alloc.h"
#include "http_chars.h"
#include <curl/curl.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

struct asking {
    const struct tl_ask *ask;     /* borrow */
    struct tl_ask_answer *answer; /* borrow */
    CURL *easy;                   /* own */
    struct curl_slist *list;      /* own */
    char *url;                    /* own */
    struct tl_buf line;           /* own; an unfinished line */
    size_t response_max;
    bool is_ended_by_caller, is_too_large;
    char error[CURL_ERROR_SIZE];
};

/* Gives out the lines that are complete. */
static bool give_lines(struct asking *asking, tl_str piece)
{
    tl_buf_add_str(&asking->line, piece);
    size_t used = 0;
    tl_str all = tl_buf_str(&asking->line);
    for (;;) {
        tl_str rest = tl_str_from(all, used);
        ptrdiff_t end = tl_str_find(rest, '\n');
        if (end < 0)
            break;
        used += (size_t)end + 1;
        if (!asking->ask->on_line(asking->ask->ctx, tl_str_n(rest.ptr, (size_t)end))) {
            asking->is_ended_by_caller = true;
            return false;
        }
    }
    tl_buf_shift(&asking->line, used);
    return !asking->line.overflow;
}

static size_t on_body(char *ptr, size_t size, size_t count, void *ctx)
{
    struct asking *asking = ctx;
    size_t len = size * count;
    long status = 0;
    curl_easy_getinfo(asking->easy, CURLINFO_RESPONSE_CODE, &status);
    if (asking->ask->on_line != NULL && status / 100 == 2)
        return give_lines(asking, tl_str_n(ptr, len)) ? len : 0;
    if (tl_buf_add(&asking->answer->body, ptr, len))
        return len;
    asking->is_too_large = true;
    return 0;
}

static tl_code add_headers(struct asking *asking, struct tl_error *err)
{
    const struct tl_ask *ask = asking->ask;
    bool has_type = false;
    for (size_t i = 0; i < ask->header_count; i++) {
        const struct tl_http_header *header = &ask->headers[i];
        if (!tl_chars_all_in(TL_TOKEN_CHARS, header->name.ptr, header->name.len) ||
            !tl_chars_all_in(TL_VALUE_CHARS, header->value.ptr, header->value.len))
            return tl_fail(err, TL_EINPUT, "the header %.*s is empty or has characters that cannot be sent",
                           TL_STR_ARGS(header->name));
        char *line = tl_printf("%.*s: %.*s", TL_STR_ARGS(header->name), TL_STR_ARGS(header->value));
        asking->list = curl_slist_append(asking->list, line);
        tl_free(line);
        has_type |= tl_str_ieq(header->name, TL_STR("content-type"));
    }
    if (!has_type)
        asking->list =
            curl_slist_append(asking->list, ask->body.len > 0 ? "Content-Type: application/json" : "Content-Type:");
    asking->list = curl_slist_append(asking->list, "Expect:");
    return TL_OK;
}

static void set_options(struct asking *asking)
{
    const struct tl_ask *ask = asking->ask;
    CURL *easy = asking->easy;
    const char *method = ask->method != NULL ? ask->method : ask->body.len > 0 ? "POST" : "GET";
    bool sends_body = ask->body.len > 0 || strcmp(method, "GET") != 0;
    curl_easy_setopt(easy, CURLOPT_URL, asking->url);
    curl_easy_setopt(easy, CURLOPT_UNIX_SOCKET_PATH, ask->socket_path);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, asking->list);
    if (sends_body && strcmp(method, "HEAD") != 0) {
        curl_easy_setopt(easy, CURLOPT_POST, 1L);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)ask->body.len);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS, ask->body.len > 0 ? ask->body.ptr : "");
    } else if (strcmp(method, "HEAD") == 0) {
        curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
    }
    curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, method);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, asking);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, asking->error);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, 10000L);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS,
                     ask->total_ms < 0   ? 0L
                     : ask->total_ms > 0 ? (long)ask->total_ms
                                         : 30000L);
    if (ask->ca_file != NULL)
        curl_easy_setopt(easy, CURLOPT_CAINFO, ask->ca_file);
}

static tl_code judge(struct asking *asking, CURLcode ended, struct tl_error *err)
{
    const char *place = asking->ask->socket_path != NULL ? asking->ask->socket_path : asking->ask->base_url;
    const char *why = asking->error[0] != 0 ? asking->error : curl_easy_strerror(ended);
    long reason = 0;
    if (ended == CURLE_OK)
        return TL_OK;
    if (asking->is_ended_by_caller)
        return tl_fail(err, TL_ECANCELLED, "the answer from %s was not read to its end", place);
    if (asking->is_too_large || asking->line.overflow)
        return tl_fail(err, TL_EFULL, "the answer from %s is larger than %zu bytes", place, asking->response_max);
    switch (ended) {
    case CURLE_COULDNT_CONNECT:
        curl_easy_getinfo(asking->easy, CURLINFO_OS_ERRNO, &reason);
        if (reason == EACCES || reason == EPERM)
            return tl_fail(err, TL_EACCESS,
                           "%s belongs to another user: run this command as the user who started the server", place);
        return tl_fail(err, TL_ENOSERVER,
                       "no Tidelock answers at %s: start it with \"tidelock serve\", or name another place", place);
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
        return tl_fail(err, TL_ENOSERVER, "no Tidelock can be found at %s: %s", place, why);
    case CURLE_OPERATION_TIMEDOUT:
        return tl_fail(err, TL_ETIMEOUT, "%s did not answer in time: %s", place, why);
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SSL_CACERT_BADFILE:
        return tl_fail(err, TL_EACCESS, "the certificate of %s cannot be trusted: %s", place, why);
    default:
        return tl_fail(err, TL_EIO, "the connection to %s broke off: %s; look whether the request was carried out",
                       place, why);
    }
}

static void note_answer(struct asking *asking)
{
    long status = 0;
    const char *type = NULL;
    curl_easy_getinfo(asking->easy, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(asking->easy, CURLINFO_CONTENT_TYPE, &type);
    asking->answer->status = (int)status;
    snprintf(asking->answer->type, sizeof asking->answer->type, "%s", type != NULL ? type : "");
}

tl_code tl_http_ask(const struct tl_ask *ask, struct tl_ask_answer *answer, struct tl_error *err)
{
    struct asking asking = {.ask = ask, .answer = answer};
    asking.response_max = ask->response_max > 0 ? ask->response_max : 64 * 1024 * 1024;
    memset(answer, 0, sizeof *answer);
    tl_buf_init(&answer->body, asking.response_max);
    tl_buf_init(&asking.line, asking.response_max);
    asking.easy = curl_easy_init();
    tl_must(asking.easy != NULL);
    asking.url = tl_printf("%s%s", ask->socket_path != NULL ? "http://localhost" : ask->base_url, ask->path);
    tl_code code = add_headers(&asking, err);
    if (code == TL_OK) {
        set_options(&asking);
        code = judge(&asking, curl_easy_perform(asking.easy), err);
        note_answer(&asking);
        if (code == TL_OK && asking.line.len > 0)
            ask->on_line(ask->ctx, tl_buf_str(&asking.line)); /* the last line had no newline */
    }
    curl_easy_cleanup(asking.easy);
    curl_slist_free_all(asking.list);
    tl_buf_free(&asking.line);
    tl_free(asking.url);
    return code;
}

void tl_ask_answer_free(struct tl_ask_answer *answer)
{
    tl_buf_free(&answer->body);
}
