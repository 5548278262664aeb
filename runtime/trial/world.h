/* The world of one test: the engine on a journal of its own, one lane turned by hand, driven time, and platforms that
 * the test scripts. A world is made when a test first touches it. Thread: one. */
#pragma once
#include "base/buf.h"
#include "base/list.h"
#include "codec/json.h"
#include "flow/engine.h"
#include "flow/lane.h"
#include "loop/mail.h"
#include "script/tester.h"
#include "server/integration.h"

/* A declared system and what its connector says it can do. */
struct tl_trial_system {
    const struct tl_system_decl *decl; /* borrow */
    struct tl_system *draft;           /* own; NULL: its connector cannot say */
};

struct tl_world {
    const char *folder;                      /* borrow; the integration's */
    struct tl_integration *integration;      /* borrow */
    const struct tl_bundle *bundle;          /* borrow */
    struct tl_lines *lines;                  /* borrow; NULL: not noted */
    struct tl_tester *tester;                /* borrow */
    struct tl_trial_system *systems;         /* own */
    struct tl_engine_system *engine_systems; /* own */
    size_t system_count;
    struct tl_script *keys; /* own; what event keys are computed with */
    char dir[64];           /* "": not made */
    struct tl_journal *journal;
    struct tl_engine *engine;
    struct tl_call_port port;
    struct tl_list calls; /* of struct tl_held: calls that have not been answered */
    size_t held;          /* of them: those that are kept back until a time */
    size_t replies;       /* to what was asked last */
    tl_code reply_code;
    char reply_text[1024];
};

/* world.c */
TL_MUST_CHECK tl_code tl_world_init(struct tl_world *w, struct tl_integration *integration, struct tl_lines *lines,
                                    struct tl_error *err);
void tl_world_deinit(struct tl_world *w);
/* What was is gone, time begins anew. */
void tl_world_reset(struct tl_world *w);
/* Makes it when it is not there. */
TL_MUST_CHECK tl_code tl_world_need(struct tl_world *w, struct tl_error *err);
/* As after a crash, then the next start. */
TL_MUST_CHECK tl_code tl_world_restart(struct tl_world *w, struct tl_error *err);
static inline struct tl_loop *tl_world_loop(struct tl_world *w)
{
    return tl_lane_loop(tl_engine_lane(w->engine, 0));
}

/* world_time.c */
/* Until nothing moves any more. TL_ETIMEOUT. */
TL_MUST_CHECK tl_code tl_world_settle(struct tl_world *w, struct tl_error *err);
/* Until `replies` is there. */
TL_MUST_CHECK tl_code tl_world_await(struct tl_world *w, struct tl_error *err);
/* Time passes: what is due meanwhile happens in its order and at its moment. */
TL_MUST_CHECK tl_code tl_world_advance(struct tl_world *w, int64_t ms, struct tl_error *err);

/* world_ask.c: what the words of tests ask (struct tl_tester_host; ctx is the world). */
tl_code tl_world_call(void *ctx, tl_str name, tl_str args, struct tl_buf *result, struct tl_error *err);

/* world_desk.c: people. Each writes or reads JSON as its word in scripts/trial/world.lua does. */
TL_MUST_CHECK tl_code tl_world_list(struct tl_world *w, const char *what, struct tl_buf *out, struct tl_error *err);
TL_MUST_CHECK tl_code tl_world_decide(struct tl_world *w, const struct tl_json_value *args, struct tl_error *err);
TL_MUST_CHECK tl_code tl_world_desk(struct tl_world *w, const struct tl_json_value *args, struct tl_error *err);
TL_MUST_CHECK tl_code tl_world_emitted(struct tl_world *w, tl_str type, struct tl_buf *out, struct tl_error *err);

/* calls.c: platforms. */
void tl_world_calls_init(struct tl_world *w);
/* Answers that are due. True: there were some. */
bool tl_world_calls_answer(struct tl_world *w);
/* Wall time of the next one; INT64_MAX: none. */
int64_t tl_world_calls_due(const struct tl_world *w);
/* Nobody waits for them any more. */
void tl_world_calls_drop(struct tl_world *w);

/* folder.c */
/* TL_EIO. The longest path is sizeof out - 1. */
TL_MUST_CHECK tl_code tl_folder_make(char out[64], struct tl_error *err);
/* Names of a folder that end in `ext`, sorted; each and the list tl_free'd. A folder that is not there is empty. */
char **tl_folder_names(const char *dir, const char *ext, size_t *count);
TL_MUST_CHECK tl_code tl_folder_read(const char *path, struct tl_buf *out, struct tl_error *err);
TL_MUST_CHECK tl_code tl_folder_write(const char *path, tl_str text, struct tl_error *err);
