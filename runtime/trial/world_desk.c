/* People in a world: what they see in lists, and what they do. */
#include "base/alloc.h"
#include "codec/json_writer.h"
#include "flow/exception.h"
#include "flow/runs.h"
#include "journal/reader.h"
#include "world.h"
#include <stdio.h>

#define LIST_MAX ((size_t)64 << 20)
#define ROWS_MAX 10000

static void done(void *ctx, tl_code code, const char *text)
{
    struct tl_world *w = ctx;
    w->replies++;
    w->reply_code = code;
    snprintf(w->reply_text, sizeof w->reply_text, "%s", text);
}

/* Waits for the answer to what was just asked, and for what comes of it. */
static tl_code answered(struct tl_world *w, struct tl_error *err)
{
    tl_code code = tl_world_await(w, err);
    if (code == TL_OK && w->reply_code != TL_OK)
        return tl_fail(err, w->reply_code, "%s", w->reply_text);
    return code == TL_OK ? tl_world_settle(w, err) : code;
}

tl_code tl_world_list(struct tl_world *w, const char *what, struct tl_buf *out, struct tl_error *err)
{
    struct tl_buf text;
    struct tl_json_doc *doc = NULL;
    tl_buf_init(&text, LIST_MAX);
    tl_journal_wait_applied(w->journal, tl_journal_last(w->journal));
    tl_code code;
    if (tl_str_is(tl_str_z(what), "runs"))
        code = tl_runs_list(w->engine, &(struct tl_runs_query){.limit = ROWS_MAX}, &text, err);
    else if (tl_str_is(tl_str_z(what), "decisions"))
        code = tl_decisions_list(w->engine, &(struct tl_decisions_query){.limit = ROWS_MAX}, &text, err);
    else
        code = tl_exceptions_list(w->engine, &(struct tl_exception_query){.limit = ROWS_MAX}, &text, err);
    if (code == TL_OK)
        code = tl_json_parse_borrowed(tl_buf_str(&text), NULL, &doc, err);
    if (code == TL_OK)
        tl_buf_add_str(out, tl_json_raw(tl_json_get(tl_json_root(doc), what)));
    tl_json_free(doc);
    tl_buf_free(&text);
    return code;
}

tl_code tl_world_decide(struct tl_world *w, const struct tl_json_value *args, struct tl_error *err)
{
    w->replies = 0;
    tl_decision_answer(w->engine, tl_json_get_text(args, "id"), tl_json_get_text(args, "answer"),
                       tl_json_get_text(args, "by"), tl_json_get_text(args, "why"), tl_world_loop(w), done, w);
    return answered(w, err);
}

tl_code tl_world_desk(struct tl_world *w, const struct tl_json_value *args, struct tl_error *err)
{
    const struct tl_json_value *changes = tl_json_get(args, "changes"), *payload = tl_json_get(args, "payload");
    struct tl_desk_request request = {.act = tl_json_is(tl_json_get(args, "act"), "discard") ? TL_DESK_DISCARD
                                                                                             : TL_DESK_RETRY,
                                      .id = tl_json_get_text(args, "id"),
                                      .who = tl_json_get_text(args, "by"),
                                      .why = tl_json_get_text(args, "why"),
                                      .payload = payload != NULL ? tl_json_raw(payload) : TL_STR_NONE,
                                      .although_later = tl_json_get_bool(args, "although_later", false)};
    if (changes != NULL)
        request.changes = tl_json_raw(changes);
    if (changes != NULL && request.act == TL_DESK_RETRY) {
        struct tl_desk_request edit = request;
        edit.act = TL_DESK_EDIT;
        w->replies = 0;
        tl_desk_do(w->engine, &edit, tl_world_loop(w), done, w);
        tl_code code = answered(w, err);
        if (code != TL_OK)
            return code;
        request.changes = TL_STR_NONE;
    }
    w->replies = 0;
    tl_desk_do(w->engine, &request, tl_world_loop(w), done, w);
    return answered(w, err);
}

static tl_code write_event(struct tl_world *w, tl_position position, struct tl_json_writer *out, struct tl_error *err)
{
    struct tl_arena arena;
    struct tl_event event;
    char id[TL_POSITION_TEXT];
    tl_arena_init(&arena);
    tl_code code = tl_journal_event(w->journal, position, &arena, &event, err);
    if (code == TL_OK) {
        tl_position_print(position, id);
        tl_json_begin_object(out);
        tl_json_put_z(out, "id", id);
        tl_json_put_string(out, "type", event.type);
        tl_json_put_string(out, "key", event.key);
        tl_json_put_string(out, "flow", event.cause_flow);
        tl_json_put_raw(out, "data", event.payload);
        tl_json_end_object(out);
    }
    tl_arena_free(&arena);
    return code;
}

/* Events that flows emitted, the internal ones of events with `from` included; an empty type: all. */
tl_code tl_world_emitted(struct tl_world *w, tl_str type, struct tl_buf *out, struct tl_error *err)
{
    struct tl_cursor *cursor = tl_cursor_new(w->journal, 0, TL_RECORD_BIT(TL_RECORD_EVENT));
    struct tl_json_writer writer;
    struct tl_record record;
    tl_code code = TL_OK;
    tl_json_writer_init(&writer, out);
    tl_json_begin_array(&writer);
    while (code == TL_OK && (code = tl_cursor_next(cursor, &record, err)) == TL_OK) {
        if (record.entry.cause != TL_POSITION_NONE && (type.len == 0 || tl_str_eq(record.entry.type, type)))
            code = write_event(w, record.entry.position, &writer, err);
    }
    tl_json_end_array(&writer);
    tl_cursor_free(cursor);
    return code == TL_ENOTFOUND ? tl_json_writer_done(&writer, err) : code;
}
