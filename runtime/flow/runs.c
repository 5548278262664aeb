/* Open runs as people see them. */
#include "flow/runs.h"
#include "base/alloc.h"
#include "codec/hex.h"
#include "codec/json.h"
#include "codec/json_writer.h"
#include "exception_int.h"
#include "journal/state.h"
#include "kinds.h"
#include "run.h"

/* ---- a run in a list ---- */

void tl_runs_write_waits(struct tl_json_writer *w, const struct tl_run_row *run)
{
    char text[40];
    tl_json_key(w, "waits");
    tl_json_begin_array(w);
    for (size_t i = 0; i < run->wait_count; i++) {
        const struct tl_run_wait *wait = &run->waits[i];
        tl_json_begin_object(w);
        tl_json_put_lossy(w, "step", tl_str_z(wait->step));
        tl_json_put_z(w, "kind", tl_ask_kind_name(wait->kind));
        tl_json_key(w, "for");
        tl_json_begin_array(w);
        for (size_t t = 0; t < wait->type_count; t++)
            tl_json_string_z(w, wait->types[t]);
        tl_json_end_array(w);
        tl_json_key(w, "until");
        if (wait->due_ms != 0)
            tl_json_string(w, tl_time_text(wait->due_ms, text));
        else
            tl_json_null(w);
        tl_json_end_object(w);
    }
    tl_json_end_array(w);
}

static void write_run(struct tl_json_writer *w, const struct tl_run_row *run)
{
    char event[TL_POSITION_TEXT], since[40];
    tl_position_print(run->event, event);
    tl_json_put_z(w, "id", run->id);
    tl_json_put_z(w, "flow", run->flow);
    tl_json_put_z(w, "event", event);
    tl_json_put_lossy(w, "key", tl_str_z(run->key));
    tl_json_put_z(w, "state", tl_run_phase_name(run->phase));
    tl_json_put_z(w, "revision", run->revision);
    tl_json_put_string(w, "since", tl_time_text(run->since_ms, since));
    tl_json_put_uint(w, "steps", run->next - 1);
    if (run->cancel != NULL)
        tl_json_put_lossy(w, "cancelled", tl_str_z(run->cancel));
    tl_runs_write_waits(w, run);
}

static tl_code write_list_row(struct tl_json_writer *w, const struct tl_state_row *row, struct tl_error *err)
{
    struct tl_run_row *run;
    tl_code code = tl_run_row_read(row->key, row->value, &run, err);
    if (code != TL_OK)
        return code;
    tl_json_begin_object(w);
    write_run(w, run);
    tl_json_end_object(w);
    tl_run_row_free(run);
    return TL_OK;
}

tl_code tl_runs_list(struct tl_engine *engine, const struct tl_runs_query *query, struct tl_buf *out,
                     struct tl_error *err)
{
    struct tl_arena arena;
    struct tl_state_page page;
    struct tl_json_writer w;
    tl_arena_init(&arena);
    struct tl_state_query scan = {.table = TL_STR(TL_TABLE_RUN),
                                  .where = {query->flow, query->state, query->key, query->revision},
                                  .after = query->after,
                                  .limit = query->limit};
    tl_code code = tl_state_scan(engine->journal, &scan, &arena, &page, err);
    tl_json_writer_init(&w, out);
    tl_json_begin_object(&w);
    tl_json_key(&w, "runs");
    tl_json_begin_array(&w);
    for (size_t i = 0; code == TL_OK && i < page.count; i++)
        code = write_list_row(&w, &page.rows[i], err);
    tl_json_end_array(&w);
    tl_json_key(&w, "next");
    if (code == TL_OK && page.next.len > 0)
        tl_json_string(&w, page.next);
    else
        tl_json_null(&w);
    tl_json_end_object(&w);
    if (code == TL_OK)
        code = tl_json_writer_done(&w, err);
    tl_arena_free(&arena);
    return code;
}

/* ---- one run with its steps ---- */

