/* Is this message from who it says? By the manifest's scheme. Pure but for the time. */
#pragma once
#include "connector/webhook.h"
#include "system_state.h"

/* 0: go on (`*verified` says whether a signature was checked, or the connector must); else the status to refuse with,
 * and the sentence in `why`. */
int tl_webhook_check(const struct tl_system *system, const struct tl_json_value *spec, const struct tl_vars *vars,
                     const struct tl_webhook_request *request, bool *verified, char *why, size_t why_size);
