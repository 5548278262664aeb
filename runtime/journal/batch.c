/* Filling a batch: records are put into their on-disk form, and payloads hashed, on the submitter's thread. */
#include "batch_int.h"
#include "base/alloc.h"
#include "base/crc32c.h"
#include "crypto/digest.h"
#include "journal_int.h"
#include <string.h>

#define KEPT_BYTES (1u << 20) /* a reset batch keeps at most this much */

struct tl_batch *tl_batch_new(struct tl_journal *journal)
{
    struct tl_batch *batch = TL_NEW(struct tl_batch);
    batch->journal = journal;
    tl_buf_init(&batch->others, 0x7fffffff);
    tl_buf_init(&batch->body, 0x7fffffff);
    return batch;
}

void tl_batch_free(struct tl_batch *batch)
{
    if (!batch)
        return;
    tl_must(!batch->submitted);
    tl_buf_free(&batch->others);
    tl_buf_free(&batch->body);
    tl_free(batch->events);
    tl_free(batch->names);
    tl_free(batch);
}

static void buf_empty(struct tl_buf *buf)
{
    if (buf->cap > KEPT_BYTES)
        tl_buf_free(buf);
    else
        tl_buf_clear(buf);
}

void tl_batch_reset(struct tl_batch *batch)
{
    tl_must(!batch->submitted);
    buf_empty(&batch->others);
    buf_empty(&batch->body);
    batch->event_count = 0;
    batch->name_count = 0;
    batch->other_count = batch->state_count = 0;
    batch->insist = batch->has_outcome = batch->has_cause = false;
    batch->code = TL_OK;
    batch->commit = 0;
    batch->time_ms = 0;
}

static tl_code check_len(tl_str s, size_t max, const char *what, struct tl_error *err)
{
    if (s.len <= max)
        return TL_OK;
    return tl_fail(err, TL_EINPUT, "%s has %zu bytes; at most %zu fit into the journal", what, s.len, max);
}

static tl_code check_name(tl_str s, bool needed, const char *what, struct tl_error *err)
{
    if (needed && s.len == 0)
        return tl_fail(err, TL_EINPUT, "%s is empty", what);
    return check_len(s, TL_NAME_LEN_MAX, what, err);
}

static tl_code check_room(const struct tl_batch *batch, size_t more, struct tl_error *err)
{
    tl_must(!batch->submitted);
    if (batch->body.len + batch->others.len + more <= BATCH_BYTES_MAX)
        return TL_OK;
    return tl_fail(err, TL_EINPUT, "a batch of more than %u MB; submit it in parts", BATCH_BYTES_MAX >> 20);
}

static tl_code check_event(const struct tl_batch *batch, const struct tl_event_in *e, struct tl_error *err)
{
    tl_code code = check_name(e->type, true, "the type of an event", err);
    if (!code)
        code = check_name(e->source, false, "the source of an event", err);
    if (!code)
        code = check_name(e->cause_flow, false, "the flow an event comes from", err);
    if (!code)
        code = check_len(e->key, TL_KEY_MAX, "the key of an event", err);
    if (!code)
        code = check_len(e->dedupe, TL_KEY_MAX, "the dedupe key of an event", err);
    if (!code)
        code = check_len(e->record_id, TL_KEY_MAX, "the record id of an event", err);
    if (!code)
        code = check_len(e->record_version, TL_KEY_MAX, "the record version of an event", err);
    if (!code)
        code = check_len(e->payload, TL_PAYLOAD_MAX, "the payload of an event", err);
    if (!code && batch->event_count >= TL_BATCH_EVENTS_MAX)
        code = tl_fail(err, TL_EINPUT, "more than %u events in a batch; submit it in parts", TL_BATCH_EVENTS_MAX);
    return code ? code : check_room(batch, e->payload.len + 5 * (size_t)TL_KEY_MAX, err);
}

