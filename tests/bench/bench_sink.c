/* A fast platform: answers every request 200 with a small JSON body and counts. `GET /count` gives the number of
 * others.
 *
 *     bench_sink [port]        prints: listening http://127.0.0.1:PORT */
#include "loop/loop.h"
#include "net/http_server.h"
#include <stdio.h>
#include <stdlib.h>

static unsigned long long count;

static void on_request(void *ctx, struct tl_http_request *request)
{
    (void)ctx;
    char text[64];
    tl_str body = TL_STR("{\"ok\":true}");
    if (tl_str_is(request->path, "/count"))
        body = tl_str_n(text, (size_t)snprintf(text, sizeof text, "{\"count\":%llu}", count));
    else
        count++;
    tl_http_reply(request, &(struct tl_http_answer){.status = 200, .type = "application/json", .body = body});
}

int main(int argc, char **argv)
{
    struct tl_error err;
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
