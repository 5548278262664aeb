/* The request for a token, by the system's OAuth scheme. */
#pragma once
#include "exchange.h"

/* Everything lies in the arena of `vars`. TL_EINPUT: a key or field is missing or unusable. */
TL_MUST_CHECK tl_code tl_oauth_request(const struct tl_system *system, const struct tl_vars *vars,
                                       struct tl_exchange_request *out, struct tl_error *err);
