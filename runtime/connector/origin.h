/* Where a system may connect: the base address, declared hosts, and links that the platform gave. Pure. */
#pragma once
#include "system_state.h"

/* The absolute URL of a request: `url` behind the base unless it is absolute, plus `query`. `rebase`: an absolute one
 * of another origin keeps its path and query and moves to the base's. TL_EACCESS: not a declared host. TL_EINPUT. */
TL_MUST_CHECK tl_code tl_origin_url(const struct tl_system *system, const struct tl_vars *vars, tl_str url,
                                    tl_str query, bool rebase, tl_str *out, struct tl_error *err);
