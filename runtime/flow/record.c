/* What a run leaves in the journal. The row of the run goes with every record, so that it always says how far the steps
 * reach. */
#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "codec/json_writer.h"
#include "flow/runs.h"
#include "host.h"
#include "one_per.h"
#include "run.h"

#define ROW_MAX ((size_t)TL_PAYLOAD_MAX)

static void put(struct tl_batch *batch, const struct tl_state_put *record)
{
    struct tl_error err;
    tl_code code = tl_batch_put(batch, record, &err);
    if (code != TL_OK)
        tl_log(TL_ERROR, "run.record", err.text, TL_FSLICE("row", record->key));
    tl_must(code == TL_OK); /* results and payloads are bounded below what a row may hold */
}

void tl_run_put(struct tl_lane *lane, struct tl_run_row *row, struct tl_batch *batch)
{
    struct tl_buf text;
    tl_buf_init(&text, ROW_MAX);
    tl_run_row_write(row, &text);
    put(batch, &(struct tl_state_put){.table = TL_STR(TL_TABLE_RUN),
                                      .key = tl_str_z(row->id),
                                      .value = tl_buf_str(&text),
                                      .attr = {tl_str_z(row->flow), tl_str_z(tl_run_phase_name(row->phase)),
                                               tl_str_z(row->key), tl_str_z(row->revision)}});
    tl_buf_free(&text);
    if (!row->stored)
        tl_one_per_put(row, batch);
    row->stored = true;
    tl_runs_written(lane, row);
}

void tl_step_put(struct tl_run_row *run, const struct tl_step_row *row, struct tl_batch *batch)
{
    char key[TL_STEP_KEY];
    struct tl_buf text;
    tl_step_key(run->id, row->number, key);
    tl_buf_init(&text, ROW_MAX);
    tl_step_row_write(row, &text);
    put(batch,
        &(struct tl_state_put){.table = TL_STR(TL_TABLE_STEP), .key = tl_str_z(key), .value = tl_buf_str(&text)});
    tl_buf_free(&text);
}

void tl_run_put_event(struct tl_drive *drive, struct tl_batch *batch)
{
    char key[TL_STEP_KEY];
    struct tl_buf text;
    if (drive->unit->run->kept)
        return;
    tl_step_key(drive->unit->run->id, 0, key);
    tl_buf_init(&text, ROW_MAX);
    tl_event_row_write(&drive->event, &text);
    put(batch,
        &(struct tl_state_put){.table = TL_STR(TL_TABLE_STEP), .key = tl_str_z(key), .value = tl_buf_str(&text)});
    tl_buf_free(&text);
    drive->unit->run->kept = true;
}

void tl_run_make_durable(struct tl_drive *drive)
{
    struct tl_unit *unit = drive->unit;
    struct tl_engine *engine = drive->lane->engine;
    const struct tl_plan_flow *flow = engine->plan.flows[unit->flow];
    if (unit->run != NULL)
        return;
    struct tl_run_row *row = tl_run_row_new(tl_unit_number(flow, unit->position), unit->position);
    row->flow = tl_copy_z(flow->name);
    row->key = tl_str_dup(drive->event.key);
    row->revision = tl_copy_z(drive->host->revision);
    row->line = unit->line->hash;
    row->since_ms = drive->event.time_ms;
    row->one_per = tl_copy_z(drive->one_per);
    row->routed = drive->routed;
    drive->routed = (struct tl_routed){0};
    row->waited = unit->exception != NULL; /* it has an outcome already */
    tl_run_keep(drive->lane, row);
    row->unit = unit;
    unit->run = row;
}

uint32_t tl_run_number(struct tl_drive *drive)
{
    return drive->next++;
}

static void put_emits(struct tl_drive *drive, struct tl_batch *batch)
{
    struct tl_run_row *row = drive->unit->run;
    const struct tl_run_outcome *outcome = drive->outcome;
    if (outcome == NULL) /* it has not begun */
        return;
    for (size_t i = row->emitted; i < outcome->emit_count; i++) {
        struct tl_emitted emitted = tl_run_emitted(drive, &outcome->emits[i]);
        tl_emit(drive, batch, &emitted);
    }
    if (outcome->emit_count > row->emitted)
        row->emitted = (uint32_t)outcome->emit_count;
}

struct tl_batch *tl_run_record(struct tl_drive *drive)
{
    struct tl_batch *batch = tl_lane_batch(drive->lane);
    struct tl_run_row *row = drive->unit->run;
    for (size_t i = 0; i < drive->unrecorded.count; i++)
        tl_step_put(row, &drive->unrecorded.rows[i], batch);
    drive->unrecorded.count = 0;
    drive->unrecorded.effect = false;
    put_emits(drive, batch);
    row->next = drive->next;
    row->order = drive->order;
    drive->record_first = false;
    return batch;
}

static void delete_step(const struct tl_run_row *row, uint32_t number, struct tl_batch *batch)
{
    char key[TL_STEP_KEY];
    tl_step_key(row->id, number, key);
    tl_must(tl_batch_del(batch, TL_STR(TL_TABLE_STEP), tl_str_z(key), NULL) == TL_OK);
}

void tl_run_delete_steps(const struct tl_run_row *row, struct tl_batch *batch)
{
    for (uint32_t i = 1; i < row->next; i++)
        delete_step(row, i, batch);
}

void tl_run_delete(struct tl_lane *lane, struct tl_run_row *row, struct tl_batch *batch)
{
    while (row->wait_count > 0)
        tl_wait_forget(lane, row, row->waits[0].number, batch);
    tl_one_per_del(row, batch);
    row->over = true;
    if (!row->stored)
        return;
    tl_must(tl_batch_del(batch, TL_STR(TL_TABLE_RUN), tl_str_z(row->id), NULL) == TL_OK);
    tl_run_delete_steps(row, batch);
    if (row->kept)
        delete_step(row, 0, batch);
    tl_runs_written(lane, row);
}
