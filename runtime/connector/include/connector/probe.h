/* Does the system answer, and do the credentials work? One cheap read, by the manifest's `probe`. For doctor and for
 * half-open breakers. [loop] */
#pragma once
#include "connector/call.h"

/* As tl_call_start. Without a `probe` in the manifest: a GET of the base address, of which any status but 401, 403 and
 * 5xx is fine. */
struct tl_call *tl_probe_start(struct tl_system_lane *lane, int64_t timeout_ms, tl_call_done *done, void *ctx);
