/* The client: which transfers run, wait for their turn, or have ended and are to be reported. */
#include "net/http_client.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "client.h"
#include <pthread.h>
#include <unistd.h>

enum { MOST_AT_ONCE = 256 /* a curl multi with more gets slow */, MOST_SPARE = 256 };

const char *tl_transfer_reason_word(enum tl_transfer_reason reason)
{
    static const char *const words[] = {
#define X(name, word) word,
        TL_TRANSFER_REASONS(X)
#undef X
    };
    return words[reason];
}

static void init_curl(void)
{
    tl_must(curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK);
}

static void release(void *owner)
{
    struct tl_http_client *client = owner;
    if (client->stopped != NULL)
        client->stopped(client->stopped_ctx);
    tl_free(client->headers);
    tl_free(client->user_agent);
    tl_free(client->ca_file);
    tl_free(client);
}

static void tear_down(struct tl_http_client *client)
{
    struct tl_link *link;
    while ((link = tl_list_pop(&client->spare)) != NULL)
        tl_transfer_free(TL_LIST_ITEM(link, struct tl_transfer, link));
    curl_multi_cleanup(client->multi);
    tl_client_sockets_end(client);
    tl_handles_end(&client->handles);
}

static void recycle(struct tl_transfer *transfer)
{
    struct tl_http_client *client = transfer->client;
    if (client->spare_count >= MOST_SPARE || transfer->is_letter) {
        tl_transfer_free(transfer);
        return;
    }
    tl_transfer_reset(transfer);
    tl_list_push_front(&client->spare, &transfer->link); /* the most recently used is the warmest */
    client->spare_count++;
}

static void report_finished(struct tl_http_client *client)
{
    struct tl_link *link;
    while ((link = tl_list_pop(&client->finished)) != NULL) {
        struct tl_transfer *transfer = TL_LIST_ITEM(link, struct tl_transfer, link);
        tl_transfer_describe(transfer);
        transfer->done(transfer->ctx, &transfer->result);
        tl_loop_op_end(client->loop);
        recycle(transfer);
    }
}

static void report_later(struct tl_http_client *client)
{
    if (client->is_report_due)
        return;
    client->is_report_due = true;
    tl_loop_next(client->loop, &client->report);
}

static void on_report(struct tl_mail *mail)
{
    struct tl_http_client *client = TL_CONTAINER_OF(mail, struct tl_http_client, report);
    client->is_report_due = false;
    report_finished(client);
    if (client->is_stopping && !client->is_report_due)
        tear_down(client);
}

void tl_client_finish(struct tl_transfer *transfer)
{
    struct tl_http_client *client = transfer->client;
    tl_timer_stop(&transfer->deadline);
    tl_list_remove(&transfer->link);
    if (transfer->state == TL_TRANSFER_RUNNING)
        client->running_count--;
    else
        client->waiting_count--;
    transfer->state = TL_TRANSFER_FINISHED;
    tl_list_push(&client->finished, &transfer->link);
}

void tl_client_launch(struct tl_transfer *transfer)
{
    tl_must(curl_multi_add_handle(transfer->client->multi, transfer->easy) == CURLM_OK);
}

static void start_waiting(struct tl_http_client *client)
{
    while (client->running_count < client->at_once && client->waiting_count > 0) {
        struct tl_link *link = tl_list_pop(&client->waiting);
        struct tl_transfer *transfer = TL_LIST_ITEM(link, struct tl_transfer, link);
        tl_list_push(&client->running, link);
        client->waiting_count--;
        client->running_count++;
        transfer->state = TL_TRANSFER_RUNNING;
        transfer->waited_ms = tl_mono_ms() - transfer->started_ms;
        tl_client_launch(transfer);
    }
}

void tl_client_look(struct tl_http_client *client)
{
    CURLMsg *message;
    int more;
    while ((message = curl_multi_info_read(client->multi, &more)) != NULL) {
        struct tl_transfer *transfer;
        CURLcode ended = message->data.result;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&transfer);
        curl_multi_remove_handle(client->multi, transfer->easy);
        tl_transfer_judge(transfer, ended);
        if (tl_transfer_follow(transfer))
            tl_client_launch(transfer);
        else
            tl_client_finish(transfer);
    }
    start_waiting(client);
    report_finished(client);
    start_waiting(client);
}

/* Ends a transfer for a reason of ours, wherever it is. */
static void break_off(struct tl_transfer *transfer, enum tl_transfer_reason reason, const char *text)
{
    if (transfer->state == TL_TRANSFER_FINISHED)
        return;
    tl_transfer_break_off(transfer, reason, text); /* while curl's figures are still those of the transfer */
    if (transfer->state == TL_TRANSFER_RUNNING)
        curl_multi_remove_handle(transfer->client->multi, transfer->easy);
    tl_client_finish(transfer);
    start_waiting(transfer->client);
    report_later(transfer->client);
}

