/* One run over an integration's tests, as its files share it. Thread: one. */
#pragma once
#include "report.h"
#include "trial/trial.h"
#include "world.h"

#define TL_TEST_CPU_MS 10000 /* of one test */

struct tl_suite {
    const struct tl_trial_options *options; /* borrow */
    struct tl_world world;
    struct tl_tester *tester; /* own */
    struct tl_report report;
};

/* fixtures.c: tests/maps. TL_EIO. */
TL_MUST_CHECK tl_code tl_fixtures_run(struct tl_suite *suite, struct tl_error *err);
/* filter.c: does the name hold --filter's text? */
bool tl_suite_wants(const struct tl_suite *suite, const char *name);
