/* The tests of an integration: the files tests/…_test.lua against a world with scripted platforms, and the fixtures of
 * maps beside them (tests/maps/<map>/<case>.input.json and .golden.json). Results are printed as they come. Thread:
 * one; the clock, the source of chance and the log of the whole process are the tests' while it runs. */
#pragma once
#include "base/error.h"
#include <stdbool.h>
#include <stddef.h>

struct tl_trial_options {
    const char *dir;               /* the integration */
    const char *library, *plugins; /* as for tl_integration_load */
    const char *words;             /* folder of the words of tests */
    const char *filter;            /* only tests whose full name holds this text; NULL: all */
    const char *junit;             /* file for a JUnit report; NULL: none */
    bool accept;                   /* golden outputs that differ are written anew */
    bool coverage;                 /* also print which lines ran, and which fields a value went through */
    const char *coverage_json;     /* file for the same as JSON; NULL: none */
};

struct tl_trial_result {
    size_t passed, failed, pending;
};

/* TL_OK also when tests failed: ask `out`. TL_EINPUT: the integration has errors (printed), a file of tests cannot be
 * loaded, or there are no tests; TL_EIO. */
TL_MUST_CHECK tl_code tl_trial_run(const struct tl_trial_options *options, struct tl_trial_result *out,
                                   struct tl_error *err);
