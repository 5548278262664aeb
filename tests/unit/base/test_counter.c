/* The Prometheus text of counters, gauges and histograms. */
#include "../cmocka_room.h"
#include "base/counter.h"

static void figures_print_in_prometheus_form(void **state)
{
    (void)state;
    tl_counter_add(tl_counter_get("t_calls_total", "system=\"b\"", "Calls made."), 2);
    tl_counter_add(tl_counter_get("t_calls_total", "system=\"a\"", "Calls made."), 1);
    tl_counter_add(tl_counter_get("t_calls_total", "system=\"a\"", "Calls made."), 1);
    tl_gauge_set(tl_gauge_get("t_backlog", NULL, "Waiting."), 7);
    tl_gauge_add(tl_gauge_get("t_backlog", NULL, "Waiting."), -3);
    tl_histogram_observe_ms(tl_histogram_get("t_seconds", NULL, "Time."), 3);
    tl_histogram_observe_ms(tl_histogram_get("t_seconds", NULL, "Time."), 120000);
    struct tl_buf out;
    tl_buf_init(&out, 1 << 16);
    tl_counters_print(&out);
    const char *expected[] = {
        "# HELP t_backlog Waiting.\n# TYPE t_backlog gauge\nt_backlog 4\n# HELP t_calls_total Calls made.\n# TYPE "
        "t_calls_total counter\nt_calls_total{system=\"a\"} 2\nt_calls_total{system=\"b\"} 2\n",
        "t_seconds_bucket{le=\"0.0025\"} 0\nt_seconds_bucket{le=\"0.005\"} 1\n",
        "t_seconds_bucket{le=\"60\"} 1\nt_seconds_bucket{le=\"+Inf\"} 2\nt_seconds_sum 120.003000\nt_seconds_count "
        "2\n"};
    for (size_t i = 0; i < TL_COUNT_OF(expected); i++)
        assert_non_null(strstr(out.ptr, expected[i]));
    tl_buf_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(figures_print_in_prometheus_form)};
    return cmocka_run_group_tests_name("base.counter", tests, NULL, NULL);
}
