/* Events of platforms, from a connector's code or out of JSON by the manifest, in the one form that owners see. */
#pragma once
#include "answer.h"
#include "connector/capture.h"
#include <tidelock/connector.h>

/* Where key, version and deletion of a record lie; NULL: not stated. */
struct tl_event_places {
    const struct tl_json_value *key, *version, *deleted;
};

/* From code: copies what must outlive the step into the arena; fills `dedupe` where it is absent. `from_cursor`: where
 * the reading began that found it; empty for webhooks. */
void tl_event_from_code(const tlc_event *from, tl_str from_cursor, struct tl_arena *arena, struct tl_captured *out);
/* From a record's JSON; false when it has no key. Slices point into the record's document. */
bool tl_event_from_record(tl_str object, const struct tl_json_value *record, const struct tl_event_places *places,
                          const struct tl_vars *vars, tl_str from_cursor, struct tl_arena *arena,
                          struct tl_captured *out);
/* "Account:001:2024-…": by version. Without one, by the payload's hash and the cursor: a crash finds the same again
 * from the same cursor, while a record that goes from A to B and back to A is three events. */
void tl_event_name(struct tl_captured *event, tl_str from_cursor, struct tl_arena *arena);
