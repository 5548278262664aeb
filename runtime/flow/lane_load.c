/* How a lane gets its units: from the waves that commits bring, or, after a start and when it was too slow for them, by
 * reading the journal from where it stands. Either way each unit goes to its key line, or to the spilled part of its
 * queue. */
#include "base/log.h"
#include "engine_int.h"
#include "journal/reader.h"
#include "kept.h"

/* ---- loading ---- */

static bool full(const struct tl_lane *lane, const struct tl_queue *queue)
{
    return queue->loaded >= lane->engine->config.queue_positions || lane->aside >= TL_ASIDE_MAX;
}

void tl_lane_load(struct tl_lane *lane, uint32_t flow, tl_position position, const struct tl_place_of *place,
                  struct tl_wave *wave)
{
    struct tl_queue *queue = tl_queue_of(lane, flow, place->priority, place->system);
    if (queue->spilled || full(lane, queue))
        tl_spill_add(lane, queue, position, place->hash);
    else
        tl_keyline_enter(lane, queue, position, place->hash, wave);
}

static void load_wave(struct tl_lane *lane, struct tl_wave *wave)
{
    bool keep = atomic_load(&lane->engine->dispatch.pinned) <= lane->engine->config.pinned_bytes;
    uint64_t commit = tl_commit_number(wave->commit);
    for (size_t i = 0; i < wave->count; i++) {
        const struct tl_wave_unit *unit = &wave->units[i];
        struct tl_place_of place = {unit->hash, unit->system, unit->priority};
        tl_lane_load(lane, unit->flow, tl_position_make(commit, unit->index), &place, keep ? wave : NULL);
    }
    tl_wave_unref(wave);
}

/* ---- reading what was accepted before the start, or came too fast ---- */

static void load_entry(struct tl_lane *lane, const struct tl_entry *entry)
{
    struct tl_engine *engine = lane->engine;
    for (uint16_t f = 0; f < lane->bits.flows; f++) {
        uint32_t flow = (uint32_t)lane->bits.data[(size_t)lane->bits.flows * lane->bits.words + f];
        if (!tl_progress_bits_has(&lane->bits, flow, tl_position_index(entry->position)))
            continue;
        struct tl_event_source source = {.lane = lane, .arena = &lane->scratch, .entry = *entry};
        struct tl_place_of place;
        tl_dispatch_place(engine, engine->plan.flows[flow], &source, &place);
        if (tl_dispatch_lane(engine, place.hash) == lane->index)
            tl_lane_load(lane, flow, entry->position, &place, NULL);
    }
    tl_arena_free(&lane->scratch);
}

static struct tl_cursor *cursor_from(struct tl_lane *lane, uint64_t commit)
{
    return tl_cursor_new(lane->engine->journal, commit, TL_RECORD_BIT(TL_RECORD_EVENT));
}

/* Everything up to `limit` is loaded. True: commits were derived meanwhile, there is more to read. */
static bool reached(struct tl_lane *lane, uint64_t limit)
{
    tl_cursor_free(lane->cursor);
    lane->cursor = NULL;
    lane->done_commit = limit;
    if (!tl_dispatch_caught_up(lane, limit))
        return true;
    atomic_store(&lane->caught_up, true);
    return false;
}

/* The first commit after `commit` with something unfinished; past `limit` when there is none. */
static uint64_t next_unfinished(struct tl_lane *lane, uint64_t commit, uint64_t limit)
{
    uint64_t next;
    return tl_progress_next(&lane->engine->progress, commit + 1, &next) ? next : limit + 1;
}

static bool load_kept(void *ctx, uint32_t flow, struct tl_event_source *source)
{
    struct tl_lane *lane = ctx;
    struct tl_place_of place;
    tl_dispatch_place(lane->engine, lane->engine->plan.flows[flow], source, &place);
    if (tl_dispatch_lane(lane->engine, place.hash) == lane->index)
        tl_lane_load(lane, flow, source->entry.position, &place, NULL);
    return true;
}

/* Loads the next commit that is kept in rows. False: there is none before `limit` and the journal's first. */
static bool load_kept_commit(struct tl_lane *lane, uint64_t limit)
{
    uint64_t commit;
    if (!tl_kept_has(lane->engine, lane->done_commit + 1))
        return false;
    commit = next_unfinished(lane, lane->done_commit, limit);
    if (commit > limit || !tl_kept_has(lane->engine, commit))
        return false;
    tl_kept_units(lane, tl_position_make(commit, 0), load_kept, lane);
    lane->done_commit = commit;
    return true;
}

/* Reads on, no further than `limit`: progress does not know what comes after it. True: there is more. */
static bool catch_up(struct tl_lane *lane, uint64_t limit)
{
    for (int i = 0; i < TL_RECORDS_A_TURN; i++) {
        if (lane->cursor == NULL && load_kept_commit(lane, limit))
            continue;
        if (lane->cursor == NULL) {
            lane->cursor = cursor_from(lane, lane->done_commit + 1);
            lane->bits_commit = 0;
        }
        struct tl_record record;
        struct tl_error err;
        tl_code code = tl_cursor_next(lane->cursor, &record, &err);
        if (code != TL_OK && code != TL_ENOTFOUND) {
            tl_log(TL_ERROR, "flow.read", err.text);
            return false;
        }
        if (code == TL_ENOTFOUND || record.commit > limit)
            return reached(lane, limit);
        if (lane->bits_commit != record.commit) {
            lane->done_commit = record.commit - 1;
            lane->bits_commit = record.commit;
            tl_progress_bits(&lane->engine->progress, record.commit, &lane->bits);
        }
        if (lane->bits.commit != 0)
            load_entry(lane, &record.entry);
        else {
            uint64_t next = next_unfinished(lane, record.commit, limit);
            if (next > limit)
                return reached(lane, limit);
            if (next > record.commit + 1) {
                tl_cursor_free(lane->cursor);
                lane->cursor = NULL;
                lane->done_commit = next - 1;
            }
        }
    }
    return true;
}

/* ---- a turn ---- */

bool tl_lane_take(struct tl_lane *lane)
{
    uint64_t upto, behind_from;
    tl_dispatch_prepare(lane->engine, lane);
    struct tl_wave *wave = tl_dispatch_take(lane, &upto, &behind_from);
    while (wave != NULL) {
        struct tl_wave *next = wave->next;
        load_wave(lane, wave);
        wave = next;
    }
    if (behind_from == 0) {
        lane->done_commit = upto;
        return false;
    }
    if (lane->done_commit + 1 < behind_from)
        lane->done_commit = behind_from - 1;
    return catch_up(lane, upto);
}
