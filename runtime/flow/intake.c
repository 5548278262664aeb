/* Into the journal: one batch, one commit, one answer. */
#include "flow/intake.h"
#include "base/alloc.h"
#include "captured.h"
#include "codec/base64.h"
#include "codec/json_writer.h"
#include "codec/utf8.h"
#include "engine_int.h"
#include "reply.h"

struct intake {
    tl_accepted_done *done;
    void *ctx;
};

bool tl_engine_busy(struct tl_engine *engine)
{
    return !atomic_load(&engine->running) || tl_journal_room(engine->journal) >= TL_ROOM_FULL;
}

static void answered(struct tl_batch *batch, void *ctx)
{
    struct intake *intake = ctx;
    struct tl_error err;
    struct tl_accepted accepted = {.code = tl_batch_code(batch, &err)};
    tl_position *positions = NULL;
    bool *duplicates = NULL;
    if (accepted.code == TL_OK) {
        accepted.count = tl_batch_event_count(batch);
        positions = tl_zalloc(accepted.count + 1, sizeof *positions);
        duplicates = tl_zalloc(accepted.count + 1, sizeof *duplicates);
        for (uint32_t i = 0; i < accepted.count; i++) {
            positions[i] = tl_batch_position(batch, i);
            duplicates[i] = tl_batch_duplicate(batch, i);
        }
        accepted.positions = positions;
        accepted.duplicates = duplicates;
    } else
        accepted.error = &err;
    intake->done(intake->ctx, &accepted);
    tl_batch_free(batch);
    tl_free(positions);
    tl_free(duplicates);
    tl_free(intake);
}

static void tell_refused(void *ctx, tl_code code, const char *text)
{
    struct intake *intake = ctx;
    struct tl_error err;
    struct tl_accepted accepted = {.code = tl_fail(&err, code, "%s", text), .error = &err};
    intake->done(intake->ctx, &accepted);
    tl_free(intake);
}

void tl_engine_accept(struct tl_engine *engine, const struct tl_event_in *events, size_t count, struct tl_loop *loop,
                      tl_accepted_done *done, void *ctx)
{
    struct intake *intake = TL_NEW(struct intake);
    *intake = (struct intake){.done = done, .ctx = ctx};
    struct tl_batch *batch = tl_batch_new(engine->journal);
    struct tl_error err;
    tl_code code = TL_OK;
    if (tl_engine_busy(engine))
        code = tl_fail(&err, TL_EFULL, "events cannot be accepted now; try again later");
    for (size_t i = 0; code == TL_OK && i < count; i++)
        code = tl_batch_event(batch, &events[i], NULL, &err);
    if (code == TL_OK) {
        tl_journal_submit(engine->journal, batch, TL_DURABLE, loop, answered, intake);
        return;
    }
    tl_batch_free(batch);
    tl_reply_send(tl_reply_new(loop, tell_refused, intake), code, err.text);
}

void tl_engine_accept_captured(struct tl_engine *engine, tl_str system, const struct tl_captured *events, size_t count,
                               const struct tl_trace *trace, struct tl_loop *loop, tl_accepted_done *done, void *ctx)
{
    struct tl_arena arena;
    tl_arena_init(&arena);
    int of = tl_plan_number(&engine->plan, system); /* what was verified is taken, also from one that is gone now */
    tl_must(of >= 0);
    struct tl_event_in *in = tl_arena_alloc(&arena, (count + 1) * sizeof *in);
    for (size_t i = 0; i < count; i++)
        tl_captured_event(&engine->plan, of, &events[i], trace, &arena, &in[i]);
    tl_engine_accept(engine, in, count, loop, done, ctx);
    tl_arena_free(&arena);
}

void tl_engine_accept_raw(struct tl_engine *engine, tl_str system, tl_str body, tl_str why,
                          const struct tl_trace *trace, struct tl_loop *loop, tl_accepted_done *done, void *ctx)
{
    struct tl_buf payload;
    tl_buf_init(&payload, TL_PAYLOAD_MAX);
    struct tl_json_writer w;
    tl_json_writer_init(&w, &payload);
    tl_json_begin_object(&w);
    if (tl_utf8_valid(body))
        tl_json_put_string(&w, "body", body);
    else {
        struct tl_buf text;
        tl_buf_init(&text, TL_PAYLOAD_MAX);
        tl_base64_encode(&text, body);
        tl_json_put_string(&w, "body_base64", tl_buf_str(&text));
        tl_buf_free(&text);
    }
    tl_json_key(&w, "why");
    tl_json_lossy(&w, why);
    tl_json_end_object(&w);
    struct tl_event_in in = {.type = TL_STR(TL_TYPE_UNREADABLE),
                             .source = system,
                             .payload = tl_buf_str(&payload),
                             .priority = TL_NORMAL,
                             .trace = trace};
    tl_engine_accept(engine, &in, 1, loop, done, ctx);
    tl_buf_free(&payload);
}
