/* The script states of a lane: that of the live revision, and one for each earlier revision of which a run is in
 * memory, or was a moment ago. A unit that has begun keeps its state until it has ended, also while it waits for its
 * next try. Thread: the lane's. */
#pragma once
#include "base/error.h"
#include "base/list.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tl_lane;
struct tl_drive;
struct tl_unit;
struct tl_use;
struct tl_bundle;

struct tl_script_host {
    struct tl_script_host *next;    /* own */
    char *revision;                 /* own */
    uint32_t part;                  /* whose it is; of a live one */
    const struct tl_bundle *bundle; /* borrow; NULL: one that the owner keeps, or none */
    struct tl_use *use;             /* counted; of the bundle */
    void *host;                     /* own; the run port's */
    size_t runs;                    /* in memory */
    struct tl_list units;           /* that have begun under it */
    bool live;
    int64_t idle_ms; /* mono; nothing uses it since; 0: something does */
};

TL_MUST_CHECK tl_code tl_host_open(struct tl_lane *lane, struct tl_error *err);
/* For the run's revision, and the flow's index there. NULL: there is none any more, `err` says what to do. */
struct tl_script_host *tl_host_for(struct tl_drive *drive, size_t *flow, struct tl_error *err);
/* True: the state of the revision that the unit began under is not there. It is opened beside the lane, and the unit
 * gets its turn again then. */
bool tl_host_awaited(struct tl_unit *unit);
/* The index of a flow in the revision of that state; false: it has none of that name. */
bool tl_host_flow(struct tl_lane *lane, struct tl_script_host *host, uint32_t flow, size_t *index);
/* The state of an earlier revision; opened when it is not there. NULL: the revision is not kept. */
struct tl_script_host *tl_host_earlier(struct tl_lane *lane, const char *revision, struct tl_error *err);
/* Of an integration; NULL: it is gone. */
struct tl_script_host *tl_host_live(const struct tl_lane *lane, uint32_t part);
/* The unit begins, and goes on under `host` when it is tried again; or (NULL) it has not begun. */
void tl_host_pin(struct tl_unit *unit, struct tl_script_host *host);
/* Another one is live from now on, or (NULL) none: takes `host`. */
void tl_host_replace(struct tl_lane *lane, uint32_t part, void *host);
/* Closes what nothing uses, and builds a live state anew that has reached its cap. False: it has, and runs use it. */
bool tl_hosts_tidy(struct tl_lane *lane);
/* States held; for tests. */
size_t tl_hosts_count(const struct tl_lane *lane);
void tl_hosts_free(struct tl_lane *lane);
