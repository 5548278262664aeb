/* Is the wall clock to be trusted? When it runs ahead of the monotonic clock by more than a minute (a resumed machine,
 * a wrong time server), dedupe expiry and retention stop until the two have agreed for ten minutes or an operator
 * confirms (rule 24). Thread: any. */
#pragma once
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

struct clockwatch {
    pthread_mutex_t lock;
    int64_t offset_ms; /* wall - mono when last agreed */
    int64_t frozen_ms; /* expiry time while not trusted */
    int64_t agreed_ms; /* mono time since when the jumped clock agrees with itself */
    int64_t jumped_ms; /* wall - mono after the jump */
    bool trusted;
};

void tl_clockwatch_init(struct clockwatch *watch);
/* The time by which things expire: the wall clock while it is trusted, otherwise the last trusted time. */
int64_t tl_clockwatch_now(struct clockwatch *watch);
bool tl_clockwatch_trusted(struct clockwatch *watch);
void tl_clockwatch_confirm(struct clockwatch *watch);
