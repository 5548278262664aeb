/* What a capture could not see, as an event: EMIT it with the cursor behind it, and go on. */
#ifndef TIDELOCK_GAP_H
#define TIDELOCK_GAP_H

#include <tidelock/connector.h>
#include <tidelock/json.h>
#include <tidelock/text.h>

/* What of the deletions in the interval comes as events of their own, beside the gap. */
#define TLC_DELETIONS_UNKNOWN "unknown" /* nothing is promised: somebody has to compare */
#define TLC_DELETIONS_PARTLY "partly"   /* those that the platform still knew; others may be missing */
#define TLC_DELETIONS_TOLD "told"       /* every one */

/* `from`, `to`: RFC 3339, or absent where they are not known; the host then says what it knows. `deletions`: one of
 * the above. `why`: for people. */
static inline void tlc_gap_event(const tlc_host *host, tlc_scope *scope, tlc_slice object, tlc_slice from, tlc_slice to,
                                 const char *deletions, const char *why, tlc_event *out)
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
    tlc_json_optional(host, writer, "deletions", TLC_JSON_STRING, tlc_z(deletions));
    tlc_json_optional(host, writer, "why", TLC_JSON_STRING, tlc_z(why));
    tlc_json_mark(host, writer, TLC_JSON_END);
    host->json_finish(writer, &out->payload);
}

#endif
