/* Records as they lie on disk. See record.h. */
#include "record.h"
#include "base/crc32c.h"
#include "crypto/digest.h"
#include <string.h>

tl_code tl_commit_head_check(const struct commit_head *head, uint64_t most, struct tl_error *err)
{
    if (head->magic != COMMIT_MAGIC)
        return tl_fail(err, TL_ECORRUPT, "no commit begins here");
    if (head->version != FORMAT_VERSION)
        return tl_fail(err, TL_EVERSION, "commit format %u; this program reads %u", head->version, FORMAT_VERSION);
    if (head->event_size != sizeof(struct event_rec))
        return tl_fail(err, TL_ECORRUPT, "event records of %u bytes", head->event_size);
    if (head->event_count >= 1u << TL_POSITION_INDEX_BITS || head->other_len % 8 || head->body_len % 8 ||
        tl_commit_total(head) > most)
        return tl_fail(err, TL_ECORRUPT, "a commit of impossible size");
    return TL_OK;
}

uint64_t tl_commit_dir_len(const struct commit_head *head)
{
    return (uint64_t)head->event_count * sizeof(struct event_rec) + head->other_len;
}

uint64_t tl_commit_total(const struct commit_head *head)
{
    return sizeof *head + tl_commit_dir_len(head) + head->body_len;
}

uint32_t tl_commit_crc(const struct commit_head *head, const void *dir)
{
    uint32_t crc = tl_crc32c(0, (const uint8_t *)head + 8, sizeof *head - 8);
    return tl_crc32c(crc, dir, tl_commit_dir_len(head));
}

const struct event_rec *tl_event_rec_at(const uint8_t *dir, uint32_t index)
{
    return (const struct event_rec *)(const void *)(dir + (uint64_t)index * sizeof(struct event_rec));
}

const struct rec_head *tl_other_next(const struct commit_head *head, const uint8_t *dir, uint64_t *at)
{
    if (*at >= head->other_len)
        return NULL;
    const uint8_t *others = dir + (uint64_t)head->event_count * sizeof(struct event_rec);
    const struct rec_head *rec = (const struct rec_head *)(const void *)(others + *at);
    *at += rec->len;
    return rec;
}

static tl_code damaged(const char *what, struct tl_error *err)
{
    return tl_fail(err, TL_ECORRUPT, "%s record that does not fit its commit", what);
}

static tl_code unknown(const struct rec_head *rec, struct tl_error *err)
{
    return tl_fail(err, TL_EVERSION, "a record of kind %u version %u, which this program does not know", rec->kind,
                   rec->version);
}

static tl_code check_events(const struct commit_head *head, const uint8_t *dir, struct tl_error *err)
{
    for (uint32_t i = 0; i < head->event_count; i++) {
        const struct event_rec *rec = tl_event_rec_at(dir, i);
        if (rec->head.kind != TL_RECORD_EVENT || rec->head.version != 1)
            return unknown(&rec->head, err);
        uint64_t end = (uint64_t)rec->body_off + rec->clear_len + rec->payload_len;
        if (rec->head.len != sizeof *rec || rec->back != sizeof *head + i * sizeof *rec || end > head->body_len ||
            rec->clear_len < sizeof(struct clear_head) || rec->type == 0)
            return damaged("an event", err);
    }
    return TL_OK;
}

static bool outcome_fits(const struct outcome_rec *rec)
{
    const uint8_t *p = (const uint8_t *)(rec + 1);
    uint64_t room = rec->head.len - sizeof *rec;
    if (rec->note_len > room || rec->ending >= TL_ENDING_COUNT)
        return false;
    p += rec->note_len;
    room -= rec->note_len;
    for (unsigned i = 0; i < rec->effect_count; i++) {
        struct effect_rec effect;
        if (room < sizeof effect)
            return false;
        memcpy(&effect, p, sizeof effect);
        if (room - sizeof effect < effect.remote_len)
            return false;
        p += sizeof effect + effect.remote_len;
        room -= sizeof effect + effect.remote_len;
    }
    return room < 8;
}

