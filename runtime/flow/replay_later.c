#include "replay_later.h"
#include "base/alloc.h"
#include "journal/reader.h"
#include "replay_facts.h"
#include "replayed.h"
#include <stdlib.h>

#define PAGE 1000
#define EVENTS_MAX 50000 /* more after one event of a key: all its records count as touched */
#define KEPT_MAX 8       /* keys a lane keeps */

struct event_of {
    tl_position position;
    bool unwanted;
};

/* An event that stands for another. */
struct stand_in {
    tl_position position, event;
    int flow;
    bool now; /* in this replay */
};

/* An effect of a later unit; without a system: any. */
struct touch {
    tl_position order; /* where it stands among the events: a replay where the one it stands for does */
    tl_position position;
    tl_str system, operation, remote; /* arena */
};

struct touches {
    struct touch *list; /* own */
    size_t count, cap;
};

struct tl_replay_later {
    struct tl_link link;
    struct tl_replay_scope scope;
    char *key, *id; /* own */
    tl_position from, upto;
    struct tl_arena arena;
    struct event_of *events; /* own; oldest first */
    size_t event_count, looked;
    struct stand_in *by_position, *by_event; /* own; the same in two orders */
    size_t stand_in_count, stand_in_cap;
    struct touches settled;   /* of units that have ended */
    struct event_of *pending; /* own; with units that have not */
    size_t pending_count;
    bool too_many;
};

/* ---- life ---- */

static void grow(struct tl_replay_later *later);

struct tl_replay_later *tl_replay_later_new(const struct tl_replay_scope *scope, tl_position from)
{
    struct tl_replay_later *later = TL_NEW(struct tl_replay_later);
    later->scope = *scope;
    later->key = tl_str_dup(scope->key);
    later->id = tl_str_dup(scope->id);
    later->scope.key = tl_str_z(later->key);
    later->scope.id = tl_str_z(later->id);
    later->from = later->upto = from;
    tl_arena_init(&later->arena);
    grow(later);
    return later;
}

void tl_replay_later_free(struct tl_replay_later *later)
{
    tl_list_remove(&later->link);
    tl_arena_free(&later->arena);
    tl_free(later->key);
    tl_free(later->id);
    tl_free(later->events);
    tl_free(later->by_position);
    tl_free(later->by_event);
    tl_free(later->settled.list);
    tl_free(later->pending);
    tl_free(later);
}

struct tl_replay_later *tl_replay_later_of(struct tl_lane *lane, const struct tl_replay_scope *scope, tl_position from)
{
    size_t count = 0;
    struct tl_replay_later *found = NULL;
    for (struct tl_link *link = tl_list_first(&lane->replays); link != NULL;
         link = tl_list_after(&lane->replays, link)) {
        struct tl_replay_later *later = TL_LIST_ITEM(link, struct tl_replay_later, link);
        count++;
        if (later->scope.commit == scope->commit && from >= later->from && tl_str_eq(later->scope.key, scope->key) &&
            tl_str_eq(later->scope.id, scope->id))
            found = later;
    }
    if (found == NULL) {
        if (count >= KEPT_MAX) /* the one that was not asked for longest */
            tl_replay_later_free(TL_LIST_ITEM(tl_list_first(&lane->replays), struct tl_replay_later, link));
        found = tl_replay_later_new(scope, from);
    } else
        tl_list_remove(&found->link);
    tl_list_push(&lane->replays, &found->link);
    return found;
}

void tl_replay_laters_free(struct tl_lane *lane)
{
    struct tl_link *link;
    while ((link = tl_list_first(&lane->replays)) != NULL)
        tl_replay_later_free(TL_LIST_ITEM(link, struct tl_replay_later, link));
}

/* ---- events ---- */

static int by_event(const void *a, const void *b)
{
    const struct stand_in *x = a, *y = b;
    if (x->event != y->event)
        return x->event < y->event ? -1 : 1;
    if (x->flow != y->flow)
        return x->flow < y->flow ? -1 : 1;
    return x->position < y->position ? -1 : x->position > y->position;
}

static void add_stand_in(struct tl_replay_later *later, tl_position position, const struct tl_replayed *replayed)
{
    if (later->stand_in_count == later->stand_in_cap) {
        later->stand_in_cap = later->stand_in_cap == 0 ? 16 : later->stand_in_cap * 2;
        later->by_position = tl_realloc(later->by_position, later->stand_in_cap * sizeof *later->by_position);
    }
    bool now = tl_position_commit(position) == later->scope.commit && tl_str_eq(replayed->id, later->scope.id);
    later->by_position[later->stand_in_count++] =
        (struct stand_in){.position = position,
                          .event = replayed->event,
                          .flow = tl_plan_flow(&later->scope.engine->plan, replayed->flow),
                          .now = now};
}

