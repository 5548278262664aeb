/* What happened to each test: printed as it comes, kept for the totals and the JUnit file. Thread: one. */
#pragma once
#include "base/buf.h"
#include "base/error.h"

enum tl_verdict { TL_PASSED, TL_FAILED_TEST, TL_PENDING };

struct tl_case {
    char *suite, *name; /* own */
    enum tl_verdict verdict;
    double seconds;
    char *message, *place; /* own; of a failure: one sentence, "file:line"; of a pending one: why. NULL: none */
    char *detail;          /* own; further lines, NULL: none */
};

struct tl_report {
    struct tl_case *cases; /* own */
    size_t count;
    size_t passed, failed, pending;
    double begun;
};

void tl_report_init(struct tl_report *report);
void tl_report_free(struct tl_report *report);
/* Seconds on the machine's own clock. */
double tl_report_now(void);
/* A heading. */
void tl_report_suite(const char *suite);
/* Takes the texts over. Prints it, unless `quiet` (a passed one of many). */
void tl_report_add(struct tl_report *report, const struct tl_case *one, bool quiet);
void tl_report_end(const struct tl_report *report);
/* junit.c: a JUnit file of all cases. TL_EIO. */
TL_MUST_CHECK tl_code tl_junit_write(const struct tl_report *report, const char *integration, const char *path,
                                     struct tl_error *err);
