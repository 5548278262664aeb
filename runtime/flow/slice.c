#include "slice.h"

void tl_slice_wait(struct tl_drive *drive)
{
    struct tl_lane *lane = drive->lane;
    drive->sliced = true;
    tl_list_push(&lane->sliced, &drive->slice);
    lane->gave_way = true;
    tl_lane_wake(lane);
}

static void go_on(struct tl_drive *drive)
{
    const struct tl_run_port *runs = drive->lane->engine->runs;
    tl_list_remove(&drive->slice);
    drive->sliced = false;
    drive->outcome = runs->go_on(runs->ctx, drive->run);
    if (drive->recalling)
        tl_drive_repeat(drive);
    else
        tl_drive_step(drive, drive->outcome);
}

void tl_slices_turn(struct tl_lane *lane)
{
    struct tl_link *first = tl_list_first(&lane->sliced);
    if (first == NULL || lane->phase > TL_LANE_DRAINING)
        return;
    uint64_t turn = tl_loop_turns(lane->loop); /* several mails may ask for work in one turn of the loop */
    if (!lane->gave_way && turn != lane->slice_turn) {
        lane->slice_turn = turn;
        go_on(TL_LIST_ITEM(first, struct tl_drive, slice));
    }
    tl_lane_wake(lane);
    tl_lane_stop_step(lane);
}

void tl_slice_finish(struct tl_run_row *run)
{
    while (run != NULL && run->unit != NULL && run->unit->drive != NULL && run->unit->drive->sliced)
        go_on(run->unit->drive);
}
