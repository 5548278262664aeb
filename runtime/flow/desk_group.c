/* Acts on all exceptions of a cause: which they are and what would happen. The acts themselves are single ones
 * (desk.c), sent by whoever drives the group. */
#include "base/alloc.h"
#include "cause.h"
#include "codec/json.h"
#include "exception_group.h"
#include "journal/state.h"
#include "payload_change.h"
#include <stdlib.h>

#define MOST 10000

/* ---- which ---- */

static int oldest_first(const void *a, const void *b)
{
    const struct tl_exception_brief *x = a, *y = b;
    if (x->since_ms != y->since_ms)
        return x->since_ms < y->since_ms ? -1 : 1;
    return (x->number > y->number) - (x->number < y->number);
}

static tl_code check(const struct tl_desk_group *group, uint64_t *cause, struct tl_error *err)
{
    if (!tl_cause_parse(group->cause, cause))
        return tl_fail(err, TL_EINPUT,
                       "a cause is 16 hexadecimal digits, as 'tidelock exceptions --groups' shows them, not \"%.*s\"",
                       TL_STR_ARGS(group->cause));
    if (group->act != TL_DESK_RETRY && group->act != TL_DESK_DISCARD)
        return tl_fail(err, TL_EINPUT, "a whole group can be retried or discarded");
    return group->changes.len > 0 ? tl_payload_change_check(group->changes, err) : TL_OK;
}

/* The members of the group, oldest first (tl_free). TL_ENOTFOUND: there is none. */
static tl_code members(struct tl_engine *engine, const struct tl_desk_group *group, struct tl_exception_brief **out,
                       size_t *count, struct tl_error *err)
{
    uint64_t cause;
    size_t all, n = 0;
    tl_code code = check(group, &cause, err);
    if (code != TL_OK)
        return code;
    struct tl_exception_brief *list = tl_exception_index_copy(&engine->exceptions, &all);
    for (size_t i = 0; i < all; i++) {
        const char *flow = engine->plan.flows[list[i].flow]->name;
        if (list[i].cause == cause && (group->flow.len == 0 || tl_str_is(group->flow, flow)) &&
            (group->steward.len == 0 || tl_str_is(group->steward, list[i].steward)))
            list[n++] = list[i];
    }
    qsort(list, n, sizeof *list, oldest_first);
    *out = list;
    *count = n;
    if (n > 0)
        return TL_OK;
    tl_free(list);
    return tl_fail(err, TL_ENOTFOUND, "no open exception has the cause %.*s%s", TL_STR_ARGS(group->cause),
                   group->flow.len + group->steward.len > 0 ? " and belongs to that flow and steward" : "");
}

/* Those that the act would not touch are counted and left out. */
static void pick(struct tl_engine *engine, const struct tl_desk_group *group, const struct tl_exception_brief *list,
                 size_t count, struct tl_desk_picked *out)
{
    size_t limit = group->limit > 0 && group->limit < MOST ? group->limit : MOST;
    bool retry = group->act == TL_DESK_RETRY;
    *out = (struct tl_desk_picked){.all = count};
    out->ids = tl_zalloc((count < limit ? count : limit) + 1, sizeof *out->ids);
    for (size_t i = 0; i < count; i++) {
        if (list[i].retrying)
            out->retrying++;
        else if (retry && engine->plan.flows[list[i].flow]->kind == TL_PLAN_GONE)
            out->gone++;
        else if (retry && list[i].later != TL_POSITION_NONE && !group->although_later)
            out->later++;
        else if (out->count < limit)
            tl_position_print(list[i].number, out->ids[out->count++]);
    }
}

tl_code tl_desk_group_pick(struct tl_engine *engine, const struct tl_desk_group *group, struct tl_desk_picked *out,
                           struct tl_error *err)
{
    struct tl_exception_brief *list;
    size_t count;
    tl_code code = members(engine, group, &list, &count, err);
    if (code != TL_OK)
        return code;
    pick(engine, group, list, count, out);
    tl_free(list);
    return TL_OK;
}

/* ---- what would happen ---- */

static tl_code write_compared(struct tl_engine *engine, struct tl_json_writer *w, tl_str id, tl_str changes,
                              struct tl_error *err)
{
    struct tl_arena arena;
    struct tl_state_row row;
    struct tl_json_doc *doc = NULL;
    struct tl_buf after;
    tl_arena_init(&arena);
    tl_buf_init(&after, TL_PAYLOAD_MAX);
    tl_code code = tl_state_get(engine->journal, TL_STR(TL_TABLE_EXCEPTION), id, &arena, &row, NULL);
    if (code != TL_OK)
        tl_fail(err, code, "there is no open exception %.*s", TL_STR_ARGS(id));
    else
        code = tl_json_parse_borrowed(row.value, NULL, &doc, err);
    const struct tl_json_value *root = code == TL_OK ? tl_json_root(doc) : NULL;
    tl_str before = tl_json_get_text(root, "payload");
    if (code == TL_OK && changes.len > 0)
        code = tl_payload_change(before, changes, &after, err);
    tl_json_begin_object(w);
    tl_json_put_string(w, "id", id);
    tl_json_put_string(w, "key", tl_json_get_text(root, "key"));
    tl_json_put_string(w, "before", before);
    tl_json_key(w, "after");
    if (changes.len > 0)
        tl_json_string(w, tl_buf_str(&after));
    else
        tl_json_null(w);
    tl_json_end_object(w);
    tl_json_free(doc);
    tl_buf_free(&after);
    tl_arena_free(&arena);
    return code;
}

