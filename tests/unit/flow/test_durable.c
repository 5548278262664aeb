/* Durable runs: what is recorded, what a crash repeats, what waits. */
#include "lua_world.h"
#include "base/disk.h"
#include "engine_int.h"

#define FLOW(text) "flow \"f\" { on = \"won@1\", steward = \"desk\", run = function(ctx, e) " text " end }\n"

static void one_effect_leaves_nothing_but_its_outcome(void **state)
{
    (void)state;
    struct world w;
    lua_world(&w, FLOW("ctx.erp:put('order@1', e.data)"));
    struct tl_journal_stats before, after;
    world_settle(&w);
    tl_journal_stats(w.journal, &before);
    tl_position event = lua_event(&w, "won@1", "A", "");
    tl_journal_stats(w.journal, &after);
    assert_string_equal(lua_seen(&w), "erp:put");
    assert_string_equal(world_endings(&w, event, "f"), "done");
    assert_int_equal(world_rows(&w, "run") + world_rows(&w, "step"), 0);
    assert_int_equal(after.commits - before.commits, 2); /* the event; its outcome */
    lua_free(&w);
}

static void records_a_result_before_the_next_call(void **state)
{
    (void)state;
    struct world w;
    lua_world(&w, FLOW("local r = ctx.erp:read{} ctx.erp:put('order@1', e.data) ctx.crm:note{ id = r.id }"));
    tl_position event = lua_event(&w, "won@1", "A", "");
    assert_string_equal(lua_seen(&w), "erp:read{} erp:put crm:note{\"id\":\"remote-1\"}");
    assert_string_equal(world_endings(&w, event, "f"), "done");
    assert_int_equal(world_rows(&w, "run") + world_rows(&w, "step"), 0);
    lua_free(&w);
}

static void goes_on_after_a_crash_where_it_was(void **state)
{
    (void)state;
    struct world w;
    lua_world(&w,
              FLOW("ctx.erp:put('order@1', e.data) ctx:sleep('1h') ctx.crm:note{ now = ctx:now(), u = ctx:uuid() }"));
    tl_position event = lua_event(&w, "won@1", "A", "");
    assert_string_equal(lua_runs(&w), "f/waiting");
    assert_string_equal(world_endings(&w, event, "f"), "waiting");
    assert_int_equal(tl_engine_unfinished(w.engine), 0); /* nothing of it is in memory */
    lua_crash(&w);
    assert_string_equal(lua_seen(&w), "erp:put"); /* and not again */
    world_advance(&w, 3599000);
    assert_string_equal(lua_seen(&w), "erp:put");
    world_advance(&w, 2000);
    assert_int_equal(w.log_count, 2);
    assert_string_equal(world_endings(&w, event, "f"), "waiting done");
    assert_string_equal(lua_runs(&w), "");
    assert_int_equal(world_rows(&w, "step") + world_rows(&w, "timer"), 0);
    lua_free(&w);
}

static void takes_what_came_before_it_waited(void **state)
{
    (void)state;
    struct world w;
    lua_world(&w, FLOW("ctx:sleep('10s') local s = ctx:await{ 'sent@1', within = '1d' } ctx.crm:note{ n = s.data.n }"));
    lua_event(&w, "sent@1", "A", "\"n\":0"); /* before the run's own event: not for it */
    lua_event(&w, "won@1", "A", "");
    lua_event(&w, "sent@1", "A", "\"n\":1");
    lua_event(&w, "sent@1", "B", "\"n\":2");
    world_advance(&w, 11000);
    assert_string_equal(lua_seen(&w), "crm:note{\"n\":1}");
    lua_free(&w);
}

