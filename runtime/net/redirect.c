/* Following redirects ourselves, because curl would carry all our headers but Authorization and Cookie to the other
 * host, and ask nobody whether that host may be called. */
#include "client.h"
#include <string.h>
#include <strings.h>

struct origin {
    char *scheme, *host, *port; /* curl's memory */
};

static void origin_free(struct origin *origin)
{
    curl_free(origin->scheme);
    curl_free(origin->host);
    curl_free(origin->port);
}

static bool origin_read(const char *url, struct origin *out)
{
    *out = (struct origin){NULL, NULL, NULL};
    CURLU *parts = curl_url();
    tl_must(parts != NULL);
    bool is_fit = curl_url_set(parts, CURLUPART_URL, url, 0) == CURLUE_OK &&
                  curl_url_get(parts, CURLUPART_SCHEME, &out->scheme, 0) == CURLUE_OK &&
                  curl_url_get(parts, CURLUPART_HOST, &out->host, 0) == CURLUE_OK &&
                  curl_url_get(parts, CURLUPART_PORT, &out->port, CURLU_DEFAULT_PORT) == CURLUE_OK;
    curl_url_cleanup(parts);
    for (char *at = out->host; at != NULL && *at != 0; at++)
        if (*at >= 'A' && *at <= 'Z')
            *at = (char)(*at | 0x20);
    return is_fit;
}

bool tl_transfer_host_allowed(const struct tl_transfer *transfer)
{
    if (transfer->host_allowed == NULL)
        return true;
    struct origin origin;
    uint64_t port = 0;
    bool is_allowed = origin_read(transfer->url.ptr, &origin) && tl_str_u64(tl_str_z(origin.port), &port) &&
                      port <= UINT16_MAX &&
                      transfer->host_allowed(transfer->host_ctx, tl_str_z(origin.host), (uint16_t)port);
    origin_free(&origin);
    return is_allowed;
}

/* To another origin only "Accept" and the removals of curl's own headers go along. */
static void drop_headers(struct tl_transfer *transfer)
{
    struct curl_slist *kept = NULL;
    for (struct curl_slist *at = transfer->list; at != NULL; at = at->next) {
        size_t len = strlen(at->data);
        if (strncasecmp(at->data, "accept:", 7) == 0 || (len > 0 && at->data[len - 1] == ':')) {
            kept = curl_slist_append(kept, at->data);
            tl_must(kept != NULL);
        }
    }
    curl_slist_free_all(transfer->list);
    transfer->list = kept;
    curl_easy_setopt(transfer->easy, CURLOPT_HTTPHEADER, kept);
    curl_easy_setopt(transfer->easy, CURLOPT_SSLCERT, NULL);
    curl_easy_setopt(transfer->easy, CURLOPT_SSLKEY, NULL);
}

static bool is_redirect(int status)
{
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

static void begin_again(struct tl_transfer *transfer)
{
    transfer->redirects--;
    transfer->attempts = 0;
    transfer->is_truncated = transfer->is_head_whole = false;
    tl_buf_clear(&transfer->head);
    tl_buf_clear(&transfer->response);
    transfer->result = (struct tl_transfer_result){.sent = TL_SENT_NOT};
    curl_easy_setopt(transfer->easy, CURLOPT_URL, transfer->url.ptr);
}

bool tl_transfer_follow(struct tl_transfer *transfer)
{
    char *url = NULL;
    if (transfer->redirects == 0 || !transfer->may_redirect || transfer->result.sent != TL_SENT_ANSWERED ||
        !is_redirect(transfer->result.status) ||
        curl_easy_getinfo(transfer->easy, CURLINFO_REDIRECT_URL, &url) != CURLE_OK || url == NULL)
        return false;
    struct origin from, to;
    bool is_fit = origin_read(transfer->url.ptr, &from);
    is_fit = origin_read(url, &to) && is_fit;
    bool is_web = is_fit && (strcmp(to.scheme, "https") == 0 || strcmp(to.scheme, from.scheme) == 0); /* no step down */
    bool is_same = is_web && strcmp(to.scheme, from.scheme) == 0 && strcmp(to.host, from.host) == 0 &&
                   strcmp(to.port, from.port) == 0;
    origin_free(&from);
    origin_free(&to);
    if (!is_web)
        return false;
    struct tl_buf old = transfer->url;
    tl_buf_init(&transfer->url, SIZE_MAX / 4);
    tl_buf_add_z(&transfer->url, url);
    if (!tl_transfer_host_allowed(transfer)) {
        tl_buf_free(&transfer->url);
        transfer->url = old; /* the redirect itself is the answer */
        return false;
    }
    tl_buf_free(&old);
    if (!is_same)
        drop_headers(transfer);
    begin_again(transfer);
    return true;
}
