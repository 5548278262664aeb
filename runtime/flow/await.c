/* Events that runs wait for. Every event of a key for which the index has an entry becomes a unit of the runtime's own
 * flow "run:await", which tells the lanes of those runs and ends when they have written down what they took: so no
 * event is missed, whenever the process stops (rule 7). */
#include "await.h"
#include "awaitable.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "child.h"
#include "expected.h"
#include "codec/json_writer.h"
#include "codec/timestamp.h"
#include "journal/reader.h"
#include "replay_effect.h"
#include "run.h"

/* ---- looking back ---- */

void tl_await_note(struct tl_drive *drive, tl_str type, tl_position event)
{
    drive->taken = tl_realloc(drive->taken, (drive->taken_count + 1) * sizeof *drive->taken);
    drive->taken[drive->taken_count++] = (struct tl_taken){type, event};
}

/* The run's own event, the last one it took of that type, or the one it refused. */
static tl_position after_of(const struct tl_drive *drive, const struct tl_run_ask *ask, tl_str type)
{
    tl_position after = tl_replay_from(drive), refused;
    for (size_t i = 0; i < drive->taken_count; i++) {
        if (drive->taken[i].event > after && tl_str_eq(drive->taken[i].type, type))
            after = drive->taken[i].event;
    }
    if (tl_position_parse(ask->after, &refused) && refused > after)
        after = refused;
    return after;
}

bool tl_await_look_back(struct tl_drive *drive, const struct tl_run_ask *ask, struct tl_event *out)
{
    struct tl_engine *engine = drive->lane->engine;
    tl_str key = ask->key.len > 0 ? ask->key : drive->event.key;
    tl_position first = TL_POSITION_NONE, at;
    for (size_t i = 0; i < ask->type_count; i++) {
        tl_position after = after_of(drive, ask, ask->types[i]);
        if (tl_awaitable_find(engine, key, ask->types[i], after, &at, NULL) == TL_OK &&
            (first == TL_POSITION_NONE || at < first))
            first = at;
    }
    return first != TL_POSITION_NONE && tl_awaitable_event(engine, key, first, &drive->arena, out, NULL) == TL_OK;
}

/* ---- what a run takes ---- */

static tl_str document_of(struct tl_arena *arena, const struct tl_event *event)
{
    struct tl_buf text;
    struct tl_json_writer w;
    char id[TL_POSITION_TEXT], time[TL_TIMESTAMP_SIZE];
    struct tl_timestamp at = tl_timestamp_from_ms(event->time_ms);
    tl_position_print(event->position, id);
    tl_buf_init(&text, TL_PAYLOAD_MAX);
    tl_json_writer_init(&w, &text);
    tl_json_begin_object(&w);
    tl_json_put_raw(&w, "data", event->payload.len > 0 ? event->payload : TL_STR("null"));
    tl_json_put_z(&w, "id", id);
    tl_json_key(&w, "key");
    tl_json_lossy(&w, event->key);
    tl_json_key(&w, "source");
    tl_json_lossy(&w, event->source);
    tl_json_put_string(&w, "time", tl_timestamp_print(&at, TL_TIME_RFC3339, time));
    tl_json_put_string(&w, "type", event->type);
    tl_json_end_object(&w);
    tl_str copy = tl_arena_str(arena, tl_buf_str(&text));
    tl_buf_free(&text);
    return copy;
}

struct tl_step_row tl_await_row(struct tl_arena *arena, const struct tl_event *event)
{
    int64_t now = tl_wall_ms();
    return (struct tl_step_row){.state = TL_STEP_DONE,
                                .at_ms = now,
                                .document = document_of(arena, event),
                                .now_ms = event->time_ms > 0 ? now : 0,
                                .event = event->position,
                                .type = tl_arena_str(arena, event->type)};
}

/* ---- the unit of an event ---- */

/* One run is told on its lane, and answers when it has written. */
struct tell {
    struct tl_mail mail;
    struct tl_then then;
    struct tl_lane *lane; /* of the run */
    struct tl_lane *home; /* of the unit */
    struct tl_drive *drive;
    uint64_t run;
    bool took;
};

struct telling {
    size_t open, took;
};

static void told(struct tl_mail *mail)
{
    struct tell *tell = TL_CONTAINER_OF(mail, struct tell, mail);
    struct tl_drive *drive = tell->drive;
    if (tell->home->phase == TL_LANE_STOPPED) { /* the drive has gone */
        tl_free(tell);
        return;
    }
    struct telling *telling = drive->ctx;
    telling->took += tell->took;
    tl_free(tell);
    if (--telling->open > 0)
        return;
    char *note = tl_printf("taken by %zu run%s that waited for it", telling->took, telling->took == 1 ? "" : "s");
    tl_free(telling);
    drive->ctx = NULL;
    tl_unit_end(drive, TL_DONE, tl_str_z(note), NULL, 0);
    tl_free(note);
}

