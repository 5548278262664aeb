/* Schedules: every planned instant has one tick, whatever is restarted; what was missed; a year of them in three zones.
 */
#include "base/attr.h"
#include "codec/timestamp.h"
#include "flow/by_hand.h"
#include "flow/schedule.h"
#include "guard/schedule.h"
#include "lua_world.h"
#include <stdlib.h>
#include <time.h>

/* The world begins on 2023-11-14 at 22:13:20 UTC. */
#define MINUTE INT64_C(60000)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)

#define NIGHTLY(more)                                                                                                  \
    "every \"02:00 Europe/Berlin\" { name = \"nightly\", steward = \"desk\"" more ", run = function(ctx, tick)\n"      \
    "  ctx.crm:note{ at = tick.data.planned, missed = tick.data.missed }\nend }\n"
#define NOTE(at, missed) "crm:note{\"at\":\"" at "\",\"missed\":" missed "}"

static void becomes_events_at_the_planned_instants(void **state)
{
    (void)state;
    struct world w;
    lua_world(&w, "every \"02:00 Europe/Berlin\" { name = \"nightly\", steward = \"desk\", run = function(ctx, tick)\n"
                  "  ctx.crm:note{ id = tick.key, d = tick.data, t = tick.type, now = ctx:now() }\nend }\n");
    world_settle(&w);
    world_advance(&w, 2 * HOUR);
    assert_string_equal(lua_seen(&w), "");
    world_advance(&w, 46 * MINUTE + 40000);
    assert_string_equal(lua_seen(&w),
                        "crm:note{\"d\":{\"local\":\"2023-11-15T02:00:00+01:00\",\"missed\":0,"
                        "\"name\":\"nightly\",\"planned\":\"2023-11-15T01:00:00Z\",\"previous\":null},"
                        "\"id\":\"nightly\",\"now\":\"2023-11-15T01:00:00.000Z\",\"t\":\"tick:nightly\"}");
    world_advance(&w, DAY);
    assert_int_equal(w.log_count, 2);
    assert_non_null(strstr(lua_seen(&w), "\"previous\":\"2023-11-15T01:00:00Z\""));
    assert_int_equal(world_rows(&w, TL_TABLE_SCHEDULE), 1);
    lua_free(&w);
}

static void has_one_tick_whatever_crashes(void **state)
{
    (void)state;
    struct world w;
    lua_world(&w, NIGHTLY(""));
    lua_crash(&w);
    world_advance(&w, 3 * HOUR);
    lua_crash(&w);
    lua_crash(&w);
    assert_string_equal(lua_seen(&w), NOTE("2023-11-15T01:00:00Z", "0"));
    world_stop(&w);
    world_pass(&w, -2 * HOUR); /* the clock went back: what was planned is not planned again */
    world_start(&w);
    world_settle(&w);
    world_advance(&w, 2 * HOUR + MINUTE);
    assert_string_equal(lua_seen(&w), NOTE("2023-11-15T01:00:00Z", "0"));
    world_advance(&w, DAY);
    assert_string_equal(lua_seen(&w), NOTE("2023-11-15T01:00:00Z", "0") " " NOTE("2023-11-16T01:00:00Z", "0"));
    lua_free(&w);
}

/* A tick that the journal lost with everything not yet synced comes again: row and event are one commit. */
static void plans_again_what_was_not_durable(void **state)
{
    (void)state;
    struct world w;
    lua_world(&w, NIGHTLY(", missed = \"all\""));
    world_settle(&w);
    world_stop(&w);
    world_pass(&w, 3 * DAY);
    world_start(&w); /* and ends before the ticks of three days are on disk */
    world_crash(&w);
    world_start(&w);
    world_settle(&w);
    assert_string_equal(lua_seen(&w), NOTE("2023-11-15T01:00:00Z", "0") " " NOTE("2023-11-16T01:00:00Z", "0") " " NOTE(
                                          "2023-11-17T01:00:00Z", "0"));
    lua_free(&w);
}

static void after_three_days(const char *flows, const char *seen)
{
    struct world w;
    lua_world(&w, flows);
    world_settle(&w);
    world_stop(&w);
    world_pass(&w, 3 * DAY);
    world_start(&w);
    world_settle(&w);
    assert_string_equal(lua_seen(&w), seen);
    world_advance(&w, 2 * HOUR + 46 * MINUTE + 40000); /* and goes on */
    assert_non_null(strstr(lua_seen(&w), NOTE("2023-11-18T01:00:00Z", "0")));
    lua_free(&w);
}

