/* Captures as the engine holds them. */
#pragma once
#include "engine_int.h"
#include "flow/capture.h"

enum tl_capture_state { TL_CAPTURE_IDLE, TL_CAPTURE_RUNNING, TL_CAPTURE_HELD, TL_CAPTURE_FAILING, TL_CAPTURE_STOPPED };

struct tl_capture_job {
    struct tl_engine *engine; /* borrow */
    int system;
    const char *object;         /* borrow */
    const char *options;        /* borrow */
    char *name;                 /* own; "capture/<system>/<object>" */
    struct tl_lane *lane;       /* borrow; its owner */
    struct tl_capture *capture; /* own; NULL: not started, or stopped */
    struct tl_gate_ticket ticket;
    struct tl_retry retry;
    struct tl_mail poke;
    atomic_bool poked, paused;
    pthread_mutex_t lock; /* what follows */
    enum tl_capture_state state;
    int64_t success_ms; /* wall time; 0: never */
    int64_t changed_ms; /* of the newest record seen */
    char error[200];
};

TL_MUST_CHECK tl_code tl_captures_init(struct tl_engine *engine, struct tl_error *err);
void tl_captures_free(struct tl_engine *engine);
/* Those of the lane, in its thread or before it. */
TL_MUST_CHECK tl_code tl_captures_begin(struct tl_lane *lane, struct tl_error *err);
/* Ends them; tl_lane_stop_step is called when the last has. */
void tl_captures_end(struct tl_lane *lane);
bool tl_captures_ended(const struct tl_lane *lane);
/* "system/object"; NULL: none. */
struct tl_capture_job *tl_capture_job(struct tl_engine *engine, tl_str name);
