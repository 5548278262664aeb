/* Expectations that were not kept in time. */
#include "expected.h"
#include "codec/json.h"
#include "desk_unit.h"
#include "exception_int.h"

/* By its name, which outlives the declaration. */
static bool is_expectation(const struct tl_plan_flow *flow)
{
    return tl_str_starts(tl_str_z(flow->name), TL_STR(TL_EXPECT_FLOW));
}

static const struct tl_plan_flow *flow_of(const struct tl_drive *drive)
{
    return drive->lane->engine->plan.flows[drive->unit->flow];
}

void tl_expected_cause(struct tl_drive *drive, struct tl_cause *cause)
{
    const struct tl_plan_flow *flow = flow_of(drive);
    if (!is_expectation(flow))
        return;
    cause->cls = TL_STR("expected");
    if (flow->decl != NULL)
        cause->place = tl_place_text(drive, &flow->decl->place);
}

tl_str tl_expected_note(struct tl_drive *drive, tl_str result)
{
    struct tl_json_doc *doc;
    if (!is_expectation(flow_of(drive)) || tl_json_parse_borrowed(result, NULL, &doc, NULL) != TL_OK)
        return TL_STR_NONE;
    tl_str note = tl_arena_str(&drive->arena, tl_json_text(tl_json_root(doc)));
    tl_json_free(doc);
    if (drive->unit->exception != NULL) {
        char id[TL_POSITION_TEXT];
        tl_position_print(drive->unit->exception->number, id);
        tl_audit(drive->lane->engine, tl_lane_batch(drive->lane), "late", tl_str_z(id), TL_STR("tidelock"),
                 TL_STR("what was expected came after all"), note);
    }
    return note;
}

static bool is_parked_expectation(const struct tl_lane *lane, const struct tl_run_row *run)
{
    const struct tl_plan *plan = &lane->engine->plan;
    int flow = tl_plan_flow(plan, tl_str_z(run->flow));
    bool live = flow >= 0 && plan->flows[flow]->kind == TL_PLAN_SCRIPT; /* what is gone can only be discarded */
    return live && is_expectation(plan->flows[flow]) && run->unit == NULL && run->phase == TL_PHASE_PARKED;
}

static bool awaits(const struct tl_run_row *run)
{
    for (size_t i = 0; i < run->wait_count; i++) {
        if (run->waits[i].kind == TL_ASK_AWAIT)
            return true;
    }
    return false;
}

void tl_expected_came(struct tl_lane *lane, struct tl_run_row *run)
{
    if (is_parked_expectation(lane, run) && !awaits(run))
        tl_desk_retry_run(lane, run);
}

void tl_expected_restore(struct tl_lane *lane, const struct tl_run_row *run)
{
    if (!is_parked_expectation(lane, run) || awaits(run))
        return;
    struct tl_open_exception *open = tl_desk_exception(lane, run);
    struct tl_keyline *line = tl_keyline_find(&lane->lines, run->line);
    if (open != NULL && !open->retrying)
        tl_keyline_retry(lane, line, tl_desk_unit(lane, open, line, NULL, 0));
}
