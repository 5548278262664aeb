/* The script states of a lane: that of the live revision, and one for each earlier revision of which a run is in
 * memory. Thread: the lane's. */
#pragma once
#include "base/error.h"
#include <stdbool.h>
#include <stddef.h>

struct tl_lane;
struct tl_drive;

struct tl_script_host {
    struct tl_script_host *next; /* own */
    char *revision;              /* own */
    void *host;                  /* own; the run port's */
    size_t runs;                 /* in memory */
    bool live;
};

TL_MUST_CHECK tl_code tl_host_open(struct tl_lane *lane, struct tl_error *err);
/* For the run's revision, and the flow's index there. NULL: there is none any more, `err` says what to do. */
struct tl_script_host *tl_host_for(struct tl_drive *drive, size_t *flow, struct tl_error *err);
/* Closes what no run uses, and builds a live state anew that has reached its cap. False: it has, and runs use it. */
bool tl_hosts_tidy(struct tl_lane *lane);
void tl_hosts_free(struct tl_lane *lane);
