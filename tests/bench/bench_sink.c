/* A fast platform: answers every request 200 with a small JSON body and counts. `GET /count` gives the number of
 * records written and of the requests that brought them. A batch (…/composite/sobjects/…) has a result for each record.
 *
 *     bench_sink [port]        prints: listening http://127.0.0.1:PORT */
#include "base/buf.h"
#include "loop/loop.h"
#include "net/http_server.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static unsigned long long count, calls;
static struct tl_buf results;

/* How many records a batch has: each begins with its type. */
static size_t records_of(tl_str body)
{
    static const char mark[] = "\"attributes\":";
    size_t found = 0;
    const char *at = body.ptr, *end = body.ptr + body.len;
    while (at < end && (at = memmem(at, (size_t)(end - at), mark, sizeof mark - 1)) != NULL) {
        found++;
        at += sizeof mark - 1;
    }
    return found;
}

static tl_str batch(tl_str body)
{
    size_t records = records_of(body);
    count += records;
    tl_buf_clear(&results);
    for (size_t i = 0; i < records; i++)
        tl_buf_addf(&results, "%s{\"id\":\"001000000000%06zuAAA\",\"success\":true,\"errors\":[],\"created\":false}",
                    i > 0 ? "," : "[", i);
    tl_buf_add_char(&results, ']');
    return tl_buf_str(&results);
}

static void on_request(void *ctx, struct tl_http_request *request)
{
    (void)ctx;
    char text[64];
    tl_str body = TL_STR("{\"ok\":true}");
    if (tl_str_is(request->path, "/count")) {
        body = tl_str_n(text, (size_t)snprintf(text, sizeof text, "{\"count\":%llu,\"calls\":%llu}", count, calls));
    } else {
        calls++;
        if (memmem(request->path.ptr, request->path.len, "/composite/", 11) != NULL)
            body = batch(request->body);
        else
            count++;
    }
    tl_http_reply(request, &(struct tl_http_answer){.status = 200, .type = "application/json", .body = body});
}

int main(int argc, char **argv)
{
    struct tl_error err;
    tl_buf_init(&results, 16 << 20);
    struct tl_http_server *server = NULL;
    struct tl_loop *loop = tl_loop_new("sink");
    struct tl_http_config config = {.port = (uint16_t)(argc > 1 ? atoi(argv[1]) : 0),
                                    .limits = {.body_bytes = 8 << 20}};
    struct tl_http_handler handler = {.on_request = on_request};
    if (tl_http_server_start(loop, &config, &handler, &server, &err) != TL_OK) {
        fprintf(stderr, "bench_sink: %s\n", err.text);
        return 1;
    }
    printf("listening http://127.0.0.1:%u\n", tl_http_server_port(server));
    fflush(stdout);
    tl_loop_run(loop);
    return 0;
}
