#include "kept.h"
#include "base/log.h"
#include "codec/hex.h"
#include "codec/json.h"
#include "codec/json_writer.h"
#include "journal/reader.h"
#include "journal/state.h"
#include <stdio.h>

#define BATCH_BYTES (8u << 20)

bool tl_kept_has(const struct tl_engine *engine, uint64_t commit)
{
    return commit <= atomic_load(&engine->kept_upto);
}

/* ---- rows ---- */

void tl_kept_key(uint64_t hash, char out[TL_KEPT_KEY])
{
    out[0] = 0;
    if (hash != 0)
        snprintf(out, TL_KEPT_KEY, "%016llx", (unsigned long long)hash);
}

uint64_t tl_kept_key_read(tl_str text)
{
    uint64_t hash = 0;
    for (size_t i = 0; i < text.len; i++) {
        int digit = tl_hex_digit(text.ptr[i]);
        if (digit < 0 || text.len != TL_KEPT_KEY - 1)
            return 0;
        hash = hash << 4 | (uint64_t)digit;
    }
    return hash;
}

static tl_code put_row(struct tl_engine *engine, const struct tl_event *event, struct tl_batch *batch,
                       struct tl_error *err)
{
    char id[TL_POSITION_TEXT], hash[TL_KEPT_KEY], text[56];
    struct tl_buf row;
    struct tl_json_writer w;
    tl_buf_init(&row, TL_PAYLOAD_MAX);
    tl_json_writer_init(&w, &row);
    tl_json_begin_object(&w);
    tl_json_put_lossy(&w, "type", event->type);
    tl_json_put_lossy(&w, "source", event->source);
    tl_json_put_lossy(&w, "key", event->key);
    tl_json_put_lossy(&w, "dedupe", event->dedupe);
    tl_json_put_lossy(&w, "payload", event->payload);
    tl_json_put_int(&w, "time", event->time_ms);
    tl_json_put_int(&w, "priority", event->priority);
    tl_trace_print(&event->trace, text);
    tl_json_put_z(&w, "trace", tl_trace_is_set(&event->trace) ? text : "");
    tl_position_print(event->cause, text);
    tl_json_put_z(&w, "cause", text);
    tl_json_put_lossy(&w, "cause_flow", event->cause_flow);
    tl_json_put_lossy(&w, "record_id", event->record_id);
    tl_json_put_lossy(&w, "record_version", event->record_version);
    tl_json_end_object(&w);
    tl_position_print(event->position, id);
    tl_kept_key(event->key.len > 0 ? tl_journal_key_hash(engine->journal, event->key) : 0, hash);
    struct tl_state_put put = {
        .table = TL_STR(TL_TABLE_KEPT), .key = tl_str_z(id), .value = tl_buf_str(&row), .attr = {tl_str_z(hash)}};
    tl_code code = tl_json_writer_done(&w, err);
    if (code == TL_OK)
        code = tl_batch_put(batch, &put, err);
    tl_buf_free(&row);
    return code;
}

static tl_code write_batch(struct tl_engine *engine, struct tl_batch *batch, struct tl_error *err)
{
    tl_batch_insist(batch);
    tl_code code = tl_journal_submit_wait(engine->journal, batch, TL_APPLIED, err);
    tl_batch_reset(batch);
    return code;
}

bool tl_kept_any(const struct tl_progress_bits *bits, uint32_t index)
{
    for (uint16_t f = 0; f < bits->flows; f++) {
        if ((bits->data[(size_t)f * bits->words + index / 64] >> (index % 64) & 1) != 0)
            return true;
    }
    return false;
}

static tl_code copy_commit(struct tl_engine *engine, uint64_t commit, struct tl_batch *batch, struct tl_error *err)
{
    struct tl_progress_bits bits = {0};
    struct tl_arena arena;
    tl_code code = TL_OK;
    tl_arena_init(&arena);
    tl_progress_bits(&engine->progress, commit, &bits);
    for (uint32_t i = 0; code == TL_OK && bits.commit != 0 && i < bits.events; i++) {
        struct tl_event event;
        if (!tl_kept_any(&bits, i))
            continue;
        code = tl_journal_event(engine->journal, tl_position_make(commit, i), &arena, &event, err);
        if (code == TL_OK)
            code = put_row(engine, &event, batch, err);
        if (code == TL_OK && tl_batch_size(batch) > BATCH_BYTES)
            code = write_batch(engine, batch, err);
        tl_arena_free(&arena);
    }
    tl_progress_bits_free(&bits);
    return code;
}

bool tl_kept_copy(struct tl_engine *engine, uint64_t first, uint64_t last)
{
    struct tl_batch *batch = tl_batch_new(engine->journal);
    struct tl_error err;
    tl_code code = TL_OK;
    uint64_t commit = first;
    while (code == TL_OK && tl_progress_next(&engine->progress, commit, &commit) && commit <= last)
        code = copy_commit(engine, commit++, batch, &err);
    if (code == TL_OK)
        code = write_batch(engine, batch, &err);
    tl_batch_free(batch);
    if (code != TL_OK) {
        tl_log(TL_ERROR, "flow.retention", err.text);
        return false;
    }
    if (last > atomic_load(&engine->kept_upto))
        atomic_store(&engine->kept_upto, last);
    return true;
}

