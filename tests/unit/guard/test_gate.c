/* guard/gate.h: every reason to be closed, who is told when it opens, and many threads at once. */
#include "../cmocka_room.h"
#include "base/clock.h"
#include "guard/gate.h"

#include <pthread.h>
#include <stdatomic.h>

static struct tl_instant when(int64_t mono_ms)
{
    return (struct tl_instant){.wall_ms = 1700000000000 + mono_ms, .mono_ms = mono_ms};
}

static struct tl_gate *gate_with(struct tl_gate_config config)
{
    if (!config.breaker.failures)
        config.breaker = tl_breaker_default;
    return tl_gate_new("erp", &config, when(0));
}

static struct tl_gate_ticket take(struct tl_gate *gate, int64_t now_ms)
{
    struct tl_gate_ticket ticket;
    struct tl_gate_closed closed = {0};

    if (!tl_gate_enter(gate, when(now_ms), TL_NORMAL, NULL, &ticket, &closed))
        fail_msg("closed at %lld: %s", (long long)now_ms, tl_gate_reason_word(closed.why));
    return ticket;
}

static void refuse(struct tl_gate *gate, int64_t now_ms, struct tl_gate_waiter *waiter, enum tl_gate_reason why,
                   int64_t until_ms)
{
    struct tl_gate_ticket ticket;
    struct tl_gate_closed closed = {0}, peeked = {0};

    assert_false(tl_gate_peek(gate, when(now_ms), TL_NORMAL, &peeked));
    assert_false(tl_gate_enter(gate, when(now_ms), TL_NORMAL, waiter, &ticket, &closed));
    assert_string_equal(tl_gate_reason_word(closed.why), tl_gate_reason_word(why));
    assert_int_equal(peeked.why, why);
    assert_true(closed.until_ms == until_ms);
    assert_true(peeked.until_ms == until_ms);
}

static void count_call(void *ctx)
{
    (*(int *)ctx)++;
}

/* ---- reasons ---- */

static void a_person_pauses_and_resumes(void **state)
{
    struct tl_gate *gate = gate_with((struct tl_gate_config){0});
    struct tl_gate_status status;
    int told = 0;
    struct tl_gate_waiter waiter = {.opened = count_call, .ctx = &told};

    (void)state;
    tl_gate_subscribe(gate, &waiter);
    tl_gate_pause(gate, TL_STR("ann"), TL_STR("the ERP is being upgraded"), when(10));
    refuse(gate, 20, &waiter, TL_GATE_PAUSED, TL_NEVER);
    tl_gate_status(gate, when(20), &status);
    assert_string_equal(status.paused_by, "ann");
    assert_string_equal(status.paused_why, "the ERP is being upgraded");
    assert_int_equal(told, 0);
    tl_gate_resume(gate, when(30));
    assert_int_equal(told, 1);
    tl_gate_resume(gate, when(30));
    assert_int_equal(told, 1); /* nobody waits any more */
    tl_gate_withdraw(gate, take(gate, 40), when(40));
    tl_gate_unsubscribe(gate, &waiter);
    tl_gate_free(gate);
}

static void a_window_closes_it(void **state)
{
    struct tl_gate_config config = {.calendar = tl_calendar_new(), .breaker = tl_breaker_default};
    struct tl_gate_status status;

    (void)state;
    /* 1700000000 is Tuesday 2023-11-14 22:13:20 UTC. */
    assert_int_equal(tl_calendar_add(config.calendar, TL_STR("Tue 22:00-23:00 UTC"), NULL), TL_OK);
    struct tl_gate *gate = gate_with(config);
    refuse(gate, 5, NULL, TL_GATE_WINDOW, 2800 * 1000);
    tl_gate_status(gate, when(5), &status);
    assert_string_equal(status.window, "Tue 22:00-23:00 UTC");
    assert_int_equal(status.until_wall_ms, 1700000000000 + 2800 * 1000);
    refuse(gate, 2799999, NULL, TL_GATE_WINDOW, 2800 * 1000);
    tl_gate_leave(gate, take(gate, 2800 * 1000), TL_FAIL_NONE, 0, when(2800 * 1000));
    tl_gate_free(gate);
}

