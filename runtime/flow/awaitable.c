#include "awaitable.h"
#include "base/alloc.h"
#include "base/log.h"
#include "child.h"
#include "journal/reader.h"
#include "journal/state.h"
#include "kept.h"
#include "open_keys.h"
#include "replayed.h"
#include <stdio.h>

#define BATCH_BYTES (4u << 20)
#define PAGE 64                                  /* rows; they hold payloads */
#define KEY_LEN (TL_KEPT_KEY + TL_POSITION_TEXT) /* of a row, with its NUL */

static void row_key(uint64_t hash, tl_position position, char out[KEY_LEN])
{
    char kept[TL_KEPT_KEY], id[TL_POSITION_TEXT];
    tl_kept_key(hash, kept);
    tl_position_print(position, id);
    snprintf(out, KEY_LEN, "%s/%s", kept, id);
}

static bool read_key(tl_str key, uint64_t *hash, tl_position *position)
{
    tl_str first;
    if (!tl_str_cut(&key, '/', &first))
        return false;
    *hash = tl_kept_key_read(first);
    return *hash != 0 && tl_position_parse(key, position);
}

/* ---- before a segment goes ---- */

struct copying {
    struct tl_engine *engine;
    struct tl_open_keys keys;
    struct tl_batch *batch;
    size_t records; /* in the batch */
    size_t rows;    /* that stay */
};

static tl_code write_batch(struct copying *copying, struct tl_error *err)
{
    if (copying->records == 0)
        return TL_OK;
    tl_batch_insist(copying->batch);
    tl_code code = tl_journal_submit_wait(copying->engine->journal, copying->batch, TL_APPLIED, err);
    tl_batch_reset(copying->batch);
    copying->records = 0;
    return code;
}

static tl_code added(struct copying *copying, tl_code code, struct tl_error *err)
{
    copying->records += code == TL_OK;
    if (code == TL_OK && tl_batch_size(copying->batch) > BATCH_BYTES)
        code = write_batch(copying, err);
    return code;
}

/* Removes what nobody can take any more. */
static tl_code sweep_page(struct copying *copying, const struct tl_state_page *page, struct tl_error *err)
{
    tl_code code = TL_OK;
    for (size_t i = 0; code == TL_OK && i < page->count; i++) {
        uint64_t hash;
        tl_position position;
        tl_str key = page->rows[i].key;
        bool wanted = read_key(key, &hash, &position) && tl_open_keys_want(&copying->keys, hash, position);
        copying->rows += wanted;
        if (!wanted)
            code = added(copying, tl_batch_del(copying->batch, TL_STR(TL_TABLE_AWAITABLE), key, err), err);
    }
    return code;
}

static tl_code sweep(struct copying *copying, struct tl_error *err)
{
    struct tl_arena arena;
    char *after = tl_copy_z("");
    tl_code code = TL_OK;
    tl_arena_init(&arena);
    while (code == TL_OK && after != NULL) {
        struct tl_state_query query = {.table = TL_STR(TL_TABLE_AWAITABLE), .after = tl_str_z(after), .limit = PAGE};
        struct tl_state_page page = {0};
        code = tl_state_scan(copying->engine->journal, &query, &arena, &page, err);
        if (code == TL_OK)
            code = sweep_page(copying, &page, err);
        tl_free(after);
        after = page.next.len > 0 ? tl_str_dup(page.next) : NULL;
        tl_arena_free(&arena);
    }
    tl_free(after);
    return code;
}

static bool may_be_awaited(const struct copying *copying, const struct tl_entry *entry)
{
    return tl_open_keys_want(&copying->keys, entry->key_hash, entry->position) &&
           !tl_str_starts(entry->type, TL_STR(TL_TYPE_START)) && !tl_replayed_type_is(entry->type);
}

static tl_code put_event(struct copying *copying, const struct tl_event *event, uint64_t hash, struct tl_error *err)
{
    char key[KEY_LEN];
    struct tl_buf text;
    tl_buf_init(&text, TL_PAYLOAD_MAX);
    row_key(hash, event->position, key);
    tl_event_row_write(event, &text);
    struct tl_state_put put = {
        .table = TL_STR(TL_TABLE_AWAITABLE), .key = tl_str_z(key), .value = tl_buf_str(&text), .attr = {event->type}};
    tl_code code = text.overflow ? tl_fail(err, TL_EINPUT, "event %s is too large for a row", key + TL_KEPT_KEY)
                                 : tl_batch_put(copying->batch, &put, err);
    tl_buf_free(&text);
    return code;
}