static void waits_for_what_comes(void **state)
{
    (void)state;
    struct world w;
    lua_world(&w, FLOW("local s = ctx:await{ 'sent@1', 'paid@1', within = '1d' } ctx.crm:note{ t = s and s.type }"));
    tl_position a = lua_event(&w, "won@1", "A", "");
    lua_event(&w, "won@1", "B", "");
    assert_string_equal(lua_runs(&w), "f/waiting f/waiting");
    struct tl_buf text;
    tl_buf_init(&text, 1 << 20);
    tl_journal_wait_applied(w.journal, tl_journal_last(w.journal));
    assert_int_equal(tl_engine_trace(w.engine, TL_STR("A"), &text, NULL), TL_OK);
    assert_non_null(strstr(text.ptr, "\"kind\":\"run\""));
    assert_non_null(strstr(text.ptr, "\"for\":[\"sent@1\",\"paid@1\"]"));
    tl_buf_free(&text);
    tl_position paid = lua_event(&w, "paid@1", "A", "");
    assert_string_equal(lua_seen(&w), "crm:note{\"t\":\"paid@1\"}");
    assert_string_equal(world_endings(&w, a, "f"), "waiting done");
    assert_string_equal(world_endings(&w, paid, "run:await"), "done");
    lua_crash(&w);
    lua_event(&w, "sent@1", "B", "");
    assert_string_equal(lua_seen(&w), "crm:note{\"t\":\"paid@1\"} crm:note{\"t\":\"sent@1\"}");
    assert_int_equal(world_rows(&w, "timer"), 0);
    lua_free(&w);
}

static void leaves_with_the_record_of_its_wait(void **state)
{
    (void)state;
    struct world w;
    lua_world(&w, FLOW("ctx:await{ 'sent@1' }"));
    struct tl_journal_stats before, after;
    world_settle(&w);
    tl_journal_stats(w.journal, &before);
    lua_event(&w, "won@1", "A", "");
    tl_journal_stats(w.journal, &after);
    assert_string_equal(lua_runs(&w), "f/waiting");
    assert_int_equal(after.commits - before.commits, 2); /* the event; the wait */
    lua_free(&w);
}

static void stops_waiting_in_time(void **state)
{
    (void)state;
    struct world w;
    lua_world(&w, FLOW("local s = ctx:await{ 'sent@1', within = '1d' } ctx.crm:note{ none = s == nil }"));
    lua_event(&w, "won@1", "A", "");
    lua_crash(&w);
    world_advance(&w, 86401000);
    assert_string_equal(lua_seen(&w), "crm:note{\"none\":true}");
    lua_event(&w, "sent@1", "A", "");
    assert_int_equal(w.log_count, 1);
    lua_free(&w);
}

static void asks_the_filter_of_a_wait(void **state)
{
    (void)state;
    struct world w;
    lua_world(
        &w, FLOW("for i = 1, 2 do local s = ctx:await{ 'sent@1', within = '1d', when = function(x) return x.data.n > 1 "
                 "end } ctx.crm:note{ n = s and s.data.n } end"));
    lua_event(&w, "won@1", "A", "");
    lua_event(&w, "sent@1", "A", "\"n\":1");
    assert_int_equal(w.log_count, 0);
    lua_crash(&w);
    lua_event(&w, "sent@1", "A", "\"n\":2");
    assert_string_equal(lua_seen(&w), "crm:note{\"n\":2}");
    lua_event(&w, "sent@1", "A", "\"n\":0");
    world_advance(&w, 82000000); /* a refused event does not begin the time anew */
    lua_event(&w, "sent@1", "A", "\"n\":0");
    world_advance(&w, 5000000);
    assert_string_equal(lua_seen(&w), "crm:note{\"n\":2} crm:note{}");
    lua_free(&w);
}

static void releases_its_key_while_it_waits(void **state)
{
    (void)state;
    struct world w;
    lua_world(&w, FLOW("if e.data.n == 1 then ctx:sleep('1h') end ctx.crm:note{ n = e.data.n }"));
    lua_event(&w, "won@1", "A", "\"n\":1");
    lua_event(&w, "won@1", "A", "\"n\":2");
    assert_string_equal(lua_seen(&w), "crm:note{\"n\":2}");
    world_advance(&w, 3601000);
    assert_string_equal(lua_seen(&w), "crm:note{\"n\":2} crm:note{\"n\":1}");
    lua_free(&w);
}

