/* Fills a journal with events that nobody waits for, so that the cost of one more can be measured on a full one.
 *
 *     bench_fill FOLDER EVENTS */
#include "base/alloc.h"
#include "journal/journal.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PER_BATCH = 1000, PAYLOAD = 1024 };

static void fill_batch(struct tl_batch *batch, unsigned long long from, unsigned long long to, const char *payload)
{
    struct tl_error err;
    for (unsigned long long n = from; n < to; n++) {
        char dedupe[40], key[40];
        snprintf(dedupe, sizeof dedupe, "fill-%016llx", n * 0x9e3779b97f4a7c15u);
        snprintf(key, sizeof key, "F-%llu", n);
        struct tl_event_in event = {.type = TL_STR("shop.Filled"),
                                    .source = TL_STR("shop"),
                                    .key = tl_str_z(key),
                                    .dedupe = tl_str_z(dedupe),
                                    .payload = tl_str_n(payload, PAYLOAD),
                                    .priority = TL_NORMAL};
        if (tl_batch_event(batch, &event, NULL, &err) != TL_OK) {
            fprintf(stderr, "bench_fill: %s\n", err.text);
            exit(1);
        }
    }
}

int main(int argc, char **argv)
{
    struct tl_error err;
    struct tl_journal *journal = NULL;
    unsigned long long events = argc > 2 ? strtoull(argv[2], NULL, 10) : 0;
    char payload[PAYLOAD];
    if (argc < 3 || tl_journal_open(argv[1], NULL, &journal, &err) != TL_OK) {
        fprintf(stderr, "bench_fill: %s\n", argc < 3 ? "usage: bench_fill FOLDER EVENTS" : err.text);
        return 1;
    }
    memset(payload, 'x', sizeof payload);
    struct tl_batch *batch = tl_batch_new(journal);
    for (unsigned long long n = 0; n < events; n += PER_BATCH) {
        tl_batch_reset(batch);
        fill_batch(batch, n, n + PER_BATCH < events ? n + PER_BATCH : events, payload);
        if (tl_journal_submit_wait(journal, batch, TL_DURABLE, &err) != TL_OK) {
            fprintf(stderr, "bench_fill: %s\n", err.text);
            return 1;
        }
    }
    tl_batch_free(batch);
    tl_journal_close(journal);
    return 0;
}
