/* A hash table of lines by their 64-bit hash (already random: the low bits are the place), open addressing. */
#include "keyline.h"
#include "base/alloc.h"
#include "engine_int.h"
#include "run_row.h"
#include <string.h>

/* ---- table ---- */

void tl_keylines_init(struct tl_keylines *lines)
{
    *lines = (struct tl_keylines){0};
}

static size_t place(const struct tl_keylines *lines, uint64_t hash)
{
    size_t i = (hash >> 10) & (lines->cap - 1); /* the low ten bits are the partition's: alike in a lane */
    while (lines->slots[i] != NULL && lines->slots[i]->hash != hash)
        i = (i + 1) & (lines->cap - 1);
    return i;
}

struct tl_keyline *tl_keyline_find(const struct tl_keylines *lines, uint64_t hash)
{
    return lines->count == 0 ? NULL : lines->slots[place(lines, hash)];
}

static void grow(struct tl_keylines *lines)
{
    struct tl_keylines old = *lines;
    lines->cap = old.cap == 0 ? 256 : old.cap * 2;
    lines->slots = tl_zalloc(lines->cap, sizeof(void *));
    for (size_t i = 0; i < old.cap; i++) {
        if (old.slots[i] != NULL)
            lines->slots[place(lines, old.slots[i]->hash)] = old.slots[i];
    }
    tl_free(old.slots);
}

struct tl_keyline *tl_keyline_get(struct tl_keylines *lines, uint64_t hash)
{
    if (lines->count * 4 >= lines->cap * 3)
        grow(lines);
    struct tl_keyline **slot = &lines->slots[place(lines, hash)];
    if (*slot == NULL) {
        *slot = TL_NEW(struct tl_keyline);
        (*slot)->hash = hash;
        tl_list_init(&(*slot)->open);
        tl_list_init(&(*slot)->retries);
        tl_list_init(&(*slot)->woken);
        lines->count++;
    }
    return *slot;
}

static void free_line(struct tl_keyline *line)
{
    tl_free(line->waiting);
    tl_free(line);
}

static void remove_line(struct tl_keylines *lines, struct tl_keyline *line)
{
    size_t mask = lines->cap - 1, i = place(lines, line->hash);
    for (size_t j = (i + 1) & mask; lines->slots[j] != NULL; j = (j + 1) & mask) {
        size_t from_home = (j - (lines->slots[j]->hash >> 10)) & mask;
        if (from_home >= ((j - i) & mask)) {
            lines->slots[i] = lines->slots[j];
            i = j;
        }
    }
    lines->slots[i] = NULL;
    lines->count--;
    free_line(line);
}

void tl_keylines_free(struct tl_keylines *lines)
{
    for (size_t i = 0; i < lines->cap; i++) {
        struct tl_keyline *line = lines->slots[i];
        if (line == NULL)
            continue;
        if (line->head != NULL)
            tl_unit_free(line->head);
        struct tl_link *link;
        while ((link = tl_list_pop(&line->retries)) != NULL || (link = tl_list_pop(&line->woken)) != NULL)
            tl_unit_free(TL_LIST_ITEM(link, struct tl_unit, link));
        while (tl_list_pop(&line->open) != NULL)
            continue; /* the index owns them */
        free_line(line);
    }
    tl_free(lines->slots);
    *lines = (struct tl_keylines){0};
}

/* ---- what waits ---- */

static void count_waiting(struct tl_lane *lane, const struct tl_keyline *line, uint32_t queue, int change)
{
    if (line->aside)
        lane->aside = (size_t)((ptrdiff_t)lane->aside + change);
    else
        tl_queue_count(lane, lane->queues[queue], change);
}

static void tell_held(const struct tl_keyline *line)
{
    for (struct tl_link *link = tl_list_first(&line->open); link != NULL; link = tl_list_after(&line->open, link)) {
        struct tl_open_exception *open = TL_LIST_ITEM(link, struct tl_open_exception, link);
        if (open->holds)
            atomic_store(&open->held, line->count);
    }
}

static void make_room(struct tl_keyline *line)
{
    if (line->first + line->count < line->cap)
        return;
    if (line->first > line->cap / 2) {
        memmove(line->waiting, &line->waiting[line->first], line->count * sizeof *line->waiting);
        line->first = 0;
        return;
    }
    line->cap = line->cap == 0 ? 4 : line->cap * 2;
    line->waiting = tl_realloc(line->waiting, line->cap * sizeof *line->waiting);
}

/* Units of one event for several flows of a scope go in the flows' order. */
static bool is_before(tl_position a, uint32_t a_flow, tl_position b, uint32_t b_flow)
{
    return a < b || (a == b && a_flow < b_flow);
}

static void wait_behind(struct tl_lane *lane, struct tl_keyline *line, tl_position position,
                        const struct tl_queue *queue)
{
    make_room(line);
    uint32_t at = line->first + line->count;
    while (at > line->first &&
           is_before(position, queue->flow, line->waiting[at - 1].position, line->waiting[at - 1].flow)) {
        line->waiting[at] = line->waiting[at - 1];
        at--;
    }
    line->waiting[at] = (struct tl_waiting){position, queue->flow, queue->number};
    line->count++;
    count_waiting(lane, line, queue->number, 1);
    if (line->holds > 0)
        tell_held(line);
}

void tl_keyline_aside(struct tl_lane *lane, struct tl_keyline *line, bool aside)
{
    if (line->aside == aside)
        return;
    for (uint32_t i = 0; i < line->count; i++)
        count_waiting(lane, line, line->waiting[line->first + i].queue, -1);
    line->aside = aside;
    for (uint32_t i = 0; i < line->count; i++)
        count_waiting(lane, line, line->waiting[line->first + i].queue, 1);
}

