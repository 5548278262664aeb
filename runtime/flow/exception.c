/* Rows of exceptions: written when a unit parks, deleted with the outcome that closes it, always in one commit with
 * that. */
#include "flow/exception.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "cause.h"
#include "codec/json.h"
#include "codec/json_writer.h"
#include "codec/timestamp.h"
#include "exception_int.h"
#include "journal/state.h"
#include <stdio.h>
#include <stdlib.h>

#define ROW_MAX ((size_t)TL_PAYLOAD_MAX)
#define TABLE_LATER "exception_later" /* id → a later event of the key that was applied */

tl_str tl_time_text(int64_t ms, char out[40])
{
    char text[TL_TIMESTAMP_SIZE];
    struct tl_timestamp at = tl_timestamp_from_ms(ms);
    at.digits = 3;
    tl_str printed = tl_timestamp_print(&at, TL_TIME_RFC3339, text);
    size_t len = printed.len < 39 ? printed.len : 39;
    for (size_t i = 0; i < len; i++)
        out[i] = printed.ptr[i];
    out[len] = 0;
    return tl_str_n(out, len);
}

/* Equal for equal causes: what changes from record to record does not count, the place does. */
static uint64_t fingerprint(struct tl_engine *engine, const struct tl_plan_flow *flow, const struct tl_cause *cause)
{
    struct tl_buf text;
    tl_buf_init(&text, 8192);
    tl_buf_addf(&text, "%s|%.*s|%.*s|%.*s|%.*s|%.*s|", flow->name, TL_STR_ARGS(cause->cls), TL_STR_ARGS(cause->code),
                TL_STR_ARGS(cause->place), TL_STR_ARGS(cause->system), TL_STR_ARGS(cause->operation));
    tl_cause_shape(cause->message, &text);
    uint64_t hash = tl_journal_key_hash(engine->journal, tl_buf_str(&text));
    tl_buf_free(&text);
    return hash;
}

static void write_id(struct tl_json_writer *w, const char *name, tl_position position)
{
    char text[TL_POSITION_TEXT];
    tl_position_print(position, text);
    tl_json_put_z(w, name, position != TL_POSITION_NONE ? text : NULL);
}

static void write_times(struct tl_json_writer *w, const struct tl_open_exception *open)
{
    char text[40];
    tl_json_put_z(w, "steward", open->steward);
    tl_json_put_bool(w, "assigned", open->assigned);
    tl_json_put_string(w, "since", tl_time_text(open->since_ms, text));
    if (open->due_ms > 0)
        tl_json_put_string(w, "due", tl_time_text(open->due_ms, text));
    else
        tl_json_put_z(w, "due", NULL);
}

static void write_cause(struct tl_json_writer *w, const struct tl_cause *cause, const char *print)
{
    tl_json_put_lossy(w, "class", cause->cls);
    tl_json_put_lossy(w, "code", cause->code);
    tl_json_put_lossy(w, "message", cause->message.len > 4096 ? tl_str_n(cause->message.ptr, 4096) : cause->message);
    tl_json_put_lossy(w, "place", cause->place);
    tl_json_put_z(w, "cause", print);
    tl_json_put_lossy(w, "system", cause->system);
    tl_json_put_lossy(w, "operation", cause->operation);
    tl_json_put_int(w, "status", cause->status);
    tl_json_key(w, "data");
    if (cause->data.len > 0)
        tl_json_raw_value(w, cause->data);
    else
        tl_json_null(w);
}

static void write_row(const struct tl_drive *drive, const struct tl_cause *cause, const struct tl_open_exception *open,
                      const char *print, struct tl_buf *row)
{
    const struct tl_plan_flow *flow = drive->lane->engine->plan.flows[open->flow];
    char text[56];
    struct tl_json_writer w;
    tl_json_writer_init(&w, row);
    tl_json_begin_object(&w);
    write_id(&w, "id", open->number);
    tl_json_put_z(&w, "flow", flow->name);
    tl_json_put_z(&w, "event", drive->id);
    tl_json_put_lossy(&w, "type", drive->event.type);
    tl_json_put_lossy(&w, "source", drive->event.source);
    tl_json_put_lossy(&w, "key", drive->event.key);
    tl_json_put_z(&w, "scope", flow->place.scope);
    write_cause(&w, cause, print);
    write_times(&w, open);
    tl_json_put_uint(&w, "attempts", open->attempts);
    tl_json_put_bool(&w, "edited", drive->unit->payload != NULL);
    snprintf(text, sizeof text, "%016llx", (unsigned long long)open->hash);
    tl_json_put_z(&w, "order", text);
    tl_trace_print(&drive->event.trace, text);
    tl_json_put_z(&w, "trace", tl_trace_is_set(&drive->event.trace) ? text : NULL);
    tl_json_put_lossy(&w, "payload", drive->event.payload);
    tl_json_end_object(&w);
    struct tl_error err;
    if (tl_json_writer_done(&w, &err) != TL_OK)
        tl_log(TL_ERROR, "exception.row", err.text, TL_FSTR("event", drive->id));
}