static void a_window_comes_again_after_the_clocks_have_skipped_one(void **state)
{
    struct tl_gate_config config = {.calendar = tl_calendar_new()};
    const int64_t hour_ms = 3600000, week_ms = 7 * 24 * hour_ms;
    /* 1806195600 is Sunday 2027-03-28 01:00 UTC: in Berlin the clocks jump from 02:00 to 03:00. */
    const int64_t skipped = 1806195600000 - 1700000000000;

    (void)state;
    assert_int_equal(tl_calendar_add(config.calendar, TL_STR("Sun 02:00-03:00 Europe/Berlin"), NULL), TL_OK);
    struct tl_gate *gate = gate_with(config);
    const int64_t friday = skipped - 48 * hour_ms, next_window = skipped + week_ms - hour_ms;
    tl_gate_leave(gate, take(gate, friday), TL_FAIL_NONE, 0, when(friday));
    tl_gate_leave(gate, take(gate, skipped), TL_FAIL_NONE, 0, when(skipped));
    refuse(gate, next_window, NULL, TL_GATE_WINDOW, next_window + hour_ms);
    tl_gate_free(gate);
}

static void failures_open_the_breaker_and_a_probe_closes_it(void **state)
{
    struct tl_gate *gate =
        gate_with((struct tl_gate_config){.breaker = {.failures = 2, .within_ms = 1000, .probe_after_ms = 100}});
    int told = 0;
    struct tl_gate_waiter waiter = {.opened = count_call, .ctx = &told};

    (void)state;
    tl_gate_subscribe(gate, &waiter);
    tl_gate_leave(gate, take(gate, 0), TL_FAIL_RETRY, 0, when(0));
    tl_gate_leave(gate, take(gate, 0), TL_FAIL_RETRY, 0, when(0));
    refuse(gate, 50, &waiter, TL_GATE_BREAKER, 100);
    struct tl_gate_ticket probe = take(gate, 100);
    assert_true(probe.probe);
    refuse(gate, 100, &waiter, TL_GATE_BREAKER, TL_NEVER);
    assert_int_equal(told, 0);
    tl_gate_leave(gate, probe, TL_FAIL_NONE, 0, when(110));
    assert_int_equal(told, 1);
    tl_gate_leave(gate, take(gate, 120), TL_FAIL_NONE, 0, when(120));
    tl_gate_unsubscribe(gate, &waiter);
    tl_gate_free(gate);
}

static void a_resume_lets_the_probe_go_at_once(void **state)
{
    struct tl_gate *gate = gate_with((struct tl_gate_config){0});

    (void)state;
    tl_gate_leave(gate, take(gate, 0), TL_FAIL_AUTH, 0, when(0));
    refuse(gate, 1, NULL, TL_GATE_BREAKER, 20000);
    tl_gate_resume(gate, when(2));
    struct tl_gate_ticket probe = take(gate, 2);
    assert_true(probe.probe);
    tl_gate_leave(gate, probe, TL_FAIL_NONE, 0, when(3));
    tl_gate_free(gate);
}

static void what_changed_behind_it_is_probed_at_once(void **state)
{
    struct tl_gate *gate = gate_with((struct tl_gate_config){0});

    (void)state;
    tl_gate_pause(gate, TL_STR("ann"), TL_STR("a test"), when(0));
    tl_gate_renew(gate, when(0));
    refuse(gate, 0, NULL, TL_GATE_PAUSED, TL_NEVER);
    tl_gate_resume(gate, when(0));
    tl_gate_leave(gate, take(gate, 0), TL_FAIL_CONFIG, 0, when(0));
    refuse(gate, 1, NULL, TL_GATE_BREAKER, 20000);
    tl_gate_renew(gate, when(2));
    struct tl_gate_ticket probe = take(gate, 2);
    assert_true(probe.probe);
    tl_gate_renew(gate, when(3)); /* while the probe is out: it says nothing of what stands there now */
    tl_gate_leave(gate, probe, TL_FAIL_CONFIG, 0, when(4));
    probe = take(gate, 4);
    assert_true(probe.probe);
    tl_gate_leave(gate, probe, TL_FAIL_CONFIG, 0, when(5));
    refuse(gate, 6, NULL, TL_GATE_BREAKER, 20005); /* the first pause again, not the third */
    tl_gate_free(gate);
}