static void put_text(struct tl_json_writer *w, const char *name, tl_str text)
{
    if (text.len > 0)
        tl_json_put_lossy(w, name, text);
    else
        tl_json_put_z(w, name, NULL);
}

static void write_step(struct tl_json_writer *w, const struct tl_step_row *step)
{
    char at[40];
    tl_json_begin_object(w);
    tl_json_put_uint(w, "number", step->number);
    tl_json_put_lossy(w, "step", step->id);
    tl_json_put_z(w, "kind", tl_ask_kind_name(step->kind));
    tl_json_put_z(w, "state", tl_step_state_name(step->state));
    tl_json_put_uint(w, "order", step->order);
    put_text(w, "system", step->system);
    put_text(w, "operation", step->operation);
    tl_json_put_raw(w, "args", step->args.len > 0 ? step->args : TL_STR("null"));
    put_text(w, "once", step->once);
    tl_json_put_raw(w, "document", step->document.len > 0 ? step->document : TL_STR("null"));
    put_text(w, "class", step->cls);
    put_text(w, "code", step->code);
    put_text(w, "message", step->message);
    tl_json_put_int(w, "status", step->status);
    tl_json_put_uint(w, "attempts", step->attempts);
    tl_json_put_bool(w, "undo", step->undo);
    tl_json_put_string(w, "at", tl_time_text(step->at_ms, at));
    put_text(w, "place", step->place);
    tl_json_end_object(w);
}

static void write_event(struct tl_json_writer *w, const struct tl_event *event)
{
    tl_json_put_lossy(w, "type", event->type);
    tl_json_put_lossy(w, "payload", event->payload);
}

static tl_code write_timeline(struct tl_engine *engine, const struct tl_run_row *run, struct tl_json_writer *w,
                              struct tl_arena *arena, struct tl_error *err)
{
    struct tl_state_page page;
    char *prefix = tl_arena_printf(arena, "%s/", run->id);
    struct tl_state_query scan = {.table = TL_STR(TL_TABLE_STEP), .prefix = tl_str_z(prefix), .limit = 10000};
    tl_code code = tl_state_scan(engine->journal, &scan, arena, &page, err);
    struct tl_event event;
    size_t first = 0;
    if (code == TL_OK && run->kept && page.count > 0 &&
        tl_event_row_read(page.rows[0].value, arena, &event, NULL) == TL_OK) {
        write_event(w, &event);
        first = 1;
    } else if (code == TL_OK && tl_journal_event(engine->journal, run->event, arena, &event, NULL) == TL_OK)
        write_event(w, &event);
    tl_json_key(w, "timeline");
    tl_json_begin_array(w);
    for (size_t i = first; code == TL_OK && i < page.count; i++) {
        struct tl_step_row step;
        code = tl_step_row_read(page.rows[i].key, page.rows[i].value, arena, &step, err);
        if (code == TL_OK)
            write_step(w, &step);
    }
    tl_json_end_array(w);
    return code;
}

tl_code tl_run_show(struct tl_engine *engine, tl_str id, struct tl_buf *out, struct tl_error *err)
{
    struct tl_arena arena;
    struct tl_state_row row;
    struct tl_run_row *run = NULL;
    struct tl_json_writer w;
    tl_arena_init(&arena);
    tl_code code = tl_state_get(engine->journal, TL_STR(TL_TABLE_RUN), id, &arena, &row, err);
    if (code == TL_ENOTFOUND)
        code = tl_fail(err, TL_ENOTFOUND, "there is no open run %.*s; what has ended is told by 'tidelock trace <key>'",
                       TL_STR_ARGS(id));
    if (code == TL_OK)
        code = tl_run_row_read(id, row.value, &run, err);
    if (code == TL_OK) {
        tl_json_writer_init(&w, out);
        tl_json_begin_object(&w);
        write_run(&w, run);
        code = write_timeline(engine, run, &w, &arena, err);
        tl_json_end_object(&w);
        if (code == TL_OK)
            code = tl_json_writer_done(&w, err);
    }
    tl_run_row_free(run);
    tl_arena_free(&arena);
    return code;
}
