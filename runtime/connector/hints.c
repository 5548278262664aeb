/* Reading the record that a hint names. At most one read of a record runs on a lane, and at most one more waits for it:
 * what is read after the last hint came is what counts. */
#include "base/alloc.h"
#include "base/clock.h"
#include "call_state.h"
#include "codec/json_pointer.h"
#include "connector/webhook.h"
#include "event.h"

struct asker {
    struct asker *next;
    tl_hint_done *done;
    void *ctx;
};

struct hint {
    struct tl_link link; /* in lane->hints */
    struct tl_system_lane *lane;
    char *object, *key; /* own */
    struct tl_trace trace;
    struct asker *now, *later; /* own; of the read that runs, and of the one after it */
};

static void start(struct hint *hint);

static struct hint *find(struct tl_system_lane *lane, tl_str object, tl_str key)
{
    for (struct tl_link *l = tl_list_first(&lane->hints); l; l = tl_list_after(&lane->hints, l)) {
        struct hint *hint = TL_LIST_ITEM(l, struct hint, link);
        if (tl_str_is(object, hint->object) && tl_str_is(key, hint->key))
            return hint;
    }
    return NULL;
}

static void free_hint(struct hint *hint)
{
    tl_list_remove(&hint->link);
    tl_free(hint->object);
    tl_free(hint->key);
    tl_free(hint);
}

static void tell(struct hint *hint, const struct tl_captured *event, const struct tl_call_result *result)
{
    struct asker *asker = hint->now;
    hint->now = NULL;
    while (asker) {
        struct asker *next = asker->next;
        asker->done(asker->ctx, event, result);
        tl_free(asker);
        asker = next;
    }
}

/* A record that is gone has no version: the time of looking names the event, for a later deletion is another one. */
static void name_gone(struct tl_captured *event, struct hint *hint, struct tl_arena *arena)
{
    *event = (struct tl_captured){
        .object = tl_str_z(hint->object), .key = tl_str_z(hint->key), .payload = TL_STR("null"), .deleted = true};
    event->dedupe =
        tl_str_z(tl_arena_printf(arena, "%s:%s:deleted@%lld", hint->object, hint->key, (long long)tl_wall_ms()));
}

static bool read_record(struct hint *hint, const struct tl_json_value *changes, const struct tl_json_value *document,
                        struct tl_arena *arena, struct tl_captured *event)
{
    struct tl_event_places places = {.key = tl_json_get(changes, "key"),
                                     .version = tl_json_get(changes, "version"),
                                     .deleted = tl_json_get(changes, "deleted")};
    tl_str pointer = tl_json_get_text(tl_json_get(changes, "read"), "record");
    const struct tl_json_value *record = tl_json_at(document, pointer);
    if (tl_json_type(record) != TL_JSON_IS_OBJECT)
        return false;
    if (places.key)
        return tl_event_from_record(tl_str_z(hint->object), record, &places, NULL, TL_STR_NONE, arena, event);
    *event = (struct tl_captured){
        .object = tl_str_z(hint->object), .key = tl_str_z(hint->key), .payload = tl_json_raw(record)};
    if (places.version)
        tl_place_read_in(places.version, record, NULL, arena, &event->version);
    tl_event_name(event, TL_STR_NONE, arena);
    return true;
}

static void was_read(void *ctx, const struct tl_call_result *result)
{
    struct hint *hint = ctx;
    const struct tl_json_value *changes = tl_changes_find(hint->lane->system, tl_str_z(hint->object));
    struct tl_json_doc *doc = NULL;
    struct tl_captured event;
    struct tl_arena arena;
    tl_arena_init(&arena);
    bool is_gone = result->failure == TL_FAIL_MISSING || (result->failure == TL_FAIL_NONE && result->absent);
    if (is_gone) {
        name_gone(&event, hint, &arena);
        tell(hint, &event, result);
    } else if (result->failure != TL_FAIL_NONE) {
        tell(hint, NULL, result);
    } else if (tl_json_parse_borrowed(result->document, NULL, &doc, NULL) == TL_OK &&
               read_record(hint, changes, tl_json_root(doc), &arena, &event)) {
        tell(hint, &event, result);
    } else {
        struct tl_call_result odd = *result;
        odd.failure = TL_FAIL_BUG;
        odd.message = TL_STR("the record read for a hint is not where the manifest says");
        tell(hint, NULL, &odd);
    }
    tl_json_free(doc);
    tl_arena_free(&arena);
    hint->now = hint->later;
    hint->later = NULL;
    if (hint->now)
        start(hint);
    else
        free_hint(hint);
}

static void start(struct hint *hint)
{
    const struct tl_json_value *read = tl_json_get(tl_changes_find(hint->lane->system, tl_str_z(hint->object)), "read");
    struct tl_arena arena;
    struct tl_vars vars = {0};
    tl_str args = TL_STR_NONE;
    tl_arena_init(&arena);
    tl_system_vars(hint->lane->system, &arena, &vars);
    vars.key = tl_str_z(hint->key);
    vars.object = tl_str_z(hint->object);
    if (tl_args_from(tl_json_get(read, "args"), &vars, &arena, &args, NULL) != TL_OK)
        args = TL_STR("{}"); /* the operation's own check says what is missing */
    struct tl_call_request request = {
        .operation = tl_json_get_text(read, "operation"), .args = args, .key = vars.key, .trace = &hint->trace};
    tl_call_start(hint->lane, &request, was_read, hint);
    tl_arena_free(&arena);
}

void tl_hint_read(struct tl_system_lane *lane, tl_str object, tl_str key, const struct tl_trace *trace,
                  tl_hint_done *done, void *ctx)
{
    struct asker *asker = TL_NEW(struct asker);
    struct hint *hint = find(lane, object, key);
    asker->done = done;
    asker->ctx = ctx;
    if (hint) {
        asker->next = hint->later;
        hint->later = asker;
        return;
    }
    hint = TL_NEW(struct hint);
    hint->lane = lane;
    hint->object = tl_str_dup(object);
    hint->key = tl_str_dup(key);
    if (trace)
        hint->trace = *trace;
    hint->now = asker;
    tl_list_push(&lane->hints, &hint->link);
    start(hint);
}