static void works_in_parallel(void **state)
{
    (void)state;
    struct world w;
    lua_world(&w, FLOW("local r = ctx:all{ a = function() ctx.erp:put('order@1', e.data) ctx:sleep('1m') return 1 end, "
                       "b = function() ctx.crm:note{ b = 1 } return 2 end, c = {'erp', 'read', {}} } "
                       "ctx.crm:note{ a = r.a, b = r.b, c = r.c.id }"));
    lua_event(&w, "won@1", "A", "");
    assert_int_equal(w.log_count, 3);
    lua_crash(&w);
    world_advance(&w, 61000);
    assert_int_equal(w.log_count, 4);
    assert_string_equal(w.log[3].args, "{\"a\":1,\"b\":2,\"c\":\"remote-1\"}");
    lua_free(&w);
}

static void accepted(void *ctx, const struct tl_accepted *answer)
{
    (void)answer;
    ((struct world *)ctx)->replies++;
}

static bool answered(struct world *w)
{
    return w->replies > 0;
}

static void takes_each_of_two_that_came_together(void **state)
{
    (void)state;
    struct world w;
    lua_world(&w, FLOW("ctx:sleep('1m') ctx:all{ a = function() for i = 1, 2 do local s = ctx:await{ 'sent@1' } "
                       "ctx.crm:note{ sent = s.data.n } end end, b = function() for i = 1, 2 do local p = ctx:await{ "
                       "'paid@1' } ctx.crm:note{ paid = p.data.n } end end }"));
    lua_event(&w, "won@1", "A", "");
    for (int i = 1; i <= 2; i++) {
        const char *payload = i == 1 ? "{\"no\":\"A\",\"n\":1}" : "{\"no\":\"A\",\"n\":2}";
        struct tl_event_in in[] = {
            {.type = TL_STR("paid@1"), .source = TL_STR("crm"), .key = TL_STR("A"), .payload = tl_str_z(payload)},
            {.type = TL_STR("sent@1"), .source = TL_STR("crm"), .key = TL_STR("A"), .payload = tl_str_z(payload)}};
        w.replies = 0;
        tl_engine_accept(w.engine, in, 2, tl_lane_loop(tl_engine_lane(w.engine, 0)), accepted, &w);
        world_until(&w, answered);
    }
    world_advance(&w, 61000);
    assert_int_equal(w.log_count, 4);
    assert_string_equal(lua_runs(&w), "");
    lua_free(&w);
}

static void asks_a_person(void **state)
{
    (void)state;
    struct world w;
    lua_world(&w, FLOW("local d = ctx:decide{ 'release', 'reject', about = 'credit', show = { a = 1 }, due = '1d' } "
                       "ctx.crm:note{ a = d.answer, by = d.by, why = d.why }"));
    lua_event(&w, "won@1", "A", "");
    assert_int_equal(world_rows(&w, "decision"), 1);
    lua_crash(&w);
    assert_int_equal(lua_decide(&w, "maybe"), TL_EINPUT);
    assert_non_null(strstr(w.reply_text, "\"release\", \"reject\""));
    assert_int_equal(lua_decide(&w, "release"), TL_OK);
    assert_string_equal(lua_seen(&w), "crm:note{\"a\":\"release\",\"by\":\"ann\",\"why\":\"because\"}");
    assert_int_equal(world_rows(&w, "decision"), 0);
    lua_free(&w);
}

#define CHILD                                                                                                          \
    "flow \"kid\" { on = \"told@1\", steward = \"desk\", run = function(ctx, e) ctx:sleep('1m') if e.data.bad then "   \
    "ctx:fail('no luck') end return { double = e.data.n * 2 } end }\n"