static void follows_its_policy_after_downtime(void **state)
{
    (void)state;
    after_three_days(NIGHTLY(""), NOTE("2023-11-17T01:00:00Z", "2"));
    after_three_days(
        NIGHTLY(", missed = \"all\""),
        NOTE("2023-11-15T01:00:00Z", "0") " " NOTE("2023-11-16T01:00:00Z", "0") " " NOTE("2023-11-17T01:00:00Z", "0"));
    after_three_days(NIGHTLY(", missed = \"skip\""), "");
    after_three_days(NIGHTLY(", missed = \"all\", max_late = \"2d\""),
                     NOTE("2023-11-16T01:00:00Z", "0") " " NOTE("2023-11-17T01:00:00Z", "0"));
    after_three_days(NIGHTLY(", max_late = \"1h\""), "");
}

/* Stopped until so long after 02:00 in Berlin. */
static void stopped_until(const char *flows, int64_t late_ms, size_t ticks)
{
    struct world w;
    lua_world(&w, flows);
    world_settle(&w);
    world_stop(&w);
    world_pass(&w, 2 * HOUR + 46 * MINUTE + 40000 + late_ms);
    world_start(&w);
    world_settle(&w);
    assert_int_equal(w.log_count, ticks);
    lua_free(&w);
}

static void is_missed_when_it_is_too_late(void **state)
{
    (void)state;
    stopped_until(NIGHTLY(", missed = \"skip\""), MINUTE, 1);
    stopped_until(NIGHTLY(", missed = \"skip\""), MINUTE + 1, 0);
    stopped_until(NIGHTLY(", missed = \"skip\", max_late = \"2h\""), 2 * HOUR, 1);
    stopped_until(NIGHTLY(", max_late = \"5m\""), 5 * MINUTE, 1);
    stopped_until(NIGHTLY(", max_late = \"5m\""), 5 * MINUTE + 1, 0);
}

static void catches_up_with_thousands_in_order(void **state)
{
    (void)state;
    struct world w;
    lua_world(&w, "every \"1m\" { name = \"often\", steward = \"desk\", missed = \"all\", run = function(ctx, tick)\n"
                  "  ctx.crm:note{ at = tick.data.planned }\nend }\n");
    world_settle(&w);
    world_stop(&w);
    world_pass(&w, 18 * HOUR + 20 * MINUTE);
    world_start(&w);
    world_settle(&w);
    assert_int_equal(w.log_count, 1100);
    for (size_t i = 1; i < w.log_count; i++)
        assert_true(strcmp(w.log[i - 1].args, w.log[i].args) < 0);
    lua_free(&w);
}

static void begins_now_when_it_is_changed_or_comes_back(void **state)
{
    (void)state;
    struct world w;
    lua_world(&w, NIGHTLY(", missed = \"all\""));
    world_settle(&w);
    world_stop(&w);
    world_pass(&w, 2 * DAY);
    lua_revise(&w, "every \"03:00 Europe/Berlin\" { name = \"nightly\", steward = \"desk\", missed = \"all\", "
                   "run = function(ctx, tick) ctx.crm:note{ at = tick.data.planned } end }\n");
    world_start(&w);
    world_settle(&w);
    assert_string_equal(lua_seen(&w), "");
    world_stop(&w);
    lua_revise(&w, ""); /* gone */
    world_start(&w);
    world_settle(&w);
    assert_int_equal(world_rows(&w, TL_TABLE_SCHEDULE), 0);
    world_stop(&w);
    world_pass(&w, 2 * DAY);
    lua_revise(&w, NIGHTLY(", missed = \"all\""));
    world_start(&w);
    world_settle(&w);
    assert_string_equal(lua_seen(&w), "");
    world_advance(&w, 3 * HOUR);
    assert_string_equal(lua_seen(&w), NOTE("2023-11-19T01:00:00Z", "0"));
    lua_free(&w);
}

static void a_failed_night_does_not_hold_up_the_next(void **state)
{
    (void)state;
    struct world w;
    lua_world(&w, "every \"02:00 Europe/Berlin\" { name = \"nightly\", steward = \"desk\", run = function(ctx, tick)\n"
                  "  if not tick.data.previous then error(\"the first night\") end\n"
                  "  ctx.crm:note{ at = tick.data.planned }\nend }\n");
    world_settle(&w);
    world_advance(&w, 3 * HOUR);
    assert_string_not_equal(world_exception(&w), "");
    world_advance(&w, DAY);
    assert_string_equal(lua_seen(&w), "crm:note{\"at\":\"2023-11-16T01:00:00Z\"}");
    lua_free(&w);
}

