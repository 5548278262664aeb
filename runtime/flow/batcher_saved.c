/* Batches that go on without us. While one is out the state has its rows and what the connector saved of it; the next
 * process asks for it, and keeps what it was told until the units of those rows come and ask for the same. */
#include "batcher_int.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "codec/json_pointer.h"
#include "codec/json_writer.h"
#include "journal/state.h"
#include <stdio.h>
#include <string.h>

#define KNOWN_MS (10 * 60 * 1000LL)
#define ROW_MAX (64u << 20)
#define ROWS_A_PAGE 100

/* ---- saving ---- */

struct saving {
    struct tl_line *line;
    struct tl_many *many;
    unsigned sent; /* line->sent of the call */
};

static void answer(const struct tl_line *line, struct tl_many *many, bool ok)
{
    const struct tl_call_port *calls = line->batcher->lane->engine->calls;
    calls->many->saved(calls->ctx, many, ok);
}

static void saved(struct tl_batch *batch, void *ctx)
{
    struct saving *saving = ctx;
    struct tl_line *line = saving->line;
    struct tl_lane *lane = line->batcher->lane;
    bool ok = tl_batch_code(batch, NULL) == TL_OK;
    lane->batches_out--;
    if (line->many != NULL && line->sent == saving->sent) /* else it has ended meanwhile */
        answer(line, saving->many, ok);
    tl_batch_free(batch);
    tl_free(saving);
    tl_lane_stop_step(lane);
}

static void write_row(const struct tl_line *line, tl_str state, struct tl_buf *out)
{
    const struct tl_row *first = line->out[0];
    struct tl_json_writer w;
    tl_json_writer_init(&w, out);
    tl_json_begin_object(&w);
    tl_json_put_string(&w, "system", tl_str_z(line->batcher->lane->engine->plan.systems[line->system]->name));
    tl_json_put_string(&w, "operation", first->operation);
    tl_json_put_string(&w, "object", first->object);
    tl_json_put_string(&w, "state", state);
    tl_json_put_string(&w, "key", first->many.key);
    tl_json_put_int(&w, "timeout_ms", first->timeout_ms);
    tl_json_key(&w, "rows");
    tl_json_begin_array(&w);
    for (size_t i = 0; i < line->out_count; i++)
        tl_json_raw_value(&w, line->out[i]->args);
    tl_json_end_array(&w);
    tl_json_end_object(&w);
}

void tl_line_save(struct tl_line *line, struct tl_many *many, tl_str state)
{
    struct tl_lane *lane = line->batcher->lane;
    struct tl_batch *batch = tl_batch_new(lane->engine->journal);
    struct saving *saving = TL_NEW(struct saving);
    struct tl_error err;
    struct tl_buf row;
    *saving = (struct saving){line, many, line->sent};
    tl_buf_init(&row, ROW_MAX);
    write_row(line, state, &row);
    if (line->saved == NULL)
        line->saved = tl_printf("%s/%lld-%u", line->name, (long long)tl_wall_ms(), ++line->parts);
    struct tl_state_put put = {
        .table = TL_STR(TL_TABLE_BATCH), .key = tl_str_z(line->saved), .value = tl_buf_str(&row)};
    if (row.overflow || tl_batch_put(batch, &put, &err) != TL_OK) {
        tl_batch_free(batch);
        tl_free(saving);
        answer(line, many, false);
    } else {
        lane->batches_out++;
        tl_journal_submit(lane->engine->journal, batch, TL_DURABLE, lane->loop, saved, saving);
    }
    tl_buf_free(&row);
}

void tl_line_forget(struct tl_line *line, bool ended)
{
    if (line->saved == NULL)
        return;
    if (ended) {
        struct tl_lane *lane = line->batcher->lane;
        tl_must(tl_batch_del(tl_lane_batch(lane), TL_STR(TL_TABLE_BATCH), tl_str_z(line->saved), NULL) == TL_OK);
        tl_lane_wake(lane);
    }
    tl_free(line->saved);
    line->saved = NULL;
}

/* ---- after a crash ---- */