static void body_add(struct tl_batch *batch, tl_str s)
{
    tl_must(tl_buf_add(&batch->body, s.ptr, s.len));
}

/* The clear part; its length. */
static uint32_t add_clear(struct tl_batch *batch, const struct tl_event_in *e)
{
    struct clear_head clear = {.key_len = (uint16_t)e->key.len,
                               .dedupe_len = (uint16_t)e->dedupe.len,
                               .record_len = (uint16_t)e->record_id.len,
                               .version_len = (uint16_t)e->record_version.len};
    tl_str state = TL_STR_NONE;
    if (e->trace) {
        state = tl_str_z(e->trace->state);
        clear.trace_state_len = (uint16_t)state.len;
        clear.trace_flags = e->trace->flags;
        memcpy(clear.trace_id, e->trace->trace_id, 16);
        memcpy(clear.span_id, e->trace->span_id, 8);
    }
    size_t before = batch->body.len;
    body_add(batch, tl_str_n(&clear, sizeof clear));
    body_add(batch, e->key);
    body_add(batch, e->dedupe);
    body_add(batch, e->record_id);
    body_add(batch, e->record_version);
    body_add(batch, state);
    return (uint32_t)(batch->body.len - before);
}

static struct batch_event *new_event(struct tl_batch *batch)
{
    if (batch->event_count == batch->event_cap) {
        batch->event_cap = batch->event_cap ? batch->event_cap * 2 : 1;
        batch->events = tl_realloc(batch->events, batch->event_cap * sizeof *batch->events);
    }
    struct batch_event *event = &batch->events[batch->event_count++];
    memset(event, 0, sizeof *event);
    return event;
}

static uint32_t window_seconds(const struct tl_journal *journal, int64_t ms)
{
    if (ms <= 0)
        ms = journal->options.redelivers_for_ms;
    int64_t s = (ms + 999) / 1000;
    return s > UINT32_MAX ? UINT32_MAX : (uint32_t)s;
}

static struct tl_name *same_or_get(struct tl_batch *batch, struct tl_name **last, tl_str text)
{
    if (!*last || !tl_str_eq((*last)->text, text))
        *last = tl_names_get(&batch->journal->names, text);
    return *last;
}

tl_code tl_batch_event(struct tl_batch *batch, const struct tl_event_in *e, uint32_t *index, struct tl_error *err)
{
    tl_code code = check_event(batch, e, err);
    if (code)
        return code;
    struct tl_journal *journal = batch->journal;
    struct batch_event *event = new_event(batch);
    struct event_rec *rec = &event->rec;
    rec->head = (struct rec_head){TL_RECORD_EVENT, 1, 0, sizeof *rec};
    rec->key = tl_journal_key_hash(journal, e->key);
    rec->dedupe = tl_journal_dedupe_hash(journal, e->source, e->dedupe);
    tl_sha256_short(e->payload, rec->hash);
    rec->cause = e->cause;
    rec->priority = (uint8_t)e->priority;
    rec->window_s = window_seconds(journal, e->redelivers_for_ms);
    rec->body_off = (uint32_t)batch->body.len;
    rec->clear_len = add_clear(batch, e);
    rec->clear_crc = tl_crc32c(0, batch->body.ptr + rec->body_off, rec->clear_len);
    body_add(batch, e->payload);
    rec->payload_len = (uint32_t)e->payload.len;
    event->type = same_or_get(batch, &batch->last_type, e->type);
    event->source = same_or_get(batch, &batch->last_source, e->source);
    event->cause_flow = e->cause_flow.len ? tl_names_get(&journal->names, e->cause_flow) : NULL;
    event->unwanted = e->unwanted;
    batch->has_cause = batch->has_cause || e->cause != TL_POSITION_NONE;
    if (index)
        *index = batch->event_count - 1;
    return TL_OK;
}