static void shows_what_comes_next(void **state)
{
    (void)state;
    struct world w;
    struct tl_buf out;
    struct tl_error err;
    lua_world(&w, NIGHTLY(""));
    world_settle(&w);
    world_advance(&w, 3 * HOUR);
    tl_buf_init(&out, 1 << 20);
    assert_int_equal(tl_engine_status(w.engine, &out, &err), TL_OK);
    tl_buf_add_char(&out, '\0');
    assert_non_null(strstr(tl_buf_str(&out).ptr,
                           "\"schedules\":[{\"name\":\"nightly\",\"expression\":\"02:00 Europe/Berlin\","
                           "\"missed\":\"once\",\"next\":\"2023-11-16T01:00:00Z\","
                           "\"previous\":\"2023-11-15T01:00:00Z\",\"ticks\":1,\"skipped\":0}]"));
    tl_buf_free(&out);
    lua_free(&w);
}

#define OFTEN(when, name)                                                                                              \
    "every \"" when "\" { name = \"" name "\", steward = \"desk\", run = function(ctx, tick) "                         \
    "ctx.erp:note{ at = tick.data.planned } end }\n"
#define OFTEN_NOTE(at) "erp:note{\"at\":\"" at "\"}"

/* Another revision while it runs: what stays goes on, what is changed or new begins now, what is gone goes. */
static void follows_another_revision(void **state)
{
    (void)state;
    struct world w;
    lua_world(&w, NIGHTLY("") OFTEN("6h", "often"));
    world_settle(&w);
    world_advance(&w, 2 * HOUR);
    world_advance(&w, HOUR); /* 01:13 */
    assert_string_equal(lua_seen(&w), OFTEN_NOTE("2023-11-15T00:00:00Z") " " NOTE("2023-11-15T01:00:00Z", "0"));
    assert_int_equal(lua_switch(&w, NIGHTLY("") OFTEN("1h", "other"), false), TL_OK);
    world_settle(&w);
    assert_int_equal(world_rows(&w, TL_TABLE_SCHEDULE), 2); /* nightly, other */
    world_advance(&w, HOUR);
    assert_int_equal(w.log_count, 3);
    assert_non_null(strstr(lua_seen(&w), OFTEN_NOTE("2023-11-15T02:00:00Z")));
    assert_int_equal(lua_switch(&w,
                                "every \"04:00 Europe/Berlin\" { name = \"nightly\", steward = \"desk\", run = "
                                "function(ctx, tick) ctx.crm:note{ at = tick.data.planned } end }\n",
                                false),
                     TL_OK);
    world_settle(&w);
    assert_int_equal(world_rows(&w, TL_TABLE_SCHEDULE), 1);
    world_advance(&w, HOUR); /* 03:13 */
    assert_int_equal(w.log_count, 4);
    assert_non_null(strstr(lua_seen(&w), "crm:note{\"at\":\"2023-11-15T03:00:00Z\"}"));
    lua_crash(&w);
    world_advance(&w, DAY);
    assert_int_equal(w.log_count, 5);
    lua_free(&w);
}

/* ---- a year ---- */

static const char *const zones[] = {"Europe/Berlin", "America/New_York", "Australia/Lord_Howe"};
/* Name and expression, without its zone. The last one repeats. */
static const char *const kinds[][2] = {
    {"night", "02:30"}, {"work", "Mon-Fri 08:00"}, {"close", "last day 18:00"}, {"often", "*/30 1-3 * 3,4,10,11 SUN"}};

static char *flows_of_a_year(void)
{
    struct tl_buf text;
    tl_buf_init(&text, 1 << 16);
    for (size_t z = 0; z < TL_COUNT_OF(zones); z++) {
        for (size_t k = 0; k < TL_COUNT_OF(kinds); k++)
            tl_buf_addf(&text,
                        "every \"%s %s\" { name = \"%s-%zu\", steward = \"desk\", run = function(ctx, tick)\n"
                        "  ctx.crm:note{ at = tick.data.planned, name = tick.key }\nend }\n",
                        kinds[k][1], zones[z], kinds[k][0], z);
    }
    tl_buf_addf(&text, "local dates = require \"dates\"\n"
                       "flow \"renewal\" { on = \"won@1\", steward = \"desk\", run = function(ctx, e)\n"
                       "  local day = dates.add(e.data.ends, { days = -60 })\n"
                       "  local at = dates.parse(dates.from_local(day .. \"T09:00:00\", e.data.zone))\n"
                       "  local wait = at - dates.parse(ctx:now())\n"
                       "  if wait > 0 then ctx:sleep(wait .. \"ms\") end\n"
                       "  ctx.erp:note{ at = dates.format(at), now = dates.utc(ctx:now()), no = e.key }\nend }\n");
    return tl_buf_take(&text, &(size_t){0});
}

