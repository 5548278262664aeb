#include "history.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "codec/json.h"
#include "declared.h"
#include "journal/state.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROW_MAX = 1 << 20, LOOK_BACK = 10000 };

/* ---- writing ---- */

static tl_code next_number(struct tl_journal *journal, uint64_t *out, struct tl_error *err)
{
    struct tl_arena arena;
    struct tl_state_page page = {0};
    struct tl_state_query query = {.table = TL_STR(TL_TABLE_DEPLOY), .newest_first = true, .limit = 1};
    tl_arena_init(&arena);
    tl_code code = tl_state_scan(journal, &query, &arena, &page, err);
    *out = 1;
    if (code == TL_OK && page.count != 0)
        *out = strtoull(tl_arena_copy(&arena, page.rows[0].key), NULL, 16) + 1;
    tl_arena_free(&arena);
    return code;
}

static const char *outcome_of(const struct tl_attempt *attempt)
{
    if (attempt->stage != NULL)
        return "refused";
    return strcmp(attempt->act, "retire") == 0 ? "retired" : "live";
}

static tl_code write_row(const struct tl_attempt *attempt, uint64_t number, struct tl_buf *out, struct tl_error *err)
{
    struct tl_json_writer w;
    tl_json_writer_init(&w, out);
    tl_json_begin_object(&w);
    tl_json_put_uint(&w, "number", number);
    tl_json_put_z(&w, "act", attempt->act);
    tl_json_put_z(&w, "outcome", outcome_of(attempt));
    tl_json_put_z(&w, "revision", attempt->revision);
    tl_json_put_lossy(&w, "integration", tl_str_z(attempt->integration));
    tl_json_put_z(&w, "before", attempt->before);
    tl_json_put_lossy(&w, "who", tl_str_z(attempt->who));
    tl_json_put_lossy(&w, "reason", tl_str_z(attempt->reason != NULL ? attempt->reason : ""));
    tl_json_put_z(&w, "stage", attempt->stage);
    tl_json_key(&w, "why");
    if (attempt->why != NULL)
        tl_json_lossy(&w, tl_str_z(attempt->why));
    else
        tl_json_null(&w);
    tl_json_put_int(&w, "ms", attempt->ms);
    tl_json_end_object(&w);
    return tl_json_writer_done(&w, err);
}

static tl_code put_both(const struct tl_attempt *attempt, uint64_t number, tl_str row, struct tl_batch *batch,
                        struct tl_error *err)
{
    char key[20];
    snprintf(key, sizeof key, "%016" PRIx64, number);
    char *audit_key = tl_printf("%016" PRIx64 "-deploy-%s", (uint64_t)tl_wall_ms(), key);
    struct tl_state_put put = {.table = TL_STR(TL_TABLE_DEPLOY),
                               .key = tl_str_z(key),
                               .value = row,
                               .attr = {attempt->stage == NULL ? TL_STR("live") : TL_STR("refused"),
                                        tl_str_z(attempt->revision), tl_str_z(attempt->integration)}};
    struct tl_state_put audit = {
        .table = TL_STR("audit"), .key = tl_str_z(audit_key), .value = row, .attr = {tl_str_z(attempt->who)}};
    tl_code code = tl_batch_put(batch, &put, err);
    if (code == TL_OK)
        code = tl_batch_put(batch, &audit, err);
    tl_free(audit_key);
    return code;
}

tl_code tl_history_put(struct tl_journal *journal, const struct tl_attempt *attempt, struct tl_batch *batch,
                       struct tl_error *err)
{
    struct tl_buf row;
    uint64_t number;
    tl_buf_init(&row, ROW_MAX);
    tl_journal_wait_applied(journal, tl_journal_last(journal)); /* the number before must be seen */
    tl_code code = next_number(journal, &number, err);
    if (code == TL_OK)
        code = write_row(attempt, number, &row, err);
    if (code == TL_OK)
        code = put_both(attempt, number, tl_buf_str(&row), batch, err);
    if (code == TL_OK && attempt->stage == NULL && attempt->bundle != NULL)
        code = tl_declared_put(batch, attempt->bundle, err);
    tl_buf_free(&row);
    return code;
}

tl_code tl_history_add(struct tl_journal *journal, const struct tl_attempt *attempt, struct tl_error *err)
{
    struct tl_batch *batch = tl_batch_new(journal);
    tl_code code = tl_history_put(journal, attempt, batch, err);
    tl_batch_insist(batch);
    if (code == TL_OK)
        code = tl_journal_submit_wait(journal, batch, TL_APPLIED, err);
    tl_batch_free(batch);
    return code;
}

/* ---- reading ---- */

typedef bool see_row(void *ctx, const struct tl_json_value *row, int64_t time_ms);

static tl_code see_page(const struct tl_state_page *page, see_row *each, void *ctx, bool *more, struct tl_error *err)
{
    tl_code code = TL_OK;
    for (size_t i = 0; code == TL_OK && *more && i < page->count; i++) {
        struct tl_json_doc *doc = NULL;
        code = tl_json_parse_borrowed(page->rows[i].value, NULL, &doc, err);
        *more = code == TL_OK && each(ctx, tl_json_root(doc), page->rows[i].time_ms);
        tl_json_free(doc);
    }
    return code;
}

