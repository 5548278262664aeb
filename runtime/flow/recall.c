/* A run is repeated: its steps are read, and their results given to the script in the order in which they were given
 * before. A script that does not ask for what the journal holds is parked with both sides shown (rule 8). */
#include "base/alloc.h"
#include "await.h"
#include "journal/state.h"
#include "fit.h"
#include "undo.h"
#include <stdlib.h>

#define PAGE 1000

/* ---- reading ---- */

struct reading {
    struct tl_arena *arena;
    struct tl_step_row *rows; /* own */
    size_t count, cap;
};

static tl_code add(void *ctx, const struct tl_state_row *row, struct tl_error *err)
{
    struct reading *reading = ctx;
    struct tl_step_row step;
    uint64_t number;
    ptrdiff_t slash = tl_str_find(row->key, '/');
    if (slash >= 0 && tl_str_u64(tl_str_from(row->key, (size_t)slash + 1), &number) && number == 0)
        return TL_OK; /* the event */
    tl_code code = tl_step_row_read(row->key, row->value, reading->arena, &step, err);
    if (code != TL_OK)
        return code;
    if (reading->count == reading->cap) {
        reading->cap = reading->cap == 0 ? 16 : reading->cap * 2;
        reading->rows = tl_realloc(reading->rows, reading->cap * sizeof *reading->rows);
    }
    reading->rows[reading->count++] = step;
    return TL_OK;
}

/* Results first, in the order given; then what has none. */
static int by_order(const void *a, const void *b)
{
    const struct tl_step_row *x = a, *y = b;
    uint32_t left = tl_step_is_result(x) ? x->order : UINT32_MAX, right = tl_step_is_result(y) ? y->order : UINT32_MAX;
    if (left != right)
        return left < right ? -1 : 1;
    return x->number < y->number ? -1 : x->number > y->number;
}

static tl_code read_steps(struct tl_journal *journal, const char *run, struct reading *reading, struct tl_error *err)
{
    char *prefix = tl_printf("%s/", run);
    struct tl_state_query query = {.table = TL_STR(TL_TABLE_STEP), .prefix = tl_str_z(prefix), .limit = PAGE};
    tl_code code = tl_state_each(journal, &query, add, reading, err);
    tl_free(prefix);
    return code;
}

tl_code tl_run_steps(struct tl_lane *lane, const struct tl_run_row *run, struct tl_arena *arena,
                     struct tl_step_row **out, size_t *count, struct tl_error *err)
{
    struct reading reading = {.arena = arena};
    tl_code code = run->stored ? read_steps(lane->engine->journal, run->id, &reading, err) : TL_OK;
    if (reading.count > 0)
        qsort(reading.rows, reading.count, sizeof *reading.rows, by_order);
    *out = tl_arena_alloc(arena, (reading.count + 1) * sizeof **out);
    *count = reading.count;
    for (size_t i = 0; i < reading.count; i++)
        (*out)[i] = reading.rows[i];
    tl_free(reading.rows);
    return code;
}

static void note_effect(struct tl_drive *drive, const struct tl_step_row *row)
{
    if (row->kind != TL_ASK_CALL || row->state == TL_STEP_SENT || row->state == TL_STEP_UNKNOWN)
        return;
    enum tl_failure failure = TL_FAIL_NONE;
    (void)tl_failure_parse(row->cls, &failure);
    struct tl_effect effect = {.system = row->system,
                               .operation = row->operation,
                               .remote_id = row->remote,
                               .status = (uint16_t)row->status,
                               .attempts = row->attempts,
                               .class_ = (uint8_t)failure,
                               .duration_ms = row->duration_ms};
    for (size_t i = 0; i < sizeof row->hash; i++)
        effect.request_hash[i] = row->hash[i];
    tl_effect_note(drive, &effect);
}

tl_code tl_recall_load(struct tl_drive *drive, struct tl_error *err)
{
    struct tl_run_row *row = drive->unit->run;
    tl_code code = tl_run_steps(drive->lane, row, &drive->arena, &drive->recalled, &drive->recalled_count, err);
    for (size_t i = 0; i < drive->recalled_count; i++) {
        drive->result_bytes += drive->recalled[i].document.len;
        note_effect(drive, &drive->recalled[i]);
    }
    return code;
}