static void others_add(struct tl_batch *batch, const void *ptr, size_t len)
{
    tl_must(tl_buf_add(&batch->others, ptr, len));
}

static void others_pad(struct tl_batch *batch)
{
    static const uint8_t zeros[8];
    others_add(batch, zeros, ALIGN8(batch->others.len) - batch->others.len);
}

static void add_name(struct tl_batch *batch, size_t offset, tl_str text)
{
    if (text.len == 0)
        return;
    if (batch->name_count == batch->name_cap) {
        batch->name_cap = batch->name_cap ? batch->name_cap * 2 : 8;
        batch->names = tl_realloc(batch->names, batch->name_cap * sizeof *batch->names);
    }
    batch->names[batch->name_count++] = (struct batch_name){offset, tl_names_get(&batch->journal->names, text)};
}

static tl_code check_outcome(const struct tl_batch *batch, const struct tl_outcome *o, struct tl_error *err)
{
    tl_code code = check_name(o->flow, false, "the flow of an outcome", err);
    if (!code)
        code = check_name(o->revision, false, "the revision of an outcome", err);
    if (!code)
        code = check_len(o->note, UINT16_MAX, "the note of an outcome", err);
    if (!code && o->effect_count > UINT16_MAX)
        code = tl_fail(err, TL_EINPUT, "an outcome with %zu effects; at most 65,535 fit", o->effect_count);
    for (size_t i = 0; !code && i < o->effect_count; i++) {
        code = check_name(o->effects[i].system, false, "the system of an effect", err);
        if (!code)
            code = check_name(o->effects[i].operation, false, "the operation of an effect", err);
        if (!code)
            code = check_len(o->effects[i].remote_id, TL_KEY_MAX, "the remote id of an effect", err);
    }
    return code ? code : check_room(batch, o->note.len + o->effect_count * 512, err);
}

static void add_effect(struct tl_batch *batch, const struct tl_effect *e)
{
    struct effect_rec rec = {.duration_ms = e->duration_ms,
                             .status = e->status,
                             .attempts = e->attempts,
                             .remote_len = (uint16_t)e->remote_id.len,
                             .class_ = e->class_};
    memcpy(rec.request_hash, e->request_hash, 16);
    add_name(batch, batch->others.len + offsetof(struct effect_rec, system), e->system);
    add_name(batch, batch->others.len + offsetof(struct effect_rec, operation), e->operation);
    others_add(batch, &rec, sizeof rec);
    others_add(batch, e->remote_id.ptr, e->remote_id.len);
}

tl_code tl_batch_outcome(struct tl_batch *batch, const struct tl_outcome *o, struct tl_error *err)
{
    tl_code code = check_outcome(batch, o, err);
    if (code)
        return code;
    size_t start = batch->others.len;
    struct outcome_rec rec = {.head = {TL_RECORD_OUTCOME, 1, 0, 0},
                              .event = o->event,
                              .note_len = (uint16_t)o->note.len,
                              .effect_count = (uint16_t)o->effect_count,
                              .ending = (uint8_t)o->ending};
    add_name(batch, start + offsetof(struct outcome_rec, flow), o->flow);
    add_name(batch, start + offsetof(struct outcome_rec, revision), o->revision);
    others_add(batch, &rec, sizeof rec);
    others_add(batch, o->note.ptr, o->note.len);
    for (size_t i = 0; i < o->effect_count; i++)
        add_effect(batch, &o->effects[i]);
    others_pad(batch);
    ((struct rec_head *)(void *)(batch->others.ptr + start))->len = (uint32_t)(batch->others.len - start);
    batch->other_count++;
    batch->has_outcome = true;
    return TL_OK;
}

