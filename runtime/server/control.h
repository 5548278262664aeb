/* Private to the room: one request on the control socket. */
#pragma once
#include "codec/json_writer.h"
#include "net/problem.h"
#include "server.h"

enum { TL_CONTROL_ANSWER_MAX = 256 << 20 };

struct tl_control_request {
    struct tl_server *server;         /* borrow */
    struct tl_http_request *http;     /* ours until answered */
    struct tl_json_doc *body;         /* own; NULL when there was none */
    const struct tl_json_value *root; /* of the body */
    char who[128];                    /* "alice (uid 1000)" */
    tl_str rest[2];                   /* segments of the path after the route's own */
    size_t rest_count;
};

/* The reason in what is asked must be one line of text: it is part of a history that people read (TL_EINPUT). */
TL_MUST_CHECK tl_code tl_control_check_reason(const struct tl_json_value *root, struct tl_error *err);

/* A handler answers with one of these, then or later; both free the request. */
void tl_control_answer(struct tl_control_request *request, const struct tl_buf *json);
void tl_control_fail(struct tl_control_request *request, const struct tl_error *err);
/* The same with further members of the problem: raw JSON without braces. */
void tl_control_refuse(struct tl_control_request *request, const struct tl_error *err, tl_str members);
/* One of the two, by the code of what wrote `out`, which is freed. */
void tl_control_written(struct tl_control_request *request, tl_code code, struct tl_buf *out,
                        const struct tl_error *err);
/* For the engine's acts, whose `ctx` is the request: what was done as {"message"}, or why not. */
void tl_control_acted(void *ctx, tl_code code, const char *text);
/* {"message": text} */
void tl_control_say(struct tl_control_request *request, const char *fmt, ...) TL_PRINTF(2, 3);
/* Needs the engine; answers 503 and gives false while settings are missing. */
bool tl_control_engine(struct tl_control_request *request);
/* A query parameter, decoded; appended to `out`. False when it is not there. */
bool tl_control_query(const struct tl_control_request *request, const char *name, struct tl_buf *out);
/* Several parameters, each into its own buffer, which is initialised and must be freed. */
struct tl_control_words {
    const char *name;
    struct tl_buf text;
};
void tl_control_words(const struct tl_control_request *request, struct tl_control_words *words, size_t count);
void tl_control_words_free(struct tl_control_words *words, size_t count);
/* The answer of a route that lists: `write` makes it of the parameters, which it finds in their order. Needs the
 * engine.
 */
typedef tl_code tl_control_write(const struct tl_control_request *request, const struct tl_control_words *words,
                                 struct tl_buf *out, struct tl_error *err);
void tl_control_list(struct tl_control_request *request, struct tl_control_words *words, size_t count,
                     tl_control_write *write);
uint64_t tl_control_query_number(const struct tl_control_request *request, const char *name, uint64_t otherwise);
/* An event's id, as somebody wrote it; TL_EINPUT. */
TL_MUST_CHECK tl_code tl_control_position(tl_str text, tl_position *out, struct tl_error *err);

void tl_control_status(struct tl_control_request *request);
void tl_control_trace(struct tl_control_request *request);
void tl_control_event(struct tl_control_request *request);
void tl_control_exceptions(struct tl_control_request *request);
void tl_control_exception(struct tl_control_request *request);
void tl_control_desk(struct tl_control_request *request);
void tl_control_groups(struct tl_control_request *request);
void tl_control_group(struct tl_control_request *request);
void tl_control_runs(struct tl_control_request *request);
void tl_control_run(struct tl_control_request *request);
void tl_control_run_act(struct tl_control_request *request);
void tl_control_decisions(struct tl_control_request *request);
void tl_control_decision(struct tl_control_request *request);
void tl_control_replay(struct tl_control_request *request);
void tl_control_recording(struct tl_control_request *request);
void tl_control_pause(struct tl_control_request *request);
void tl_control_resume(struct tl_control_request *request);
void tl_control_settings(struct tl_control_request *request);
void tl_control_settings_history(struct tl_control_request *request);
void tl_control_settings_set(struct tl_control_request *request);
void tl_control_secrets(struct tl_control_request *request);
void tl_control_secrets_history(struct tl_control_request *request);
void tl_control_secrets_set(struct tl_control_request *request);
void tl_control_revisions(struct tl_control_request *request);
void tl_control_doctor(struct tl_control_request *request);
/* The answer of `trace` when nothing was received: what the systems know of the key, and why nothing came. ask.c */
void tl_ask_systems(struct tl_control_request *request, tl_str key);