static void on_deadline(struct tl_timer *timer)
{
    break_off(TL_CONTAINER_OF(timer, struct tl_transfer, deadline), TL_TRANSFER_TIMEOUT,
              "the transfer did not end within its deadline");
}

static struct tl_transfer *take_spare(struct tl_http_client *client)
{
    struct tl_link *link = tl_list_pop(&client->spare);
    if (link == NULL)
        return tl_transfer_new(client);
    client->spare_count--;
    return TL_LIST_ITEM(link, struct tl_transfer, link);
}

struct tl_transfer *tl_client_begin(struct tl_http_client *client, struct tl_transfer *transfer, tl_transfer_done *done,
                                    void *ctx)
{
    tl_must(!client->is_stopping);
    transfer->done = done;
    transfer->ctx = ctx;
    transfer->started_ms = tl_mono_ms();
    transfer->state = TL_TRANSFER_WAITING;
    tl_timer_init(&transfer->deadline, on_deadline);
    tl_list_push(&client->waiting, &transfer->link);
    client->waiting_count++;
    tl_loop_op_begin(client->loop);
    return transfer;
}

void tl_client_go(struct tl_transfer *transfer, bool ready, int64_t total_ms)
{
    struct tl_http_client *client = transfer->client;
    if (!ready) {
        tl_client_finish(transfer);
        report_later(client);
        return;
    }
    tl_timer_start(client->loop, &transfer->deadline, total_ms > 0 ? total_ms : 60000);
    start_waiting(client);
}

struct tl_transfer *tl_transfer_start(struct tl_http_client *client, const struct tl_transfer_request *request,
                                      tl_transfer_done *done, void *ctx)
{
    struct tl_transfer *transfer = tl_client_begin(client, take_spare(client), done, ctx);
    tl_client_go(transfer, tl_transfer_prepare(transfer, request), request->total_ms);
    return transfer;
}

void tl_transfer_cancel(struct tl_transfer *transfer)
{
    break_off(transfer, TL_TRANSFER_CANCELLED, "the transfer was cancelled");
}

tl_code tl_http_client_new(struct tl_loop *loop, const struct tl_http_client_config *config,
                           struct tl_http_client **out, struct tl_error *err)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, init_curl);
    static const struct tl_http_client_config defaults;
    if (config == NULL)
        config = &defaults;
    if (config->ca_file != NULL && access(config->ca_file, R_OK) != 0)
        return tl_fail(err, TL_ECONFIG, "cannot read the CA file %s: give the path of a PEM file", config->ca_file);
    struct tl_http_client *client = TL_NEW(struct tl_http_client);
    client->loop = loop;
    client->user_agent = tl_copy_z(config->user_agent != NULL ? config->user_agent : "tidelock/" TIDELOCK_VERSION);
    client->ca_file = tl_copy_z(config->ca_file);
    client->at_once = config->at_once > 0 && config->at_once < MOST_AT_ONCE ? config->at_once : MOST_AT_ONCE;
    tl_list_init(&client->running);
    tl_list_init(&client->waiting);
    tl_list_init(&client->finished);
    tl_list_init(&client->spare);
    tl_mail_init(&client->report, on_report);
    tl_handles_init(&client->handles, release, client);
    client->multi = curl_multi_init();
    tl_must(client->multi != NULL);
    curl_multi_setopt(client->multi, CURLMOPT_MAXCONNECTS, (long)client->at_once);
    curl_multi_setopt(client->multi, CURLMOPT_MAX_HOST_CONNECTIONS, (long)config->per_host);
    curl_multi_setopt(client->multi, CURLMOPT_PIPELINING, CURLPIPE_MULTIPLEX);
    tl_client_sockets_init(client);
    *out = client;
    return TL_OK;
}

static void cancel_all(struct tl_list *list)
{
    struct tl_link *link;
    while ((link = tl_list_first(list)) != NULL)
        break_off(TL_LIST_ITEM(link, struct tl_transfer, link), TL_TRANSFER_CANCELLED, "the client was stopped");
}

void tl_http_client_stop(struct tl_http_client *client, void (*stopped)(void *ctx), void *ctx)
{
    tl_must(!client->is_stopping);
    client->is_stopping = true;
    client->stopped = stopped;
    client->stopped_ctx = ctx;
    cancel_all(&client->waiting); /* first: an ending one would start a waiting one */
    cancel_all(&client->running);
    report_later(client);
}

unsigned tl_http_client_running(const struct tl_http_client *client)
{
    return client->running_count;
}

unsigned tl_http_client_waiting(const struct tl_http_client *client)
{
    return client->waiting_count;
}
