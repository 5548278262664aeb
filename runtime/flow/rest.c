/* A run of which nothing is under way: it ends, leaves memory, waits for its next try, or parks. */
#include "base/clock.h"
#include "expected.h"
#include "run.h"
#include "undo.h"

struct rest {
    struct tl_step *stuck, *park, *blocked;
    int64_t again_ms; /* the first that tries again; TL_NEVER: none */
    size_t calls;
};

/* False: something is under way. */
static bool look(struct tl_drive *drive, struct rest *rest)
{
    struct tl_link *next;
    *rest = (struct rest){.again_ms = TL_NEVER};
    for (struct tl_link *link = tl_list_first(&drive->steps); link != NULL; link = next) {
        next = tl_list_after(&drive->steps, link);
        struct tl_step *step = TL_LIST_ITEM(link, struct tl_step, link);
        if (step->phase != TL_AT_REST)
            return false;
        if (step->stuck != NULL)
            rest->stuck = rest->stuck != NULL ? rest->stuck : step;
        else if (step->ask == NULL || step->ask->kind == TL_ASK_CALL) {
            rest->calls++;
            if (step->again_ms == TL_NEVER)
                rest->blocked = step;
            else if (step->again_ms < rest->again_ms)
                rest->again_ms = step->again_ms;
        } else if (step->ask->kind == TL_ASK_PARK)
            rest->park = rest->park != NULL ? rest->park : step;
    }
    return true;
}

static bool is_light(const struct tl_drive *drive)
{
    return drive->unit->run == NULL && drive->unrecorded.count == 0;
}

/* It waits for its next try out of memory, holding its key. */
static void rest_calls(struct tl_drive *drive, const struct rest *rest)
{
    if (!is_light(drive) && (drive->unrecorded.count > 0 || drive->record_first)) {
        tl_steps_record(drive); /* and comes back here */
        return;
    }
    if (rest->again_ms != TL_NEVER) {
        int64_t wait = rest->again_ms - tl_mono_ms();
        tl_unit_backoff(drive, wait > 0 ? wait : 0);
    } else if (is_light(drive))
        tl_unit_unstart(drive);
    else
        tl_unit_block(drive, rest->blocked->system);
}

/* What a run did is undone at its deadline (rule 17); without anything to undo a person looks. */
static void park_stuck(struct tl_drive *drive, const struct tl_cause *cause)
{
    const struct tl_run_port *runs = drive->lane->engine->runs;
    if (drive->run != NULL && tl_str_is(cause->cls, "deadline") && runs->has_undo(runs->ctx, drive->run))
        tl_run_undo(drive, TL_STR("the flow's deadline passed"));
    else
        tl_unit_park(drive, cause);
}

static void park_asked(struct tl_drive *drive, const struct tl_run_ask *ask)
{
    struct tl_cause cause = {
        .cls = TL_STR("parked"), .message = ask->reason, .place = tl_place_text(drive, &ask->place), .data = ask->data};
    tl_expected_cause(drive, &cause);
    tl_unit_park(drive, &cause);
}

bool tl_steps_told(const struct tl_drive *drive)
{
    return drive->outcome != NULL && drive->outcome->undoing && drive->outcome->ending == TL_RUN_WAIT &&
           tl_list_empty(&drive->steps);
}

void tl_steps_rest(struct tl_drive *drive)
{
    struct rest rest;
    if (drive->records > 0 || drive->sliced || !look(drive, &rest))
        return;
    if (drive->ending && !tl_drive_is_busy(drive)) {
        tl_drive_finish(drive);
        return;
    }
    if (drive->cancelling && tl_recall_settled(drive))
        return;
    if (tl_steps_told(drive)) {
        const struct tl_run_port *runs = drive->lane->engine->runs;
        tl_drive_step(drive, runs->cancel(runs->ctx, drive->run, TL_STR_NONE));
        return;
    }
    if (rest.stuck != NULL)
        park_stuck(drive, rest.stuck->stuck);
    else if (rest.calls > 0)
        rest_calls(drive, &rest);
    else if (rest.park != NULL)
        park_asked(drive, rest.park->ask);
    else
        tl_run_leave(drive);
}
