/* An engine in this process for bench_runs: flows of Lua from memory, lanes on threads, the real clock and disk, and
 * a platform that answers at once, so that what is measured is the engine. Thread: the main one, unless said otherwise.
 */
#pragma once
#include "flow/engine.h"
#include "loop/loop.h"
#include <stdatomic.h>

/* What a unit's calls leave behind, by the number in the event's payload. */
struct world_unit {
    int64_t asked_ns; /* mono: the last call */
    int64_t sent_ns;
    int64_t accepted_ns; /* mono: when the acknowledgement of `world_feed` came */
};

struct world {
    char *dir; /* own */
    struct tl_journal *journal;
    struct tl_engine *engine;
    struct tl_bundle *bundle; /* own */
    unsigned lanes;
    struct tl_call_port port;
    struct tl_loop *loop;     /* own; of the sender */
    struct world_unit *units; /* own; `unit_count` of them */
    size_t unit_count;
    uint32_t *step_us; /* borrow; NULL: not wanted. From one call of a unit to the next one */
    size_t step_cap;
    _Atomic size_t steps; /* noted in step_us */
    unsigned last_call;   /* number of a unit's last call; 0: it makes none */
    _Atomic size_t calls, finished;
    atomic_bool told;
    struct tl_mail more; /* to the sender: units have finished */
    struct world_feed *feed;
};

/* Opens the journal in `dir` and starts an engine on it; ends the program with a message when that fails. `library`:
 * scripts/lib. */
void world_open(struct world *w, const char *dir, const char *library, size_t units);
/* The same with so many lanes; 0: one a core. */
void world_open_lanes(struct world *w, const char *dir, const char *library, size_t units, unsigned lanes);
/* Stops as a server does. */
void world_close(struct world *w);
/* From the moment of the call until everything unfinished is back in queues: what the next start takes. The world must
 * be closed. */
int64_t world_start_ns(struct world *w);

/* `count` events of one type with keys "K<first>" … and payload {"k":n,…}, in an order that is not that of the keys.
 * At most `window` are on the way: not acknowledged, or, with last_call, not carried out to their last call. Returns
 * when all are acknowledged (and have made that call); the time that took. */
int64_t world_feed(struct world *w, const char *type, size_t first, size_t count, size_t window);
/* Until no unit is unfinished, and the state shows everything. */
void world_rest(struct world *w);
/* Until `table` has no more than `rows` rows. */
void world_rows(struct world *w, const char *table, uint64_t rows);

/* Bytes of memory that only this process has and cannot be read again from a file. */
double world_memory(void);
/* Ends the program when it is not TL_OK. */
void world_must(tl_code code, const struct tl_error *err);
