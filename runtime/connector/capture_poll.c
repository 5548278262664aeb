/* A round by the manifest: page after page of a list ordered by change. */
#include "capture_state.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "codec/json_pointer.h"
#include "request.h"

#define PAGE_MAX (64u << 20)

static const struct tl_json_value *poll_of(const struct tl_capture *capture)
{
    return tl_json_get(capture->spec, "poll");
}

static void fail(struct tl_capture *capture, enum tl_failure failure, const char *why)
{
    struct tl_verdict verdict = {.failure = failure, .message = tl_str_z(why)};
    tl_capture_round_failed(capture, &verdict, 0);
}

void tl_capture_poll_begin(struct tl_capture *capture)
{
    const struct tl_json_value *poll = poll_of(capture);
    struct tl_error err = {0};
    capture->vars = (struct tl_vars){0};
    tl_system_vars(capture->lane->system, &capture->round_arena, &capture->vars);
    capture->vars.option = tl_json_root(capture->options);
    capture->vars.object = tl_str_z(capture->object);
    capture->vars.cursor = tl_str_z(capture->cursor);
    if (capture->cursor[0] == 0)
        capture->vars.start = tl_json_get(poll, "start") ? tl_json_get_text(poll, "start") : TL_STR("0");
    capture->sending = (struct tl_exchange_request){0};
    if (tl_request_build(poll, &capture->vars, &capture->sending, &err) != TL_OK) {
        fail(capture, TL_FAIL_CONFIG, tl_arena_printf(&capture->round_arena, "%s", err.text));
        return;
    }
    capture->sending.response_max = PAGE_MAX;
    capture->sending.deadline_mono_ms = tl_mono_ms() + (capture->timeout_ms < 60000 ? capture->timeout_ms : 60000);
    tl_exchange_start(&capture->exchange, &capture->sending);
}

void tl_capture_poll_stored(struct tl_capture *capture)
{
    if (capture->more)
        tl_capture_poll_begin(capture);
    else
        tl_capture_round_done(capture, 0);
}

/* Numbers by value, anything else byte by byte: timestamps of one form compare so. */
static bool is_later(tl_str a, tl_str b)
{
    uint64_t x, y;
    if (tl_str_u64(a, &x) && tl_str_u64(b, &y))
        return x > y;
    return tl_str_cmp(a, b) > 0;
}

static tl_str greatest(const struct tl_json_value *items, tl_str pointer, tl_str start)
{
    tl_str best = start;
    struct tl_json_iter i = tl_json_iter(items);
    while (tl_json_next(&i)) {
        tl_str text = tl_json_text(tl_json_at(i.value, pointer));
        if (text.len && (best.len == 0 || is_later(text, best)))
            best = text;
    }
    return best;
}

static tl_str read_cursor(struct tl_capture *capture, struct tl_answer *answer, const struct tl_json_value *items)
{
    const struct tl_json_value *cursor = tl_json_get(poll_of(capture), "cursor");
    tl_str text = tl_str_z(capture->cursor);
    if (tl_json_get(cursor, "max"))
        return greatest(items, tl_json_get_text(cursor, "max"), text);
    tl_place_read(cursor, answer, &capture->vars, &capture->round_arena, &text);
    return text;
}

static void take_page(struct tl_capture *capture, struct tl_answer *answer)
{
    const struct tl_json_value *poll = poll_of(capture),
                               *items = tl_json_at(tl_answer_json(answer), tl_json_get_text(poll, "items"));
    struct tl_event_places places = {.key = tl_json_get(capture->spec, "key"),
                                     .version = tl_json_get(capture->spec, "version"),
                                     .deleted = tl_json_get(poll, "deleted")};
    if (!places.deleted)
        places.deleted = tl_json_get(capture->spec, "deleted");
    if (tl_json_type(items) != TL_JSON_IS_ARRAY) {
        fail(capture, TL_FAIL_BUG, "the answer has no list of items where the manifest says");
        return;
    }
    size_t count = 0, all = tl_json_count(items);
    struct tl_captured *events = tl_arena_alloc(&capture->arena, (all + 1) * sizeof *events);
    struct tl_json_iter i = tl_json_iter(items);
    while (tl_json_next(&i)) {
        struct tl_captured event;
        if (!tl_event_from_record(tl_str_z(capture->object), i.value, &places, &capture->vars,
                                  tl_str_z(capture->cursor), &capture->arena, &event)) {
            fail(capture, TL_FAIL_BUG, "a record of the list has no key where the manifest says");
            return;
        }
        event.key = tl_arena_str(&capture->arena, event.key);
        event.version = tl_arena_str(&capture->arena, event.version);
        event.payload = tl_arena_str(&capture->arena, event.payload);
        events[count++] = event;
    }
    tl_str cursor = read_cursor(capture, answer, items);
    bool moved = !tl_str_is(cursor, capture->cursor);
    const struct tl_json_value *more = tl_json_get(poll, "more");
    capture->more = moved && more && tl_row_matches(more, answer, &capture->round_arena);
    if (count == 0 && !moved)
        tl_capture_round_done(capture, 0);
    else
        tl_capture_hand_over(capture, events, count, cursor);
}

void tl_capture_poll_answered(struct tl_exchange *exchange, struct tl_answer *answer)
{
    struct tl_capture *capture = TL_CONTAINER_OF(exchange, struct tl_capture, exchange);
    const struct tl_json_value *manifest = capture->lane->system->manifest;
    if (!answer) {
        struct tl_verdict verdict = {
            .failure = exchange->failure, .wait_ms = exchange->wait_ms, .message = tl_str_z(exchange->why)};
        tl_capture_round_failed(capture, &verdict, 0);
        return;
    }
    if (answer->outcome == TL_ANSWER_THERE && answer->status / 100 == 2 && !capture->stopping) {
        take_page(capture, answer);
        return;
    }
    struct tl_verdict_rules rules = {.first = tl_json_get(poll_of(capture), "errors"),
                                     .second = tl_json_get(manifest, "errors"),
                                     .message = tl_json_get(manifest, "error_message"),
                                     .code = tl_json_get(manifest, "error_code"),
                                     .is_capture = true};
    struct tl_verdict verdict = tl_answer_judge(answer, &rules, &capture->round_arena, tl_wall_ms());
    if (verdict.failure == TL_FAIL_NONE)
        tl_capture_round_done(capture, 0);
    else
        tl_capture_round_failed(capture, &verdict, answer->status);
}
