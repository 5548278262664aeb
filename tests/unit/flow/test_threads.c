/* The same engine on threads of its own, many events, several senders. Run with the thread sanitizer it says whether
 * lanes share more than they should; without it, how long an event takes. */
#include "flow_world.h"
#include <stdlib.h>
#include <time.h>

#define EVENTS 20000
#define KEYS 3000

static const char *const won[] = {"won@1"};
static const char *const order[] = {"order@1"};
static const char *const erp[] = {"erp"};
static struct tl_system_decl systems[1];
static struct tl_flow flows[2];

static void relay(struct world *w, struct tl_run *run, const struct tl_run_result *result)
{
    (void)w, (void)result;
    run_emit(run, "order@1");
}

static const struct scripted scripts[] = {{"event:order@1", relay}, {"order", step_put}};

static bool all_ended(struct world *w)
{
    struct timespec t = {0, 1000000};
    nanosleep(&t, NULL); /* the lanes run by themselves: looking is all there is to do */
    return world_applied(w, "erp") >= EVENTS && tl_engine_unfinished(w->engine) == 0;
}

static void keeps_order_per_key_on_threads(void **state)
{
    (void)state;
    struct world w;
    systems[0] = (struct tl_system_decl){.name = "erp", .kind = "erp", .connector = "fake", .connector_major = 1};
    flows[0] = (struct tl_flow){.name = "event:order@1",
                                .on = won,
                                .on_count = 1,
                                .scope = "event:order@1",
                                .priority = TL_NORMAL,
                                .internal = true,
                                .steward = "desk"};
    flows[1] = (struct tl_flow){.name = "order",
                                .on = order,
                                .on_count = 1,
                                .scope = "order",
                                .priority = TL_NORMAL,
                                .steward = "desk",
                                .targets = erp,
                                .target_count = 1};
    world_new(&w, flows, scripts, 2, systems, 1);
    w.config.by_hand = false;
    w.config.queue_positions = 2000;
    tl_clock_set(NULL);
    world_start(&w);
    struct timespec from, to, cpu_from, cpu_to;
    clock_gettime(CLOCK_MONOTONIC, &from);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &cpu_from);
    world_flood(&w, "won@1", "k", EVENTS, KEYS, TL_NORMAL);
    world_until(&w, all_ended);
    clock_gettime(CLOCK_MONOTONIC, &to);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &cpu_to);
    double seconds = (double)(to.tv_sec - from.tv_sec) + (double)(to.tv_nsec - from.tv_nsec) / 1e9;
    double cpu = (double)(cpu_to.tv_sec - cpu_from.tv_sec) + (double)(cpu_to.tv_nsec - cpu_from.tv_nsec) / 1e9;
    print_message("%d events, two units each, in %.2f s: %.1f us CPU an event\n", EVENTS, seconds, cpu * 1e6 / EVENTS);
    long last[KEYS] = {0};
    for (size_t i = 0; i < w.log_count; i++) {
        long n = strtol(strstr(w.log[i].args, "\"n\":") + 4, NULL, 10);
        assert_true(n + 1 > last[n % KEYS]);
        last[n % KEYS] = n + 1;
    }
    assert_int_equal(w.log_count, EVENTS);
    world_free(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(keeps_order_per_key_on_threads)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
