#include "report.h"
#include "base/alloc.h"
#include "base/clock.h"
#include <stdio.h>

void tl_report_init(struct tl_report *report)
{
    *report = (struct tl_report){.begun = tl_report_now()};
}

void tl_report_free(struct tl_report *report)
{
    for (size_t i = 0; i < report->count; i++) {
        struct tl_case *one = &report->cases[i];
        tl_free(one->suite);
        tl_free(one->name);
        tl_free(one->message);
        tl_free(one->place);
        tl_free(one->detail);
    }
    tl_free(report->cases);
}

double tl_report_now(void)
{
    struct timespec t = tl_clock_until(0);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

void tl_report_suite(const char *suite)
{
    printf("%s\n", suite);
}

static void print_lines(const char *text)
{
    tl_str rest = tl_str_z(text), line;
    while (rest.len > 0 && tl_str_cut(&rest, '\n', &line))
        printf("          %.*s\n", TL_STR_ARGS(line));
}

static void print(const struct tl_case *one)
{
    static const char *const words[] = {"ok     ", "FAIL   ", "pending"};
    printf("  %s %s", words[one->verdict], one->name);
    if (one->verdict == TL_PENDING) {
        printf("%s%s\n", one->message != NULL ? ": " : "", one->message != NULL ? one->message : "");
        return;
    }
    printf("  (%.0f ms)\n", one->seconds * 1000);
    if (one->verdict == TL_PASSED)
        return;
    if (one->place != NULL && one->place[0] != '\0')
        printf("          %s:\n", one->place);
    if (one->message != NULL)
        print_lines(one->message);
    if (one->detail != NULL)
        print_lines(one->detail);
}

void tl_report_add(struct tl_report *report, const struct tl_case *one, bool quiet)
{
    if ((report->count & (report->count + 1)) == 0)
        report->cases = tl_realloc(report->cases, (report->count + 1) * 2 * sizeof *report->cases);
    report->cases[report->count++] = *one;
    report->passed += one->verdict == TL_PASSED;
    report->failed += one->verdict == TL_FAILED_TEST;
    report->pending += one->verdict == TL_PENDING;
    if (!quiet)
        print(one);
    fflush(stdout);
}

void tl_report_end(const struct tl_report *report)
{
    printf("%zu tests: %zu passed, %zu failed, %zu pending (%.2f s)\n", report->count, report->passed, report->failed,
           report->pending, tl_report_now() - report->begun);
    fflush(stdout);
}
