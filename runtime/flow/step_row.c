#include "step_row.h"
#include "codec/hex.h"
#include "codec/json.h"
#include "codec/json_writer.h"
#include "kinds.h"
#include <stdio.h>
#include <string.h>

static const char *const words[] = {
#define X(name, word) word,
    TL_STEP_STATES(X)
#undef X
};

const char *tl_step_state_name(enum tl_step_state state)
{
    return words[state];
}

void tl_step_key(const char *run, uint32_t number, char out[TL_STEP_KEY])
{
    snprintf(out, TL_STEP_KEY, "%.13s/%06u", run, number % 1000000u);
}

bool tl_step_is_result(const struct tl_step_row *row)
{
    return row->order > 0 &&
           (row->state == TL_STEP_DONE || row->state == TL_STEP_FAILED || row->state == TL_STEP_SKIPPED);
}

/* ---- writing: what is empty is left out ---- */

static void put_text(struct tl_json_writer *w, const char *name, tl_str text)
{
    if (text.len == 0)
        return;
    tl_json_key(w, name);
    tl_json_lossy(w, text);
}

static void put_int(struct tl_json_writer *w, const char *name, int64_t value)
{
    if (value != 0)
        tl_json_put_int(w, name, value);
}

static void put_position(struct tl_json_writer *w, const char *name, tl_position position)
{
    char text[TL_POSITION_TEXT];
    tl_position_print(position, text);
    if (position != TL_POSITION_NONE)
        tl_json_put_z(w, name, text);
}

static void put_effect(struct tl_json_writer *w, const struct tl_step_row *row)
{
    char hash[33];
    static const uint8_t none[16];
    tl_hex_write(hash, row->hash, sizeof row->hash);
    put_text(w, "remote", row->remote);
    if (memcmp(row->hash, none, sizeof none) != 0)
        tl_json_put_z(w, "hash", hash);
    put_int(w, "attempts", row->attempts);
    put_int(w, "ms", row->duration_ms);
    if (row->undo)
        tl_json_put_bool(w, "undo", true);
}

void tl_step_row_write(const struct tl_step_row *row, struct tl_buf *out)
{
    struct tl_json_writer w;
    tl_json_writer_init(&w, out);
    tl_json_begin_object(&w);
    put_text(&w, "step", row->id);
    tl_json_put_z(&w, "kind", tl_ask_kind_name(row->kind));
    tl_json_put_z(&w, "state", words[row->state]);
    put_int(&w, "order", row->order);
    put_int(&w, "at", row->at_ms);
    put_text(&w, "system", row->system);
    put_text(&w, "operation", row->operation);
    if (row->args.len > 0)
        tl_json_put_raw(&w, "args", row->args);
    put_text(&w, "once", row->once);
    put_text(&w, "place", row->place);
    if (row->document.len > 0)
        tl_json_put_raw(&w, "document", row->document);
    put_text(&w, "class", row->cls);
    put_text(&w, "code", row->code);
    put_text(&w, "message", row->message);
    put_int(&w, "status", row->status);
    put_int(&w, "now", row->now_ms);
    put_int(&w, "due", row->due_ms);
    put_position(&w, "event", row->event);
    put_text(&w, "type", row->type);
    put_effect(&w, row);
    tl_json_end_object(&w);
}

/* ---- reading ---- */

static tl_str get(const struct tl_json_value *root, const char *name, struct tl_arena *arena)
{
    return tl_arena_str(arena, tl_json_get_text(root, name));
}

static tl_str get_raw(const struct tl_json_value *root, const char *name, struct tl_arena *arena)
{
    return tl_arena_str(arena, tl_json_raw(tl_json_get(root, name)));
}

static enum tl_step_state state_of(tl_str word)
{
    for (size_t i = 0; i < TL_COUNT_OF(words); i++) {
        if (tl_str_is(word, words[i]))
            return (enum tl_step_state)i;
    }
    return TL_STEP_SENT;
}

static bool read_number(tl_str key, uint32_t *out)
{
    uint64_t number = 0;
    ptrdiff_t slash = tl_str_find(key, '/');
    if (slash < 0 || !tl_str_u64(tl_str_from(key, (size_t)slash + 1), &number) || number > UINT32_MAX)
        return false;
    *out = (uint32_t)number;
    return true;
}

