/* The look, every ten seconds: what is overdue becomes steps, durable together with their messages; then messages are
 * sent. */
#include "flow/escalate.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "codec/json.h"
#include "codec/json_writer.h"
#include "escalate_int.h"
#include "journal/state.h"
#include <stdio.h>
#include <stdlib.h>

#define EVERY_MS 10000
#define QUIET_MS (5 * 60 * 1000)
#define CLEAN_TICKS 60

/* ---- a step is taken ---- */

static void put_step(struct tl_escalator *escalator, const struct tl_overdue *subject, int64_t now_ms,
                     struct tl_batch *batch)
{
    char at[40], due[40];
    struct tl_buf value, detail;
    struct tl_json_writer w;
    tl_buf_init(&value, 8192);
    tl_buf_init(&detail, 8192);
    tl_json_writer_init(&w, &value);
    tl_json_begin_object(&w);
    tl_json_put_uint(&w, "level", subject->level);
    tl_json_put_z(&w, "to", subject->to);
    tl_json_put_string(&w, "at", tl_time_text(now_ms, at));
    tl_json_put_z(&w, "steward", subject->steward);
    tl_json_put_int(&w, "due", subject->due_ms);
    tl_json_end_object(&w);
    struct tl_state_put put = {
        .table = TL_STR(TL_TABLE_ESCALATION), .key = tl_str_z(subject->key), .value = tl_buf_str(&value)};
    tl_must(tl_json_writer_done(&w, NULL) == TL_OK && tl_batch_put(batch, &put, NULL) == TL_OK);
    tl_buf_addf(&detail, "due %.*s, level %u, from %s to %s", TL_STR_ARGS(tl_time_text(subject->due_ms, due)),
                subject->level, subject->steward, subject->to);
    tl_str id = tl_str_from(tl_str_z(subject->key), (size_t)tl_str_find(tl_str_z(subject->key), '/') + 1);
    tl_audit(escalator->engine, batch, "escalate", id, TL_STR("tidelock"), TL_STR("it is overdue"),
             tl_buf_str(&detail));
    tl_buf_free(&value);
    tl_buf_free(&detail);
}

static void remember(struct tl_escalator *escalator, tl_str key, unsigned level, int64_t due_ms, tl_str steward)
{
    struct tl_told *told = TL_NEW(struct tl_told);
    *told = (struct tl_told){level, due_ms, tl_exception_index_name(&escalator->engine->exceptions, steward)};
    tl_free(tl_map_put(&escalator->told, key, told));
}

/* All that one steward is told, durable at once. */
static void tell(struct tl_escalator *escalator, const struct tl_overdue *list, size_t count, int64_t now_ms)
{
    struct tl_batch *batch = tl_batch_new(escalator->engine->journal);
    struct tl_list messages;
    struct tl_link *link;
    struct tl_error err;
    tl_list_init(&messages);
    tl_postings_add(escalator, list, count, now_ms, batch, &messages);
    for (size_t i = 0; i < count; i++)
        put_step(escalator, &list[i], now_ms, batch);
    tl_batch_insist(batch);
    tl_code code = tl_journal_submit_wait(escalator->engine->journal, batch, TL_DURABLE, &err);
    tl_batch_free(batch);
    if (code != TL_OK)
        tl_log(TL_ERROR, "escalation", err.text);
    while ((link = tl_list_pop(&messages)) != NULL) {
        if (code == TL_OK)
            tl_list_push(&escalator->postings, link);
        else
            tl_posting_free(TL_LIST_ITEM(link, struct tl_posting, link));
    }
    if (code != TL_OK)
        return;
    for (size_t i = 0; i < count; i++)
        remember(escalator, tl_str_z(list[i].key), list[i].level, list[i].due_ms, tl_str_z(list[i].steward));
    struct tl_quiet *quiet = TL_NEW(struct tl_quiet);
    quiet->until_ms = now_ms + QUIET_MS;
    tl_free(tl_map_put(&escalator->quiet, tl_str_z(list[0].to), quiet));
    tl_log(TL_WARN, "escalated", "what is overdue was told to a steward", TL_FSTR("to", list[0].to),
           TL_FINT("subjects", count));
}

static int by_receiver(const void *a, const void *b)
{
    const struct tl_overdue *x = a, *y = b;
    int order = tl_str_cmp(tl_str_z(x->to), tl_str_z(y->to));
    return order != 0 ? order : (x->due_ms > y->due_ms) - (x->due_ms < y->due_ms);
}

