/* Private to the room: an integration on its way to being live: staged, loaded, checked, tried. Everything here may
 * take long, so it happens on a loader's thread beside a server that works on; what it reads of the server (live
 * bundle, settings, systems) changes only when no candidate is on its way (deploy.h). */
#pragma once
#include "confined.h"
#include "server.h"

/* Where a candidate was refused, in the order of its way. */
enum tl_stage {
    TL_STAGE_CHECK,
    TL_STAGE_CONTRACTS,
    TL_STAGE_SETTINGS,
    TL_STAGE_LAWS,
    TL_STAGE_TESTS,
    TL_STAGE_LOAD,
    TL_STAGE_SWITCH
};
const char *tl_stage_name(enum tl_stage stage);

struct tl_candidate {
    struct tl_server *server;           /* borrow */
    char *dir;                          /* own; where it is staged; NULL: from a kept revision */
    struct tl_integration *integration; /* own until it is live */
    bool has_tests;
    enum tl_stage stage;   /* reached so far */
    struct tl_buf laws;    /* JSON of `lens laws`; empty: not tried */
    struct tl_buf tests;   /* what `test` printed; empty: not run */
    size_t passed, failed; /* tests */
    int64_t laws_ms, tests_ms;
};

void tl_candidate_init(struct tl_candidate *candidate, struct tl_server *server);
/* Also removes what was staged. */
void tl_candidate_free(struct tl_candidate *candidate);

/* Writes what arrived below DATA/staging and loads it; findings are in the bundle. TL_EINPUT: it is no integration. */
TL_MUST_CHECK tl_code tl_candidate_stage(struct tl_candidate *candidate, const struct tl_json_value *files,
                                         struct tl_error *err);
/* A kept revision, as it was. */
TL_MUST_CHECK tl_code tl_candidate_take_kept(struct tl_candidate *candidate, const char *revision,
                                             struct tl_error *err);
/* Refuses errors (TL_ECONFIG). */
TL_MUST_CHECK tl_code tl_candidate_check(struct tl_candidate *candidate, struct tl_error *err);
/* Adds what the contracts in use, and those that were in use last, have to say, and what the integrations beside it
 * share with it, and refuses errors among it (TL_ECONFIG). */
TL_MUST_CHECK tl_code tl_candidate_check_contracts(struct tl_candidate *candidate, struct tl_error *err);
/* Refuses a bundle that names settings or secrets without a value (TL_ECONFIG: which, and the command). */
TL_MUST_CHECK tl_code tl_candidate_check_settings(struct tl_candidate *candidate, struct tl_error *err);
/* Laws of the lenses and, unless skipped, the tests, in a process of their own. TL_ECONFIG: broken; others say that
 * they could not be run. */
TL_MUST_CHECK tl_code tl_candidate_try(struct tl_candidate *candidate, struct tl_confined *confined, bool skip_tests,
                                       struct tl_error *err);
/* Members of the answer: revision, integration, findings, laws, tests. */
void tl_candidate_put(struct tl_json_writer *w, const struct tl_candidate *candidate);
/* Removes what a killed server left below DATA/staging. */
void tl_candidates_sweep(const char *data);