int64_t tl_exception_due(const struct tl_plan *plan, const char *steward, int64_t from_ms)
{
    const struct tl_steward *who = tl_plan_steward(plan, steward);
    return who != NULL && who->due_ms > 0 ? from_ms + who->due_ms : 0;
}

static struct tl_open_exception *open_for(struct tl_drive *drive, uint64_t cause)
{
    struct tl_unit *unit = drive->unit;
    struct tl_engine *engine = drive->lane->engine;
    const struct tl_plan_flow *flow = engine->plan.flows[unit->flow];
    struct tl_open_exception *open = unit->exception;
    if (open != NULL) {
        open->retrying = false;
        open->cause = cause;
        return open;
    }
    int64_t now = tl_wall_ms();
    open = TL_NEW(struct tl_open_exception);
    *open = (struct tl_open_exception){.number = tl_unit_number(flow, unit->position) | 1,
                                       .event = unit->position,
                                       .hash = unit->line->hash,
                                       .flow = unit->flow,
                                       .holds = flow->after == TL_AFTER_HOLD,
                                       .since_ms = now,
                                       .cause = cause,
                                       .steward = tl_exception_index_name(&engine->exceptions, tl_str_z(flow->steward)),
                                       .due_ms = tl_exception_due(&engine->plan, flow->steward, now)};
    tl_exception_index_put(&engine->exceptions, open);
    tl_list_push(&unit->line->open, &open->link);
    if (open->holds)
        unit->line->holds++;
    return open;
}

void tl_exception_park(struct tl_drive *drive, const struct tl_cause *cause, struct tl_batch *batch)
{
    struct tl_engine *engine = drive->lane->engine;
    const struct tl_plan_flow *flow = engine->plan.flows[drive->unit->flow];
    struct tl_open_exception *open = open_for(drive, fingerprint(engine, flow, cause));
    open->attempts++;
    char id[TL_POSITION_TEXT], print[TL_CAUSE_TEXT];
    tl_position_print(open->number, id);
    tl_cause_print(open->cause, print);
    struct tl_buf row;
    tl_buf_init(&row, ROW_MAX);
    write_row(drive, cause, open, print, &row);
    struct tl_state_put put = {
        .table = TL_STR(TL_TABLE_EXCEPTION),
        .key = tl_str_z(id),
        .value = tl_buf_str(&row),
        .attr = {tl_str_z(flow->name), tl_str_z(print), tl_str_z(open->steward), drive->event.key}};
    struct tl_error err;
    if (tl_batch_put(batch, &put, &err) != TL_OK)
        tl_log(TL_ERROR, "exception.row", err.text, TL_FSTR("event", drive->id));
    tl_buf_free(&row);
    tl_log(TL_WARN, "unit.parked", "a unit was parked and waits for a person", TL_FSTR("exception", id),
           TL_FSTR("flow", flow->name), TL_FSTR("event", drive->id), TL_FSLICE("key", drive->event.key),
           TL_FSLICE("class", cause->cls), TL_FSLICE("reason", cause->message), TL_FSLICE("place", cause->place),
           TL_FSTR("steward", open->steward));
}

void tl_exception_close(struct tl_lane *lane, struct tl_keyline *line, struct tl_open_exception *open,
                        struct tl_batch *batch)
{
    char id[TL_POSITION_TEXT];
    tl_position_print(open->number, id);
    tl_code code = tl_batch_del(batch, TL_STR(TL_TABLE_EXCEPTION), tl_str_z(id), NULL);
    if (code == TL_OK && open->later != TL_POSITION_NONE)
        code = tl_batch_del(batch, TL_STR(TABLE_LATER), tl_str_z(id), NULL);
    tl_must(code == TL_OK);
    if (open->holds)
        line->holds--;
    tl_exception_index_drop(&lane->engine->exceptions, open);
}