static tl_code check_other(const struct commit_head *head, const struct rec_head *rec, uint32_t back,
                           struct tl_error *err)
{
    const void *p = rec;
    const struct name_rec *name = p;
    const struct dup_rec *dup = p;
    const struct outcome_rec *outcome = p;
    const struct state_rec *state = p;
    if (rec->version != 1)
        return unknown(rec, err);
    switch (rec->kind) {
    case TL_RECORD_NAME:
        if (rec->len < sizeof *name || name->len > TL_NAME_LEN_MAX || rec->len != ALIGN8(sizeof *name + name->len))
            return damaged("a name", err);
        return TL_OK;
    case TL_RECORD_DUPLICATE:
        if (rec->len != sizeof *dup || (uint64_t)dup->body_off + dup->body_len > head->body_len || dup->back != back)
            return damaged("a duplicate's", err);
        return TL_OK;
    case TL_RECORD_OUTCOME:
        if (rec->len < sizeof *outcome || outcome->back != back || !outcome_fits(outcome))
            return damaged("an outcome's", err);
        return TL_OK;
    case TL_RECORD_PUT:
    case TL_RECORD_DELETE:
        if (rec->len != sizeof *state || state->body_off + tl_state_body_len(state) > head->body_len)
            return damaged("a state", err);
        return TL_OK;
    default:
        return unknown(rec, err);
    }
}

tl_code tl_directory_check(const struct commit_head *head, const uint8_t *dir, struct tl_error *err)
{
    tl_code code = check_events(head, dir, err);
    if (code)
        return code;
    uint64_t events = (uint64_t)head->event_count * sizeof(struct event_rec);
    uint64_t at = 0;
    uint32_t count = 0;
    while (at < head->other_len) {
        const struct rec_head *rec = (const struct rec_head *)(const void *)(dir + events + at);
        if (rec->len < sizeof *rec || rec->len % 8 || rec->len > head->other_len - at)
            return damaged("a", err);
        code = check_other(head, rec, (uint32_t)(sizeof *head + events + at), err);
        if (code)
            return code;
        at += rec->len;
        count++;
    }
    if (count != head->other_count)
        return tl_fail(err, TL_ECORRUPT, "a commit with %u records instead of %u", count, head->other_count);
    return TL_OK;
}

void tl_entry_decode(const struct tl_decoder *names, const struct commit_head *head, const struct event_rec *rec,
                     uint32_t index, struct tl_entry *out)
{
    *out = (struct tl_entry){.position = tl_position_make(head->number, index),
                             .time_ms = head->time_ms,
                             .type = names->name(names->ctx, rec->type),
                             .source = names->name(names->ctx, rec->source),
                             .key_hash = rec->key,
                             .flags = rec->head.flags,
                             .payload_len = rec->payload_len,
                             .priority = (enum tl_priority)rec->priority,
                             .cause = rec->cause};
}

/* The texts of a clear part, in order. */
static bool clear_texts(const uint8_t *clear, uint32_t len, struct clear_head *head, tl_str out[5])
{
    memcpy(head, clear, sizeof *head);
    const uint16_t lens[5] = {head->key_len, head->dedupe_len, head->record_len, head->version_len,
                              head->trace_state_len};
    uint64_t at = sizeof *head;
    for (int i = 0; i < 5; i++) {
        out[i] = tl_str_n(clear + at, lens[i]);
        at += lens[i];
        if (at > len)
            return false;
    }
    return at == len;
}

bool tl_clear_dedupe(const uint8_t *clear, uint32_t len, tl_str *dedupe)
{
    struct clear_head head;
    tl_str texts[5];
    if (!clear_texts(clear, len, &head, texts))
        return false;
    *dedupe = texts[1];
    return true;
}

bool tl_clear_key(const uint8_t *clear, uint32_t len, tl_str *key)
{
    struct clear_head head;
    tl_str texts[5];
    if (!clear_texts(clear, len, &head, texts))
        return false;
    *key = texts[0];
    return true;
}

bool tl_is_erased(const uint8_t *ptr, uint64_t len)
{
    for (uint64_t i = 0; i < len; i++)
        if (ptr[i] != ERASED_BYTE)
            return false;
    return true;
}

bool tl_event_decode(const struct tl_decoder *names, const struct commit_head *head, const struct event_rec *rec,
                     uint32_t index, const uint8_t *body, struct tl_event *out)
{
    *out = (struct tl_event){.position = tl_position_make(head->number, index),
                             .time_ms = head->time_ms,
                             .flags = rec->head.flags,
                             .priority = (enum tl_priority)rec->priority,
                             .type = names->name(names->ctx, rec->type),
                             .source = names->name(names->ctx, rec->source),
                             .cause = rec->cause,
                             .redelivers_for_ms = (int64_t)rec->window_s * 1000};
    memcpy(out->payload_hash, rec->hash, 16);
    if (rec->cause_flow)
        out->cause_flow = names->name(names->ctx, rec->cause_flow);
    if (tl_is_erased(body, (uint64_t)rec->clear_len + rec->payload_len)) {
        out->erased = true;
        return true;
    }
    struct clear_head clear;
    tl_str texts[5];
    if (!clear_texts(body, rec->clear_len, &clear, texts) || clear.trace_state_len > TL_TRACESTATE_MAX)
        return false;
    out->key = texts[0];
    out->dedupe = texts[1];
    out->record_id = texts[2];
    out->record_version = texts[3];
    memcpy(out->trace.trace_id, clear.trace_id, 16);
    memcpy(out->trace.span_id, clear.span_id, 8);
    out->trace.flags = clear.trace_flags;
    memcpy(out->trace.state, texts[4].ptr, texts[4].len);
    out->payload = tl_str_n(body + rec->clear_len, rec->payload_len);
    return true;
}