/* An event that cannot be read or written would pin its segment for good: it is given up, and said. */
static tl_code copy_event(struct copying *copying, const struct tl_entry *entry, struct tl_error *err)
{
    struct tl_arena arena;
    struct tl_event event;
    tl_arena_init(&arena);
    tl_code code = tl_journal_event(copying->engine->journal, entry->position, &arena, &event, err);
    bool erased = code == TL_OK && event.erased;
    if (code == TL_OK && !erased)
        code = put_event(copying, &event, entry->key_hash, err);
    tl_arena_free(&arena);
    if (code == TL_ECORRUPT || code == TL_EINPUT)
        tl_log(TL_ERROR, "flow.retention", err->text, TL_FSTR("lost", "a run may still have awaited it"));
    if (erased || code == TL_ECORRUPT || code == TL_EINPUT)
        return TL_OK;
    copying->rows += code == TL_OK;
    atomic_store(&copying->engine->awaitable, true); /* before a look back can miss the segment */
    return added(copying, code, err);
}

static tl_code copy_events(struct copying *copying, uint64_t first, uint64_t last, struct tl_error *err)
{
    struct tl_record record;
    struct tl_cursor *cursor = tl_cursor_new(copying->engine->journal, first, TL_RECORD_BIT(TL_RECORD_EVENT));
    tl_code code = tl_cursor_next(cursor, &record, err);
    while (code == TL_OK && record.commit <= last) {
        if (may_be_awaited(copying, &record.entry))
            code = copy_event(copying, &record.entry, err);
        if (code == TL_OK)
            code = tl_cursor_next(cursor, &record, err);
    }
    tl_cursor_free(cursor);
    return code == TL_ENOTFOUND ? TL_OK : code;
}

bool tl_awaitable_copy(struct tl_engine *engine, uint64_t first, uint64_t last)
{
    struct copying copying = {.engine = engine, .batch = tl_batch_new(engine->journal)};
    struct tl_error err;
    tl_code code = tl_open_keys_read(engine, last, &copying.keys, &err);
    if (code == TL_OK && atomic_load(&engine->awaitable))
        code = sweep(&copying, &err);
    if (code == TL_OK && copying.keys.count > 0)
        code = copy_events(&copying, first, last, &err);
    if (code == TL_OK)
        code = write_batch(&copying, &err);
    if (code == TL_OK)
        atomic_store(&engine->awaitable, copying.rows > 0);
    else
        tl_log(TL_ERROR, "flow.retention", err.text);
    tl_open_keys_free(&copying.keys);
    tl_batch_free(copying.batch);
    return code == TL_OK;
}

tl_code tl_awaitable_recover(struct tl_engine *engine, struct tl_error *err)
{
    uint64_t count = 0;
    struct tl_state_query query = {.table = TL_STR(TL_TABLE_AWAITABLE)};
    tl_code code = tl_state_count(engine->journal, &query, &count, err);
    atomic_store(&engine->awaitable, count > 0);
    return code;
}

/* ---- looking back ---- */

struct search {
    tl_str key, type;
    tl_position after, found;
};

/* Equal hashes are not equal keys. */
static tl_code search_page(struct search *search, const struct tl_state_page *page, struct tl_arena *arena,
                           struct tl_error *err)
{
    tl_code code = TL_OK;
    for (size_t i = 0; code == TL_OK && search->found == TL_POSITION_NONE && i < page->count; i++) {
        const struct tl_state_row *row = &page->rows[i];
        struct tl_event event;
        uint64_t hash;
        tl_position position;
        if (!tl_str_eq(row->attr[0], search->type) || !read_key(row->key, &hash, &position) ||
            position <= search->after)
            continue;
        code = tl_event_row_read(row->value, arena, &event, err);
        if (code == TL_OK && tl_str_eq(event.key, search->key))
            search->found = position;
    }
    return code;
}