const struct tl_step_row *tl_recall_open(const struct tl_drive *drive, tl_str id)
{
    for (size_t i = 0; i < drive->recalled_count; i++) {
        const struct tl_step_row *row = &drive->recalled[i];
        if (!tl_step_is_result(row) && row->state != TL_STEP_DROPPED && tl_str_eq(row->id, id))
            return row;
    }
    return NULL;
}

/* ---- giving ---- */

static const struct tl_step_row *next_row(const struct tl_drive *drive)
{
    if (drive->recalled_at == drive->recalled_count || !tl_step_is_result(&drive->recalled[drive->recalled_at]))
        return NULL;
    return &drive->recalled[drive->recalled_at];
}

static tl_str asked_instead(struct tl_drive *drive)
{
    struct tl_link *first = tl_list_first(&drive->steps);
    if (first == NULL)
        return drive->outcome->ending == TL_RUN_ERROR
                   ? tl_str_z(tl_arena_printf(&drive->arena, "failed with \"%.*s\"",
                                              TL_STR_ARGS(drive->outcome->error.message)))
                   : TL_STR("ended");
    const struct tl_run_ask *ask = TL_LIST_ITEM(first, struct tl_step, link)->ask;
    return tl_str_z(tl_arena_printf(&drive->arena, "asks for \"%.*s\" (%.*s)", TL_STR_ARGS(ask->id),
                                    TL_STR_ARGS(tl_place_text(drive, &ask->place))));
}

char *tl_recall_differs(struct tl_drive *drive)
{
    const struct tl_step_row *row = next_row(drive);
    if (row == NULL || (drive->outcome->ending == TL_RUN_WAIT && tl_step_find(drive, row->id) != NULL))
        return NULL;
    return tl_arena_printf(
        &drive->arena,
        "the journal holds \"%.*s\" as result %u of this run, but under revision %.12s the script %.*s "
        "at that place. Bring the earlier script back, or retry the run from an earlier step",
        TL_STR_ARGS(row->id), row->order, drive->unit->run->revision, TL_STR_ARGS(asked_instead(drive)));
}

/* A run that has done nothing begins anew instead (rule 16). */
static void park_differs(struct tl_drive *drive, const char *text)
{
    struct tl_run_row *run = drive->unit->run;
    drive->recalling = false;
    if (run->effects == 0 && run->emitted == 0 && run->round == 0) {
        drive->outcome = NULL; /* what it emitted just now it emits again */
        tl_routed_clear(&run->routed);
        tl_run_continue(drive, TL_STR_NONE);
        return;
    }
    tl_unit_park(drive, &(struct tl_cause){.cls = TL_STR("nondeterminism"), .message = tl_str_z(text)});
}

bool tl_recall_next(struct tl_drive *drive, bool *gone)
{
    const struct tl_run_port *runs = drive->lane->engine->runs;
    const struct tl_run_row *run = drive->unit->run;
    const struct tl_step_row *row = next_row(drive);
    bool alive = drive->outcome->ending == TL_RUN_WAIT || drive->outcome->ending == TL_RUN_ERROR;
    if (alive && run != NULL && run->cancel != NULL && !drive->cancelled &&
        (row == NULL || row->order > run->cancel_after)) {
        bool settled = tl_recall_cancel(drive);
        *gone = !settled;
        return settled;
    }
    if (row != NULL && tl_steps_told(drive)) {
        drive->outcome = runs->cancel(runs->ctx, drive->run, TL_STR_NONE);
        tl_drive_note(drive);
        return true;
    }
    if (row == NULL)
        return false;
    const char *differs = tl_recall_differs(drive);
    if (differs != NULL) {
        park_differs(drive, differs);
        *gone = true;
        return false;
    }
    drive->recalled_at++;
    if (row->kind == TL_ASK_AWAIT && row->event != TL_POSITION_NONE)
        tl_await_note(drive, row->type, row->event);
    tl_step_free(tl_step_find(drive, row->id));
    struct tl_run_result result = tl_step_told(&drive->lane->engine->plan, drive->unit->flow, row);
    drive->outcome = runs->resume(runs->ctx, drive->run, &result);
    tl_drive_note(drive);
    return true;
}
