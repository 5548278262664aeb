/* Names and kinds of failures: see guard/failure.h. Thread: any. */
#include "guard/failure.h"

static const char *const names[] = {
#define X(name, number, word) [number] = word,
    TL_FAILURES(X)
#undef X
};

bool tl_failure_is_endpoint(enum tl_failure failure)
{
    return failure == TL_FAIL_RETRY || failure == TL_FAIL_AUTH || failure == TL_FAIL_QUOTA || failure == TL_FAIL_CONFIG;
}

bool tl_failure_is_record(enum tl_failure failure)
{
    return failure == TL_FAIL_DATA || failure == TL_FAIL_MISSING || failure == TL_FAIL_CONFLICT ||
           failure == TL_FAIL_UNSUPPORTED || failure == TL_FAIL_BUG;
}

const char *tl_failure_name(enum tl_failure failure)
{
    return (unsigned)failure < TL_FAILURE_COUNT ? names[failure] : "?";
}

bool tl_failure_parse(tl_str name, enum tl_failure *out)
{
    for (unsigned i = 0; i < TL_FAILURE_COUNT; i++)
        if (tl_str_is(name, names[i])) {
            *out = (enum tl_failure)i;
            return true;
        }
    return false;
}
