/* A round by the manifest. A list is asked for what changed since the cursor; it may come in pages (one sweep), and the
 * cursor moves behind the last of them, or with each page when the list is ordered by change. */
#include "capture_state.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "base/duration.h"
#include "codec/json_pointer.h"
#include "codec/json_writer.h"
#include "codec/timestamp.h"
#include "request.h"

#define PAGE_MAX (64u << 20)
#define PAGES 100000 /* of one sweep */

static const struct tl_json_value *poll_of(const struct tl_capture *capture)
{
    return tl_json_get(capture->spec, "poll");
}

static void fail(struct tl_capture *capture, enum tl_failure failure, const char *why)
{
    struct tl_verdict verdict = {.failure = failure, .message = tl_str_z(why)};
    tl_capture_round_failed(capture, &verdict, 0);
}

static void send_page(struct tl_capture *capture)
{
    capture->sending.response_max = PAGE_MAX;
    capture->sending.deadline_mono_ms = tl_mono_ms() + (capture->timeout_ms < 60000 ? capture->timeout_ms : 60000);
    tl_exchange_start(&capture->exchange, &capture->sending);
}

/* What is asked for begins a little before what was seen: records whose change was committed late have older times. */
static tl_code ask_from(struct tl_capture *capture, tl_str *from, struct tl_error *err)
{
    const struct tl_json_value *overlap = tl_json_get(tl_json_get(poll_of(capture), "cursor"), "overlap");
    struct tl_timestamp at;
    char text[TL_TIMESTAMP_SIZE];
    int64_t ms = 0;
    uint64_t number;
    *from = tl_arena_str(&capture->round_arena, tl_str_z(capture->cursor));
    if (!overlap || from->len == 0 || tl_duration_parse(tl_json_text(overlap), &ms, NULL) != TL_OK)
        return TL_OK;
    if (tl_str_u64(*from, &number)) {
        uint64_t less = (uint64_t)ms / 1000;
        *from = tl_str_z(
            tl_arena_printf(&capture->round_arena, "%llu", (unsigned long long)(number > less ? number - less : 0)));
        return TL_OK;
    }
    if (tl_timestamp_parse(*from, TL_TIME_RFC3339, &at, err) != TL_OK)
        return tl_error_prefix(err, "the cursor cannot be set back by \"overlap\""), TL_ECONFIG;
    at.ms -= ms;
    *from = tl_arena_str(&capture->round_arena, tl_timestamp_print(&at, TL_TIME_RFC3339, text));
    return TL_OK;
}

void tl_capture_poll_begin(struct tl_capture *capture)
{
    const struct tl_json_value *poll = poll_of(capture);
    struct tl_error err = {0};
    capture->vars = (struct tl_vars){0};
    tl_system_vars(capture->lane->system, &capture->round_arena, &capture->vars);
    capture->vars.option = tl_json_root(capture->options);
    capture->vars.object = tl_str_z(capture->object);
    if (capture->cursor[0] == 0)
        capture->vars.start = tl_json_get(poll, "start") ? tl_json_get_text(poll, "start") : TL_STR("0");
    capture->sending = (struct tl_exchange_request){0};
    capture->pages = (struct tl_pages){0};
    capture->reached = TL_STR_NONE;
    if (ask_from(capture, &capture->vars.cursor, &err) != TL_OK ||
        tl_request_build(poll, &capture->vars, &capture->sending, &err) != TL_OK) {
        fail(capture, TL_FAIL_CONFIG, tl_arena_printf(&capture->round_arena, "%s", err.text));
        return;
    }
    send_page(capture);
}