static void read_event(struct tl_replay_later *later, tl_position position)
{
    struct tl_event event;
    struct tl_replayed replayed;
    struct tl_arena arena;
    tl_arena_init(&arena);
    if (tl_journal_event(later->scope.engine->journal, position, &arena, &event, NULL) == TL_OK) {
        if (tl_replayed_read(&event, &replayed))
            add_stand_in(later, position, &replayed);
        later->events[later->event_count++] =
            (struct event_of){.position = position, .unwanted = (event.flags & TL_EVENT_UNWANTED) != 0};
    }
    tl_arena_free(&arena);
}

/* Events after the last one read, newest first; the caller's. */
static tl_position *find_new(struct tl_replay_later *later, size_t *count)
{
    struct tl_key_query query = {.key = later->scope.key, .after = later->upto, .limit = PAGE};
    struct tl_arena arena;
    tl_position *all = NULL, *page;
    size_t got = PAGE;
    *count = 0;
    tl_arena_init(&arena);
    while (got == PAGE && !later->too_many) {
        if (tl_journal_find(later->scope.engine->journal, &query, &arena, &page, &got, NULL) != TL_OK)
            got = 0;
        all = tl_realloc(all, (*count + got + 1) * sizeof *all);
        for (size_t i = 0; i < got; i++)
            all[(*count)++] = page[i];
        query.before = got > 0 ? page[got - 1] : TL_POSITION_NONE;
        later->too_many = later->event_count + *count > EVENTS_MAX;
        tl_arena_free(&arena);
    }
    return all;
}

static void grow(struct tl_replay_later *later)
{
    size_t count, before = later->stand_in_count;
    if (later->scope.key.len == 0)
        return;
    tl_position *found = find_new(later, &count);
    if (count > 0) {
        later->upto = found[0];
        later->events = tl_realloc(later->events, (later->event_count + count) * sizeof *later->events);
    }
    for (size_t i = count; i > 0; i--)
        read_event(later, found[i - 1]);
    tl_free(found);
    if (later->stand_in_count == before)
        return;
    later->by_event = tl_realloc(later->by_event, later->stand_in_count * sizeof *later->by_event);
    for (size_t i = 0; i < later->stand_in_count; i++)
        later->by_event[i] = later->by_position[i];
    qsort(later->by_event, later->stand_in_count, sizeof *later->by_event, by_event);
}

