/* Captures as the engine holds them. */
#pragma once
#include "engine_int.h"
#include "flow/capture.h"

enum tl_capture_state { TL_CAPTURE_IDLE, TL_CAPTURE_RUNNING, TL_CAPTURE_HELD, TL_CAPTURE_FAILING, TL_CAPTURE_STOPPED };

struct tl_capture_job {
    struct tl_engine *engine; /* borrow */
    int system;
    char *object, *options;      /* own */
    char *name;                  /* own; "capture/<system>/<object>" */
    bool wanted;                 /* by the live revision */
    bool changed;                /* its options are others than it runs with */
    bool ending, storing;        /* it was told to end; a batch of it is on the way */
    char *cursor;                /* own; as last stored since the start, or NULL: the state has it */
    struct tl_lane *lane;        /* borrow; its owner */
    struct tl_capture *capture;  /* own; NULL: not started, or stopped */
    struct tl_system *system_of; /* borrow; with what it was started */
    struct tl_gate_ticket ticket;
    struct tl_retry retry;
    struct tl_mail poke;
    atomic_bool poked, paused;
    int64_t known_ms;     /* wall time up to which it had everything; 0: unknown */
    bool gap_told;        /* of the stop that lasts */
    pthread_mutex_t lock; /* what follows */
    enum tl_capture_state state;
    int64_t success_ms; /* wall time; 0: never */
    int64_t changed_ms; /* of the newest record seen */
    char error[200];
    char *gap; /* own; payload of the latest gap, NULL: there was none */
};

/* The jobs of the plan's systems: new ones are added, of others it is noted what has changed. Before lanes run, or
 * while all stand still. */
void tl_captures_plan(struct tl_engine *engine);
/* What has changed is carried out, in the lane's thread. */
void tl_captures_follow(struct tl_lane *lane);
void tl_captures_free(struct tl_engine *engine);
/* Those of the lane, in its thread or before it. */
TL_MUST_CHECK tl_code tl_captures_begin(struct tl_lane *lane, struct tl_error *err);
/* Ends them; tl_lane_stop_step is called when the last has. */
void tl_captures_end(struct tl_lane *lane);
bool tl_captures_ended(const struct tl_lane *lane);
/* "system/object"; NULL: none. */
struct tl_capture_job *tl_capture_job(struct tl_engine *engine, tl_str name);