tl_code tl_desk_compare(struct tl_engine *engine, tl_str id, tl_str changes, struct tl_buf *out, struct tl_error *err)
{
    struct tl_json_writer w;
    tl_json_writer_init(&w, out);
    tl_code code = write_compared(engine, &w, id, changes, err);
    return code == TL_OK ? tl_json_writer_done(&w, err) : code;
}

static void write_counts(struct tl_json_writer *w, const struct tl_desk_picked *picked)
{
    tl_json_put_uint(w, "count", picked->count);
    tl_json_put_uint(w, "all", picked->all);
    tl_json_key(w, "left_out");
    tl_json_begin_object(w);
    tl_json_put_uint(w, "later", picked->later);
    tl_json_put_uint(w, "retrying", picked->retrying);
    tl_json_put_uint(w, "gone", picked->gone);
    tl_json_end_object(w);
}

static void write_span(struct tl_json_writer *w, const struct tl_exception_brief *list, size_t count)
{
    char text[40];
    uint64_t held = 0;
    for (size_t i = 0; i < count; i++)
        held += list[i].held;
    tl_json_put_string(w, "oldest", tl_time_text(list[0].since_ms, text));
    tl_json_put_string(w, "newest", tl_time_text(list[count - 1].since_ms, text));
    tl_json_put_uint(w, "held", held);
}

tl_code tl_desk_group_preview(struct tl_engine *engine, const struct tl_desk_group *group, struct tl_buf *out,
                              struct tl_error *err)
{
    struct tl_exception_brief *list;
    struct tl_desk_picked picked;
    size_t count;
    char example[TL_POSITION_TEXT];
    tl_code code = members(engine, group, &list, &count, err);
    if (code != TL_OK)
        return code;
    pick(engine, group, list, count, &picked);
    tl_position_print(list[0].number, example);
    tl_str id = tl_str_z(picked.count > 0 ? picked.ids[0] : example);
    tl_journal_wait_applied(engine->journal, tl_journal_last(engine->journal));
    struct tl_json_writer w;
    tl_json_writer_init(&w, out);
    tl_json_begin_object(&w);
    tl_json_put_bool(&w, "preview", true);
    tl_json_put_z(&w, "act", group->act == TL_DESK_RETRY ? "retry" : "discard");
    tl_json_put_string(&w, "cause", group->cause);
    write_counts(&w, &picked);
    tl_json_put_z(&w, "flow", engine->plan.flows[list[0].flow]->name);
    tl_exception_cause_put(engine, &w, id);
    tl_json_put_z(&w, "steward", list[0].steward);
    write_span(&w, list, count);
    tl_json_key(&w, "example");
    code = write_compared(engine, &w, id, group->changes, err);
    tl_json_end_object(&w);
    tl_free(picked.ids);
    tl_free(list);
    return code == TL_OK ? tl_json_writer_done(&w, err) : code;
}

/* ---- the audit ---- */

tl_code tl_desk_group_note(struct tl_engine *engine, const struct tl_desk_group *group, size_t count, tl_str who,
                           tl_str why, struct tl_error *err)
{
    struct tl_buf detail;
    tl_buf_init(&detail, 1 << 20);
    struct tl_json_writer w;
    tl_json_writer_init(&w, &detail);
    tl_json_begin_object(&w);
    tl_json_put_uint(&w, "count", count);
    tl_json_put_string(&w, "flow", group->flow);
    tl_json_put_string(&w, "steward", group->steward);
    tl_json_put_bool(&w, "although_later", group->although_later);
    tl_json_key(&w, "changes");
    tl_json_raw_value(&w, group->changes.len > 0 ? group->changes : TL_STR("null"));
    tl_json_end_object(&w);
    struct tl_batch *batch = tl_batch_new(engine->journal);
    tl_audit(engine, batch, group->act == TL_DESK_RETRY ? "retry group" : "discard group", group->cause, who, why,
             tl_buf_str(&detail));
    tl_batch_insist(batch);
    tl_code code = tl_journal_submit_wait(engine->journal, batch, TL_DURABLE, err);
    tl_batch_free(batch);
    tl_buf_free(&detail);
    return code;
}
