/* From batches to the bytes of one commit: which batches, which events are new, names to ids, places of the bodies. The
 * writer's. */
#include "base/alloc.h"
#include "base/clock.h"
#include "base/crc32c.h"
#include "journal_int.h"
#include <string.h>

#define NAMES_ROLL (NAMES_MAX / 2) /* a segment with more names is closed before the next commit */

struct piece {
    const void *ptr;
    size_t len;
};

struct build {
    struct batch_event **events; /* own; of all batches of the commit */
    struct tl_batch **owners;    /* own; batch of each */
    struct dedupe_hit *hits;     /* own */
    size_t count, cap;
    uint32_t *scratch; /* own; hash table of the commit's own new events: place in `events` + 1 */
    size_t scratch_cap;
    struct tl_name **fresh; /* own; names this commit introduces */
    size_t fresh_count, fresh_cap;
    struct piece *pieces; /* own; of the payload area */
    size_t piece_count, piece_cap;
    uint64_t body_len;
    struct tl_buf others;
    uint32_t other_count;
    uint32_t accepted, duplicates, conflicts;
};

struct build *tl_build_new(void)
{
    struct build *b = TL_NEW(struct build);
    tl_buf_init(&b->others, SEGMENT_BYTES_MOST);
    return b;
}

void tl_build_free(struct build *b)
{
    if (!b)
        return;
    tl_free(b->events);
    tl_free(b->owners);
    tl_free(b->hits);
    tl_free(b->scratch);
    tl_free(b->fresh);
    tl_free(b->pieces);
    tl_buf_free(&b->others);
    tl_free(b);
}

/* ---- which batches ---- */

static bool must_roll(const struct tl_journal *journal, uint64_t bytes, uint32_t events)
{
    const struct tl_segment *open = journal->open;
    if (open->offset_count == 0)
        return false;
    return open->end + bytes > journal->options.segment_bytes ||
           open->events + events > journal->options.segment_events || open->name_count > NAMES_ROLL ||
           strncmp(open->head.program, TIDELOCK_VERSION, sizeof open->head.program) != 0 ||
           open->head.epoch != atomic_load(&journal->epoch);
}

/* How far into the queue this commit goes: the first batch it does not take. */
static struct tl_batch *choose(const struct tl_journal *journal, uint64_t *bytes, uint32_t *events)
{
    uint64_t most = journal->options.segment_bytes - SEG_HEAD_SIZE;
    if (most > COMMIT_BYTES)
        most = COMMIT_BYTES;
    struct tl_batch *batch = journal->pending;
    *bytes = sizeof(struct commit_head) + 8;
    *events = 0;
    for (; batch; batch = batch->next) {
        uint64_t size = tl_batch_size(batch);
        if (batch != journal->pending && (*bytes + size > most || *events + batch->event_count > COMMIT_EVENTS ||
                                          *events + batch->event_count > journal->options.segment_events))
            break;
        *bytes += size;
        *events += batch->event_count;
    }
    return batch;
}

static void collect(struct build *b, struct tl_batch *from, const struct tl_batch *to, uint32_t events)
{
    if (b->cap < events) {
        b->cap = events + events / 2;
        b->events = tl_realloc(b->events, b->cap * sizeof *b->events);
        b->owners = tl_realloc(b->owners, b->cap * sizeof *b->owners);
        b->hits = tl_realloc(b->hits, b->cap * sizeof *b->hits);
    }
    b->count = 0;
    for (struct tl_batch *batch = from; batch != to; batch = batch->next)
        for (uint32_t i = 0; i < batch->event_count; i++) {
            b->owners[b->count] = batch;
            b->events[b->count++] = &batch->events[i];
        }
}

/* ---- which events are new ---- */

static tl_str dedupe_text(const struct build *b, size_t i)
{
    tl_str text = TL_STR_NONE;
    tl_must(tl_clear_dedupe(tl_batch_body(b->owners[i], b->events[i]), b->events[i]->rec.clear_len, &text));
    return text;
}

/* Compares with the new events before it in this commit; puts it there when it is new itself. */
static void settle_in_commit(struct build *b, size_t i, uint64_t commit)
{
    struct batch_event *event = b->events[i];
    struct dedupe_hit *hit = &b->hits[i];
    size_t mask = b->scratch_cap - 1;
    size_t at = event->rec.dedupe & mask;
    for (; b->scratch[at]; at = (at + 1) & mask) {
        size_t other = b->scratch[at] - 1;
        const struct batch_event *first = b->events[other];
        if (first->rec.dedupe != event->rec.dedupe || first->source != event->source ||
            !tl_str_eq(dedupe_text(b, other), dedupe_text(b, i)))
            continue;
        if (memcmp(first->rec.hash, event->rec.hash, 16) == 0) {
            hit->position = tl_position_make(commit, first->place);
            return;
        }
        hit->conflict = true;
    }
    b->scratch[at] = (uint32_t)i + 1;
}