void tl_outcome_decode(const struct tl_decoder *names, const struct commit_head *head, const struct outcome_rec *rec,
                       struct tl_effect *effects, size_t cap, struct tl_outcome *out)
{
    const uint8_t *p = (const uint8_t *)(rec + 1);
    *out = (struct tl_outcome){.event = rec->event,
                               .ending = (enum tl_ending)rec->ending,
                               .note = tl_str_n(p, rec->note_len),
                               .effects = effects,
                               .effect_count = rec->effect_count,
                               .position = tl_position_make(head->number, 0),
                               .time_ms = head->time_ms};
    if (rec->flow)
        out->flow = names->name(names->ctx, rec->flow);
    if (rec->revision)
        out->revision = names->name(names->ctx, rec->revision);
    p += rec->note_len;
    for (size_t i = 0; i < rec->effect_count && i < cap; i++) {
        struct effect_rec e;
        memcpy(&e, p, sizeof e);
        p += sizeof e;
        effects[i] = (struct tl_effect){.remote_id = tl_str_n(p, e.remote_len),
                                        .status = e.status,
                                        .attempts = e.attempts,
                                        .class_ = e.class_,
                                        .duration_ms = e.duration_ms};
        if (e.system)
            effects[i].system = names->name(names->ctx, e.system);
        if (e.operation)
            effects[i].operation = names->name(names->ctx, e.operation);
        memcpy(effects[i].request_hash, e.request_hash, 16);
        p += e.remote_len;
    }
}

uint64_t tl_state_body_len(const struct state_rec *rec)
{
    uint64_t len = (uint64_t)rec->key_len + rec->value_len;
    for (int i = 0; i < TL_STATE_ATTRS; i++)
        len += rec->attr_len[i];
    return len;
}

void tl_state_decode(const struct tl_decoder *names, const struct state_rec *rec, const uint8_t *body,
                     struct tl_state_put *out)
{
    *out = (struct tl_state_put){.table = names->name(names->ctx, rec->table)};
    if (!body)
        return;
    out->key = tl_str_n(body, rec->key_len);
    body += rec->key_len;
    for (int i = 0; i < TL_STATE_ATTRS; i++) {
        out->attr[i] = tl_str_n(body, rec->attr_len[i]);
        body += rec->attr_len[i];
    }
    out->value = tl_str_n(body, rec->value_len);
}

static bool event_body_right(const struct event_rec *rec, const uint8_t *body, uint64_t *erased)
{
    const uint8_t *p = body + rec->body_off;
    uint8_t hash[16];
    tl_sha256_short(tl_str_n(p + rec->clear_len, rec->payload_len), hash);
    if (memcmp(hash, rec->hash, 16) == 0 && tl_crc32c(0, p, rec->clear_len) == rec->clear_crc)
        return true;
    if (!tl_is_erased(p, (uint64_t)rec->clear_len + rec->payload_len))
        return false;
    if (erased)
        ++*erased;
    return true;
}

bool tl_body_check(const struct commit_head *head, const uint8_t *dir, const uint8_t *body, uint64_t *erased)
{
    for (uint32_t i = 0; i < head->event_count; i++)
        if (!event_body_right(tl_event_rec_at(dir, i), body, erased))
            return false;
    uint64_t at = 0;
    const struct rec_head *rec;
    while ((rec = tl_other_next(head, dir, &at)) != NULL) {
        const void *p = rec;
        const struct state_rec *state = p;
        const struct dup_rec *dup = p;
        if ((rec->kind == TL_RECORD_PUT || rec->kind == TL_RECORD_DELETE) &&
            tl_crc32c(0, body + state->body_off, tl_state_body_len(state)) != state->body_crc)
            return false;
        if (rec->kind == TL_RECORD_DUPLICATE && tl_crc32c(0, body + dup->body_off, dup->body_len) != dup->body_crc)
            return false;
    }
    return true;
}