static void starts_another_run_and_gets_its_result(void **state)
{
    (void)state;
    struct world w;
    lua_world(&w, FLOW("local r = ctx:start('kid', { n = 21 }) ctx.crm:note{ r = r.double } "
                       "local ok, err = ctx:try(function() return ctx:start('kid', { bad = true, n = 1 }) end) "
                       "ctx.crm:note{ class = err.class, why = err.message }") CHILD);
    lua_event(&w, "won@1", "A", "");
    assert_non_null(strstr(lua_runs(&w), "f/waiting"));
    assert_non_null(strstr(lua_runs(&w), "kid/waiting"));
    lua_crash(&w);
    world_advance(&w, 61000);
    assert_string_equal(lua_seen(&w), "crm:note{\"r\":42}");
    world_advance(&w, 61000);
    assert_int_equal(w.log_count, 2);
    assert_non_null(strstr(w.log[1].args, "\"class\":\"failed\""));
    assert_non_null(strstr(w.log[1].args, "no luck"));
    assert_string_equal(lua_runs(&w), "");
    lua_free(&w);
}

static void begins_afresh(void **state)
{
    (void)state;
    struct world w;
    lua_world(&w,
              "flow \"f\" { on = \"won@1\", steward = \"desk\", run = function(ctx, e, state) local n = state and "
              "state.n or 0 ctx.crm:note{ n = n } if n < 3 then ctx:sleep('1m') ctx:continue{ n = n + 1 } end end }");
    lua_event(&w, "won@1", "A", "");
    for (int i = 0; i < 4; i++)
        world_advance(&w, 61000);
    assert_string_equal(lua_seen(&w), "crm:note{\"n\":0} crm:note{\"n\":1} crm:note{\"n\":2} crm:note{\"n\":3}");
    assert_string_equal(lua_runs(&w), "");
    assert_int_equal(world_rows(&w, "step"), 0);
    lua_free(&w);
}

static void parks_what_never_ends(void **state)
{
    (void)state;
    struct world w;
    lua_world(
        &w, FLOW("local l = {} for i = 1, 500 do l[i] = i end while true do ctx:each(l, { at_most = 500 }, function(i) "
                 "ctx.crm:note{ i = i } end) end"));
    tl_position event = lua_event(&w, "won@1", "A", "");
    assert_string_equal(world_endings(&w, event, "f"), "parked");
    assert_int_equal(w.log_count, 10000);
    assert_string_equal(lua_runs(&w), "f/parked");
    lua_free(&w);
}

static void emits_once(void **state)
{
    (void)state;
    struct world w;
    lua_world(
        &w,
        FLOW(
            "ctx:emit('told@1', { no = e.key, n = 1 }) ctx.crm:note{ n = 1 } ctx:sleep('1m') "
            "ctx:emit('told@1', { no = e.key, n = 2 }) ctx.crm:note{ n = 2 }") "flow \"g\" { on = \"told@1\", steward "
                                                                               "= \"desk\", run = function(ctx, e) "
                                                                               "ctx.erp:note{ told = e.data.n } end }");
    lua_event(&w, "won@1", "A", "");
    lua_crash(&w);
    world_advance(&w, 61000);
    world_settle(&w);
    assert_int_equal(w.log_count, 4);
    assert_string_equal(w.log[1].args, "{\"told\":1}");
    assert_non_null(strstr(lua_seen(&w), "erp:note{\"told\":2}")); /* as soon as it is durable */
    lua_free(&w);
}

/* ---- a state that lags: its WAL's writes are held ---- */

static atomic_bool is_wal[1024]; /* by file */
static atomic_bool holding;
static pthread_mutex_t hold_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t hold_over = PTHREAD_COND_INITIALIZER;

static int open_noting(void *ctx, const char *path, int flags)
{
    int file = tl_disk_machine()->open(ctx, path, flags);
    size_t len = strlen(path);
    if (file >= 0 && file < (int)TL_COUNT_OF(is_wal))
        atomic_store(&is_wal[file], len > 4 && strcmp(path + len - 4, "-wal") == 0);
    return file;
}

