/* Open exceptions by cause: counted from the index, described by one row each. Thread: any. */
#include "base/alloc.h"
#include "cause.h"
#include "codec/json.h"
#include "codec/json_writer.h"
#include "exception_group.h"
#include "journal/state.h"
#include <stdlib.h>

static bool belongs(const struct tl_engine *engine, const struct tl_group_query *query,
                    const struct tl_exception_brief *one)
{
    return (query->flow.len == 0 || tl_str_is(query->flow, engine->plan.flows[one->flow]->name)) &&
           (query->steward.len == 0 || tl_str_is(query->steward, one->steward));
}

static int compare(uint64_t a, uint64_t b)
{
    return (a > b) - (a < b);
}

/* By cause, then by age. */
static int by_cause(const void *a, const void *b)
{
    const struct tl_exception_brief *x = a, *y = b;
    if (x->cause != y->cause)
        return compare(x->cause, y->cause);
    if (x->since_ms != y->since_ms)
        return x->since_ms < y->since_ms ? -1 : 1;
    return compare(x->number, y->number);
}

static int largest_first(const void *a, const void *b)
{
    const struct tl_exception_group *x = a, *y = b;
    if (x->count != y->count)
        return compare(y->count, x->count);
    return compare(x->cause, y->cause);
}

static void add(struct tl_exception_group *group, const struct tl_exception_brief *one)
{
    if (group->count == 0)
        *group = (struct tl_exception_group){.cause = one->cause,
                                             .example = one->number,
                                             .flow = one->flow,
                                             .steward = one->steward,
                                             .first_ms = one->since_ms};
    group->count++;
    group->last_ms = one->since_ms;
    group->held += one->held;
    group->retrying += one->retrying;
    if (one->due_ms > 0 && (group->due_ms == 0 || one->due_ms < group->due_ms))
        group->due_ms = one->due_ms;
    if (group->steward != NULL && !tl_str_is(tl_str_z(group->steward), one->steward))
        group->steward = NULL;
}

struct tl_exception_group *tl_exception_groups_of(struct tl_exception_brief *list, size_t count, size_t *groups)
{
    struct tl_exception_group *all = NULL;
    size_t n = 0, cap = 0;
    qsort(list, count, sizeof *list, by_cause);
    for (size_t i = 0; i < count; i++) {
        if (i == 0 || list[i].cause != list[i - 1].cause) {
            if (n == cap) {
                cap = cap == 0 ? 64 : cap * 2;
                all = tl_realloc(all, cap * sizeof *all);
            }
            all[n++] = (struct tl_exception_group){0};
        }
        add(&all[n - 1], &list[i]);
    }
    if (n > 0)
        qsort(all, n, sizeof *all, largest_first);
    *groups = n;
    return all;
}

/* ---- as JSON ---- */

static void put_time(struct tl_json_writer *w, const char *name, int64_t ms)
{
    char text[40];
    tl_json_key(w, name);
    if (ms > 0)
        tl_json_string(w, tl_time_text(ms, text));
    else
        tl_json_null(w);
}

static void put_shape(struct tl_json_writer *w, tl_str message)
{
    struct tl_buf shape;
    tl_buf_init(&shape, 8192);
    tl_cause_shape(message, &shape);
    tl_json_key(w, "message");
    tl_json_lossy(w, tl_buf_str(&shape));
    tl_buf_free(&shape);
}

void tl_exception_cause_put(struct tl_engine *engine, struct tl_json_writer *w, tl_str id)
{
    static const char *const members[] = {"class", "code", "place", "system", "operation"};
    struct tl_arena arena;
    struct tl_state_row row;
    struct tl_json_doc *doc = NULL;
    tl_arena_init(&arena);
    if (tl_state_get(engine->journal, TL_STR(TL_TABLE_EXCEPTION), id, &arena, &row, NULL) == TL_OK &&
        tl_json_parse_borrowed(row.value, NULL, &doc, NULL) != TL_OK)
        doc = NULL;
    const struct tl_json_value *root = doc != NULL ? tl_json_root(doc) : NULL; /* it may have ended just now */
    for (size_t i = 0; i < TL_COUNT_OF(members); i++)
        tl_json_put_string(w, members[i], tl_json_get_text(root, members[i]));
    put_shape(w, tl_json_get_text(root, "message"));
    tl_json_free(doc);
    tl_arena_free(&arena);
}

void tl_exception_group_put(struct tl_engine *engine, struct tl_json_writer *w, const struct tl_exception_group *group)
{
    char id[TL_POSITION_TEXT], cause[TL_CAUSE_TEXT];
    tl_position_print(group->example, id);
    tl_cause_print(group->cause, cause);
    tl_json_begin_object(w);
    tl_json_put_z(w, "cause", cause);
    tl_json_put_uint(w, "count", group->count);
    tl_json_put_z(w, "flow", engine->plan.flows[group->flow]->name);
    tl_exception_cause_put(engine, w, tl_str_z(id));
    tl_json_put_z(w, "steward", group->steward);
    put_time(w, "first", group->first_ms);
    put_time(w, "last", group->last_ms);
    put_time(w, "due", group->due_ms);
    tl_json_put_uint(w, "held", group->held);
    tl_json_put_uint(w, "retrying", group->retrying);
    tl_json_put_z(w, "example", id);
    tl_json_end_object(w);
}

tl_code tl_exceptions_groups(struct tl_engine *engine, const struct tl_group_query *query, struct tl_buf *out,
                             struct tl_error *err)
{
    size_t all, count = 0, groups, limit = query->limit > 0 ? query->limit : 100;
    struct tl_exception_brief *list = tl_exception_index_copy(&engine->exceptions, &all);
    for (size_t i = 0; i < all; i++) {
        if (belongs(engine, query, &list[i]))
            list[count++] = list[i];
    }
    struct tl_exception_group *found = tl_exception_groups_of(list, count, &groups);
    tl_journal_wait_applied(engine->journal, tl_journal_last(engine->journal)); /* the newest rows are behind it */
    struct tl_json_writer w;
    tl_json_writer_init(&w, out);
    tl_json_begin_object(&w);
    tl_json_key(&w, "groups");
    tl_json_begin_array(&w);
    for (size_t i = 0; i < groups && i < limit; i++)
        tl_exception_group_put(engine, &w, &found[i]);
    tl_json_end_array(&w);
    tl_json_put_uint(&w, "exceptions", count);
    tl_json_put_uint(&w, "groups_left", groups > limit ? groups - limit : 0);
    tl_json_end_object(&w);
    tl_free(found);
    tl_free(list);
    return tl_json_writer_done(&w, err);
}
