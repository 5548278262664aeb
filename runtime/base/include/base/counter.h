/* Figures that the runtime counts about itself, in the shapes Prometheus knows: counters, gauges, histograms.
 * A figure is created once (a lock is taken) and then changed without one. It lives as long as the process.
 * Names and labels follow prometheus.io/docs/practices/naming. Thread: any. */
#pragma once
#include "base/buf.h"
#include "base/str.h"

struct tl_counter; /* only goes up */
struct tl_gauge;
struct tl_histogram;

/* `labels` is the text inside the braces, ready to print: `system="erp_de",class="retry"`, or NULL. The same name and
 * labels give the same figure. `help` is taken from the first call for a name. */
struct tl_counter *tl_counter_get(const char *name, const char *labels, const char *help);
struct tl_gauge *tl_gauge_get(const char *name, const char *labels, const char *help);
/* Buckets in seconds: 1 ms, 2.5, 5, 10, 25, 50, 100, 250, 500 ms, 1, 2.5, 5, 10, 30, 60 s. */
struct tl_histogram *tl_histogram_get(const char *name, const char *labels, const char *help);

void tl_counter_add(struct tl_counter *counter, uint64_t n);
uint64_t tl_counter_value(const struct tl_counter *counter);
void tl_gauge_set(struct tl_gauge *gauge, int64_t value);
void tl_gauge_add(struct tl_gauge *gauge, int64_t delta);
int64_t tl_gauge_value(const struct tl_gauge *gauge);
void tl_histogram_observe_ms(struct tl_histogram *histogram, double ms);
/* Everything in the Prometheus text format 0.0.4, sorted by name. */
void tl_counters_print(struct tl_buf *out);