/* To `end`, moment by moment. */
static size_t live_until(struct world *w, int64_t end)
{
    size_t moments = 0;
    for (; tl_wall_ms() < end; moments++) {
        int64_t due = tl_engine_due_ms(w->engine), wait = end - tl_wall_ms();
        if (due != INT64_MAX && due - tl_mono_ms() < wait)
            wait = due - tl_mono_ms();
        world_advance(w, wait > 0 ? wait : 1);
    }
    return moments;
}

/* Every instant that the schedule plans has exactly one tick, in order. */
static void check_ticks(struct world *w, size_t z, size_t k, int64_t from, int64_t to)
{
    char text[80], mark[60], want[160];
    size_t at = 0, count = 0;
    struct tl_schedule *schedule;
    snprintf(text, sizeof text, "%s %s", kinds[k][1], zones[z]);
    snprintf(mark, sizeof mark, "\"name\":\"%s-%zu\"}", kinds[k][0], z);
    assert_int_equal(tl_schedule_parse(tl_str_z(text), NULL, &schedule, NULL), TL_OK);
    for (int64_t next = tl_schedule_next(schedule, from); next <= to; next = tl_schedule_next(schedule, next)) {
        char time[TL_TIMESTAMP_SIZE];
        struct tl_timestamp t = tl_timestamp_from_ms(next);
        t.digits = 0;
        tl_timestamp_print(&t, TL_TIME_RFC3339, time);
        snprintf(want, sizeof want, "{\"at\":\"%s\",%s", time, mark);
        while (at < w->log_count && strstr(w->log[at].args, mark) == NULL)
            at++;
        if (at == w->log_count)
            fail_msg("%s: no tick at %s", text, time);
        assert_string_equal(w->log[at++].args, want);
        count++;
    }
    for (; at < w->log_count; at++)
        assert_null(strstr(w->log[at].args, mark));
    assert_true(count >= 12);
    tl_schedule_free(schedule);
}

static time_t machine_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec;
}

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define YEAR_S 240
#else
#define YEAR_S 60
#endif

static void a_year_of_schedules_and_renewals(void **state)
{
    (void)state;
    struct world w;
    time_t began = machine_s();
    char *flows = flows_of_a_year();
    lua_world(&w, flows);
    world_settle(&w);
    int64_t from = tl_wall_ms(), end = from + 380 * DAY;
    size_t renewals = 0;
    for (size_t z = 0; z < TL_COUNT_OF(zones); z++) {
        for (int month = 1; month <= 12; month++, renewals++) {
            char key[32], extra[80];
            snprintf(key, sizeof key, "C-%zu-%d", z, month);
            snprintf(extra, sizeof extra, "\"ends\":\"2024-%02d-28\",\"zone\":\"%s\"", month, zones[z]);
            lua_event(&w, "won@1", key, extra);
        }
    }
    live_until(&w, from + 137 * DAY + 5 * HOUR);
    lua_crash(&w); /* in the night of Berlin's change */
    size_t moments = live_until(&w, end);
    assert_true(moments > 1000);
    for (size_t z = 0; z < TL_COUNT_OF(zones); z++) {
        for (size_t k = 0; k < TL_COUNT_OF(kinds); k++)
            check_ticks(&w, z, k, from, end);
    }
    size_t seen = 0;
    for (size_t i = 0; i < w.log_count; i++) {
        char at[32] = "", now[32] = "", no[32] = "";
        if (strcmp(w.log[i].system, "erp") != 0)
            continue;
        seen++;
        assert_int_equal(
            sscanf(w.log[i].args, "{\"at\":\"%30[^\"]\",\"no\":\"%30[^\"]\",\"now\":\"%30[^\"]\"", at, no, now), 3);
        if (strncmp(at, "2023-1", 6) != 0 || strncmp(at, "2023-11-1", 9) > 0) /* those that were over at once */
            assert_memory_equal(at, now, 19);
    }
    assert_int_equal(seen, renewals);
    assert_string_equal(lua_runs(&w), "");
    assert_true(machine_s() - began < YEAR_S);
    tl_free(flows);
    lua_free(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(becomes_events_at_the_planned_instants),
        cmocka_unit_test(has_one_tick_whatever_crashes),
        cmocka_unit_test(plans_again_what_was_not_durable),
        cmocka_unit_test(follows_its_policy_after_downtime),
        cmocka_unit_test(is_missed_when_it_is_too_late),
        cmocka_unit_test(catches_up_with_thousands_in_order),
        cmocka_unit_test(begins_now_when_it_is_changed_or_comes_back),
        cmocka_unit_test(a_failed_night_does_not_hold_up_the_next),
        cmocka_unit_test(shows_what_comes_next),
        cmocka_unit_test(follows_another_revision),
        cmocka_unit_test(a_year_of_schedules_and_renewals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