static void the_platforms_wait_is_kept(void **state)
{
    struct tl_gate *gate = gate_with((struct tl_gate_config){.rate = {.per_second = 10}});
    struct tl_gate_status status;

    (void)state;
    for (int i = 0; i < 9; i++) /* no sign for the breaker, however often */
        tl_gate_withdraw(gate, take(gate, 0), when(0));
    struct tl_gate_ticket one = take(gate, 0), two = take(gate, 0);
    tl_gate_leave(gate, one, TL_FAIL_RETRY, 7000, when(10));
    tl_gate_leave(gate, two, TL_FAIL_QUOTA, 3000, when(20));
    refuse(gate, 30, NULL, TL_GATE_WAIT, 7010);
    tl_gate_status(gate, when(7010), &status);
    assert_int_equal(status.why, TL_GATE_OPEN);
    assert_true(status.per_second < 6);
    tl_gate_leave(gate, take(gate, 7010), TL_FAIL_NONE, 0, when(7020));
    tl_gate_free(gate);
}

static void quota_without_a_wait_backs_off(void **state)
{
    struct tl_gate *gate = gate_with((struct tl_gate_config){0});

    (void)state;
    tl_gate_leave(gate, take(gate, 0), TL_FAIL_QUOTA, 0, when(0));
    refuse(gate, 1, NULL, TL_GATE_WAIT, 1000);
    tl_gate_leave(gate, take(gate, 1000), TL_FAIL_QUOTA, 0, when(1000));
    refuse(gate, 1001, NULL, TL_GATE_WAIT, 3000);
    tl_gate_leave(gate, take(gate, 3000), TL_FAIL_NONE, 0, when(3000));
    tl_gate_leave(gate, take(gate, 3000), TL_FAIL_QUOTA, 0, when(3000));
    refuse(gate, 3001, NULL, TL_GATE_WAIT, 4000);
    tl_gate_free(gate);
}

static void what_the_platform_says_about_its_day_stops_bulk_first(void **state)
{
    struct tl_gate *gate = gate_with((struct tl_gate_config){.rate = {.keep_for_live_pc = 30}});
    struct tl_gate_closed closed;

    (void)state;
    tl_gate_report(gate, 71, 100, when(0));
    assert_true(tl_gate_peek(gate, when(1), TL_NORMAL, &closed));
    assert_false(tl_gate_peek(gate, when(1), TL_BULK, &closed));
    assert_int_equal(closed.why, TL_GATE_DAY);
    tl_gate_report(gate, 100, 100, when(2));
    refuse(gate, 3, NULL, TL_GATE_DAY, 2 + 15 * 60 * 1000);
    tl_gate_report(gate, 18, 5000, when(4)); /* it may go down again */
    assert_true(tl_gate_peek(gate, when(5), TL_BULK, &closed));
    tl_gate_free(gate);
}

static void a_used_up_allowance_is_waited_for(void **state)
{
    struct tl_gate *gate = gate_with((struct tl_gate_config){0});

    (void)state;
    tl_gate_leave(gate, take(gate, 0), TL_FAIL_NONE, 0, when(10)); /* it worked, and was the last one */
    tl_gate_hold(gate, 2000, when(10));
    refuse(gate, 11, NULL, TL_GATE_WAIT, 2010);
    tl_gate_leave(gate, take(gate, 2010), TL_FAIL_NONE, 0, when(2010));
    tl_gate_free(gate);
}

static void only_so_many_at_a_time_and_the_next_is_told(void **state)
{
    struct tl_gate *gate = gate_with((struct tl_gate_config){.concurrent = 2});
    int told = 0, not_told = 0;
    struct tl_gate_waiter waiter = {.opened = count_call, .ctx = &told},
                          idle = {.opened = count_call, .ctx = &not_told};

    (void)state;
    tl_gate_subscribe(gate, &waiter);
    tl_gate_subscribe(gate, &idle);
    struct tl_gate_ticket one = take(gate, 0), two = take(gate, 0);
    refuse(gate, 0, &waiter, TL_GATE_CONCURRENCY, TL_NEVER);
    refuse(gate, 0, &waiter, TL_GATE_CONCURRENCY, TL_NEVER);
    tl_gate_leave(gate, one, TL_FAIL_DATA, 0, when(5));
    assert_int_equal(told, 1);
    assert_int_equal(not_told, 0);
    one = take(gate, 6);
    tl_gate_leave(gate, one, TL_FAIL_NONE, 0, when(6));
    tl_gate_leave(gate, two, TL_FAIL_NONE, 0, when(6));
    assert_int_equal(told, 1);
    tl_gate_unsubscribe(gate, &waiter);
    tl_gate_unsubscribe(gate, &idle);
    tl_gate_free(gate);
}

