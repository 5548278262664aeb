#include "open_keys.h"
#include "base/alloc.h"
#include "codec/json.h"
#include "flow/exception.h"
#include "flow/runs.h"
#include "journal/state.h"
#include "kept.h"
#include "run_row.h"
#include <stdlib.h>

#define PAGE 256 /* rows; they hold payloads */

static void add(struct tl_open_keys *keys, uint64_t hash, tl_position from)
{
    if (hash == 0)
        return;
    if (keys->count == keys->cap) {
        keys->cap = keys->cap > 0 ? keys->cap * 2 : 64;
        keys->keys = tl_realloc(keys->keys, keys->cap * sizeof *keys->keys);
    }
    keys->keys[keys->count++] = (struct tl_open_key){hash, from};
}

static int by_hash_then_age(const void *a, const void *b)
{
    const struct tl_open_key *x = a, *y = b;
    if (x->hash != y->hash)
        return x->hash < y->hash ? -1 : 1;
    return (x->from > y->from) - (x->from < y->from);
}

/* The oldest of each. */
static void sort(struct tl_open_keys *keys)
{
    size_t count = 0;
    if (keys->count > 0)
        qsort(keys->keys, keys->count, sizeof *keys->keys, by_hash_then_age);
    for (size_t i = 0; i < keys->count; i++) {
        if (count == 0 || keys->keys[count - 1].hash != keys->keys[i].hash)
            keys->keys[count++] = keys->keys[i];
    }
    keys->count = count;
}

/* ---- reading ---- */

struct reading {
    struct tl_engine *engine;
    struct tl_open_keys *keys;
    uint64_t last;
    struct tl_progress_bits bits; /* of the commit that was looked at last */
};

/* The end of a child has a unit of its own, which is not finished, and so is kept, until the run was told. */
static void add_wait(struct tl_open_keys *keys, const struct tl_run_wait *wait, tl_position from)
{
    if (wait->kind == TL_ASK_AWAIT)
        add(keys, wait->key_hash, from);
}

static tl_code read_run(void *ctx, const struct tl_state_row *row, struct tl_error *err)
{
    struct reading *reading = ctx;
    struct tl_run_row *run;
    tl_code code = tl_run_row_read(row->key, row->value, &run, err);
    if (code != TL_OK)
        return code;
    bool old = tl_position_commit(run->event) <= reading->last;
    if (old && run->key[0] != 0)
        add(reading->keys, tl_journal_key_hash(reading->engine->journal, tl_str_z(run->key)), run->event);
    for (size_t i = 0; old && i < run->wait_count; i++)
        add_wait(reading->keys, &run->waits[i], run->event);
    tl_run_row_free(run);
    return TL_OK;
}

static tl_code read_exception(void *ctx, const struct tl_state_row *row, struct tl_error *err)
{
    struct reading *reading = ctx;
    struct tl_json_doc *doc;
    tl_position event;
    tl_str key = row->attr[3];
    if (tl_json_parse_borrowed(row->value, NULL, &doc, err) != TL_OK)
        return tl_fail(err, TL_ECORRUPT, "state table \"exception\", row \"%.*s\" is damaged", TL_STR_ARGS(row->key));
    bool old = tl_position_parse(tl_json_get_text(tl_json_root(doc), "event"), &event) &&
               tl_position_commit(event) <= reading->last;
    if (old && key.len > 0)
        add(reading->keys, tl_journal_key_hash(reading->engine->journal, key), event);
    tl_json_free(doc);
    return TL_OK;
}

/* A row may outlive its units, when they ended at the same time. */
static tl_code read_kept(void *ctx, const struct tl_state_row *row, struct tl_error *err)
{
    struct reading *reading = ctx;
    tl_position event;
    (void)err;
    if (!tl_position_parse(row->key, &event))
        return TL_OK;
    if (reading->bits.commit != tl_position_commit(event))
        tl_progress_bits(&reading->engine->progress, tl_position_commit(event), &reading->bits);
    uint32_t index = tl_position_index(event);
    if (reading->bits.commit != 0 && index < reading->bits.events && tl_kept_any(&reading->bits, index))
        add(reading->keys, tl_kept_key_read(row->attr[0]), event);
    return TL_OK;
}

static tl_code read_table(struct reading *reading, const char *table, tl_state_see *see, struct tl_error *err)
{
    struct tl_state_query query = {.table = tl_str_z(table), .limit = PAGE};
    return tl_state_each(reading->engine->journal, &query, see, reading, err);
}

/* A unit moves between the tables meanwhile: from "kept" to the others, and to and fro between these. */
tl_code tl_open_keys_read(struct tl_engine *engine, uint64_t last, struct tl_open_keys *out, struct tl_error *err)
{
    struct reading reading = {.engine = engine, .keys = out, .last = last};
    *out = (struct tl_open_keys){0};
    tl_journal_wait_applied(engine->journal, tl_journal_last(engine->journal));
    tl_code code = read_table(&reading, TL_TABLE_KEPT, read_kept, err);
    tl_progress_bits_free(&reading.bits);
    tl_journal_wait_applied(engine->journal, tl_journal_last(engine->journal)); /* what has ended by now, too */
    if (code == TL_OK)
        code = read_table(&reading, TL_TABLE_EXCEPTION, read_exception, err);
    if (code == TL_OK)
        code = read_table(&reading, TL_TABLE_RUN, read_run, err);
    if (code == TL_OK)
        code = read_table(&reading, TL_TABLE_EXCEPTION, read_exception, err);
    sort(out);
    return code;
}

void tl_open_keys_free(struct tl_open_keys *keys)
{
    tl_free(keys->keys);
    *keys = (struct tl_open_keys){0};
}

bool tl_open_keys_want(const struct tl_open_keys *keys, uint64_t hash, tl_position position)
{
    size_t low = 0, high = keys->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (keys->keys[middle].hash < hash)
            low = middle + 1;
        else
            high = middle;
    }
    return hash != 0 && low < keys->count && keys->keys[low].hash == hash && position > keys->keys[low].from;
}

/* ---- one key ---- */

/* Has the table a row with this attribute besides `own`? */
static bool has_other(struct tl_engine *engine, const char *table, int attr, tl_str value, const char *own)
{
    struct tl_arena arena;
    struct tl_state_page page;
    struct tl_state_query query = {.table = tl_str_z(table), .order = (enum tl_state_order)(attr + 1), .limit = 2};
    query.where[attr] = value;
    tl_arena_init(&arena);
    bool other = tl_state_scan(engine->journal, &query, &arena, &page, NULL) != TL_OK;
    for (size_t i = 0; !other && i < page.count; i++)
        other = !tl_str_is(page.rows[i].key, own);
    tl_arena_free(&arena);
    return other;
}

/* What was accepted before a segment was dropped becomes no more: a state that lags behind shows too many, not too few.
 */
bool tl_open_keys_others(struct tl_engine *engine, tl_str key, const char *run, const char *exception,
                         tl_position event)
{
    char kept[TL_KEPT_KEY], id[TL_POSITION_TEXT];
    uint64_t hash = tl_journal_key_hash(engine->journal, key);
    tl_kept_key(hash, kept);
    tl_position_print(event, id);
    return tl_await_index_has(&engine->awaits, hash, UINT32_MAX) || has_other(engine, TL_TABLE_RUN, 2, key, run) ||
           has_other(engine, TL_TABLE_EXCEPTION, 3, key, exception) ||
           has_other(engine, TL_TABLE_KEPT, 0, tl_str_z(kept), id);
}
