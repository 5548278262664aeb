/* What is overdue, by the index of exceptions and the rows of decisions. */
#include "base/alloc.h"
#include "base/log.h"
#include "escalate_int.h"
#include "flow/runs.h"
#include "journal/state.h"
#include <stdio.h>

#define AT_ONCE 20000 /* subjects a look; the rest at the next one */
#define DECISIONS_MAX 10000
#define PAGE 1000

struct finding {
    struct tl_escalator *escalator;
    int64_t now_ms;
    struct tl_overdue *list; /* own */
    size_t count, cap;
};

unsigned tl_told_level(const struct tl_escalator *escalator, const char *key, const char *steward, int64_t due_ms)
{
    const struct tl_told *told = tl_map_get(&escalator->told, tl_str_z(key));
    bool same = told != NULL && told->due_ms == due_ms && tl_str_is(tl_str_z(told->steward), steward);
    return same ? told->level : 0;
}

static bool is_quiet(const struct finding *finding, const char *to)
{
    const struct tl_quiet *quiet = tl_map_get(&finding->escalator->quiet, tl_str_z(to));
    return quiet != NULL && finding->now_ms < quiet->until_ms;
}

/* Fills level and receiver, and keeps the subject when its step is due. */
static void consider(struct finding *finding, struct tl_overdue *subject)
{
    struct tl_step_up step;
    struct tl_escalator *escalator = finding->escalator;
    unsigned told = tl_told_level(escalator, subject->key, subject->steward, subject->due_ms);
    if (!tl_step_up(&escalator->engine->plan, subject->steward, subject->due_ms, told, &step) ||
        step.from_ms > finding->now_ms || is_quiet(finding, step.to) || finding->count == AT_ONCE)
        return;
    subject->level = step.level;
    subject->to = step.to;
    if (finding->count == finding->cap) {
        finding->cap = finding->cap == 0 ? 64 : finding->cap * 2;
        finding->list = tl_realloc(finding->list, finding->cap * sizeof *finding->list);
    }
    finding->list[finding->count++] = *subject;
}

static void find_exceptions(struct finding *finding)
{
    size_t count;
    struct tl_exception_brief *all = tl_exception_index_copy(&finding->escalator->engine->exceptions, &count);
    for (size_t i = 0; i < count; i++) {
        if (all[i].due_ms <= 0 || all[i].due_ms > finding->now_ms)
            continue;
        char id[TL_POSITION_TEXT];
        struct tl_overdue subject = {.brief = all[i], .steward = all[i].steward, .due_ms = all[i].due_ms};
        tl_position_print(all[i].number, id);
        snprintf(subject.key, sizeof subject.key, "exception/%s", id);
        consider(finding, &subject);
    }
    tl_free(all);
}

/* False: it is not due, and nor is what comes after it. */
static bool find_decision(struct finding *finding, const struct tl_state_row *row)
{
    uint64_t due = 0;
    if (!tl_str_u64(row->attr[3], &due) || (int64_t)due > finding->now_ms)
        return false;
    struct tl_overdue subject = {.decision = true, .row = row->value, .due_ms = (int64_t)due};
    int len = snprintf(subject.key, sizeof subject.key, "decision/%.*s", TL_STR_ARGS(row->key));
    subject.steward = tl_exception_index_name(&finding->escalator->engine->exceptions, row->attr[1]);
    if (len > 0 && (size_t)len < sizeof subject.key)
        consider(finding, &subject);
    return true;
}

static void find_decisions(struct finding *finding, struct tl_arena *arena)
{
    struct tl_state_query query = {.table = TL_STR(TL_TABLE_DECISION), .order = TL_BY_A4, .limit = PAGE};
    struct tl_state_page page;
    bool more = true;
    for (size_t seen = 0; more && seen < DECISIONS_MAX; seen += page.count) {
        struct tl_error err;
        if (tl_state_scan(finding->escalator->engine->journal, &query, arena, &page, &err) != TL_OK) {
            tl_log(TL_ERROR, "escalation.read", err.text);
            return;
        }
        for (size_t i = 0; more && i < page.count; i++)
            more = find_decision(finding, &page.rows[i]);
        more = more && page.next.len > 0;
        query.after = page.next;
    }
}

struct tl_overdue *tl_overdue_find(struct tl_escalator *escalator, int64_t now_ms, struct tl_arena *arena,
                                   size_t *count)
{
    struct finding finding = {.escalator = escalator, .now_ms = now_ms};
    find_exceptions(&finding);
    find_decisions(&finding, arena);
    *count = finding.count;
    return finding.list;
}

/* ---- what has ended ---- */

static bool has_ended(struct tl_escalator *escalator, tl_str key, struct tl_arena *arena)
{
    struct tl_exception_brief brief;
    struct tl_state_row row;
    tl_str kind, id = key;
    (void)tl_str_cut(&id, '/', &kind);
    if (tl_str_is(kind, "exception"))
        return !tl_exception_index_brief(&escalator->engine->exceptions, id, &brief);
    return tl_state_get(escalator->engine->journal, TL_STR(TL_TABLE_DECISION), id, arena, &row, NULL) == TL_ENOTFOUND;
}

void tl_told_clean(struct tl_escalator *escalator)
{
    struct tl_arena arena;
    struct tl_batch *batch = tl_batch_new(escalator->engine->journal);
    tl_arena_init(&arena);
    size_t at = 0, gone = 0;
    tl_str key;
    tl_str *keys = tl_zalloc(escalator->told.count + 1, sizeof *keys);
    while (gone < AT_ONCE && tl_map_next(&escalator->told, &at, &key, NULL)) {
        if (!has_ended(escalator, key, &arena))
            continue;
        keys[gone++] = tl_arena_str(&arena, key);
        tl_must(tl_batch_del(batch, TL_STR(TL_TABLE_ESCALATION), key, NULL) == TL_OK);
    }
    struct tl_error err;
    bool done = gone > 0 && tl_journal_submit_wait(escalator->engine->journal, batch, TL_DURABLE, &err) == TL_OK;
    if (gone > 0 && !done)
        tl_log(TL_WARN, "escalation.clean", err.text);
    for (size_t i = 0; done && i < gone; i++)
        tl_free(tl_map_remove(&escalator->told, keys[i]));
    tl_batch_free(batch);
    tl_free(keys);
    tl_arena_free(&arena);
}
