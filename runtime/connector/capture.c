/* The life of a capture: rounds, rests between them, and the hand-over of events whose cursor moves only when they are
 * durable. */
#include "capture_state.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "base/duration.h"
#include "codec/json_writer.h"
#include "config.h"

#define POLL_MS 60000
#define ROUND_MS 300000
#define OPTIONS_MAX (1u << 20)

static void begin_round(struct tl_timer *timer);

/* ---- rests and ends ---- */

static void free_round(struct tl_capture *capture)
{
    if (capture->driver) {
        tl_driver_deinit(capture->driver);
        tl_free(capture->driver);
        capture->driver = NULL;
    }
    tl_exchange_deinit(&capture->exchange);
    tl_arena_free(&capture->round_arena);
    tl_arena_free(&capture->arena);
    tl_free(capture->next_cursor);
    capture->next_cursor = NULL;
    capture->storing = false;
}

static void gone(struct tl_mail *mail)
{
    struct tl_capture *capture = TL_CONTAINER_OF(mail, struct tl_capture, mail);
    struct tl_system_lane *lane = capture->lane;
    void (*stopped)(void *ctx) = capture->stopped;
    void *ctx = capture->stopped_ctx;
    free_round(capture);
    tl_timer_stop(&capture->timer);
    tl_json_free(capture->options);
    tl_free(capture->options_text);
    tl_free(capture->object);
    tl_free(capture->cursor);
    tl_activity_end(lane, &capture->activity);
    tl_free(capture);
    if (stopped)
        stopped(ctx);
}

static void leave(struct tl_capture *capture)
{
    if (capture->leaving)
        return; /* stopped from within a callback of the round that ends now */
    capture->leaving = true;
    tl_timer_stop(&capture->timer);
    tl_mail_init(&capture->mail, gone);
    tl_loop_next(capture->lane->loop, &capture->mail);
}

static void rest(struct tl_capture *capture, int64_t ms)
{
    free_round(capture);
    if (capture->stopping) {
        leave(capture);
        return;
    }
    capture->state = ms < 0 ? TL_CAPTURE_HALTED : TL_CAPTURE_RESTING;
    if (ms >= 0)
        tl_timer_start(capture->lane->loop, &capture->timer, ms);
}

void tl_capture_round_done(struct tl_capture *capture, int64_t again_ms)
{
    capture->state = TL_CAPTURE_RESTING;
    bool caught_up = again_ms <= 0 || again_ms >= capture->poll_ms;
    if (!capture->stopping && caught_up && capture->owner.caught_up)
        capture->owner.caught_up(capture->owner.ctx);
    rest(capture, again_ms > 0 ? again_ms : capture->poll_ms);
}

void tl_capture_round_failed(struct tl_capture *capture, const struct tl_verdict *verdict, int status)
{
    struct tl_call_result result = {.failure = verdict->failure,
                                    .wait_ms = verdict->wait_ms,
                                    .code = verdict->code,
                                    .message = verdict->message,
                                    .status = status};
    int64_t again_ms = -1;
    capture->state = TL_CAPTURE_RESTING;
    if (!capture->stopping)
        again_ms = capture->owner.failed(capture->owner.ctx, &result);
    rest(capture, again_ms);
}

/* ---- handing over ---- */

void tl_capture_hand_over(struct tl_capture *capture, const struct tl_captured *events, size_t count, tl_str cursor)
{
    tl_free(capture->next_cursor);
    capture->next_cursor = tl_str_dup(cursor);
    capture->storing = true;
    capture->owner.store(capture->owner.ctx, capture, events, count, tl_str_z(capture->next_cursor));
}

void tl_capture_stored(struct tl_capture *capture, bool ok)
{
    if (!capture->storing)
        return;
    capture->storing = false;
    if (ok) {
        tl_free(capture->cursor);
        capture->cursor = capture->next_cursor;
        capture->next_cursor = NULL;
    }
    tl_arena_free(&capture->arena);
    if (capture->driver) {
        tl_driver_stored(capture->driver, ok);
    } else if (!ok) {
        struct tl_verdict verdict = {.failure = TL_FAIL_RETRY, .message = TL_STR("the events could not be stored")};
        tl_capture_round_failed(capture, &verdict, 0);
    } else if (!capture->stopping) {
        tl_capture_poll_stored(capture);
    }
}

static void emitted(struct tl_driver *driver, const tlc_event *events, uint32_t count, tlc_slice cursor)
{
    struct tl_capture *capture = driver->owner;
    struct tl_captured *out = tl_arena_alloc(&capture->arena, (count + 1) * sizeof *out);
    for (uint32_t i = 0; i < count; i++)
        tl_event_from_code(&events[i], tl_str_z(capture->cursor), &capture->arena, &out[i]);
    tl_capture_hand_over(capture, out, count, tl_str_of(cursor));
}

/* ---- rounds by code ---- */

static void code_ended(struct tl_driver *driver, const struct tl_driver_end *end)
{
    struct tl_capture *capture = driver->owner;
    if (end->done)
        tl_capture_round_done(capture, end->done->again_ms);
    else
        tl_capture_round_failed(capture, &end->verdict, 0);
}

