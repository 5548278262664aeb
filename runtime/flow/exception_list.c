/* Exceptions as people see them. */
#include "codec/json.h"
#include "codec/json_writer.h"
#include "engine_int.h"
#include "flow/exception.h"
#include "journal/state.h"

static void write_row(struct tl_engine *engine, struct tl_json_writer *w, const struct tl_state_row *row, bool payload)
{
    struct tl_json_doc *doc;
    struct tl_exception_brief brief = {0};
    if (tl_json_parse_borrowed(row->value, NULL, &doc, NULL) != TL_OK)
        return;
    (void)tl_exception_index_brief(&engine->exceptions, row->key, &brief);
    tl_json_begin_object(w);
    struct tl_json_iter i = tl_json_iter(tl_json_root(doc));
    while (tl_json_next(&i)) {
        if (!payload && tl_str_is(i.key, "payload"))
            continue;
        tl_json_key_str(w, i.key);
        tl_json_value(w, i.value);
    }
    tl_json_put_uint(w, "held", brief.held);
    tl_json_put_bool(w, "retrying", brief.retrying);
    tl_json_end_object(w);
    tl_json_free(doc);
}

static void use_index(const struct tl_exception_query *from, struct tl_state_query *query)
{
    const tl_str wanted[TL_STATE_ATTRS] = {from->flow, from->cause, from->steward, from->key};
    for (size_t a = 0; a < TL_STATE_ATTRS; a++)
        query->where[a] = wanted[a];
    query->order = TL_BY_CHANGE;
}

tl_code tl_exceptions_list(struct tl_engine *engine, const struct tl_exception_query *from, struct tl_buf *out,
                           struct tl_error *err)
{
    struct tl_state_query query = {.table = TL_STR(TL_TABLE_EXCEPTION), .after = from->after, .limit = from->limit};
    struct tl_state_page page;
    struct tl_arena arena;
    use_index(from, &query);
    tl_arena_init(&arena);
    tl_code code = tl_state_scan(engine->journal, &query, &arena, &page, err);
    if (code == TL_OK) {
        struct tl_json_writer w;
        tl_json_writer_init(&w, out);
        tl_json_begin_object(&w);
        tl_json_key(&w, "exceptions");
        tl_json_begin_array(&w);
        for (size_t i = 0; i < page.count; i++)
            write_row(engine, &w, &page.rows[i], false);
        tl_json_end_array(&w);
        tl_json_put_or_null(&w, "next", page.next);
        tl_json_end_object(&w);
        code = tl_json_writer_done(&w, err);
    }
    tl_arena_free(&arena);
    return code;
}

tl_code tl_exception_show(struct tl_engine *engine, tl_str id, struct tl_buf *out, struct tl_error *err)
{
    struct tl_state_row row;
    struct tl_arena arena;
    tl_arena_init(&arena);
    tl_code code = tl_state_get(engine->journal, TL_STR(TL_TABLE_EXCEPTION), id, &arena, &row, NULL);
    if (code == TL_OK) {
        struct tl_json_writer w;
        tl_json_writer_init(&w, out);
        write_row(engine, &w, &row, true);
        code = tl_json_writer_done(&w, err);
    } else
        tl_fail(err, code, "there is no open exception %.*s", TL_STR_ARGS(id));
    tl_arena_free(&arena);
    return code;
}

uint64_t tl_exceptions_open(struct tl_engine *engine)
{
    return tl_exception_index_count(&engine->exceptions);
}
