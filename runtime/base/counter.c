/* Figures are kept in one list sorted by (name, labels); it only grows. */
#include "base/counter.h"
#include "base/alloc.h"
#include "base/error.h"
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

enum kind { COUNTER, GAUGE, HISTOGRAM };
enum { BUCKETS = 15 };

static const double bucket_ms[BUCKETS] = {1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10000, 30000, 60000};
static const char *const bucket_le[BUCKETS] = {"0.001", "0.0025", "0.005", "0.01", "0.025", "0.05", "0.1", "0.25",
                                               "0.5",   "1",      "2.5",   "5",    "10",    "30",   "60"};

struct figure {
    struct figure *next; /* own, sorted */
    enum kind kind;
    char *name, *labels, *help; /* own; labels "" when none */
    _Atomic int64_t value;      /* histogram: count */
    _Atomic int64_t sum_us;     /* histogram only */
    _Atomic int64_t buckets[BUCKETS];
};
struct tl_counter {
    struct figure figure;
};
struct tl_gauge {
    struct figure figure;
};
struct tl_histogram {
    struct figure figure;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct figure *first;

static struct figure *figure_get(enum kind kind, const char *name, const char *labels, const char *help)
{
    if (labels == NULL)
        labels = "";
    pthread_mutex_lock(&lock);
    struct figure **at = &first;
    int order = -1;
    for (; *at != NULL; at = &(*at)->next) {
        order = strcmp((*at)->name, name);
        if (order == 0)
            order = strcmp((*at)->labels, labels);
        if (order >= 0)
            break;
    }
    if (*at == NULL || order != 0) {
        struct figure *made = TL_NEW(struct figure);
        made->next = *at;
        made->kind = kind;
        made->name = tl_copy_z(name);
        made->labels = tl_copy_z(labels);
        made->help = tl_copy_z(help);
        *at = made;
    }
    struct figure *figure = *at;
    pthread_mutex_unlock(&lock);
    tl_must(figure->kind == kind);
    return figure;
}

struct tl_counter *tl_counter_get(const char *name, const char *labels, const char *help)
{
    return (struct tl_counter *)figure_get(COUNTER, name, labels, help);
}

struct tl_gauge *tl_gauge_get(const char *name, const char *labels, const char *help)
{
    return (struct tl_gauge *)figure_get(GAUGE, name, labels, help);
}

struct tl_histogram *tl_histogram_get(const char *name, const char *labels, const char *help)
{
    return (struct tl_histogram *)figure_get(HISTOGRAM, name, labels, help);
}

void tl_counter_add(struct tl_counter *counter, uint64_t n)
{
    atomic_fetch_add_explicit(&counter->figure.value, (int64_t)n, memory_order_relaxed);
}

uint64_t tl_counter_value(const struct tl_counter *counter)
{
    return (uint64_t)atomic_load_explicit(&counter->figure.value, memory_order_relaxed);
}

void tl_gauge_set(struct tl_gauge *gauge, int64_t value)
{
    atomic_store_explicit(&gauge->figure.value, value, memory_order_relaxed);
}

void tl_gauge_add(struct tl_gauge *gauge, int64_t delta)
{
    atomic_fetch_add_explicit(&gauge->figure.value, delta, memory_order_relaxed);
}

int64_t tl_gauge_value(const struct tl_gauge *gauge)
{
    return atomic_load_explicit(&gauge->figure.value, memory_order_relaxed);
}

void tl_histogram_observe_ms(struct tl_histogram *histogram, double ms)
{
    struct figure *figure = &histogram->figure;
    atomic_fetch_add_explicit(&figure->value, 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&figure->sum_us, (int64_t)(ms * 1000), memory_order_relaxed);
    for (size_t i = 0; i < BUCKETS; i++) {
        if (ms <= bucket_ms[i]) {
            atomic_fetch_add_explicit(&figure->buckets[i], 1, memory_order_relaxed);
            return;
        }
    }
}

static void print_histogram(struct tl_buf *out, const struct figure *figure)
{
    const char *comma = figure->labels[0] != '\0' ? "," : "";
    long long below = 0;
    for (size_t i = 0; i < BUCKETS; i++) {
        below += atomic_load_explicit(&figure->buckets[i], memory_order_relaxed);
        tl_buf_addf(out, "%s_bucket{%s%sle=\"%s\"} %lld\n", figure->name, figure->labels, comma, bucket_le[i], below);
    }
    long long count = atomic_load_explicit(&figure->value, memory_order_relaxed);
    long long sum_us = atomic_load_explicit(&figure->sum_us, memory_order_relaxed);
    tl_buf_addf(out, "%s_bucket{%s%sle=\"+Inf\"} %lld\n", figure->name, figure->labels, comma, count);
    const char *open = figure->labels[0] != '\0' ? "{" : "", *close = figure->labels[0] != '\0' ? "}" : "";
    tl_buf_addf(out, "%s_sum%s%s%s %.6f\n", figure->name, open, figure->labels, close, (double)sum_us / 1e6);
    tl_buf_addf(out, "%s_count%s%s%s %lld\n", figure->name, open, figure->labels, close, count);
}

static void print_plain(struct tl_buf *out, const struct figure *figure)
{
    long long value = atomic_load_explicit(&figure->value, memory_order_relaxed);
    if (figure->labels[0] != '\0')
        tl_buf_addf(out, "%s{%s} %lld\n", figure->name, figure->labels, value);
    else
        tl_buf_addf(out, "%s %lld\n", figure->name, value);
}

void tl_counters_print(struct tl_buf *out)
{
    static const char *const kinds[] = {"counter", "gauge", "histogram"};
    pthread_mutex_lock(&lock);
    const char *last = "";
    for (const struct figure *figure = first; figure != NULL; figure = figure->next) {
        if (strcmp(last, figure->name) != 0)
            tl_buf_addf(out, "# HELP %s %s\n# TYPE %s %s\n", figure->name, figure->help, figure->name,
                        kinds[figure->kind]);
        last = figure->name;
        if (figure->kind == HISTOGRAM)
            print_histogram(out, figure);
        else
            print_plain(out, figure);
    }
    pthread_mutex_unlock(&lock);
}
