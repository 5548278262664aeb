/* `--limits`: what a command that runs an integration's Lua may take of the machine. A server runs tests and laws of
 * what is deployed with it. */
#pragma once
#include "command.h"

/* Applies `--limits DURATION` to this process when it was given: CPU time, 2 GB of address space (not in sanitizer
 * builds, which reserve more), 256 MB a file, no core, and it ends with the process that started it. TL_EUSAGE. */
TL_MUST_CHECK tl_code tl_limits_apply(const struct tl_args *args, struct tl_error *err);