static void begin_code(struct tl_capture *capture)
{
    const struct tl_json_value *manifest = capture->lane->system->manifest;
    struct tl_driver *driver = TL_NEW(struct tl_driver);
    tl_driver_init(driver, capture->lane);
    capture->driver = driver;
    driver->owner = capture;
    driver->request.role = TLC_ROLE_CHANGES;
    driver->request.object = tl_slice_of(tl_str_z(capture->object));
    driver->request.cursor = tl_slice_of(tl_str_z(capture->cursor));
    driver->request.options = tl_slice_of(tl_str_z(capture->options_text));
    driver->vars.option = tl_json_root(capture->options);
    driver->vars.object = tl_str_z(capture->object);
    driver->deadline_mono_ms = tl_mono_ms() + capture->timeout_ms;
    driver->rules = (struct tl_verdict_rules){.first = tl_json_get(manifest, "errors"),
                                              .message = tl_json_get(manifest, "error_message"),
                                              .code = tl_json_get(manifest, "error_code"),
                                              .is_capture = true};
    driver->emit = emitted;
    driver->ended = code_ended;
    tl_driver_start(driver);
}

static void begin_round(struct tl_timer *timer)
{
    struct tl_capture *capture = TL_CONTAINER_OF(timer, struct tl_capture, timer);
    int64_t wait_ms = capture->owner.ready ? capture->owner.ready(capture->owner.ctx) : 0;
    if (capture->stopping)
        return; /* stopped inside `ready`: leave is on its way */
    if (wait_ms > 0) {
        tl_timer_start(capture->lane->loop, &capture->timer, wait_ms);
        return;
    }
    capture->state = TL_CAPTURE_RUNNING;
    if (tl_json_get_bool(capture->spec, "code", false))
        begin_code(capture);
    else
        tl_capture_poll_begin(capture);
}

/* ---- life ---- */

static tl_code read_options(struct tl_capture *capture, tl_str given, struct tl_error *err)
{
    static const char *const known[] = {"poll", "delta", "webhook"};
    struct tl_json_doc *doc = NULL;
    struct tl_buf text;
    struct tl_json_writer writer;
    tl_code code = tl_json_parse_borrowed(given.len ? given : TL_STR("{}"), NULL, &doc, err);
    if (code != TL_OK)
        return code;
    tl_buf_init(&text, OPTIONS_MAX);
    tl_json_writer_init(&writer, &text);
    tl_json_begin_object(&writer);
    code = tl_fields_read(tl_json_get(capture->spec, "config"), tl_json_root(doc), known, TL_COUNT_OF(known),
                          "changes.", false, &writer, NULL, err);
    tl_json_end_object(&writer);
    if (code == TL_OK)
        code = tl_json_writer_done(&writer, err);
    if (code == TL_OK)
        code = tl_json_parse(tl_buf_str(&text), NULL, &capture->options, err);
    const struct tl_json_value *poll = tl_json_get(tl_json_root(doc), "poll");
    if (!poll)
        poll = tl_json_get(tl_json_root(doc), "delta");
    if (!poll)
        poll = tl_json_get(tl_json_root(capture->options), "poll");
    capture->poll_ms = POLL_MS;
    if (code == TL_OK && poll)
        code = tl_duration_parse(tl_json_text(poll), &capture->poll_ms, err);
    size_t len;
    capture->options_text = tl_buf_take(&text, &len);
    tl_json_free(doc);
    return code == TL_OK ? TL_OK : TL_ECONFIG;
}

static void cancel_activity(struct tl_activity *activity)
{
    struct tl_capture *capture = TL_CONTAINER_OF(activity, struct tl_capture, activity);
    if (!capture->stopping)
        tl_capture_stop(capture, NULL, NULL);
}

tl_code tl_capture_start(struct tl_system_lane *lane, const struct tl_capture_config *config,
                         const struct tl_capture_owner *owner, struct tl_capture **out, struct tl_error *err)
{
    tl_code code = tl_system_check_changes(lane->system, config->object, config->options, err);
    if (code != TL_OK)
        return code;
    struct tl_capture *capture = TL_NEW(struct tl_capture);
    capture->lane = lane;
    capture->owner = *owner;
    capture->spec = tl_changes_find(lane->system, config->object);
    code = read_options(capture, config->options, err);
    if (code != TL_OK) {
        tl_json_free(capture->options);
        tl_free(capture->options_text);
        tl_free(capture);
        return code;
    }
    capture->object = tl_str_dup(config->object);
    capture->cursor = tl_str_dup(config->cursor);
    capture->timeout_ms = config->timeout_ms > 0 ? config->timeout_ms : ROUND_MS;
    tl_arena_init(&capture->arena);
    tl_arena_init(&capture->round_arena);
    tl_exchange_init(&capture->exchange, lane, &capture->round_arena, &capture->vars, tl_capture_poll_answered);
    tl_activity_begin(lane, &capture->activity, cancel_activity);
    tl_timer_init(&capture->timer, begin_round);
    tl_timer_start(lane->loop, &capture->timer, 0);
    *out = capture;
    return TL_OK;
}

void tl_capture_poke(struct tl_capture *capture)
{
    if (capture->stopping || capture->state == TL_CAPTURE_RUNNING)
        return;
    capture->state = TL_CAPTURE_RESTING;
    tl_timer_start(capture->lane->loop, &capture->timer, 0);
}

void tl_capture_rewind(struct tl_capture *capture, tl_str cursor)
{
    tl_must(capture->state != TL_CAPTURE_RUNNING);
    tl_free(capture->cursor);
    capture->cursor = tl_str_dup(cursor);
}

void tl_capture_stop(struct tl_capture *capture, void (*stopped)(void *ctx), void *ctx)
{
    capture->stopped = stopped;
    capture->stopped_ctx = ctx;
    if (capture->stopping)
        return;
    capture->stopping = true;
    if (capture->state != TL_CAPTURE_RUNNING) {
        leave(capture);
    } else if (capture->driver) {
        capture->storing = false;
        tl_driver_cancel(capture->driver, "stopped");
    } else if (capture->storing) {
        capture->storing = false;
        leave(capture);
    } else {
        tl_exchange_cancel(&capture->exchange);
    }
}