static struct tl_gate_ticket take_seldom(struct tl_gate *gate, int64_t ms, const void *who)
{
    struct tl_gate_ticket ticket;
    struct tl_gate_closed closed;
    if (!tl_gate_enter_seldom(gate, when(ms), TL_NORMAL, who, &ticket, &closed))
        fail_msg("closed: %s", tl_gate_reason_word(closed.why));
    return ticket;
}

static void refuse_seldom(struct tl_gate *gate, int64_t ms, const void *who)
{
    struct tl_gate_ticket ticket;
    struct tl_gate_closed closed;
    assert_false(tl_gate_enter_seldom(gate, when(ms), TL_NORMAL, who, &ticket, &closed));
    assert_int_equal(closed.why, TL_GATE_CONCURRENCY);
    assert_int_equal(closed.until_ms, ms + 20);
}

static void who_asks_seldom_is_owed_the_next_place(void **state)
{
    struct tl_gate *gate = gate_with((struct tl_gate_config){.concurrent = 2});
    int a, b;

    (void)state;
    struct tl_gate_ticket one = take(gate, 0), two = take(gate, 0);
    refuse_seldom(gate, 0, &a);
    refuse_seldom(gate, 1, &b);
    tl_gate_leave(gate, one, TL_FAIL_NONE, 0, when(10));
    refuse(gate, 10, NULL, TL_GATE_CONCURRENCY, 3000); /* that place is left to the first who asked */
    refuse_seldom(gate, 10, &b);
    one = take_seldom(gate, 20, &a);
    tl_gate_leave(gate, two, TL_FAIL_NONE, 0, when(30));
    two = take(gate, 30); /* and now it is the others' turn */
    refuse_seldom(gate, 31, &b);
    tl_gate_leave(gate, two, TL_FAIL_NONE, 0, when(40));
    refuse(gate, 40, NULL, TL_GATE_CONCURRENCY, 3031);
    two = take_seldom(gate, 41, &b);
    tl_gate_leave(gate, one, TL_FAIL_NONE, 0, when(50));
    tl_gate_leave(gate, two, TL_FAIL_NONE, 0, when(50));
    tl_gate_free(gate);
}

static void a_place_that_is_owed_is_not_kept_for_ever(void **state)
{
    struct tl_gate *gate = gate_with((struct tl_gate_config){.concurrent = 1});
    int gone;

    (void)state;
    struct tl_gate_ticket one = take(gate, 0);
    refuse_seldom(gate, 0, &gone);
    tl_gate_leave(gate, one, TL_FAIL_NONE, 0, when(10));
    refuse(gate, 2999, NULL, TL_GATE_CONCURRENCY, 3000);
    tl_gate_leave(gate, take(gate, 3000), TL_FAIL_NONE, 0, when(3001));
    tl_gate_free(gate);
}

static void other_limits_take_effect_at_once(void **state)
{
    struct tl_gate *gate = gate_with((struct tl_gate_config){.concurrent = 1});
    struct tl_gate_config wider = {.breaker = tl_breaker_default, .concurrent = 2, .rate = {.per_second = 5}};
    int told = 0;
    struct tl_gate_waiter waiter = {.opened = count_call, .ctx = &told};

    (void)state;
    tl_gate_subscribe(gate, &waiter);
    struct tl_gate_ticket one = take(gate, 0);
    refuse(gate, 0, &waiter, TL_GATE_CONCURRENCY, TL_NEVER);
    tl_gate_configure(gate, &wider, when(10));
    assert_int_equal(told, 1);
    refuse(gate, 10, NULL, TL_GATE_RATE, 210);
    struct tl_gate_ticket two = take(gate, 210);
    tl_gate_leave(gate, one, TL_FAIL_NONE, 0, when(300));
    tl_gate_leave(gate, two, TL_FAIL_NONE, 0, when(300));
    tl_gate_unsubscribe(gate, &waiter);
    tl_gate_free(gate);
}