tl_code tl_step_row_read(tl_str key, tl_str value, struct tl_arena *arena, struct tl_step_row *out,
                         struct tl_error *err)
{
    struct tl_json_doc *doc = NULL;
    *out = (struct tl_step_row){0};
    if (!read_number(key, &out->number) || tl_json_parse_borrowed(value, NULL, &doc, err) != TL_OK)
        return tl_fail(err, TL_ECORRUPT, "state table \"step\", row \"%.*s\" is damaged", TL_STR_ARGS(key));
    const struct tl_json_value *root = tl_json_root(doc);
    out->order = (uint32_t)tl_json_get_i64(root, "order", 0);
    out->id = get(root, "step", arena);
    out->kind = tl_ask_kind_of(tl_json_get_text(root, "kind"));
    out->state = state_of(tl_json_get_text(root, "state"));
    out->at_ms = tl_json_get_i64(root, "at", 0);
    out->system = get(root, "system", arena);
    out->operation = get(root, "operation", arena);
    out->args = get_raw(root, "args", arena);
    out->once = get(root, "once", arena);
    out->place = get(root, "place", arena);
    out->document = get_raw(root, "document", arena);
    out->cls = get(root, "class", arena);
    out->code = get(root, "code", arena);
    out->message = get(root, "message", arena);
    out->status = (int)tl_json_get_i64(root, "status", 0);
    out->now_ms = tl_json_get_i64(root, "now", 0);
    out->due_ms = tl_json_get_i64(root, "due", 0);
    out->type = get(root, "type", arena);
    out->remote = get(root, "remote", arena);
    out->attempts = (uint16_t)tl_json_get_i64(root, "attempts", 0);
    out->duration_ms = (uint32_t)tl_json_get_i64(root, "ms", 0);
    out->undo = tl_json_get_bool(root, "undo", false);
    (void)tl_hex_read(tl_json_get_text(root, "hash"), out->hash, sizeof out->hash);
    if (!tl_position_parse(tl_json_get_text(root, "event"), &out->event))
        out->event = TL_POSITION_NONE;
    tl_json_free(doc);
    return TL_OK;
}

/* ---- the event ---- */

void tl_event_row_write(const struct tl_event *event, struct tl_buf *out)
{
    struct tl_json_writer w;
    char text[56];
    tl_json_writer_init(&w, out);
    tl_json_begin_object(&w);
    put_text(&w, "type", event->type);
    put_text(&w, "source", event->source);
    put_text(&w, "key", event->key);
    put_text(&w, "dedupe", event->dedupe);
    put_text(&w, "payload", event->payload);
    tl_json_put_int(&w, "time", event->time_ms);
    tl_json_put_int(&w, "priority", event->priority);
    put_position(&w, "position", event->position);
    if (tl_trace_is_set(&event->trace)) {
        tl_trace_print(&event->trace, text);
        tl_json_put_z(&w, "trace", text);
    }
    tl_json_end_object(&w);
}

tl_code tl_event_row_read(tl_str value, struct tl_arena *arena, struct tl_event *out, struct tl_error *err)
{
    struct tl_json_doc *doc;
    tl_code code = tl_json_parse_borrowed(value, NULL, &doc, err);
    if (code != TL_OK)
        return code;
    const struct tl_json_value *root = tl_json_root(doc);
    *out = (struct tl_event){.time_ms = tl_json_get_i64(root, "time", 0),
                             .priority = (enum tl_priority)tl_json_get_i64(root, "priority", TL_NORMAL),
                             .type = get(root, "type", arena),
                             .source = get(root, "source", arena),
                             .key = get(root, "key", arena),
                             .dedupe = get(root, "dedupe", arena),
                             .payload = get(root, "payload", arena)};
    tl_str trace = tl_json_get_text(root, "trace");
    if (trace.len == 0 || tl_trace_parse(trace, &out->trace, NULL) != TL_OK)
        out->trace = (struct tl_trace){0};
    if (!tl_position_parse(tl_json_get_text(root, "position"), &out->position))
        out->position = TL_POSITION_NONE;
    tl_json_free(doc);
    return TL_OK;
}
