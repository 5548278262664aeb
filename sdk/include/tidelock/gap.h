/* What a capture could not see, as an event: EMIT it with the cursor behind it, and go on. */
#ifndef TIDELOCK_GAP_H
#define TIDELOCK_GAP_H

#include <tidelock/connector.h>
#include <tidelock/json.h>
#include <tidelock/text.h>

/* `from`, `to`: RFC 3339, or absent where they are not known; the host then says what it knows. `why`: for people. */
static inline void tlc_gap_event(const tlc_host *host, tlc_scope *scope, tlc_slice object, tlc_slice from, tlc_slice to,
                                 const char *why, tlc_event *out)
{
    tlc_writer *writer = host->json_writer(scope);

    memset(out, 0, sizeof *out);
    out->size = (uint32_t)sizeof *out;
    out->gap = 1;
    out->object = object;
    out->key = object;
    tlc_json_mark(host, writer, TLC_JSON_OBJECT);
    tlc_json_optional(host, writer, "from", TLC_JSON_STRING, from);
    tlc_json_optional(host, writer, "to", TLC_JSON_STRING, to);
    tlc_json_optional(host, writer, "why", TLC_JSON_STRING, tlc_z(why));
    tlc_json_mark(host, writer, TLC_JSON_END);
    host->json_finish(writer, &out->payload);
}

#endif