/* ---- threads ---- */

#define THREADS 4
#define ROUNDS 20000
#define LIMIT 3

struct crowd {
    struct tl_gate *gate;
    atomic_int inside, most, told;
};

static void count_told(void *ctx)
{
    atomic_fetch_add(&((struct crowd *)ctx)->told, 1);
}

static void *be_a_lane(void *ctx)
{
    struct crowd *crowd = ctx;
    struct tl_gate_waiter waiter = {.opened = count_told, .ctx = crowd};

    tl_gate_subscribe(crowd->gate, &waiter);
    for (int i = 0; i < ROUNDS; i++) {
        struct tl_gate_ticket ticket;
        struct tl_gate_closed closed;
        struct tl_gate_status status;
        if (!tl_gate_enter(crowd->gate, when(i), TL_NORMAL, &waiter, &ticket, &closed))
            continue;
        int inside = atomic_fetch_add(&crowd->inside, 1) + 1, most = atomic_load(&crowd->most);
        while (inside > most && !atomic_compare_exchange_weak(&crowd->most, &most, inside))
            ;
        if (i % 64 == 0)
            tl_gate_status(crowd->gate, when(i), &status);
        atomic_fetch_sub(&crowd->inside, 1);
        tl_gate_leave(crowd->gate, ticket, TL_FAIL_NONE, 0, when(i));
    }
    tl_gate_unsubscribe(crowd->gate, &waiter);
    return NULL;
}

static void lanes_share_it(void **state)
{
    struct crowd crowd = {.gate = gate_with((struct tl_gate_config){.concurrent = LIMIT})};
    pthread_t threads[THREADS];
    struct tl_gate_status status;

    (void)state;
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, be_a_lane, &crowd), 0);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    tl_gate_status(crowd.gate, when(ROUNDS), &status);
    assert_true(atomic_load(&crowd.most) <= LIMIT);
    assert_int_equal(status.in_flight, 0);
    assert_int_equal(status.entered + status.refused, THREADS * ROUNDS);
    tl_gate_free(crowd.gate);
}

static void costs_next_to_nothing(void **state)
{
    struct tl_gate *gate =
        gate_with((struct tl_gate_config){.concurrent = 10, .rate = {.per_second = 1000000, .per_day = 1u << 30}});
    const int rounds = 200000;
    int64_t best_ns = INT64_MAX;

    (void)state;
    for (int repeat = 0; repeat < 9; repeat++) {
        int64_t from = tl_mono_ns();
        for (int i = 0; i < rounds; i++)
            tl_gate_leave(gate, take(gate, repeat * 1000 + i / 1000), TL_FAIL_NONE, 0, when(repeat * 1000 + i / 1000));
        int64_t took = (tl_mono_ns() - from) / rounds;
        best_ns = took < best_ns ? took : best_ns;
    }
    print_message("gate: enter and leave %lld ns\n", (long long)best_ns);
#if defined(__OPTIMIZE__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    assert_true(best_ns < 200);
#endif
    tl_gate_free(gate);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_person_pauses_and_resumes),
        cmocka_unit_test(a_window_closes_it),
        cmocka_unit_test(a_window_comes_again_after_the_clocks_have_skipped_one),
        cmocka_unit_test(failures_open_the_breaker_and_a_probe_closes_it),
        cmocka_unit_test(a_resume_lets_the_probe_go_at_once),
        cmocka_unit_test(what_changed_behind_it_is_probed_at_once),
        cmocka_unit_test(the_platforms_wait_is_kept),
        cmocka_unit_test(quota_without_a_wait_backs_off),
        cmocka_unit_test(what_the_platform_says_about_its_day_stops_bulk_first),
        cmocka_unit_test(a_used_up_allowance_is_waited_for),
        cmocka_unit_test(only_so_many_at_a_time_and_the_next_is_told),
        cmocka_unit_test(who_asks_seldom_is_owed_the_next_place),
        cmocka_unit_test(a_place_that_is_owed_is_not_kept_for_ever),
        cmocka_unit_test(other_limits_take_effect_at_once),
        cmocka_unit_test(lanes_share_it),
        cmocka_unit_test(costs_next_to_nothing),
    };
    return cmocka_run_group_tests_name("guard/gate", tests, NULL, NULL);
}
