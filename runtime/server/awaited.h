/* Private to the room: open runs that wait for events which nobody would declare any more. They would wait until their
 * time is over, or for ever, so a deploy that takes the event away is refused like one that takes a system away (rule
 * 16). Runs are read on the loader's thread and not while lanes hold: one that begins to wait meanwhile is not seen. */
#pragma once
#include "codec/json_writer.h"
#include "live.h"

/* Writes an array of {"flow","type","runs"} for events that the integrations in `live` declare, and those that would be
 * live do not: `next` in the place of the one of its name, or `gone` (a name) taken away; the other one is NULL.
 * Appends them to `names` too, for a sentence. TL_E…: the state cannot be read, and nothing is written. */
TL_MUST_CHECK tl_code tl_awaited_put(struct tl_json_writer *w, struct tl_journal *journal, const struct tl_live *live,
                                     const struct tl_bundle *next, const char *gone, struct tl_buf *names,
                                     struct tl_error *err);