static tl_code add_state(struct tl_batch *batch, enum tl_record_kind kind, const struct tl_state_put *put,
                         struct tl_error *err)
{
    tl_code code = check_name(put->table, true, "the table of a state record", err);
    if (!code)
        code = check_len(put->key, TL_KEY_MAX, "the key of a state record", err);
    if (!code)
        code = check_len(put->value, TL_PAYLOAD_MAX, "the value of a state record", err);
    for (int i = 0; !code && i < TL_STATE_ATTRS; i++)
        code = check_len(put->attr[i], TL_KEY_MAX, "an attribute of a state record", err);
    if (!code)
        code = check_room(batch, put->value.len + 5 * (size_t)TL_KEY_MAX, err);
    if (code)
        return code;
    struct state_rec rec = {.head = {(uint8_t)kind, 1, 0, sizeof rec},
                            .body_off = (uint32_t)batch->body.len,
                            .value_len = (uint32_t)put->value.len,
                            .key_len = (uint16_t)put->key.len};
    body_add(batch, put->key);
    for (int i = 0; i < TL_STATE_ATTRS; i++) {
        rec.attr_len[i] = (uint16_t)put->attr[i].len;
        body_add(batch, put->attr[i]);
    }
    body_add(batch, put->value);
    rec.body_crc =
        tl_crc32c(0, batch->body.ptr ? batch->body.ptr + rec.body_off : NULL, batch->body.len - rec.body_off);
    add_name(batch, batch->others.len + offsetof(struct state_rec, table), put->table);
    others_add(batch, &rec, sizeof rec);
    batch->other_count++;
    batch->state_count++;
    return TL_OK;
}

tl_code tl_batch_put(struct tl_batch *batch, const struct tl_state_put *put, struct tl_error *err)
{
    return add_state(batch, TL_RECORD_PUT, put, err);
}

tl_code tl_batch_del(struct tl_batch *batch, tl_str table, tl_str key, struct tl_error *err)
{
    return add_state(batch, TL_RECORD_DELETE, &(struct tl_state_put){.table = table, .key = key}, err);
}

void tl_batch_insist(struct tl_batch *batch)
{
    batch->insist = true;
}

bool tl_batch_is_refusable(const struct tl_batch *batch)
{
    return batch->event_count > 0 && !batch->has_outcome && !batch->has_cause && !batch->insist;
}

const uint8_t *tl_batch_body(const struct tl_batch *batch, const struct batch_event *event)
{
    return (const uint8_t *)batch->body.ptr + event->rec.body_off;
}

size_t tl_batch_event_count(const struct tl_batch *batch)
{
    return batch->event_count;
}

size_t tl_batch_size(const struct tl_batch *batch)
{
    /* names are few; those new to a segment are counted when a commit is built */
    size_t names = (batch->name_count + 3) * (sizeof(struct name_rec) + 64);
    return batch->event_count * sizeof(struct event_rec) + batch->others.len + batch->body.len + names;
}

tl_code tl_batch_code(const struct tl_batch *batch, struct tl_error *err)
{
    switch (batch->code) {
    case TL_OK:
        return TL_OK;
    case TL_EFULL:
        return tl_fail(err, TL_EFULL,
                       "the journal takes no events now: its disk is full or the writer is behind; "
                       "nothing was written, try again later");
    default:
        return tl_fail(err, batch->code, "the journal is being closed; nothing was written");
    }
}

uint64_t tl_batch_commit(const struct tl_batch *batch)
{
    return batch->commit;
}

int64_t tl_batch_time(const struct tl_batch *batch)
{
    return batch->time_ms;
}

tl_position tl_batch_position(const struct tl_batch *batch, uint32_t index)
{
    tl_must(index < batch->event_count);
    return batch->events[index].position;
}

bool tl_batch_duplicate(const struct tl_batch *batch, uint32_t index)
{
    tl_must(index < batch->event_count);
    return batch->events[index].duplicate;
}

bool tl_batch_conflict(const struct tl_batch *batch, uint32_t index)
{
    tl_must(index < batch->event_count);
    return batch->events[index].rec.head.flags & TL_EVENT_CONFLICT;
}