/* The first that stands for the unit, or where it would be. */
static size_t place_of(const struct tl_replay_later *later, tl_position event, int flow)
{
    struct stand_in key = {.event = event, .flow = flow};
    size_t low = 0, high = later->stand_in_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (by_event(&later->by_event[middle], &key) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool stands_for(const struct tl_replay_later *later, size_t i, tl_position event, int flow)
{
    return i < later->stand_in_count && later->by_event[i].event == event && later->by_event[i].flow == flow;
}

size_t tl_replay_stand_ins(const struct tl_replay_later *later, tl_position event, tl_str flow, struct tl_arena *arena,
                           tl_position **out)
{
    int at = tl_plan_flow(&later->scope.engine->plan, flow);
    size_t first = place_of(later, event, at), count = 0, end = first;
    while (stands_for(later, end, event, at))
        end++;
    *out = tl_arena_alloc(arena, (end - first + 1) * sizeof **out);
    for (size_t i = first; i < end; i++) {
        if (!later->by_event[i].now)
            (*out)[count++] = later->by_event[i].position;
    }
    return count;
}

static const struct stand_in *stand_in_at(const struct tl_replay_later *later, tl_position position)
{
    size_t low = 0, high = later->stand_in_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (later->by_position[middle].position < position)
            low = middle + 1;
        else
            high = middle;
    }
    bool found = low < later->stand_in_count && later->by_position[low].position == position;
    return found ? &later->by_position[low] : NULL;
}

static bool is_selected(const struct tl_replay_later *later, tl_position event, tl_str flow)
{
    if (later->scope.commit == 0)
        return later->scope.selected != NULL && later->scope.selected(later->scope.ctx, event, flow);
    int at = tl_plan_flow(&later->scope.engine->plan, flow);
    for (size_t i = place_of(later, event, at); stands_for(later, i, event, at); i++) {
        if (later->by_event[i].now)
            return true;
    }
    return false;
}

/* ---- what they did ---- */

static void add_touch(struct touches *to, const struct touch *touch)
{
    if (to->count == to->cap) {
        to->cap = to->cap == 0 ? 16 : to->cap * 2;
        to->list = tl_realloc(to->list, to->cap * sizeof *to->list);
    }
    to->list[to->count++] = *touch;
}

static void add_effects(struct tl_replay_later *later, const struct tl_outcome *outcome, struct touch *touch,
                        struct tl_arena *arena, struct touches *to)
{
    for (size_t i = 0; i < outcome->effect_count; i++) {
        const struct tl_effect *effect = &outcome->effects[i];
        if (effect->class_ != TL_FAIL_NONE || effect->attempts == 0 ||
            tl_replay_reads(later->scope.engine, effect->system, effect->operation))
            continue;
        touch->system = tl_arena_str(arena, effect->system);
        touch->operation = tl_arena_str(arena, effect->operation);
        touch->remote = tl_arena_str(arena, effect->remote_id);
        add_touch(to, touch);
    }
}

static bool is_last(const struct tl_outcome *outcomes, size_t count, size_t i)
{
    for (size_t j = i + 1; j < count; j++) {
        if (tl_str_eq(outcomes[j].flow, outcomes[i].flow))
            return false;
    }
    return true;
}

static bool has_unfinished(struct tl_engine *engine, tl_position position)
{
    struct tl_progress_bits bits = {0};
    uint32_t index = tl_position_index(position);
    bool left = false;
    tl_progress_bits(&engine->progress, tl_position_commit(position), &bits);
    for (uint16_t f = 0; bits.commit != 0 && index < bits.events && f < bits.flows; f++)
        left |= (bits.data[(size_t)f * bits.words + index / 64] >> (index % 64) & 1) != 0;
    tl_progress_bits_free(&bits);
    return left;
}

/* What the event's units outside the selection did so far; false: they are not all over. `names`: where texts go. */
static bool look_at(struct tl_replay_later *later, const struct event_of *event, struct tl_arena *names,
                    struct touches *to)
{
    const struct stand_in *stand_in = stand_in_at(later, event->position);
    struct touch touch = {.order = stand_in != NULL ? stand_in->event : event->position, .position = event->position};
    struct tl_arena arena;
    struct tl_outcome *outcomes;
    size_t count = 0;
    if ((stand_in != NULL && stand_in->now) || event->unwanted)
        return true;
    bool over = !has_unfinished(later->scope.engine, event->position);
    tl_arena_init(&arena);
    if (tl_journal_outcomes(later->scope.engine->journal, event->position, &arena, &outcomes, &count, NULL) != TL_OK)
        count = 0;
    for (size_t i = 0; i < count; i++) {
        bool open = is_last(outcomes, count, i) && tl_replay_is_open(outcomes[i].ending);
        if (is_selected(later, touch.order, outcomes[i].flow))
            continue;
        over = over && !open;
        if (open && outcomes[i].ending == TL_WAITING) {
            touch.system = TL_STR_NONE;
            add_touch(to, &touch);
        } else
            add_effects(later, &outcomes[i], &touch, names, to);
    }
    tl_arena_free(&arena);
    return over && count > 0;
}

static void look(struct tl_replay_later *later, const struct event_of *event)
{
    struct touches found = {0};
    if (look_at(later, event, &later->arena, &found)) {
        for (size_t i = 0; i < found.count; i++)
            add_touch(&later->settled, &found.list[i]);
    } else {
        later->pending = tl_realloc(later->pending, (later->pending_count + 1) * sizeof *later->pending);
        later->pending[later->pending_count++] = *event;
    }
    tl_free(found.list);
}

static bool concerns(const struct touch *touch, const struct tl_effect *effect)
{
    if (touch->system.len == 0)
        return true;
    if (!tl_str_eq(touch->system, effect->system))
        return false;
    if (touch->remote.len == 0 || effect->remote_id.len == 0)
        return tl_str_eq(touch->operation, effect->operation);
    return tl_str_eq(touch->remote, effect->remote_id);
}

static tl_position newest(const struct touches *touches, tl_position event, const struct tl_effect *effect)
{
    for (size_t i = touches->count; i > 0; i--) {
        const struct touch *touch = &touches->list[i - 1];
        if (touch->order > event && concerns(touch, effect))
            return touch->position;
    }
    return TL_POSITION_NONE;
}

/* Looks again at what was not over; what is now goes to the others. */
static tl_position look_again(struct tl_replay_later *later, tl_position event, const struct tl_effect *effect)
{
    struct event_of *pending = later->pending;
    size_t count = later->pending_count;
    struct touches found = {0};
    struct tl_arena names;
    later->pending = NULL;
    later->pending_count = 0;
    for (size_t i = 0; i < count; i++)
        look(later, &pending[i]);
    tl_free(pending);
    tl_arena_init(&names);
    for (size_t i = 0; i < later->pending_count; i++)
        (void)look_at(later, &later->pending[i], &names, &found);
    tl_position position = newest(&found, event, effect);
    tl_free(found.list);
    tl_arena_free(&names);
    return position;
}

tl_position tl_replay_touched(struct tl_replay_later *later, tl_position event, const struct tl_effect *effect)
{
    grow(later);
    if (later->too_many)
        return later->upto;
    while (later->looked < later->event_count)
        look(later, &later->events[later->looked++]);
    tl_position pending = look_again(later, event, effect), settled = newest(&later->settled, event, effect);
    return pending > settled ? pending : settled;
}