static void look(struct tl_escalator *escalator, int64_t now_ms)
{
    struct tl_arena arena;
    size_t count, end;
    tl_arena_init(&arena);
    struct tl_overdue *list = tl_overdue_find(escalator, now_ms, &arena, &count);
    if (count > 0) {
        qsort(list, count, sizeof *list, by_receiver);
        tl_journal_wait_applied(escalator->engine->journal, tl_journal_last(escalator->engine->journal));
    }
    for (size_t at = 0; at < count; at = end) {
        for (end = at + 1; end < count && tl_str_is(tl_str_z(list[end].to), list[at].to);)
            end++;
        tell(escalator, &list[at], end - at, now_ms);
    }
    tl_free(list);
    tl_arena_free(&arena);
}

static void on_tick(struct tl_timer *timer)
{
    struct tl_escalator *escalator = TL_CONTAINER_OF(timer, struct tl_escalator, tick);
    int64_t now_ms = tl_wall_ms();
    if (tl_engine_running(escalator->engine)) {
        look(escalator, now_ms);
        if (++escalator->ticks % CLEAN_TICKS == 0)
            tl_told_clean(escalator);
        tl_postings_send(escalator, now_ms);
    }
    tl_timer_start(escalator->loop, &escalator->tick, EVERY_MS);
}

/* ---- life ---- */

static void read_step(struct tl_escalator *escalator, const struct tl_state_row *row)
{
    struct tl_json_doc *doc;
    if (tl_json_parse_borrowed(row->value, NULL, &doc, NULL) != TL_OK)
        return;
    const struct tl_json_value *root = tl_json_root(doc);
    remember(escalator, row->key, (unsigned)tl_json_get_i64(root, "level", 0), tl_json_get_i64(root, "due", 0),
             tl_json_get_text(root, "steward"));
    tl_json_free(doc);
}

static tl_code read_steps(struct tl_escalator *escalator, struct tl_error *err)
{
    struct tl_state_query query = {.table = TL_STR(TL_TABLE_ESCALATION), .limit = 10000};
    struct tl_state_page page;
    struct tl_arena arena;
    tl_code code;
    tl_arena_init(&arena);
    do {
        code = tl_state_scan(escalator->engine->journal, &query, &arena, &page, err);
        for (size_t i = 0; code == TL_OK && i < page.count; i++)
            read_step(escalator, &page.rows[i]);
        query.after = page.next;
    } while (code == TL_OK && page.next.len > 0);
    tl_arena_free(&arena);
    return code;
}

tl_code tl_escalator_new(struct tl_engine *engine, struct tl_loop *loop, const struct tl_escalation_port *port,
                         const char *integration, struct tl_escalator **out, struct tl_error *err)
{
    struct tl_escalator *escalator = TL_NEW(struct tl_escalator);
    escalator->engine = engine;
    escalator->loop = loop;
    escalator->port = *port;
    escalator->integration = tl_copy_z(integration);
    tl_timer_init(&escalator->tick, on_tick);
    tl_map_init(&escalator->told);
    tl_map_init(&escalator->quiet);
    tl_list_init(&escalator->postings);
    tl_journal_wait_applied(engine->journal, tl_journal_last(engine->journal));
    tl_code code = read_steps(escalator, err);
    if (code == TL_OK)
        code = tl_postings_read(escalator, err);
    if (code != TL_OK) {
        tl_escalator_free(escalator);
        return code;
    }
    tl_timer_start(loop, &escalator->tick, EVERY_MS);
    *out = escalator;
    return TL_OK;
}

static void map_free(struct tl_map *map)
{
    size_t at = 0;
    void *value;
    while (tl_map_next(map, &at, NULL, &value))
        tl_free(value);
    tl_map_free(map);
}

void tl_escalator_free(struct tl_escalator *escalator)
{
    struct tl_link *link;
    if (escalator == NULL)
        return;
    tl_timer_stop(&escalator->tick);
    while ((link = tl_list_pop(&escalator->postings)) != NULL) {
        struct tl_posting *posting = TL_LIST_ITEM(link, struct tl_posting, link);
        if (posting->under_way)
            posting->escalator = NULL; /* freed when its answer comes */
        else
            tl_posting_free(posting);
    }
    map_free(&escalator->told);
    map_free(&escalator->quiet);
    tl_free(escalator->integration);
    tl_free(escalator);
}