void tl_capture_poll_stored(struct tl_capture *capture)
{
    if (capture->page_follows)
        send_page(capture);
    else if (capture->more)
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

/* The cursor that what was read so far amounts to. */
static tl_str read_cursor(struct tl_capture *capture, struct tl_answer *answer, const struct tl_json_value *items)
{
    const struct tl_json_value *cursor = tl_json_get(poll_of(capture), "cursor");
    tl_str text = capture->reached.len ? capture->reached : tl_str_z(capture->cursor);
    if (tl_json_get(cursor, "max"))
        text = greatest(items, tl_json_get_text(cursor, "max"), text);
    else
        tl_place_read(cursor, answer, &capture->vars, &capture->round_arena, &text);
    capture->reached = tl_arena_str(&capture->round_arena, text);
    return capture->reached;
}

/* In the capture's arena; false: a record has no key. */
static bool read_events(struct tl_capture *capture, const struct tl_json_value *items, struct tl_captured *events)
{
    struct tl_arena *arena = &capture->arena;
    const struct tl_json_value *spec = capture->spec, *deleted = tl_json_get(poll_of(capture), "deleted");
    struct tl_event_places places = {.key = tl_json_get(spec, "key"),
                                     .version = tl_json_get(spec, "version"),
                                     .deleted = deleted ? deleted : tl_json_get(spec, "deleted")};
    size_t count = 0;
    struct tl_json_iter i = tl_json_iter(items);
    while (tl_json_next(&i)) {
        struct tl_captured *event = &events[count++];
        if (!tl_event_from_record(tl_str_z(capture->object), i.value, &places, &capture->vars,
                                  tl_str_z(capture->cursor), arena, event))
            return false;
        event->key = tl_arena_str(arena, event->key);
        event->version = tl_arena_str(arena, event->version);
        event->payload = tl_arena_str(arena, event->payload);
    }
    return true;
}

/* Points at the next page of the sweep, if there is one. */
static const char *turn_page(struct tl_capture *capture, struct tl_answer *answer, size_t count)
{
    const struct tl_json_value *poll = poll_of(capture);
    tl_str url = capture->sending.url, query = capture->sending.query;
    capture->pages.count++;
    capture->pages.last = count;
    capture->pages.items += count;
    capture->page_follows =
        tl_json_get(poll, "next") &&
        tl_paging_next(poll, answer, &capture->vars, &capture->round_arena, &capture->pages, &capture->sending);
    if (capture->page_follows && tl_str_eq(url, capture->sending.url) && tl_str_eq(query, capture->sending.query))
        return "the page behind a page is that page again";
    return capture->page_follows && capture->pages.count >= PAGES
               ? "a list of more than 100000 pages: is its end recognised?"
               : NULL;
}

static void take_page(struct tl_capture *capture, struct tl_answer *answer)
{
    const struct tl_json_value *poll = poll_of(capture), *more = tl_json_get(poll, "more"),
                               *items = tl_json_at(tl_answer_json(answer), tl_json_get_text(poll, "items"));
    if (tl_json_type(items) != TL_JSON_IS_ARRAY && !tl_answer_is_empty(answer)) {
        fail(capture, TL_FAIL_BUG, "the answer has no list of items where the manifest says");
        return;
    }
    size_t count = tl_json_count(items);
    struct tl_captured *events = tl_arena_alloc(&capture->arena, (count + 1) * sizeof *events);
    if (!read_events(capture, items, events)) {
        fail(capture, TL_FAIL_BUG, "a record of the list has no key where the manifest says");
        return;
    }
    tl_str cursor = read_cursor(capture, answer, items);
    bool moved = !tl_str_is(cursor, capture->cursor);
    const char *wrong = turn_page(capture, answer, count);
    capture->more = moved && more && tl_row_matches(more, answer, &capture->round_arena);
    if (wrong)
        fail(capture, TL_FAIL_BUG, wrong);
    else if (capture->pages.cut)
        fail(capture, TL_FAIL_RETRY, tl_pages_cut);
    else if (capture->page_follows && !tl_json_get_bool(poll, "ordered", false))
        tl_capture_hand_over(capture, events, count, tl_str_z(capture->cursor));
    else if (count == 0 && !moved && !capture->page_follows)
        tl_capture_round_done(capture, 0);
    else
        tl_capture_hand_over(capture, events, count, cursor);
}

/* The cursor is good for nothing any more: what changed since is not known, and all that is there is read again. */
static void begin_anew(struct tl_capture *capture, tl_str why)
{
    struct tl_captured *gap = TL_ARENA_NEW(&capture->arena, struct tl_captured);
    struct tl_buf payload;
    struct tl_json_writer writer;
    tl_buf_init(&payload, 1u << 16);
    tl_json_writer_init(&writer, &payload);
    tl_json_begin_object(&writer);
    tl_json_key(&writer, "why");
    tl_json_lossy(&writer, why);
    tl_json_end_object(&writer);
    *gap = (struct tl_captured){.object = tl_str_z(capture->object),
                                .key = tl_str_z(capture->object),
                                .payload = tl_arena_str(&capture->arena, tl_buf_str(&payload)),
                                .gap = true};
    tl_event_name(gap, tl_str_z(capture->cursor), &capture->arena);
    tl_buf_free(&payload);
    capture->page_follows = false;
    capture->more = true;
    tl_capture_hand_over(capture, gap, 1, TL_STR_NONE);
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
    struct tl_verdict_rules rules = {.first = tl_json_get(poll_of(capture), "errors"),
                                     .second = tl_json_get(manifest, "errors"),
                                     .message = tl_json_get(manifest, "error_message"),
                                     .code = tl_json_get(manifest, "error_code"),
                                     .is_capture = true};
    struct tl_verdict verdict;
    if (answer->outcome == TL_ANSWER_THERE && answer->status / 100 == 2 && !capture->stopping) {
        verdict = tl_answer_judge_good(answer, &rules, &capture->round_arena, tl_wall_ms());
        if (verdict.failure == TL_FAIL_NONE) {
            take_page(capture, answer);
            return;
        }
    } else {
        verdict = tl_answer_judge(answer, &rules, &capture->round_arena, tl_wall_ms());
    }
    if (verdict.failure == TL_FAIL_NONE)
        tl_capture_round_done(capture, 0);
    else if (verdict.failure == TL_FAIL_GAP && capture->cursor[0] != 0 && !capture->stopping)
        begin_anew(capture, verdict.message);
    else
        tl_capture_round_failed(capture, &verdict, answer->status);
}
