/* The keys of runs that could still take an event that the journal is about to forget (rule 7): of open runs and of
 * what they wait for, of parked units, and of units that have not begun though their event was dropped. 16 bytes each.
 * Thread: one at a time, never a loop's: reading them takes as long as there are runs. */
#pragma once
#include "engine_int.h"

struct tl_open_key {
    uint64_t hash;
    tl_position from; /* the event of the oldest run of the key: it takes only later ones */
};

struct tl_open_keys {
    struct tl_open_key *keys; /* own; by hash, each once */
    size_t count, cap;
};

/* Of those whose own event stands in commit `last` or before: the others take nothing from there. Release with
 * tl_open_keys_free, also after a failure. */
TL_MUST_CHECK tl_code tl_open_keys_read(struct tl_engine *engine, uint64_t last, struct tl_open_keys *out,
                                        struct tl_error *err);
void tl_open_keys_free(struct tl_open_keys *keys);
/* Could one of them take an event of this key at this place? */
bool tl_open_keys_want(const struct tl_open_keys *keys, uint64_t hash, tl_position position);

/* Is a run of `key` open, or a unit of it parked or unfinished past retention, besides the one unit itself: its run,
 * its exception ("": none) and its event? True when it cannot be told. Thread: any. */
bool tl_open_keys_others(struct tl_engine *engine, tl_str key, const char *run, const char *exception,
                         tl_position event);