static struct tl_row *row_of(struct tl_lane *lane, const struct tl_line *line, const struct tl_json_value *batch,
                             const struct tl_json_value *args)
{
    struct tl_row *row = TL_NEW(struct tl_row);
    struct tl_arena *arena = &row->arena;
    row->origin = lane;
    row->system = line->system;
    tl_arena_init(arena);
    row->name = tl_arena_printf(arena, "%s", line->name);
    row->operation = tl_arena_str(arena, tl_json_get_text(batch, "operation"));
    row->object = tl_arena_str(arena, tl_json_get_text(batch, "object"));
    row->args = tl_arena_str(arena, tl_json_raw(args));
    row->key = tl_arena_str(arena, tl_json_raw(tl_json_at(args, tl_json_get_text(batch, "key"))));
    row->timeout_ms = tl_json_get_i64(batch, "timeout_ms", 0);
    struct tl_call_request request = {.operation = row->operation, .args = row->args};
    tl_call_hash(&request, row->hash);
    return row;
}

/* Asks for one of them, when this lane is its home. */
static void ask(struct tl_lane *lane, tl_str key, const struct tl_json_value *batch)
{
    const struct tl_json_value *rows = tl_json_get(batch, "rows");
    tl_str system = tl_json_get_text(batch, "system");
    int index = tl_plan_system(&lane->engine->plan, system);
    char *name = tl_printf("%.*s/%.*s/%.*s", TL_STR_ARGS(system), TL_STR_ARGS(tl_json_get_text(batch, "operation")),
                           TL_STR_ARGS(tl_json_get_text(batch, "object")));
    struct tl_line *line = index >= 0 && tl_json_count(rows) > 0 && tl_row_home(lane->engine, name) == lane
                               ? tl_line_of(lane->batcher, name, index)
                               : NULL;
    if (line != NULL && line->out_count == 0) { /* one is out at a time, so one is left of each */
        size_t count = 0;
        struct tl_row **out = tl_zalloc(tl_json_count(rows), sizeof(struct tl_row *));
        struct tl_json_iter i = tl_json_iter(rows);
        while (tl_json_next(&i))
            out[count++] = row_of(lane, line, batch, i.value);
        line->saved = tl_str_dup(key);
        tl_log(TL_INFO, "batch.resumed", "a batch that an earlier process had begun is asked for",
               TL_FSTR("line", line->name), TL_FINT("rows", count));
        tl_line_send_many(line, out, count, tl_json_get_text(batch, "state"));
    }
    tl_free(name);
}

tl_code tl_batcher_begin(struct tl_lane *lane, struct tl_error *err)
{
    struct tl_state_query query = {.table = TL_STR(TL_TABLE_BATCH), .limit = ROWS_A_PAGE};
    struct tl_state_page page = {0};
    struct tl_arena arena;
    if (lane->engine->calls->many == NULL)
        return TL_OK;
    tl_arena_init(&arena);
    tl_code code = tl_state_scan(lane->engine->journal, &query, &arena, &page, err);
    for (size_t i = 0; code == TL_OK && i < page.count; i++) {
        struct tl_json_doc *doc = NULL;
        if (tl_json_parse(page.rows[i].value, NULL, &doc, NULL) == TL_OK)
            ask(lane, page.rows[i].key, tl_json_root(doc));
        tl_json_free(doc);
    }
    tl_arena_free(&arena);
    return code;
}

/* ---- what it was told ---- */

bool tl_line_knows(struct tl_line *line, struct tl_row *row)
{
    struct tl_row *known = tl_map_remove(&line->known, row->key);
    if (known == NULL)
        return false;
    bool same = memcmp(known->hash, row->hash, sizeof row->hash) == 0 && tl_mono_ms() < known->until_ms;
    if (same) {
        tl_list_remove(&row->link);
        tl_row_set(row, &known->result, true);
        tl_rows_return(&row, 1);
    }
    tl_row_free(known);
    return same;
}

bool tl_line_keep(struct tl_line *line, struct tl_row *row)
{
    if (row->step != NULL || row->result.failure != TL_FAIL_NONE)
        return false;
    row->until_ms = tl_mono_ms() + KNOWN_MS;
    struct tl_row *before = tl_map_put(&line->known, row->key, row);
    if (before != NULL)
        tl_row_free(before);
    return true;
}