static void supersede(struct tl_drive *drive, struct tl_open_exception *open, struct tl_batch *batch)
{
    struct tl_engine *engine = drive->lane->engine;
    char id[TL_POSITION_TEXT];
    tl_position_print(open->number, id);
    char *note = tl_printf("superseded by %s", drive->id);
    struct tl_outcome outcome = {.event = open->event,
                                 .flow = tl_str_z(engine->plan.flows[open->flow]->name),
                                 .revision = tl_str_z(tl_plan_revision(&engine->plan, open->flow)),
                                 .ending = TL_SUPERSEDED,
                                 .note = tl_str_z(note)};
    tl_must(tl_batch_outcome(batch, &outcome, NULL) == TL_OK);
    tl_audit(engine, batch, "supersede", tl_str_z(id), TL_STR("tidelock"),
             TL_STR("a later event of the key, with the whole record, was applied"), tl_str_z(note));
    tl_run_forget(drive->lane, open->flow, open->event, tl_str_z(note), batch);
    tl_free(note);
    tl_exception_close(drive->lane, drive->unit->line, open, batch);
}

static void remember_later(struct tl_drive *drive, struct tl_open_exception *open, struct tl_batch *batch)
{
    if (open->later == TL_POSITION_NONE) { /* the first one is named; once is enough */
        char id[TL_POSITION_TEXT];
        tl_position_print(open->number, id);
        struct tl_state_put put = {.table = TL_STR(TABLE_LATER), .key = tl_str_z(id), .value = tl_str_z(drive->id)};
        tl_must(tl_batch_put(batch, &put, NULL) == TL_OK);
    }
    open->later = drive->unit->position;
}

/* The unit of a retry that waits for its turn in the key line; NULL when there is none. */
static struct tl_unit *waiting_retry(const struct tl_keyline *line, const struct tl_open_exception *open)
{
    for (struct tl_link *link = tl_list_first(&line->retries); link != NULL;
         link = tl_list_after(&line->retries, link)) {
        struct tl_unit *unit = TL_LIST_ITEM(link, struct tl_unit, link);
        if (unit->exception == open)
            return unit;
    }
    return NULL;
}

/* It would bring back what is older: a retry that has not begun goes with its exception. */
static void supersede_retry(struct tl_drive *drive, struct tl_open_exception *open, struct tl_batch *batch)
{
    struct tl_unit *retry = waiting_retry(drive->unit->line, open);
    if (retry == NULL) { /* the desk's act is on its way to the disk, and looks at `later` when it is there */
        remember_later(drive, open, batch);
        return;
    }
    tl_list_remove(&retry->link);
    tl_unit_free(retry);
    supersede(drive, open, batch);
}

void tl_exception_passed(struct tl_drive *drive, struct tl_batch *batch)
{
    struct tl_unit *unit = drive->unit;
    enum tl_after_failure after = drive->lane->engine->plan.flows[unit->flow]->after;
    struct tl_link *next;
    for (struct tl_link *link = tl_list_first(&unit->line->open); link != NULL; link = next) {
        next = tl_list_after(&unit->line->open, link);
        struct tl_open_exception *open = TL_LIST_ITEM(link, struct tl_open_exception, link);
        if (open->flow != unit->flow || open->event >= unit->position)
            continue;
        if (after == TL_AFTER_SUPERSEDE && open->retrying)
            supersede_retry(drive, open, batch);
        else if (after == TL_AFTER_SUPERSEDE)
            supersede(drive, open, batch);
        else if (!open->retrying)
            remember_later(drive, open, batch);
    }
}

/* ---- recovery ---- */

static tl_position later_of(struct tl_engine *engine, tl_str id)
{
    struct tl_arena arena;
    tl_arena_init(&arena);
    struct tl_state_row row;
    tl_position later = TL_POSITION_NONE;
    if (tl_state_get(engine->journal, TL_STR(TABLE_LATER), id, &arena, &row, NULL) == TL_OK &&
        !tl_position_parse(row.value, &later))
        later = TL_POSITION_NONE;
    tl_arena_free(&arena);
    return later;
}

static int64_t time_of(const struct tl_json_value *row, const char *name)
{
    struct tl_timestamp at;
    return tl_timestamp_parse(tl_json_get_text(row, name), TL_TIME_RFC3339, &at, NULL) == TL_OK ? at.ms : 0;
}