static tl_code search_rows(struct tl_engine *engine, struct search *search, struct tl_error *err)
{
    char prefix[TL_KEPT_KEY + 1];
    struct tl_arena arena;
    char *after = tl_copy_z("");
    tl_code code = TL_OK;
    uint64_t hash = tl_journal_key_hash(engine->journal, search->key);
    snprintf(prefix, sizeof prefix, "%016llx/", (unsigned long long)hash);
    tl_arena_init(&arena);
    while (code == TL_OK && after != NULL && search->found == TL_POSITION_NONE) {
        struct tl_state_query query = {
            .table = TL_STR(TL_TABLE_AWAITABLE), .prefix = tl_str_z(prefix), .after = tl_str_z(after), .limit = PAGE};
        struct tl_state_page page = {0};
        code = tl_state_scan(engine->journal, &query, &arena, &page, err);
        if (code == TL_OK)
            code = search_page(search, &page, &arena, err);
        tl_free(after);
        after = page.next.len > 0 ? tl_str_dup(page.next) : NULL;
        tl_arena_free(&arena);
    }
    tl_free(after);
    return code;
}

/* The journal first: what it does not have any more is in the rows by then. Rows are older than what it has. */
tl_code tl_awaitable_find(struct tl_engine *engine, tl_str key, tl_str type, tl_position after, tl_position *out,
                          struct tl_error *err)
{
    struct search search = {.key = key, .type = type, .after = after};
    tl_code code = tl_journal_find_after(engine->journal, key, &type, 1, after, out, err);
    if (key.len == 0 || !atomic_load(&engine->awaitable))
        return code;
    tl_code rows = search_rows(engine, &search, err);
    if (rows != TL_OK || search.found == TL_POSITION_NONE)
        return rows != TL_OK ? rows : code;
    *out = code == TL_OK && *out < search.found ? *out : search.found;
    return TL_OK;
}

tl_code tl_awaitable_event(struct tl_engine *engine, tl_str key, tl_position position, struct tl_arena *arena,
                           struct tl_event *out, struct tl_error *err)
{
    char row[KEY_LEN];
    struct tl_state_row state;
    tl_code code = tl_journal_event(engine->journal, position, arena, out, err);
    if (code != TL_ENOTFOUND)
        return code;
    row_key(tl_journal_key_hash(engine->journal, key), position, row);
    code = tl_state_get(engine->journal, TL_STR(TL_TABLE_AWAITABLE), tl_str_z(row), arena, &state, err);
    return code == TL_OK ? tl_event_row_read(state.value, arena, out, err) : code;
}

/* ---- the end ---- */

/* A page of them; the rest goes with the next segment. */
static void delete_rows(struct tl_engine *engine, const struct tl_drive *drive, struct tl_batch *batch)
{
    char prefix[TL_KEPT_KEY + 1], run[TL_POSITION_TEXT], exception[TL_POSITION_TEXT] = "";
    struct tl_arena arena;
    struct tl_state_page page;
    const struct tl_unit *unit = drive->unit;
    uint64_t hash = tl_journal_key_hash(engine->journal, drive->event.key);
    snprintf(prefix, sizeof prefix, "%016llx/", (unsigned long long)hash);
    struct tl_state_query query = {.table = TL_STR(TL_TABLE_AWAITABLE), .prefix = tl_str_z(prefix), .limit = PAGE};
    tl_position_print(tl_run_id(drive), run);
    if (unit->exception != NULL)
        tl_position_print(unit->exception->number, exception);
    tl_arena_init(&arena);
    if (tl_state_scan(engine->journal, &query, &arena, &page, NULL) != TL_OK)
        page.count = 0;
    if (page.count > 0 && tl_open_keys_others(engine, drive->event.key, run, exception, unit->position))
        page.count = 0;
    for (size_t i = 0; i < page.count; i++)
        tl_must(tl_batch_del(batch, TL_STR(TL_TABLE_AWAITABLE), page.rows[i].key, NULL) == TL_OK);
    tl_arena_free(&arena);
}

void tl_awaitable_end(struct tl_drive *drive, struct tl_batch *batch)
{
    struct tl_engine *engine = drive->lane->engine;
    bool old = tl_kept_has(engine, tl_position_commit(drive->unit->position));
    if (old && drive->event.key.len > 0 && atomic_load(&engine->awaitable))
        delete_rows(engine, drive, batch);
}