static ssize_t write_held(void *ctx, int file, const void *ptr, size_t len, uint64_t offset)
{
    pthread_mutex_lock(&hold_lock);
    while (atomic_load(&is_wal[file]) && atomic_load(&holding))
        pthread_cond_wait(&hold_over, &hold_lock);
    pthread_mutex_unlock(&hold_lock);
    return tl_disk_machine()->pwrite(ctx, file, ptr, len, offset);
}

static void hold(bool on)
{
    pthread_mutex_lock(&hold_lock);
    atomic_store(&holding, on);
    pthread_cond_broadcast(&hold_over);
    pthread_mutex_unlock(&hold_lock);
}

static void put_rows_until_behind(struct world *w)
{
    size_t size = 1 << 20;
    char *value = tl_zalloc(1, size), key[16];
    struct tl_batch *batch = tl_batch_new(w->journal);
    for (int i = 0; tl_journal_room(w->journal) != TL_ROOM_BEHIND; i++) {
        assert_true(i < 200);
        snprintf(key, sizeof key, "%d", i);
        struct tl_state_put put = {.table = TL_STR("t"), .key = tl_str_z(key), .value = tl_str_n(value, size)};
        assert_int_equal(tl_batch_put(batch, &put, NULL), TL_OK);
        assert_int_equal(tl_journal_submit_wait(w->journal, batch, TL_DURABLE, NULL), TL_OK);
        tl_batch_reset(batch);
    }
    tl_batch_free(batch);
    tl_free(value);
}

static size_t rows_now(struct world *w, const char *table)
{
    struct tl_state_query query = {.table = tl_str_z(table)};
    uint64_t count = 0;
    assert_int_equal(tl_state_count(w->journal, &query, &count, NULL), TL_OK);
    return count;
}

static bool begun_or_held(struct world *w)
{
    bool held = false;
    for (unsigned i = 0; i < w->engine->lane_count; i++) {
        const struct tl_lane *lane = w->engine->lanes[i];
        for (size_t q = 0; q < lane->queue_count; q++)
            held |= lane->room_asked && lane->queues[q]->ready_count > 0;
    }
    return held || w->log_count > 0;
}

static void begins_nothing_while_the_state_lags(void **state)
{
    (void)state;
    struct world w;
    struct tl_disk disk = *tl_disk_machine();
    disk.open = open_noting;
    disk.pwrite = write_held;
    tl_disk_set(&disk);
    lua_world(&w, FLOW("ctx.crm:note{ n = 1 }"));
    world_settle(&w);
    hold(true);
    put_rows_until_behind(&w);
    assert_int_equal(rows_now(&w, "flow"), 1); /* what it has can be read meanwhile */
    world_accept(&w, "won@1", "A", "{\"no\":\"A\"}");
    world_until(&w, begun_or_held);
    assert_int_equal(w.log_count, 0);
    hold(false);
    world_settle(&w);
    assert_string_equal(lua_seen(&w), "crm:note{\"n\":1}");
    lua_free(&w);
    tl_disk_set(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_effect_leaves_nothing_but_its_outcome),
        cmocka_unit_test(records_a_result_before_the_next_call),
        cmocka_unit_test(goes_on_after_a_crash_where_it_was),
        cmocka_unit_test(takes_what_came_before_it_waited),
        cmocka_unit_test(waits_for_what_comes),
        cmocka_unit_test(leaves_with_the_record_of_its_wait),
        cmocka_unit_test(stops_waiting_in_time),
        cmocka_unit_test(asks_the_filter_of_a_wait),
        cmocka_unit_test(releases_its_key_while_it_waits),
        cmocka_unit_test(works_in_parallel),
        cmocka_unit_test(takes_each_of_two_that_came_together),
        cmocka_unit_test(asks_a_person),
        cmocka_unit_test(starts_another_run_and_gets_its_result),
        cmocka_unit_test(begins_afresh),
        cmocka_unit_test(parks_what_never_ends),
        cmocka_unit_test(emits_once),
        cmocka_unit_test(begins_nothing_while_the_state_lags),
    };
    return cmocka_run_group_tests_name("flow durable", tests, NULL, NULL);
}