/* ---- reading ---- */

tl_code tl_kept_event(struct tl_engine *engine, tl_position position, struct tl_arena *arena, struct tl_event *out,
                      struct tl_error *err)
{
    char id[TL_POSITION_TEXT];
    struct tl_state_row row;
    struct tl_json_doc *doc;
    tl_position_print(position, id);
    tl_code code = tl_state_get(engine->journal, TL_STR(TL_TABLE_KEPT), tl_str_z(id), arena, &row, err);
    if (code == TL_OK)
        code = tl_json_parse_borrowed(row.value, NULL, &doc, err);
    if (code != TL_OK)
        return code;
    const struct tl_json_value *root = tl_json_root(doc);
    *out = (struct tl_event){.position = position,
                             .time_ms = tl_json_get_i64(root, "time", 0),
                             .priority = (enum tl_priority)tl_json_get_i64(root, "priority", TL_NORMAL),
                             .type = tl_arena_str(arena, tl_json_get_text(root, "type")),
                             .source = tl_arena_str(arena, tl_json_get_text(root, "source")),
                             .key = tl_arena_str(arena, tl_json_get_text(root, "key")),
                             .dedupe = tl_arena_str(arena, tl_json_get_text(root, "dedupe")),
                             .payload = tl_arena_str(arena, tl_json_get_text(root, "payload")),
                             .cause_flow = tl_arena_str(arena, tl_json_get_text(root, "cause_flow")),
                             .record_id = tl_arena_str(arena, tl_json_get_text(root, "record_id")),
                             .record_version = tl_arena_str(arena, tl_json_get_text(root, "record_version"))};
    tl_str trace = tl_json_get_text(root, "trace");
    if (trace.len == 0 || tl_trace_parse(trace, &out->trace, NULL) != TL_OK)
        out->trace = (struct tl_trace){0};
    if (!tl_position_parse(tl_json_get_text(root, "cause"), &out->cause))
        out->cause = TL_POSITION_NONE;
    tl_json_free(doc);
    return TL_OK;
}

static bool source_of(struct tl_lane *lane, tl_position position, struct tl_event_source *out)
{
    struct tl_engine *engine = lane->engine;
    *out = (struct tl_event_source){.lane = lane, .arena = &lane->scratch, .fetched = true};
    if (tl_kept_event(engine, position, &lane->scratch, &out->event, NULL) != TL_OK)
        return false;
    out->entry = (struct tl_entry){.position = position,
                                   .time_ms = out->event.time_ms,
                                   .type = out->event.type,
                                   .source = out->event.source,
                                   .key_hash = tl_journal_key_hash(engine->journal, out->event.key),
                                   .priority = out->event.priority,
                                   .cause = out->event.cause};
    return true;
}

void tl_kept_units(struct tl_lane *lane, tl_position from,
                   bool (*each)(void *ctx, uint32_t flow, struct tl_event_source *source), void *ctx)
{
    struct tl_progress_bits bits = {0};
    uint64_t commit = tl_position_commit(from);
    bool more = true;
    tl_progress_bits(&lane->engine->progress, commit, &bits);
    for (uint32_t i = tl_position_index(from); more && bits.commit != 0 && i < bits.events; i++) {
        struct tl_event_source source;
        if (!tl_kept_any(&bits, i) || !source_of(lane, tl_position_make(commit, i), &source))
            continue;
        for (uint16_t f = 0; more && f < bits.flows; f++) {
            uint32_t flow = (uint32_t)bits.data[(size_t)bits.flows * bits.words + f];
            if (tl_progress_bits_has(&bits, flow, i))
                more = each(ctx, flow, &source);
        }
        tl_arena_free(&lane->scratch);
    }
    tl_progress_bits_free(&bits);
}

bool tl_kept_end(struct tl_engine *engine, tl_position position, struct tl_batch *batch)
{
    if (!tl_kept_has(engine, tl_position_commit(position)))
        return true;
    struct tl_progress_bits bits = {0};
    unsigned left = 0;
    uint32_t index = tl_position_index(position);
    tl_progress_bits(&engine->progress, tl_position_commit(position), &bits);
    for (uint16_t f = 0; bits.commit != 0 && f < bits.flows; f++)
        left += (bits.data[(size_t)f * bits.words + index / 64] >> (index % 64) & 1) != 0;
    tl_progress_bits_free(&bits);
    char id[TL_POSITION_TEXT];
    tl_position_print(position, id);
    if (left <= 1) /* this one */
        tl_must(tl_batch_del(batch, TL_STR(TL_TABLE_KEPT), tl_str_z(id), NULL) == TL_OK);
    return left <= 1;
}