static void settle(struct build *b, uint64_t commit)
{
    size_t cap = 64;
    while (cap < b->count * 2)
        cap *= 2;
    if (b->scratch_cap < cap) {
        b->scratch = tl_realloc(b->scratch, cap * sizeof *b->scratch);
        b->scratch_cap = cap;
    }
    memset(b->scratch, 0, b->scratch_cap * sizeof *b->scratch);
    b->accepted = b->duplicates = b->conflicts = 0;
    for (size_t i = 0; i < b->count; i++) {
        struct batch_event *event = b->events[i];
        event->rec.head.flags = event->unwanted ? TL_EVENT_UNWANTED : 0;
        event->place = b->accepted;
        if (event->rec.dedupe && b->hits[i].position == TL_POSITION_NONE)
            settle_in_commit(b, i, commit);
        event->duplicate = b->hits[i].position != TL_POSITION_NONE;
        event->position = event->duplicate ? b->hits[i].position : tl_position_make(commit, b->accepted);
        if (event->duplicate) {
            b->duplicates++;
            continue;
        }
        b->accepted++;
        if (b->hits[i].conflict) {
            event->rec.head.flags |= TL_EVENT_CONFLICT;
            b->conflicts++;
        }
    }
}

/* ---- names and bodies ---- */

static uint32_t name_id(struct tl_journal *journal, struct tl_name *name)
{
    struct tl_segment *open = journal->open;
    struct build *b = journal->build;
    if (!name)
        return 0;
    if (name->segment == open->head.number)
        return name->id;
    tl_must(open->name_count + 1 < NAMES_MAX);
    if (b->fresh_count == b->fresh_cap) {
        b->fresh_cap = b->fresh_cap ? b->fresh_cap * 2 : 16;
        b->fresh = tl_realloc(b->fresh, b->fresh_cap * sizeof *b->fresh);
    }
    b->fresh[b->fresh_count++] = name;
    name->segment = open->head.number;
    name->id = ++open->name_count;
    open->names[name->id] = name;
    return name->id;
}

static uint32_t place_body(struct build *b, const void *ptr, size_t len)
{
    if (b->piece_count == b->piece_cap) {
        b->piece_cap = b->piece_cap ? b->piece_cap * 2 : 1024;
        b->pieces = tl_realloc(b->pieces, b->piece_cap * sizeof *b->pieces);
    }
    b->pieces[b->piece_count++] = (struct piece){ptr, len};
    uint64_t at = b->body_len;
    b->body_len += len;
    tl_must(b->body_len < SEGMENT_BYTES_MOST);
    return (uint32_t)at;
}

static void add_other(struct build *b, const void *rec, size_t len)
{
    tl_must(tl_buf_add(&b->others, rec, len));
    b->other_count++;
}

static uint32_t back_of_next(const struct build *b)
{
    return (uint32_t)(sizeof(struct commit_head) + b->accepted * sizeof(struct event_rec) + b->others.len);
}

static void add_duplicate(struct tl_journal *journal, size_t i)
{
    struct build *b = journal->build;
    const struct batch_event *event = b->events[i];
    tl_str text = dedupe_text(b, i);
    struct dup_rec rec = {.head = {TL_RECORD_DUPLICATE, 1, 0, sizeof rec},
                          .dedupe = event->rec.dedupe,
                          .first = event->position,
                          .back = back_of_next(b),
                          .source = name_id(journal, event->source),
                          .window_s = event->rec.window_s,
                          .body_off = place_body(b, text.ptr, text.len),
                          .body_len = (uint32_t)text.len,
                          .body_crc = tl_crc32c(0, text.ptr, text.len)};
    memcpy(rec.hash, event->rec.hash, 16);
    add_other(b, &rec, sizeof rec);
}

/* Copies a batch's other records and fills in what only the commit knows. */
static void add_others(struct tl_journal *journal, const struct tl_batch *batch)
{
    struct build *b = journal->build;
    if (batch->others.len == 0)
        return;
    size_t start = b->others.len;
    uint32_t back = back_of_next(b);
    tl_must(tl_buf_add(&b->others, batch->others.ptr, batch->others.len));
    b->other_count += batch->other_count;
    uint8_t *copy = (uint8_t *)b->others.ptr + start;
    for (size_t i = 0; i < batch->name_count; i++) {
        uint32_t id = name_id(journal, batch->names[i].name);
        memcpy(copy + batch->names[i].offset, &id, sizeof id);
    }
    for (size_t at = 0; at < batch->others.len;) {
        struct rec_head *rec = (void *)(copy + at);
        if (rec->kind == TL_RECORD_OUTCOME) {
            ((struct outcome_rec *)(void *)rec)->back = back + (uint32_t)at;
        } else {
            struct state_rec *state = (void *)rec;
            state->body_off = place_body(b, batch->body.ptr + state->body_off, tl_state_body_len(state));
        }
        at += rec->len;
    }
}

static void add_names(struct tl_journal *journal)
{
    struct build *b = journal->build;
    for (size_t i = 0; i < b->fresh_count; i++) {
        tl_str text = b->fresh[i]->text;
        uint8_t rec[sizeof(struct name_rec) + TL_NAME_LEN_MAX + 8] = {0};
        struct name_rec head = {.id = b->fresh[i]->id, .len = (uint32_t)text.len};
        head.head = (struct rec_head){TL_RECORD_NAME, 1, 0, (uint32_t)ALIGN8(sizeof head + text.len)};
        memcpy(rec, &head, sizeof head);
        memcpy(rec + sizeof head, text.ptr, text.len);
        add_other(b, rec, head.head.len);
    }
}