static void answer(struct tell *tell)
{
    tl_mail_init(&tell->mail, told);
    tl_loop_post(tell->home->loop, &tell->mail);
}

static void written(struct tl_then *then, uint64_t commit)
{
    struct tell *tell = TL_CONTAINER_OF(then, struct tell, then);
    if (commit != 0 && tell->lane->phase != TL_LANE_STOPPED)
        answer(tell);
    else
        tl_free(tell); /* the journal has closed: the unit is not over */
}

static bool fits(const struct tl_run_wait *wait, const struct tl_event *event, uint64_t hash)
{
    bool type = false;
    for (size_t i = 0; i < wait->type_count; i++)
        type |= tl_str_is(event->type, wait->types[i]);
    bool in_time = wait->due_ms == 0 || event->time_ms <= wait->due_ms;
    return type && wait->key_hash == hash && event->position > wait->after && in_time;
}

bool tl_await_came(struct tl_lane *lane, const struct tl_run_wait *wait, tl_str key, struct tl_arena *arena,
                   struct tl_event *out)
{
    struct tl_engine *engine = lane->engine;
    tl_position at, earliest = UINT64_MAX;
    for (size_t i = 0; i < wait->type_count; i++) {
        tl_str type = tl_str_z(wait->types[i]);
        if (tl_awaitable_find(engine, key, type, wait->after, &at, NULL) == TL_OK && at < earliest)
            earliest = at;
    }
    return earliest != UINT64_MAX && tl_awaitable_event(engine, key, earliest, arena, out, NULL) == TL_OK &&
           (wait->due_ms == 0 || out->time_ms <= wait->due_ms);
}

static void tell_run(struct tl_mail *mail)
{
    struct tell *tell = TL_CONTAINER_OF(mail, struct tell, mail);
    struct tl_lane *lane = tell->lane;
    if (lane->phase != TL_LANE_RUNNING) {
        tl_free(tell); /* the event stays unfinished; the next start tells again */
        return;
    }
    const struct tl_event *event = &tell->drive->event;
    char id[TL_POSITION_TEXT];
    tl_position_print(tell->run, id);
    uint64_t hash = tl_journal_key_hash(lane->engine->journal, event->key);
    struct tl_run_row *run = tl_run_get(lane, tl_str_z(id));
    struct tl_arena arena;
    tl_arena_init(&arena);
    tell->then.durable = written;
    for (size_t i = 0; run != NULL && !tell->took && i < run->wait_count; i++) {
        if (!fits(&run->waits[i], event, hash))
            continue;
        bool child = run->waits[i].kind == TL_ASK_CHILD;
        struct tl_event first;
        /* Units of events have no order among them: an earlier event may be told later. */
        bool earlier = !child && tl_await_came(lane, &run->waits[i], event->key, &arena, &first);
        const struct tl_event *taken = earlier ? &first : event;
        struct tl_step_row row = child ? tl_child_row(&arena, taken) : tl_await_row(&arena, taken);
        tell->took = true;
        tl_run_wake(lane, run, run->waits[i].number, &row, &tell->then);
        tl_expected_came(lane, run);
        break;
    }
    tl_arena_free(&arena);
    if (!tell->took)
        answer(tell);
}

void tl_await_start(struct tl_drive *drive)
{
    struct tl_engine *engine = drive->lane->engine;
    uint64_t hash = tl_journal_key_hash(engine->journal, drive->event.key);
    struct tl_await *runs;
    size_t count = tl_await_index_match(&engine->awaits, hash, tl_await_type(drive->event.type), &runs);
    if (count == 0) {
        tl_unit_end(drive, TL_DONE, TL_STR("the run that waited for it goes on already"), NULL, 0);
        return;
    }
    struct telling *telling = TL_NEW(struct telling);
    *telling = (struct telling){.open = count};
    drive->ctx = telling;
    for (size_t i = 0; i < count; i++) {
        struct tell *tell = TL_NEW(struct tell);
        tell->drive = drive;
        tell->run = runs[i].run;
        tell->home = drive->lane;
        tell->lane = engine->lanes[runs[i].partition % engine->lane_count];
        tl_mail_init(&tell->mail, tell_run);
        tl_loop_post(tell->lane->loop, &tell->mail);
    }
    tl_free(runs);
}
