#include "child.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "codec/json.h"
#include "codec/json_writer.h"
#include "replay_effect.h"
#include "replayed.h"

bool tl_child_is(const struct tl_event *event)
{
    struct tl_replayed old;
    tl_str type = tl_replayed_read(event, &old) ? old.type : event->type;
    return tl_str_starts(type, TL_STR(TL_TYPE_START));
}

static void put_event(struct tl_batch *batch, const struct tl_event_in *in)
{
    struct tl_error err;
    tl_code code = tl_batch_event(batch, in, NULL, &err);
    if (code != TL_OK)
        tl_log(TL_ERROR, "run.child", err.text, TL_FSLICE("type", in->type));
    tl_must(code == TL_OK);
}

/* The key of the child's event is the parent's: one timeline. */
void tl_child_begin(struct tl_step *step, struct tl_run_wait *wait, struct tl_batch *batch)
{
    struct tl_drive *drive = step->drive;
    struct tl_engine *engine = drive->lane->engine;
    struct tl_run_row *run = drive->unit->run;
    uint32_t part = engine->plan.flows[drive->unit->flow]->part;
    char *flow = tl_plan_full(&engine->plan, part, step->ask->flow), *type = tl_printf(TL_TYPE_START "%s", flow);
    char *token = tl_printf("%s/%u/%u", run->id, run->round, step->number);
    struct tl_event_in in = {.type = tl_str_z(type),
                             .source = TL_STR("run"),
                             .key = drive->event.key,
                             .dedupe = tl_str_z(token),
                             .payload = step->ask->data.len > 0 ? step->ask->data : TL_STR("null"),
                             .priority = drive->event.priority,
                             .trace = tl_trace_is_set(&drive->event.trace) ? &drive->event.trace : NULL,
                             .cause = drive->unit->position,
                             .cause_flow = tl_str_z(run->flow)};
    tl_replay_child(step, &in);
    put_event(batch, &in);
    wait->key_hash = tl_journal_key_hash(engine->journal, in.dedupe);
    wait->types = tl_zalloc(2, sizeof(char *));
    wait->types[wait->type_count++] = tl_copy_z(TL_TYPE_ENDED);
    struct tl_await entry = tl_run_wait_entry(run, wait);
    tl_await_index_add(&engine->awaits, &entry);
    tl_free(flow);
    tl_free(type);
    tl_free(token);
}

static tl_str flow_of(const struct tl_event *event)
{
    size_t prefix = tl_replayed_type_is(event->type) ? sizeof TL_TYPE_REPLAY : sizeof TL_TYPE_START;
    return tl_str_from(event->type, prefix - 1);
}

static void tell(const struct tl_event *event, enum tl_ending ending, tl_str note, tl_str result,
                 struct tl_batch *batch)
{
    struct tl_buf payload;
    struct tl_json_writer w;
    tl_buf_init(&payload, TL_PAYLOAD_MAX);
    tl_json_writer_init(&w, &payload);
    tl_json_begin_object(&w);
    tl_json_put_z(&w, "ending", tl_ending_name(ending));
    tl_json_key(&w, "note");
    tl_json_lossy(&w, note);
    if (result.len > 0)
        tl_json_put_raw(&w, "result", result);
    tl_json_end_object(&w);
    put_event(batch, &(struct tl_event_in){.type = TL_STR(TL_TYPE_ENDED),
                                           .source = TL_STR("run"),
                                           .key = event->dedupe,
                                           .payload = tl_buf_str(&payload),
                                           .priority = event->priority,
                                           .trace = tl_trace_is_set(&event->trace) ? &event->trace : NULL,
                                           .cause = event->position,
                                           .cause_flow = flow_of(event),
                                           .unwanted = true});
    tl_buf_free(&payload);
}

void tl_child_ended(struct tl_drive *drive, enum tl_ending ending, tl_str note, tl_str result, struct tl_batch *batch)
{
    if (tl_child_is(&drive->event))
        tell(&drive->event, ending, note, result, batch);
}

void tl_child_discarded(const struct tl_event *event, tl_str note, struct tl_batch *batch)
{
    if (tl_child_is(event))
        tell(event, TL_DISCARDED, note, TL_STR_NONE, batch);
}

struct tl_step_row tl_child_row(struct tl_arena *arena, const struct tl_event *ended)
{
    struct tl_step_row row = {.at_ms = tl_wall_ms(), .now_ms = tl_wall_ms()};
    struct tl_json_doc *doc;
    if (tl_json_parse_borrowed(ended->payload, NULL, &doc, NULL) != TL_OK) {
        row.state = TL_STEP_FAILED;
        row.cls = TL_STR("failed");
        return row;
    }
    const struct tl_json_value *root = tl_json_root(doc);
    tl_str ending = tl_json_get_text(root, "ending");
    bool done = tl_str_is(ending, "done") || tl_str_is(ending, "dropped") || tl_str_is(ending, "ignored");
    row.state = done ? TL_STEP_DONE : TL_STEP_FAILED;
    if (done)
        row.document = tl_arena_str(arena, tl_json_raw(tl_json_get(root, "result")));
    else {
        row.cls = TL_STR("failed");
        row.code = tl_arena_str(arena, ending);
        row.message = tl_arena_str(arena, tl_json_get_text(root, "note"));
    }
    tl_json_free(doc);
    return row;
}