/* ---- the commit ---- */

static void put_event(struct tl_journal *journal, struct event_rec *out, const struct batch_event *event,
                      const struct tl_batch *owner)
{
    struct build *b = journal->build;
    *out = event->rec;
    out->type = name_id(journal, event->type);
    out->source = name_id(journal, event->source);
    out->cause_flow = name_id(journal, event->cause_flow);
    out->back = (uint32_t)(sizeof(struct commit_head) + event->place * sizeof *out);
    out->body_off = place_body(b, tl_batch_body(owner, event), (size_t)event->rec.clear_len + event->rec.payload_len);
}

static void fill_head(struct tl_journal *journal, uint64_t number, struct commit_head *head)
{
    struct build *b = journal->build;
    int64_t now = tl_wall_ms();
    *head = (struct commit_head){.magic = COMMIT_MAGIC,
                                 .number = number,
                                 .salt = journal->open->head.salt,
                                 .time_ms = now > journal->last_time_ms ? now : journal->last_time_ms,
                                 .epoch = atomic_load(&journal->epoch),
                                 .prev_crc = journal->open->last_crc,
                                 .version = FORMAT_VERSION,
                                 .event_count = b->accepted,
                                 .event_size = sizeof(struct event_rec),
                                 .other_count = b->other_count,
                                 .other_len = (uint32_t)b->others.len,
                                 .body_len = (uint32_t)ALIGN8(b->body_len)};
}

static struct tl_commit *assemble(struct tl_journal *journal, struct tl_batch *first, const struct tl_batch *end,
                                  uint64_t number)
{
    struct build *b = journal->build;
    b->fresh_count = b->piece_count = 0;
    b->body_len = 0;
    b->other_count = 0;
    tl_buf_clear(&b->others);
    struct event_rec *recs = tl_alloc(b->accepted * sizeof *recs + 1);
    for (size_t i = 0; i < b->count; i++)
        if (b->events[i]->duplicate)
            add_duplicate(journal, i);
        else
            put_event(journal, &recs[b->events[i]->place], b->events[i], b->owners[i]);
    bool has_state = false;
    for (struct tl_batch *batch = first; batch != end; batch = batch->next) {
        add_others(journal, batch);
        has_state = has_state || batch->state_count > 0;
    }
    add_names(journal);

    struct commit_head head;
    fill_head(journal, number, &head);
    struct tl_commit *commit = tl_commit_new(&journal->pool, journal->open, tl_commit_total(&head));
    commit->offset = journal->open->end;
    commit->has_state = has_state;
    uint8_t *p = commit->bytes + sizeof head;
    memcpy(p, recs, b->accepted * sizeof *recs);
    p += b->accepted * sizeof *recs;
    tl_free(recs);
    if (b->others.len)
        memcpy(p, b->others.ptr, b->others.len);
    p += b->others.len;
    for (size_t i = 0; i < b->piece_count; p += b->pieces[i++].len)
        if (b->pieces[i].len)
            memcpy(p, b->pieces[i].ptr, b->pieces[i].len);
    memset(p, 0, head.body_len - b->body_len);
    head.crc = tl_commit_crc(&head, commit->bytes + sizeof head);
    memcpy(commit->bytes, &head, sizeof head);
    return commit;
}

int tl_build_commit(struct tl_journal *journal, struct tl_commit **out, struct tl_batch **batches)
{
    struct build *b = journal->build;
    uint64_t bytes;
    uint32_t events;
    struct tl_batch *end = choose(journal, &bytes, &events);
    if (must_roll(journal, bytes, events)) {
        int code = tl_segment_roll(journal);
        if (code)
            return code;
    }
    uint64_t number = atomic_load(&journal->last) + 1;
    collect(b, journal->pending, end, events);
    tl_dedupe_find(journal, b->events, b->owners, b->count, b->hits);
    settle(b, number);
    *out = assemble(journal, journal->pending, end, number);
    (*out)->duplicates = b->duplicates;
    (*out)->conflicts = b->conflicts;

    struct tl_batch *taken = journal->pending;
    struct tl_batch *last = taken;
    while (last->next != end)
        last = last->next;
    last->next = NULL;
    journal->pending = end;
    if (!end)
        journal->pending_end = &journal->pending;
    *batches = taken;
    return 0;
}

void tl_build_undo(struct tl_journal *journal, struct tl_batch *batches)
{
    struct build *b = journal->build;
    for (size_t i = b->fresh_count; i-- > 0;) {
        journal->open->names[b->fresh[i]->id] = NULL;
        b->fresh[i]->segment = 0;
        journal->open->name_count--;
    }
    b->fresh_count = 0;
    struct tl_batch **last = &batches;
    while (*last)
        last = &(*last)->next;
    *last = journal->pending;
    if (!journal->pending)
        journal->pending_end = last;
    journal->pending = batches;
}