void tl_exception_restore(struct tl_engine *engine, tl_str id, tl_str row)
{
    struct tl_json_doc *doc;
    struct tl_error err;
    if (tl_json_parse_borrowed(row, NULL, &doc, &err) != TL_OK) {
        tl_log(TL_ERROR, "exception.row", err.text, TL_FSLICE("exception", id));
        return;
    }
    const struct tl_json_value *root = tl_json_root(doc);
    struct tl_open_exception *open = TL_NEW(struct tl_open_exception);
    uint64_t cause = 0;
    char *order = tl_json_dup(tl_json_get(root, "order"));
    int flow = tl_plan_flow(&engine->plan, tl_json_get_text(root, "flow"));
    if (flow < 0) /* not declared any more: shown, edited and discarded, but not run */
        flow = (int)tl_plan_add_gone(&engine->plan, tl_json_get_text(root, "flow"));
    open->flow = (uint32_t)flow;
    open->hash = order != NULL ? strtoull(order, NULL, 16) : 0;
    open->attempts = (uint32_t)tl_json_get_i64(root, "attempts", 1);
    open->holds = engine->plan.flows[flow]->after == TL_AFTER_HOLD;
    open->since_ms = time_of(root, "since");
    open->due_ms = time_of(root, "due");
    open->assigned = tl_json_get_bool(root, "assigned", false);
    open->steward = tl_exception_index_name(&engine->exceptions, tl_json_get_text(root, "steward"));
    (void)tl_cause_parse(tl_json_get_text(root, "cause"), &cause);
    open->cause = cause;
    if (tl_position_parse(id, &open->number) && tl_position_parse(tl_json_get_text(root, "event"), &open->event)) {
        open->later = later_of(engine, id);
        struct tl_lane *lane = engine->lanes[tl_dispatch_lane(engine, open->hash)];
        struct tl_keyline *line = tl_keyline_get(&lane->lines, open->hash);
        tl_list_push(&line->open, &open->link);
        line->holds += open->holds ? 1 : 0;
        tl_exception_index_put(&engine->exceptions, open);
    } else
        tl_free(open);
    tl_free(order);
    tl_json_free(doc);
}

tl_code tl_exception_event(struct tl_engine *engine, const struct tl_open_exception *open, struct tl_arena *arena,
                           struct tl_event *out, struct tl_error *err)
{
    char id[TL_POSITION_TEXT];
    struct tl_state_row row;
    struct tl_json_doc *doc;
    tl_position_print(open->number, id);
    tl_code code = tl_state_get(engine->journal, TL_STR(TL_TABLE_EXCEPTION), tl_str_z(id), arena, &row, err);
    if (code == TL_OK)
        code = tl_json_parse_borrowed(row.value, NULL, &doc, err);
    if (code != TL_OK)
        return code;
    const struct tl_json_value *root = tl_json_root(doc);
    *out = (struct tl_event){.position = open->event,
                             .time_ms = open->since_ms,
                             .priority = TL_NORMAL,
                             .type = tl_arena_str(arena, tl_json_get_text(root, "type")),
                             .source = tl_arena_str(arena, tl_json_get_text(root, "source")),
                             .key = tl_arena_str(arena, tl_json_get_text(root, "key")),
                             .payload = tl_arena_str(arena, tl_json_get_text(root, "payload"))};
    tl_str trace = tl_json_get_text(root, "trace");
    if (trace.len == 0 || tl_trace_parse(trace, &out->trace, NULL) != TL_OK)
        out->trace = (struct tl_trace){0};
    tl_json_free(doc);
    return TL_OK;
}

/* ---- audit ---- */

void tl_audit(struct tl_engine *engine, struct tl_batch *batch, const char *act, tl_str what, tl_str who, tl_str why,
              tl_str detail)
{
    char key[40], when[40];
    int64_t now = tl_wall_ms();
    snprintf(key, sizeof key, "%013lld-%06llu", (long long)now,
             (unsigned long long)atomic_fetch_add(&engine->audit_serial, 1) % 1000000);
    struct tl_buf value;
    tl_buf_init(&value, 1 << 20);
    struct tl_json_writer w;
    tl_json_writer_init(&w, &value);
    tl_json_begin_object(&w);
    tl_json_put_lossy(&w, "who", who);
    tl_json_put_string(&w, "when", tl_time_text(now, when));
    tl_json_put_lossy(&w, "why", why);
    tl_json_put_z(&w, "act", act);
    tl_json_put_lossy(&w, "what", what);
    tl_json_put_lossy(&w, "detail", detail);
    tl_json_end_object(&w);
    struct tl_state_put put = {.table = TL_STR(TL_TABLE_AUDIT),
                               .key = tl_str_z(key),
                               .value = tl_buf_str(&value),
                               .attr = {what.len <= TL_KEY_MAX ? what : TL_STR_NONE}};
    struct tl_error err;
    if (tl_batch_put(batch, &put, &err) != TL_OK)
        tl_log(TL_ERROR, "audit", err.text);
    tl_buf_free(&value);
}
