/* --filter: which tests of a suite run. */
#include "suite.h"
#include <string.h>

bool tl_suite_wants(const struct tl_suite *suite, const char *name)
{
    return suite->options->filter == NULL || strstr(name, suite->options->filter) != NULL;
}
