/* Fixtures made of real traffic: what a server says of its events (GET /v1/recording), without personal values. Into
 * the integration's folder go
 *
 *     tests/recorded/<name>.json                   the events in order, for w:play "<name>"
 *     tests/maps/<map>/<name>-<number>.input.json  records that a map of an event took, each once
 *
 * What is personal by the rules of personal.c is replaced by fakes, the same one for the same value; the journal keeps
 * no answers of systems, so there are none. Thread: one. */
#pragma once
#include "base/error.h"
#include "codec/json.h"

struct tl_recording_options {
    const char *dir;                         /* the integration */
    const char *library, *plugins;           /* as for tl_integration_load */
    const char *name;                        /* of the recording: letters, digits, '-', '_', '.' */
    const char *const *keep, *const *redact; /* fields that stay, or go, whatever the rules say; end with NULL */
};

/* Writes the files; a recording of that name must not be there (TL_EINPUT). `answer` is what the server said. On TL_OK
 * `out` is appended {"recording": path, "fixtures": [path…], "events", "left_out" (this integration knows them not),
 * "redacted": [{"field", "as", "values"}], "stayed": [{"field", "values"}] (words nothing is known of: somebody has to
 * look)}. TL_EINPUT: nothing to record, or the integration has errors; TL_EIO. */
TL_MUST_CHECK tl_code tl_recording_write(const struct tl_recording_options *options, const struct tl_json_value *answer,
                                         struct tl_buf *out, struct tl_error *err);