bool tl_keyline_has_later(const struct tl_keyline *line, uint32_t flow)
{
    for (uint32_t i = 0; i < line->count; i++) {
        if (line->waiting[line->first + i].flow == flow)
            return true;
    }
    return false;
}

/* ---- the head ---- */

static void make_head(struct tl_lane *lane, struct tl_keyline *line, struct tl_unit *unit)
{
    tl_keyline_aside(lane, line, false);
    line->head = unit;
    if (!unit->counted) {
        unit->counted = true;
        tl_queue_count(lane, unit->queue, 1);
    }
    tl_queue_ready(lane, unit, unit->exception != NULL);
}

/* Not begun, and no exception that a person has put first. */
static bool may_step_back(const struct tl_unit *unit)
{
    return (unit->state == TL_UNIT_BEHIND || unit->state == TL_UNIT_READY) && unit->exception == NULL &&
           unit->calls == 0;
}

/* An earlier unit of the key has turned up (its queue had spilled): the head waits again. */
static void step_back(struct tl_lane *lane, struct tl_keyline *line)
{
    struct tl_unit *unit = line->head;
    if (unit->state == TL_UNIT_READY)
        unit->queue->ready_count--;
    tl_list_remove(&unit->link);
    line->head = NULL;
    tl_queue_count(lane, unit->queue, -1);
    unit->counted = false;
    if (unit->run != NULL && unit->run->waited) {
        unit->state = TL_UNIT_NEXT;
        tl_list_push_front(&line->woken, &unit->link);
        return;
    }
    wait_behind(lane, line, unit->position, unit->queue);
    tl_unit_free(unit);
}

static bool woken_before(const struct tl_keyline *line, tl_position position)
{
    struct tl_link *link = tl_list_first(&line->woken);
    return link != NULL && TL_LIST_ITEM(link, struct tl_unit, link)->turn < position;
}

void tl_keyline_enter(struct tl_lane *lane, struct tl_queue *queue, tl_position position, uint64_t hash,
                      struct tl_wave *wave)
{
    struct tl_keyline *line = tl_keyline_get(&lane->lines, hash);
    const struct tl_unit *head = line->head;
    if (head != NULL && may_step_back(head) && is_before(position, queue->flow, tl_unit_turn(head), head->flow))
        step_back(lane, line);
    const struct tl_waiting *first = line->count > 0 ? &line->waiting[line->first] : NULL;
    if (line->head == NULL && line->holds == 0 && tl_list_empty(&line->retries) && !woken_before(line, position) &&
        (first == NULL || is_before(position, queue->flow, first->position, first->flow)))
        make_head(lane, line, tl_unit_new(lane, queue, line, position, wave));
    else {
        if (line->holds > 0)
            tl_keyline_aside(lane, line, true);
        wait_behind(lane, line, position, queue);
    }
}

static struct tl_unit *first_waiting(struct tl_lane *lane, struct tl_keyline *line)
{
    struct tl_waiting next = line->waiting[line->first];
    struct tl_queue *queue = lane->queues[next.queue];
    count_waiting(lane, line, next.queue, -1);
    line->first++;
    if (--line->count == 0) {
        tl_free(line->waiting);
        line->waiting = NULL;
        line->first = line->cap = 0;
    }
    return tl_unit_new(lane, queue, line, next.position, NULL);
}

/* The first that has woken has its turn before the first that waits. */
static bool woken_is_first(const struct tl_keyline *line)
{
    return woken_before(line, line->count == 0 ? UINT64_MAX : line->waiting[line->first].position);
}

void tl_keyline_advance(struct tl_lane *lane, struct tl_keyline *line)
{
    if (line->head != NULL) {
        struct tl_unit *ended = line->head;
        line->head = NULL;
        if (ended->counted)
            tl_queue_count(lane, ended->queue, -1);
        tl_unit_free(ended);
    }
    struct tl_link *retry = tl_list_pop(&line->retries);
    if (retry != NULL)
        make_head(lane, line, TL_LIST_ITEM(retry, struct tl_unit, link));
    else if (line->holds > 0) {
        tl_keyline_aside(lane, line, true);
        tell_held(line);
    } else if (woken_is_first(line))
        make_head(lane, line, TL_LIST_ITEM(tl_list_pop(&line->woken), struct tl_unit, link));
    else if (line->count > 0)
        make_head(lane, line, first_waiting(lane, line));
    else if (tl_list_empty(&line->open))
        remove_line(&lane->lines, line);
    else
        tl_keyline_aside(lane, line, false);
}

void tl_keyline_retry(struct tl_lane *lane, struct tl_keyline *line, struct tl_unit *unit)
{
    unit->state = TL_UNIT_NEXT;
    tl_list_push(&line->retries, &unit->link);
    if (line->head != NULL && may_step_back(line->head))
        step_back(lane, line);
    if (line->head == NULL)
        tl_keyline_advance(lane, line);
}

void tl_keyline_wake(struct tl_lane *lane, struct tl_keyline *line, struct tl_unit *unit)
{
    unit->state = TL_UNIT_NEXT;
    tl_list_push(&line->woken, &unit->link);
    if (line->head == NULL && line->holds == 0)
        tl_keyline_advance(lane, line);
}

void tl_keyline_yield(struct tl_lane *lane, struct tl_keyline *line)
{
    struct tl_unit *unit = line->head;
    line->head = NULL;
    if (unit->counted)
        tl_queue_count(lane, unit->queue, -1);
    wait_behind(lane, line, unit->position, unit->queue);
    tl_unit_free(unit);
}