/* Until `each` gives false; at most a page unless `all`. */
static tl_code scan(struct tl_journal *journal, struct tl_state_query *query, bool all, see_row *each, void *ctx,
                    struct tl_error *err)
{
    bool more = true;
    tl_code code = TL_OK;
    query->table = TL_STR(TL_TABLE_DEPLOY);
    while (code == TL_OK && more) {
        struct tl_arena arena;
        struct tl_state_page page = {0};
        tl_arena_init(&arena);
        code = tl_state_scan(journal, query, &arena, &page, err);
        if (code == TL_OK)
            code = see_page(&page, each, ctx, &more, err);
        tl_free((void *)(uintptr_t)query->after.ptr);
        more = more && all && page.next.len != 0;
        query->after = more ? tl_str_z(tl_str_dup(page.next)) : TL_STR_NONE;
        tl_arena_free(&arena);
    }
    tl_free((void *)(uintptr_t)query->after.ptr);
    return code;
}

static bool take_text(char out[65], const struct tl_json_value *row, const char *member)
{
    tl_str text = tl_json_get_text(row, member);
    snprintf(out, 65, "%.*s", TL_STR_ARGS(text));
    return text.len != 0;
}

static bool was_retired(const struct tl_json_value *row)
{
    return tl_json_is(tl_json_get(row, "outcome"), "retired");
}

static bool take_live(void *ctx, const struct tl_json_value *row, int64_t time_ms)
{
    (void)time_ms;
    if (!was_retired(row))
        take_text(ctx, row, "revision");
    return false;
}

tl_code tl_history_live(struct tl_journal *journal, const char *integration, char revision[65], struct tl_error *err)
{
    struct tl_state_query query = {
        .where = {TL_STR("live"), TL_STR_NONE, tl_str_z(integration)}, .newest_first = true, .limit = 1};
    revision[0] = '\0';
    tl_code code = scan(journal, &query, false, take_live, revision, err);
    if (code == TL_OK && revision[0] == '\0')
        code = tl_fail(err, TL_ENOTFOUND, "no revision of \"%s\" is live here", integration);
    return code;
}

struct lived {
    struct tl_arena *arena;
    struct tl_history_lived *list; /* own */
    size_t count;
};

/* From the oldest row on: what the newer ones say stays. */
static bool look_on(void *ctx, const struct tl_json_value *row, int64_t time_ms)
{
    struct lived *lived = ctx;
    tl_str name = tl_json_get_text(row, "integration");
    size_t i = 0;
    (void)time_ms;
    while (i < lived->count && !tl_str_is(name, lived->list[i].integration))
        i++;
    if (i == lived->count) {
        lived->list = tl_realloc(lived->list, (i + 1) * sizeof *lived->list);
        lived->list[lived->count++].integration = tl_arena_copy(lived->arena, name);
    }
    lived->list[i].revision = was_retired(row) ? "" : tl_arena_copy(lived->arena, tl_json_get_text(row, "revision"));
    return true;
}

tl_code tl_history_all_live(struct tl_journal *journal, struct tl_arena *arena, struct tl_history_lived **out,
                            size_t *count, struct tl_error *err)
{
    struct lived lived = {.arena = arena};
    struct tl_state_query query = {.where = {TL_STR("live")}, .limit = LOOK_BACK};
    tl_code code = scan(journal, &query, true, look_on, &lived, err);
    *count = 0;
    *out = tl_arena_alloc(arena, (lived.count + 1) * sizeof **out);
    for (size_t i = 0; code == TL_OK && i < lived.count; i++) {
        if (lived.list[i].revision[0] != '\0')
            (*out)[(*count)++] = lived.list[i];
    }
    tl_free(lived.list);
    return code;
}

struct going_back {
    char live[65];
    char *earlier;
};

static bool look_back(void *ctx, const struct tl_json_value *row, int64_t time_ms)
{
    (void)time_ms;
    struct going_back *back = ctx;
    tl_str revision = tl_json_get_text(row, "revision");
    if (back->live[0] == '\0')
        take_text(back->live, row, "revision");
    if (!tl_str_is(revision, back->live) || was_retired(row) || tl_json_is(tl_json_get(row, "act"), "rollback"))
        return true;
    return !take_text(back->earlier, row, "before");
}

tl_code tl_history_earlier(struct tl_journal *journal, const char *integration, char revision[65], struct tl_error *err)
{
    struct going_back back = {.earlier = revision};
    struct tl_state_query query = {
        .where = {TL_STR("live"), TL_STR_NONE, tl_str_z(integration)}, .newest_first = true, .limit = LOOK_BACK};
    revision[0] = '\0';
    tl_code code = scan(journal, &query, false, look_back, &back, err);
    if (code == TL_OK && revision[0] == '\0')
        code = tl_fail(err, TL_ENOTFOUND,
                       "there is no earlier revision: the live one is the first. 'tidelock revisions' lists them");
    return code;
}

struct giving {
    void (*each)(void *ctx, const struct tl_json_value *row, int64_t time_ms);
    void *ctx;
};

static bool give(void *ctx, const struct tl_json_value *row, int64_t time_ms)
{
    struct giving *giving = ctx;
    giving->each(giving->ctx, row, time_ms);
    return true;
}

tl_code tl_history_each(struct tl_journal *journal, const char *integration, size_t limit,
                        void (*each)(void *ctx, const struct tl_json_value *row, int64_t time_ms), void *ctx,
                        struct tl_error *err)
{
    struct giving giving = {each, ctx};
    struct tl_state_query query = {.newest_first = true, .limit = limit};
    if (integration != NULL)
        query.where[2] = tl_str_z(integration);
    return scan(journal, &query, false, give, &giving, err);
}
